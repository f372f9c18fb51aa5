"""The vendor's ``Packer``: little-endian integers, strings and maps.

``pack_…`` take what ``int`` or a string's ``encode`` takes.  ``unpack_…`` give the value and the
rest of the buffer.  What does not fit, or is cut short, is a ``struct.error``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

__all__ = [
    "pack_int16",
    "pack_map_string",
    "pack_map_uint32",
    "pack_string",
    "pack_uint16",
    "pack_uint32",
    "struct",
    "unpack_int16",
    "unpack_map_string",
    "unpack_map_uint32",
    "unpack_string",
    "unpack_uint16",
    "unpack_uint32",
]

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I16 = struct.Struct("<h")
_ENTRY = struct.Struct("<HI")


def pack_uint16(x: Any) -> bytes:
    return _U16.pack(int(x))


def pack_uint32(x: Any) -> bytes:
    return _U32.pack(int(x))


def pack_int16(x: Any) -> bytes:
    return _I16.pack(int(x))


def pack_string(string: str | bytes) -> bytes:
    data = string.encode() if isinstance(string, str) else string
    return pack_uint16(len(data)) + data


def pack_map_uint32(m: Mapping[Any, Any]) -> bytes:
    return pack_uint16(len(m)) + b"".join(
        pack_uint16(key) + pack_uint32(value) for key, value in m.items()
    )


def pack_map_string(m: Mapping[Any, str | bytes]) -> bytes:
    return pack_uint16(len(m)) + b"".join(
        pack_uint16(key) + pack_string(value) for key, value in m.items()
    )


def unpack_uint16(buffer: bytes) -> tuple[int, bytes]:
    return _unpack(_U16, buffer)


def unpack_uint32(buffer: bytes) -> tuple[int, bytes]:
    return _unpack(_U32, buffer)


def unpack_int16(buffer: bytes) -> tuple[int, bytes]:
    return _unpack(_I16, buffer)


def unpack_string(buffer: bytes) -> tuple[bytes, bytes]:
    length, buffer = unpack_uint16(buffer)
    return _split(buffer, length)


def unpack_map_uint32(buffer: bytes) -> tuple[dict[int, int], bytes]:
    count, buffer = unpack_uint16(buffer)
    entries, buffer = _split(buffer, count * _ENTRY.size)
    return dict(_ENTRY.iter_unpack(entries)), buffer


def unpack_map_string(buffer: bytes) -> tuple[dict[int, bytes], bytes]:
    count, buffer = unpack_uint16(buffer)
    entries = {}
    for _ in range(count):
        key, buffer = unpack_uint16(buffer)
        entries[key], buffer = unpack_string(buffer)
    return entries, buffer


def _unpack(layout: struct.Struct, buffer: bytes) -> tuple[int, bytes]:
    number: int = layout.unpack_from(buffer)[0]
    return number, buffer[layout.size :]


def _split(buffer: bytes, length: int) -> tuple[bytes, bytes]:
    if len(buffer) < length:
        raise struct.error(f"unpack requires a buffer of {length} bytes, {len(buffer)} are left")
    return buffer[:length], buffer[length:]
