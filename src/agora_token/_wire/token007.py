"""Version 007: a token taken apart."""

from __future__ import annotations

from struct import Struct
from typing import Final

from ..services import Service
from .cursor import Cursor
from .decoding import decode_007
from .services import MAX_SERVICES, count_services, unpack_services

_USUAL: Final = Struct("<H32sH32sIIIH")
"""Signature, App ID, issue_ts, expire, salt and the count of services."""
_SIGNED_FROM: Final = 34


class Token007:
    """The parts of a version 007 token.

    The services are taken apart when they are asked for: anybody can write a text that claims to
    hold thousands of them, so its signature is looked at first wherever there is a certificate.
    """

    def __init__(self, content: bytes) -> None:
        """``content`` is decompressed.  Raises :class:`MalformedTokenError`."""
        self.content = content
        self._opened: tuple[tuple[Service, ...], int | None] | None = None
        self._signed_from = _SIGNED_FROM
        self._services_from = _USUAL.size - 2
        if len(content) >= _USUAL.size:
            length, self.signature, app_length, app_id, *numbers, count = _USUAL.unpack_from(
                content
            )
            if (length, app_length) == (32, 32) and app_id.isascii() and count <= MAX_SERVICES:
                self.app_id = app_id.decode("ascii")
                self.issue_ts, self.expire, self.salt = numbers
                return
        cursor = Cursor(content)  # which reads the rare ones, and says what is wrong
        self.signature = cursor.signature()
        self._signed_from = cursor.offset
        self.app_id = cursor.text("the App ID")
        self.issue_ts = cursor.u32("the time of issue")
        self.expire = cursor.u32("the lifetime")
        self.salt = cursor.u32("the salt")
        self._services_from = cursor.offset
        count_services(cursor)  # that there are too many is seen before anything is signed

    @property
    def signed(self) -> bytes:
        """What the signature is made over."""
        return self.content[self._signed_from :]

    @property
    def services(self) -> tuple[Service, ...]:
        """Raises :class:`MalformedTokenError`."""
        return self._open()[0]

    @property
    def unknown_service(self) -> int | None:
        """The type of the service that ended the list, since its length is not known."""
        return self._open()[1]

    def _open(self) -> tuple[tuple[Service, ...], int | None]:
        if self._opened is None:
            services, unknown = unpack_services(Cursor(self.content, self._services_from))
            self._opened = tuple(services), unknown
        return self._opened


def open_007(token: str) -> Token007:
    """Raises :class:`MalformedTokenError` for what comes before the services."""
    return Token007(decode_007(token)[0])
