"""Version 006: a token taken apart."""

from __future__ import annotations

from functools import cached_property

from .cursor import Cursor
from .decoding import decode_006


class Token006:
    """The parts of a version 006 token.  The privileges are taken apart when they are asked for."""

    def __init__(self, app_id: str, content: bytes, base64_canonical: bool) -> None:
        """``content`` is decoded.  Raises :class:`MalformedTokenError`."""
        cursor = Cursor(content)
        self.app_id = app_id
        self.base64_canonical = base64_canonical
        self.signature = cursor.signature()
        self.channel_crc = cursor.u32("the checksum of the channel")
        self.uid_crc = cursor.u32("the checksum of the uid")
        self.message = cursor.string("the message")
        """What is signed, after App ID, channel and uid."""
        cursor.finish()
        message = Cursor(self.message)
        self.salt = message.u32("the salt")
        self.ts = message.u32("the timestamp")
        self._privileges_from = message.offset

    @cached_property
    def privileges(self) -> dict[int, int]:
        """Privileges and their expiries; raises :class:`MalformedTokenError`."""
        cursor = Cursor(self.message, self._privileges_from)
        privileges = cursor.map("the privileges")
        cursor.finish()
        return privileges


def open_006(token: str) -> Token006:
    """Raises :class:`MalformedTokenError` for what comes before the privileges."""
    return Token006(*decode_006(token))
