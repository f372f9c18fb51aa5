"""Version 006: a token taken apart."""

from __future__ import annotations

from struct import Struct
from typing import Final

from .cursor import Cursor
from .decoding import decode_006

_USUAL: Final = Struct("<H32sIIHII")
"""Signature, checksums, length of the message, salt and ts."""
_MESSAGE_FROM: Final = _USUAL.size - 8


class Token006:
    """The parts of a version 006 token.  The privileges are taken apart when they are asked for."""

    def __init__(self, app_id: str, content: bytes, base64_canonical: bool) -> None:
        """``content`` is decoded.  Raises :class:`MalformedTokenError`."""
        self.app_id = app_id
        self.base64_canonical = base64_canonical
        self._privileges: dict[int, int] | None = None
        if len(content) >= _USUAL.size:
            (
                length,
                self.signature,
                self.channel_crc,
                self.uid_crc,
                message_length,
                self.salt,
                self.ts,
            ) = _USUAL.unpack_from(content)
            if length == 32 and message_length == len(content) - _MESSAGE_FROM:
                self.message = content[_MESSAGE_FROM:]
                """What is signed, after App ID, channel and uid."""
                return
        cursor = Cursor(content)  # which says what is wrong
        self.signature = cursor.signature()
        self.channel_crc = cursor.u32("the checksum of the channel")
        self.uid_crc = cursor.u32("the checksum of the uid")
        self.message = cursor.string("the message")
        cursor.finish()
        message = Cursor(self.message)
        self.salt = message.u32("the salt")
        self.ts = message.u32("the timestamp")

    @property
    def privileges(self) -> dict[int, int]:
        """Privileges and their expiries; raises :class:`MalformedTokenError`."""
        if self._privileges is None:
            cursor = Cursor(self.message, 8)
            privileges = cursor.map("the privileges")
            cursor.finish()
            self._privileges = privileges
        return self._privileges


def open_006(token: str) -> Token006:
    """Raises :class:`MalformedTokenError` for what comes before the privileges."""
    return Token006(*decode_006(token))
