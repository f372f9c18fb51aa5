"""Version 007: a token taken apart."""

from __future__ import annotations

from functools import cached_property

from ..services import Service
from .cursor import Cursor
from .decoding import decode_007
from .services import count_services, unpack_services


class Token007:
    """The parts of a version 007 token.

    The services are taken apart when they are asked for: anybody can write a text that claims to
    hold thousands of them, so its signature is looked at first wherever there is a certificate.
    """

    def __init__(self, content: bytes) -> None:
        """``content`` is decompressed.  Raises :class:`MalformedTokenError`."""
        cursor = Cursor(content)
        self.content = content
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
        return self._services[0]

    @property
    def unknown_service(self) -> int | None:
        """The type of the service that ended the list, since its length is not known."""
        return self._services[1]

    @cached_property
    def _services(self) -> tuple[tuple[Service, ...], int | None]:
        services, unknown = unpack_services(Cursor(self.content, self._services_from))
        return tuple(services), unknown


def open_007(token: str) -> Token007:
    """Raises :class:`MalformedTokenError` for what comes before the services."""
    return Token007(decode_007(token)[0])
