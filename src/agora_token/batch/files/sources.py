"""Rosters as blocks of rows: files of CSV, JSON Lines or Parquet, and standard input."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import FileIO
from types import ModuleType
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..rows import BatchError, Rows, reason_of
from . import csv_text, json_text
from .formats import STANDARD, Format, format_of

BLOCK_BYTES: Final = 1 << 19
BLOCK_ROWS: Final = 1 << 14
MAX_ROW_BYTES: Final = 64 << 20
_TEXT: Final[dict[str, ModuleType]] = {"csv": csv_text, "jsonl": json_text}


class Position(NamedTuple):
    """A place in the sources between two blocks, from which reading can go on."""

    file: int = 0
    """The index of the file."""
    offset: int = 0
    """In the file: bytes of its (decompressed) text, or rows of Parquet."""
    row: int = 0
    """The rows of the file before it."""


class Block(NamedTuple):
    """Some rows of a file, not decoded yet: any thread may do that."""

    file: int
    end: int
    """The offset behind it (see :class:`Position`)."""
    done: int
    """The bytes of all files up to its end, about: compressed ones as they are on disk."""
    decode: Callable[[], Rows]


class Sources:
    """The files of a job, in order; all have the same columns.

    The first is opened at once, so that a job fails early, and only once: it may be a pipe.
    """

    def __init__(self, paths: Sequence[str], format_name: str | None = None) -> None:
        self.paths = expand(paths)
        self._formats = [format_of(path, format_name) for path in self.paths]
        self._sizes = [_size(path) for path in self.paths]
        self._first: _TextFile | _ParquetFile | None = self._open(0)
        self.schema: pa.Schema = self._first.schema
        """The columns.  Those of text are strings here; JSON Lines may turn out to be others."""

    @property
    def format(self) -> Format:
        """That of the first file."""
        return self._formats[0]

    @property
    def size(self) -> int | None:
        """The bytes of all files together; None where there is no telling."""
        return None if None in self._sizes else sum(size or 0 for size in self._sizes)

    @property
    def files(self) -> list[str]:
        """The paths of those that are files, not pipes."""
        return [
            path for path, size in zip(self.paths, self._sizes, strict=True) if size is not None
        ]

    def blocks(self, start: Position) -> Generator[Block, None, None]:
        """The blocks from a position on.  They are the same each time."""
        before = sum(size or 0 for size in self._sizes[: start.file])
        for index in range(start.file, len(self.paths)):
            if index == 0 and self._first:
                file, self._first = self._first, None
            else:
                file = self._open(index)
                self._check_columns(file, index)
            path = self.paths[index]
            with errors_name(path), file:
                for end, done, decode in file.blocks(start.offset if index == start.file else 0):
                    yield Block(index, end, before + done, partial(_decode, path, decode))
            before += self._sizes[index] or 0

    def _open(self, index: int) -> _TextFile | _ParquetFile:
        path = self.paths[index]
        with errors_name(path):
            if self._formats[index].name == "parquet":
                return _ParquetFile(path)
            names = self.schema.names if index else None
            pipe = self._sizes[index] is None
            return _TextFile(path, self._formats[index], names, pipe)

    def _check_columns(self, file: _TextFile | _ParquetFile, index: int) -> None:
        if not file.schema.equals(self.schema):
            raise BatchError(
                f"{self.paths[index]}: its columns ({_listed(file.schema)}) are not those of "
                f"{self.paths[0]} ({_listed(self.schema)}); issue the two in separate jobs"
            )


class _TextFile:
    """A file of CSV or JSON Lines, read as text in whole rows."""

    def __init__(self, path: str, format: Format, names: Sequence[str] | None, pipe: bool) -> None:
        self._text = _TEXT[format.name]
        self._raw: Any = pa.OSFile(path) if not pipe else _open_pipe(path)
        self._stream: Any = self._raw
        if format.codec:
            raw = pa.PythonFile(self._raw, "r") if pipe else self._raw
            self._stream = pa.CompressedInputStream(raw, format.codec)
        self._pipe = pipe
        self._seekable = not pipe and format.codec is None
        self._known, _ = self._whole_rows(b"")
        self._names, self._begin = self._text.read_names(self._known)
        if format.name == "jsonl" and names is not None:
            self._names = tuple(names)  # a field may be missing from the first rows of a file
        _check_names(self._names)
        self.schema = pa.schema([(name, pa.string()) for name in self._names])

    def __enter__(self) -> _TextFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._raw.close()

    def blocks(self, offset: int) -> Iterator[tuple[int, int, Callable[[], Rows]]]:
        data = self._known
        offset = offset or self._begin
        if offset > len(data) and self._seekable:
            self._raw.seek(offset)
            data = b""
        else:
            skipped = 0
            while skipped + len(data) < offset:
                skipped += len(data)
                data = self._read()
                if not data:
                    raise BatchError(f"ends before byte {offset}, where the job was")
            data = data[offset - skipped :]
        while True:
            data, end = self._whole_rows(data)
            if not data:
                return
            block, data = data[:end], data[end:]
            offset += end
            done = offset if self._stream is self._raw or self._pipe else self._raw.tell()
            yield offset, done, partial(self._text.decode, block, self._names)

    def _whole_rows(self, data: bytes) -> tuple[bytes, int]:
        """``data`` and what follows it, and where the whole rows in it end."""
        while not (end := self._text.end_of_rows(data)):
            if len(data) > MAX_ROW_BYTES:
                raise BatchError(
                    f"a row has more than {MAX_ROW_BYTES >> 20} MiB (a quote that is not closed?); "
                    f"it begins with {data[:60]!r}"
                )
            more = self._read()
            if not more:
                return data, len(data)  # the last row may have no line end
            data += more
        return data, end

    def _read(self) -> bytes:
        """A block of text: less only at the end."""
        data: bytes = self._stream.read(BLOCK_BYTES)
        while data and len(data) < BLOCK_BYTES:  # a pipe gives what it has
            more = self._stream.read(BLOCK_BYTES - len(data))
            if not more:
                break
            data += more
        return data


class _ParquetFile:
    def __init__(self, path: str) -> None:
        if path == STANDARD:
            raise BatchError("Parquet is read from its end, so not from a pipe; give the file")
        self._size = os.path.getsize(path)
        self._file = pq.ParquetFile(path, buffer_size=1 << 20)
        self.schema = self._file.schema_arrow.remove_metadata()
        _check_names(self.schema.names)

    def __enter__(self) -> _ParquetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def blocks(self, offset: int) -> Iterator[tuple[int, int, Callable[[], Rows]]]:
        total = self._file.metadata.num_rows
        position = 0
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if position + rows <= offset:
                position += rows
                continue
            for batch in self._file.iter_batches(BLOCK_ROWS, [group], use_threads=False):
                position += batch.num_rows
                if position <= offset:
                    continue
                known = Rows(batch, batch.num_rows, [])
                yield position, self._size * position // total, partial(_same, known)


def _same(rows: Rows) -> Rows:
    return rows


def _decode(path: str, decode: Callable[[], Rows]) -> Rows:
    with errors_name(path):
        return decode()


@contextmanager
def errors_name(path: str) -> Iterator[None]:
    """Errors of reading name the file."""
    name = "standard input" if path == STANDARD else path
    try:
        yield
    except OSError as error:
        raise BatchError(f"{name}: cannot be read: {reason_of(error)}") from None
    except (pa.ArrowException, BatchError) as error:
        raise BatchError(f"{name}: {error}") from None


def _open_pipe(path: str) -> FileIO:
    # Not sys.stdin: a thread that waits for input in it would block the interpreter's end.
    return FileIO(0, "r", closefd=False) if path == STANDARD else FileIO(path, "r")


def _size(path: str) -> int | None:
    """The bytes of a file; None for a pipe."""
    if path == STANDARD:
        return None
    with errors_name(path):
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def expand(paths: Sequence[str]) -> list[str]:
    """The files that the paths and patterns stand for, those of a pattern sorted by name."""
    found: list[str] = []
    for path in paths:
        if path == STANDARD or os.path.exists(path) or not glob.has_magic(path):
            found.append(path)
            continue
        matching = sorted(glob.glob(path, recursive=True))
        if not matching:
            raise BatchError(f"{path}: no file matches")
        found += matching
    if found.count(STANDARD) > 1 or (STANDARD in found and len(found) > 1):
        raise BatchError("standard input is read alone, with no other file")
    return found


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise BatchError("is empty: there is no header and no row")
    double = next((name for name in names if list(names).count(name) > 1), None)
    if double is not None:
        raise BatchError(f"there are two columns {double!r}; rename one")


def _listed(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)
