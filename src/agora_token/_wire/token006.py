"""Version 006: a token taken apart."""

from __future__ import annotations

from typing import NamedTuple

from .cursor import Cursor
from .decoding import decode_006


class Token006(NamedTuple):
    """The parts of a version 006 token."""

    app_id: str
    signature: bytes
    channel_crc: int
    uid_crc: int
    message: bytes
    """What is signed, after App ID, channel and uid."""
    salt: int
    ts: int
    privileges: dict[int, int]
    base64_canonical: bool


def parse_006(token: str) -> Token006:
    """Raises :class:`MalformedTokenError`."""
    app_id, content, canonical = decode_006(token)
    outer = Cursor(content)
    signature = outer.signature()
    channel_crc = outer.u32("the checksum of the channel")
    uid_crc = outer.u32("the checksum of the uid")
    message = outer.string("the message")
    outer.finish()
    inner = Cursor(message)
    salt, ts = inner.u32("the salt"), inner.u32("the timestamp")
    privileges = inner.map("the privileges")
    inner.finish()
    return Token006(
        app_id, signature, channel_crc, uid_crc, message, salt, ts, privileges, canonical
    )
