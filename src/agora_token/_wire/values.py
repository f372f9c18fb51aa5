"""The integers and strings of the wire format: what fits where, and the errors where it does not.

Both backends come here when a value is not plainly right, so that both refuse it in the same words.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from .._wording import shown
from ..errors import PackingError

MAX_U16: Final = 0xFFFF
MAX_U32: Final = 0xFFFFFFFF
Expiries: TypeAlias = "int | tuple[int, ...]"
"""One expiry for all of a service's privileges, or one each."""

PackedService: TypeAlias = "tuple[int, tuple[int, ...], Expiries, tuple[object, ...], bytes]"
"""A service as a backend takes it: type, privileges, their expiries, strings, and the rest.

The first string must be text, any after it is a user: what equals 0 is empty, anything else its
text.  The rest is written as it is; nothing that a caller hands in as a string is.
"""

CERTIFICATE: Final = "the app certificate"
"""The name that errors use for it."""


def to_u16(value: object, name: str) -> int:
    """``int(value)``, if it fits 16 unsigned bits."""
    return _to_unsigned(value, MAX_U16, name)


def to_u32(value: object, name: str) -> int:
    """``int(value)``, if it fits 32 unsigned bits."""
    return _to_unsigned(value, MAX_U32, name)


def _to_unsigned(value: object, maximum: int, name: str) -> int:
    number = int(value)  # type: ignore[call-overload]
    if not 0 <= number <= maximum:
        raise PackingError(f"{name} {shown(number)} does not fit; it must be 0 to {maximum}")
    return int(number)


def pack_u16(value: object, name: str) -> bytes:
    """``int(value)`` in 16 unsigned bits, if it fits."""
    return to_u16(value, name).to_bytes(2, "little")


def pack_i16(value: object, name: str) -> bytes:
    """``int(value)`` in 16 signed bits, if it fits."""
    number = int(value)  # type: ignore[call-overload]
    try:
        return struct.pack("<h", number)
    except struct.error:
        raise PackingError(
            f"{name} {shown(number)} does not fit; it must be -32768 to 32767"
        ) from None


def is_hex32(value: str) -> bool:
    """Whether the vendor takes it for 32 hex digits; whitespace between pairs passes there too."""
    if len(value) != 32:
        return False
    try:
        bytes.fromhex(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)


def fitting(data: bytes, name: str) -> bytes:
    """Bytes that fit a token's string."""
    if len(data) > MAX_U16:
        raise PackingError(
            f"{name} has {len(data)} bytes; a token's string holds at most {MAX_U16}"
        )
    return data


def text_bytes(value: object, name: str) -> bytes:
    """A string as UTF-8, if it fits a token's string; ``AttributeError`` for what is not one."""
    # The error of encoding a certificate that is not UTF-8 would carry the certificate.
    errors = "surrogatepass" if name == CERTIFICATE else "strict"
    return fitting(bytes(value.encode(errors=errors)), name)  # type: ignore[attr-defined]


def user_bytes(value: object, name: str = "uid") -> bytes:
    """A uid as the vendor writes it: what equals 0 is empty, anything else is its text."""
    return text_bytes("" if value == 0 else str(value), name)


def pack_permissions(permissions: Mapping[int, Mapping[int, Sequence[str]]]) -> bytes:
    """RTM's permissions as a token carries them, resources and permissions in ascending order."""
    parts = [pack_u16(len(permissions), "the count of resources")]
    for resource, granted in sorted(permissions.items()):
        parts += pack_u16(resource, "resource"), pack_u16(len(granted), "the count of permissions")
        for permission, names in sorted(granted.items()):
            parts += pack_u16(permission, "permission"), pack_u16(len(names), "the count of names")
            for name in names:
                data = text_bytes(name, "resource name")
                parts += len(data).to_bytes(2, "little"), data
    return b"".join(parts)
