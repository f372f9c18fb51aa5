"""Puts Parquet files of one schema together without decoding them.

The row groups are copied as they are.  The footer says where in the file each column of each row
group lies, so those offsets are moved; pyarrow can merge footers but not move what they point to,
which is what this module adds.  A footer is a struct in Thrift's compact protocol:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md and
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC: Final = b"PAR1"
_TAIL: Final = 8
"""The length of the footer, and the magic bytes again."""

# Thrift's types in the compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

_Offsets = dict[int, "_Offsets | None"]
_COLUMN_CHUNK: Final[_Offsets] = {
    3: {9: None, 10: None, 11: None, 14: None},  # pages: data, index, dictionary; bloom filter
    4: None,  # offset index
    6: None,  # column index
}
_FOOTER: Final[_Offsets] = {4: {1: _COLUMN_CHUNK, 5: None}}
"""The fields that are offsets, by the numbers of the fields on the way: row group, column."""


def footer_of(file: BinaryIO) -> tuple[int, bytes]:
    """Where the footer of a Parquet file begins, and its bytes."""
    end = file.seek(-_TAIL, 2)
    size = int.from_bytes(file.read(4), "little")
    begin = file.seek(end - size)
    return begin, file.read(size)


def joined_footer(footers: Sequence[tuple[bytes, int]]) -> bytes:
    """The footer, with its tail, of row groups that each moved by a number of bytes."""
    merged: Any = None
    for footer, distance in footers:
        moved = _moved(footer, distance)
        tail = len(moved).to_bytes(4, "little") + MAGIC
        metadata = pq.read_metadata(pa.BufferReader(MAGIC + moved + tail))
        if merged is None:
            merged = metadata
        else:
            merged.append_row_groups(metadata)
    output = pa.BufferOutputStream()
    merged.write_metadata_file(output)
    return bytes(output.getvalue())[len(MAGIC) :]


def _moved(footer: bytes, distance: int) -> bytes:
    walk = _Walk(footer, distance)
    walk.struct(_FOOTER)
    return bytes(walk.output)


class _Walk:
    """Copies a struct, adding a distance to the fields that are offsets."""

    def __init__(self, data: bytes, distance: int) -> None:
        self._data = data
        self._distance = distance
        self._at = 0
        self.output = bytearray()

    def struct(self, offsets: _Offsets) -> None:
        field = 0
        while header := self._copy(1)[0]:
            if header >> 4:
                field += header >> 4
            else:
                field = _unzigzag(self._varint())
            self._value(header & 15, offsets.get(field, {}))

    def _value(self, kind: int, offsets: _Offsets | None) -> None:
        if kind == _I64 and offsets is None:
            self._offset()
        elif kind in (_I16, _I32, _I64):
            self._varint()
        elif kind == _BYTE:
            self._copy(1)
        elif kind == _DOUBLE:
            self._copy(8)
        elif kind == _BINARY:
            self._copy(self._varint())
        elif kind in (_LIST, _SET):
            header = self._copy(1)[0]
            count = header >> 4 if header >> 4 < 15 else self._varint()
            for _ in range(count):
                self._element(header & 15, offsets)
        elif kind == _MAP:
            count = self._varint()
            kinds = self._copy(1)[0] if count else 0
            for _ in range(count):
                self._element(kinds >> 4, {})
                self._element(kinds & 15, {})
        elif kind == _STRUCT:
            self.struct(offsets or {})

    def _element(self, kind: int, offsets: _Offsets | None) -> None:
        if kind in (_TRUE, _FALSE):  # in a collection a truth value has a byte of its own
            self._copy(1)
        else:
            self._value(kind, offsets)

    def _copy(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        self._at += size
        self.output += data
        return data

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._copy(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _offset(self) -> None:
        begin = len(self.output)
        offset = _unzigzag(self._varint())
        del self.output[begin:]
        value = (offset + self._distance) << 1  # zigzag, of what is not negative
        while value >= 0x80:
            self.output.append(value & 0x7F | 0x80)
            value >>= 7
        self.output.append(value)


def _unzigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)
