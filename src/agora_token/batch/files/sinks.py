"""Files of rows: how a part of the output is written, and how parts become one file.

``encode`` may run in any thread; a sink takes what it gave, in order.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from typing import Any, BinaryIO, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from ..rows import BatchError
from . import json_text
from .csv_text import Csv
from .formats import Format
from .parquet_join import MAGIC, footer_of, joined_footer

ROW_GROUP_ROWS: Final = 1 << 17
_COPY_BYTES: Final = 1 << 20


class Sink(Protocol):
    """A part that is being written."""

    def write(self, encoded: Any) -> None: ...
    def close(self) -> None:
        """Ends the file."""

    def abandon(self) -> None:
        """Lets go of the file as it is."""


def encode(batch: pa.RecordBatch, format: Format) -> Any:
    """The rows in the form that the format's sink takes."""
    if format.name == "parquet":
        return batch
    text = Csv(format.delimiter) if format.name == "csv" else json_text
    return _compress(text.encode(batch), format.codec)


def open_sink(
    file: str | BinaryIO, format: Format, schema: pa.Schema, *, unique: str = "", first: bool = True
) -> Sink:
    """A sink that writes to a new file, or to an open one.

    ``unique`` names a column whose values do not repeat.  ``first`` is whether the part begins a
    file, or is to be joined to others.
    """
    if format.name == "parquet":
        return _ParquetSink(file, schema, unique)
    header = b""
    if format.name == "csv" and first:
        header = Csv(format.delimiter).header(schema.names)
    return _TextSink(file, _compress(header, format.codec) if header else b"")


class _TextSink:
    def __init__(self, file: str | BinaryIO, header: Any) -> None:
        # Unbuffered: what is written is whole blocks, and a full disk is to be seen at once.
        self._file = FileIO(file, "w") if isinstance(file, str) else file
        self.write(header)

    def write(self, encoded: Any) -> None:
        _write_all(self._file, encoded)

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


class _ParquetSink:
    """Row groups of one size, whatever the size of the batches."""

    def __init__(self, file: str | BinaryIO, schema: pa.Schema, unique: str) -> None:
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._file = pa.OSFile(file, "wb") if isinstance(file, str) else pa.PythonFile(file, "w")
        repeating = [name for name in schema.names if name != unique]
        self._writer = pq.ParquetWriter(
            self._file, schema, compression="zstd", use_dictionary=repeating
        )

    def write(self, encoded: pa.RecordBatch) -> None:
        if encoded.schema != self._schema:
            encoded = _of_types(self._schema, encoded)
        self._waiting.append(encoded)
        self._rows += encoded.num_rows
        while self._rows >= ROW_GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        self._writer.write_table(table.slice(0, ROW_GROUP_ROWS), ROW_GROUP_ROWS)
        self._waiting = table.slice(ROW_GROUP_ROWS).to_batches()
        self._rows = max(self._rows - ROW_GROUP_ROWS, 0)

    def close(self) -> None:
        if self._rows:
            self._write_group()
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError, pa.ArrowException):  # it would be closed with a footer, or fail to
            self._writer.close()
        with suppress(OSError, pa.ArrowException):
            self._file.close()


def join(parts: Sequence[str], target: str, format: Format) -> None:
    """Puts parts together in a new file."""
    footers: list[tuple[bytes, int]] = []
    with FileIO(target, "w") as output:
        for path in parts:
            with FileIO(path) as part:
                begin, end = 0, os.path.getsize(path)
                if format.name == "parquet":
                    end, footer = footer_of(part)
                    begin = len(MAGIC) if footers else 0
                    footers.append((footer, output.tell() - begin))
                part.seek(begin)
                _copy(part, output, end - begin)
        if footers:
            _write_all(output, joined_footer(footers))


def _copy(source: FileIO, output: FileIO, size: int) -> None:
    while size:
        data = source.read(min(size, _COPY_BYTES))
        if not data:
            raise BatchError(f"{source.name}: ends before the rows that were written to it")
        _write_all(output, data)
        size -= len(data)


def _write_all(file: Any, data: Any) -> None:
    view = memoryview(data)
    while view:  # an unbuffered file may take less than it was given
        view = view[file.write(view) :]


def _compress(data: Any, codec: str | None) -> Any:
    """A whole member of a compressed file: a file is the one after the other."""
    if codec is None:
        return data
    output = pa.BufferOutputStream()
    with pa.CompressedOutputStream(output, codec) as stream:
        stream.write(data)
    return output.getvalue()


def _of_types(schema: pa.Schema, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch with the types of a file: columns without any value are of every type."""
    arrays = [
        pa.nulls(len(column), schema.field(name).type)
        if column.null_count == len(column) and name in schema.names
        else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    changed = pa.RecordBatch.from_arrays(arrays, batch.schema.names)
    if changed.schema.names != schema.names or changed.schema.types != schema.types:
        raise BatchError(_difference(schema, changed.schema))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _difference(schema: pa.Schema, other: pa.Schema) -> str:
    """Why a batch does not fit a file whose columns have a type each."""
    for name in other.names:
        before = schema.field(name).type if name in schema.names else "no such column"
        if before != other.field(name).type:
            return (
                f"column {name!r} is of mixed types, {before} in the first rows and "
                f"{other.field(name).type} in later ones; Parquet cannot hold that, CSV and JSON "
                "Lines can"
            )
    return f"the columns change from {', '.join(schema.names)} to {', '.join(other.names)}"
