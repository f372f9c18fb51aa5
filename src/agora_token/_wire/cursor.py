"""Reads the wire format: little-endian integers, strings and maps, every bound checked."""

from __future__ import annotations

import struct
from typing import Final, NoReturn

from ..errors import MalformedTokenError

MAX_PRIVILEGES: Final = 256
"""The most privileges that are read in one place: many times as many as there are."""

_SIGNATURE_LENGTH: Final = 32
_I16: Final = struct.Struct("<h")
_ENTRY: Final = struct.Struct("<HI")


class Cursor:
    """A position in the bytes of a token.

    Every method raises :class:`MalformedTokenError`, with the offset in ``data``, where the bytes
    end too early or say what cannot be.
    """

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self.data = data
        self.offset = offset

    def take(self, length: int, what: str) -> bytes:
        """The next ``length`` bytes."""
        start = self.offset
        end = start + length
        if end > len(self.data):
            self._refuse(length, what)
        self.offset = end
        return self.data[start:end]

    def u16(self, what: str) -> int:
        return int.from_bytes(self.take(2, what), "little")

    def u32(self, what: str) -> int:
        return int.from_bytes(self.take(4, what), "little")

    def i16(self, what: str) -> int:
        number: int = _I16.unpack(self.take(2, what))[0]
        return number

    def string(self, what: str) -> bytes:
        """A string as its bytes."""
        return self.take(self._count(what, "the length of "), what)

    def _count(self, what: str, prefix: str) -> int:
        # Most of what a token holds is counted: no message is made before there is need for one.
        start = self.offset
        self.offset = end = start + 2
        if end > len(self.data):
            self.offset = start
            self._refuse(2, prefix + what)
        return self.data[start] | self.data[start + 1] << 8

    def _refuse(self, length: int, what: str) -> NoReturn:
        raise MalformedTokenError(
            f"the token is cut short at byte {self.offset}: {what} takes {length} bytes, "
            f"{len(self.data) - self.offset} are left"
        )

    def text(self, what: str) -> str:
        """A string that must be UTF-8."""
        data = self.string(what)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            at = self.offset - len(data) + error.start
            raise MalformedTokenError(f"{what} is not UTF-8 at byte {at} of the token") from None

    def map(self, what: str) -> dict[int, int]:
        """A map of ``u16`` to ``u32``, in the order of the wire."""
        start = self.offset
        count = self._count(what, "the count of ")
        if count > MAX_PRIVILEGES:
            raise MalformedTokenError(
                f"{what} at byte {start} are {count}; no token has more than {MAX_PRIVILEGES}"
            )
        entries = dict(_ENTRY.iter_unpack(self.take(count * _ENTRY.size, what)))
        if len(entries) < count:
            # Readers would differ in which of the two they take, under one valid signature.
            raise MalformedTokenError(f"{what} at byte {start} have the same number twice")
        return entries

    def signature(self) -> bytes:
        """A string that must be as long as a signature."""
        signature = self.string("the signature")
        if len(signature) != _SIGNATURE_LENGTH:
            raise MalformedTokenError(
                f"the token's signature has {len(signature)} bytes; it must have "
                f"{_SIGNATURE_LENGTH}"
            )
        return signature

    def finish(self) -> None:
        """Raises if anything is left."""
        left = len(self.data) - self.offset
        if left:
            raise MalformedTokenError(
                f"the token has {left} bytes at byte {self.offset}, after its end"
            )
