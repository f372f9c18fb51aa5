"""The vendor's ``AccessToken``: version 006."""

from __future__ import annotations

import base64
import ctypes
import hmac
import random
import secrets
import struct
import time
import warnings
from collections import OrderedDict
from hashlib import sha256
from zlib import crc32

from ..builders import access_token
from ..builders.access_token import (
    kAdministrateChannel,
    kInvitePublishAudioStream,
    kInvitePublishDataStream,
    kInvitePublishVideoStream,
    kJoinChannel,
    kPublishAudiocdn,
    kPublishAudioStream,
    kPublishDataStream,
    kPublishVideoCdn,
    kPublishVideoStream,
    kRequestPublishAudioStream,
    kRequestPublishDataStream,
    kRequestPublishVideoStream,
    kRtmLogin,
)
from . import Packer
from .Packer import *

__all__ = [
    "APP_ID_LENGTH",
    "VERSION_LENGTH",
    "AccessToken",
    "OrderedDict",
    "ReadByteBuffer",
    "base64",
    "crc32",
    "ctypes",
    "getVersion",
    "hmac",
    "kAdministrateChannel",
    "kInvitePublishAudioStream",
    "kInvitePublishDataStream",
    "kInvitePublishVideoStream",
    "kJoinChannel",
    "kPublishAudioCdn",
    "kPublishAudioStream",
    "kPublishAudiocdn",
    "kPublishDataStream",
    "kPublishVideoCdn",
    "kPublishVideoStream",
    "kRequestPublishAudioStream",
    "kRequestPublishDataStream",
    "kRequestPublishVideoStream",
    "kRtmLogin",
    "packInt32",
    "packMap",
    "packMapUint32",
    "packString",
    "packUint16",
    "packUint32",
    "random",
    "secrets",
    "sha256",
    "time",
    "unPackContent",
    "unPackMessages",
    "warnings",
]
__all__ += Packer.__all__

kPublishAudioCdn = kPublishAudiocdn

VERSION_LENGTH = 3
APP_ID_LENGTH = 32

packUint16 = Packer.pack_uint16
packUint32 = Packer.pack_uint32
packString = Packer.pack_string
packMap = Packer.pack_map_string
packMapUint32 = Packer.pack_map_uint32


def getVersion() -> str:
    return "006"


def packInt32(x: int) -> bytes:
    return struct.pack("<i", int(x))


class ReadByteBuffer:
    """A cursor over bytes; what is cut short is a ``struct.error``."""

    def __init__(self, bytes: bytes) -> None:
        self.buffer = bytes
        self.position = 0

    def _rest(self) -> bytes:
        return self.buffer[self.position :]

    def _move_to(self, rest: bytes) -> None:
        self.position = len(self.buffer) - len(rest)

    def unPackUint16(self) -> int:
        value, rest = Packer.unpack_uint16(self._rest())
        self._move_to(rest)
        return value

    def unPackUint32(self) -> int:
        value, rest = Packer.unpack_uint32(self._rest())
        self._move_to(rest)
        return value

    def unPackString(self) -> bytes:
        value, rest = Packer.unpack_string(self._rest())
        self._move_to(rest)
        return value

    def unPackMapUint32(self) -> dict[int, int]:
        value, rest = Packer.unpack_map_uint32(self._rest())
        self._move_to(rest)
        return value


def unPackContent(buff: bytes) -> tuple[bytes, int, int, bytes]:
    """Signature, CRC of the channel, CRC of the uid, and message of a token's content."""
    signature, buff = Packer.unpack_string(buff)
    crc_channel_name, buff = Packer.unpack_uint32(buff)
    crc_uid, buff = Packer.unpack_uint32(buff)
    message, _ = Packer.unpack_string(buff)
    return signature, crc_channel_name, crc_uid, message


def unPackMessages(buff: bytes) -> tuple[int, int, dict[int, int]]:
    """Salt, ts and privileges of a token's message."""
    salt, buff = Packer.unpack_uint32(buff)
    ts, buff = Packer.unpack_uint32(buff)
    messages, _ = Packer.unpack_map_uint32(buff)
    return salt, ts, messages


class AccessToken(access_token.AccessToken):
    """As :class:`agora_token.AccessToken`, parsing as leniently as the vendor's class."""

    def fromString(self, originToken: str) -> bool:
        """Takes over salt, ts and privileges of a token; False for what cannot be parsed."""
        try:
            if originToken[:VERSION_LENGTH] != getVersion():
                return False
            content = base64.b64decode(originToken[VERSION_LENGTH + APP_ID_LENGTH :])
            *_, message = unPackContent(content)
            self.salt, self.ts, self.messages = unPackMessages(message)
        except (TypeError, ValueError, struct.error):
            return False
        return True
