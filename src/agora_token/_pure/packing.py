"""Privilege maps, services and whole tokens as text.  Native: ``_cython/packing.pxi``."""

from __future__ import annotations

import struct
import zlib
from binascii import b2a_base64
from functools import lru_cache
from typing import Final

from .._wire.signing import signing_key
from .._wire.values import Expiries, PackedService, text_bytes, to_u16, to_u32, user_bytes
from .hmac import hmac_sha256

pack_u16: Final = struct.Struct("<H").pack
pack_u32: Final = struct.Struct("<I").pack
pack_u32_pair: Final = struct.Struct("<II").pack

_ENTRY: Final = struct.Struct("<HI").pack
_SIGNATURE_LENGTH: Final = pack_u16(32)
_HEAD_006: Final = struct.Struct("<H32sIIH").pack


def compress(data: bytes) -> bytes:
    return zlib.compress(data, 6)


def pack_string(data: bytes) -> bytes:
    return pack_u16(len(data)) + data


def pack_map(privileges: tuple[int, ...], expiries: Expiries) -> bytes:
    if privileges and not isinstance(expiries, tuple):
        parts = _map_parts(privileges)
        return pack_u32(to_u32(expiries, "privilege expiry")).join(parts)
    count = pack_u16(to_u16(len(privileges), "the number of privileges"))
    entries = zip(privileges, _expiries(privileges, expiries), strict=True)
    try:
        packed = [_ENTRY(privilege, expiry) for privilege, expiry in entries]
    except struct.error:  # text, as the vendor takes it, or a number that does not fit
        entries = zip(privileges, _expiries(privileges, expiries), strict=True)
        packed = [
            _ENTRY(to_u16(privilege, "privilege"), to_u32(expiry, "privilege expiry"))
            for privilege, expiry in entries
        ]
    return count + b"".join(packed)


def pack_service(service: PackedService) -> bytes:
    kind, privileges, expiries, strings, rest = service
    packed = pack_u16(to_u16(kind, "service type")) + pack_map(privileges, expiries)
    if strings:
        packed += pack_string(text_bytes(strings[0], "a service's string"))
        for user in strings[1:]:
            packed += pack_string(user_bytes(user, "a service's user"))
    return packed + rest


def token006(app_id: bytes, channel: bytes, uid: bytes, message: bytes, signature: bytes) -> str:
    content = _HEAD_006(32, signature, zlib.crc32(channel), zlib.crc32(uid), len(message))
    return "006" + app_id.decode() + b2a_base64(content + message, newline=False).decode("ascii")


def token007(app_id: bytes, issue_key: bytes, times: bytes, salt: int, services: bytes) -> str:
    """``issue_key`` is the certificate's for the time of issue that begins ``times``."""
    info = pack_string(app_id) + times + pack_u32(salt) + services
    signature = hmac_sha256(signing_key(issue_key, salt, hmac_sha256), info)
    content = compress(_SIGNATURE_LENGTH + signature + info)
    return "007" + b2a_base64(content, newline=False).decode("ascii")


def _expiries(privileges: tuple[int, ...], expiries: Expiries) -> tuple[int, ...]:
    return expiries if isinstance(expiries, tuple) else (expiries,) * len(privileges)


@lru_cache(maxsize=64)
def _map_parts(privileges: tuple[int, ...]) -> tuple[bytes, ...]:
    """A map's bytes but for the expiries, each of which stands between two parts."""
    count = pack_u16(to_u16(len(privileges), "the number of privileges"))
    first, *others = (pack_u16(to_u16(privilege, "privilege")) for privilege in privileges)
    return (count + first, *others, b"")
