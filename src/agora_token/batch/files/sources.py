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
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..rows import BatchError, Refused, Rows, reason_of
from . import json_text, stores
from .csv_text import Csv
from .formats import STANDARD, Format, delimiter_of, format_of
from .streams import ArrayLines, Recoded, check_encoding

BLOCK_BYTES: Final = 1 << 19
BLOCK_ROWS: Final = 1 << 14
MAX_ROW_BYTES: Final = 64 << 20
_STORE_BYTES: Final = 8 << 20
"""What is asked of a store at a time."""


class Position(NamedTuple):
    """A place in the sources between two blocks, from which reading can go on."""

    file: int = 0
    """The index of the file."""
    offset: int = 0
    """In the file: bytes of its (decompressed) text, or rows of Parquet."""
    row: int = 0
    """The rows of the file before it."""
    line: int = 0
    """The lines of the file before it, where it has lines."""


class Block(NamedTuple):
    """Some rows of a file, not decoded yet: any thread may do that."""

    file: int
    end: Position
    """Behind it; its ``row`` is not known before the block is decoded."""
    done: int
    """The bytes of all files up to its end, about: compressed ones as they are on disk."""
    decode: Callable[[], Rows]
    lines: _Lines | None = None
    """Of the rows, in the file; None where it has no lines."""

    def located(self, refused: list[Refused]) -> list[Refused]:
        """Rows that are refused, with their lines."""
        if not refused or self.lines is None:
            return refused
        lines = self.lines.of([each.row for each in refused])
        return [each._replace(line=line) for each, line in zip(refused, lines, strict=True)]


class Sources:
    """The files of a job, in order; all have the same columns.

    The first is opened at once, so that a job fails early, and only once: it may be a pipe.
    """

    def __init__(
        self,
        paths: Sequence[str],
        format_name: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self.paths = expand(paths)
        character = delimiter_of(delimiter)
        if encoding is not None:
            check_encoding(encoding)
        self._encoding = encoding
        self._formats = [
            format_of(
                stores.name_of(path) if stores.is_uri(path) else path,
                format_name,
                source=True,
                delimiter=character,
            )
            for path in self.paths
        ]
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
            path = self.paths[index]
            own = self._own_names(file, path)
            begin = start if index == start.file else Position(index)
            with errors_name(path), file:
                for each in file.blocks(begin):
                    decode = partial(_decode, path, each.decode, own, self.schema.names)
                    yield each._replace(done=before + each.done, decode=decode)
            before += self._sizes[index] or 0

    def _open(self, index: int) -> _TextFile | _ParquetFile:
        path = self.paths[index]
        with errors_name(path):
            if self._formats[index].name == "parquet":
                return _ParquetFile(path)
            names = self.schema.names if index else None
            pipe = self._sizes[index] is None
            return _TextFile(path, self._formats[index], names, pipe, self._encoding)

    def _own_names(self, file: _TextFile | _ParquetFile, path: str) -> list[str] | None:
        """The file's names of the columns, in the order of the first file; None if it is its own.

        Columns may lie in another order, and their names differ in case and white space.
        """
        wanted, there = self.schema.names, file.schema.names
        if there == wanted:
            return None
        known = {normal_name(name): name for name in there}
        missing = [name for name in wanted if normal_name(name) not in known]
        more = known.keys() - {normal_name(name) for name in wanted}
        if missing or more or len(there) != len(wanted):
            raise BatchError(
                f"{path}: its columns ({', '.join(there)}) are not those of {self.paths[0]} "
                f"({', '.join(wanted)}); issue the two in separate jobs"
            )
        return [known[normal_name(name)] for name in wanted]


class _TextFile:
    """A file of CSV or JSON Lines, read as text in whole rows."""

    def __init__(
        self,
        path: str,
        format: Format,
        names: Sequence[str] | None,
        pipe: bool,
        encoding: str | None,
    ) -> None:
        self._text: Any = Csv(format.delimiter) if format.name == "csv" else json_text
        self._pipe = pipe
        self._raw = _open(path, pipe)
        self._stream = _buffered(path, self._raw)
        if format.codec:
            raw = pa.PythonFile(self._raw, "r") if pipe else self._stream
            self._stream = pa.CompressedInputStream(raw, format.codec)
        if encoding:
            self._stream = Recoded(self._stream, encoding)
        self._path = path
        self._seekable = not (pipe or format.codec or encoding)
        self._has_lines = True
        self._known = self._read()
        if format.name == "jsonl" and self._known.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            self._stream, self._known = ArrayLines(self._stream, self._known), b""
            self._seekable = self._has_lines = False
        self._known, _ = self._whole_rows(self._known)
        self._names: tuple[str, ...]
        self._begin: int
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

    def blocks(self, begin: Position) -> Iterator[Block]:
        data, line = self._known, begin.line
        offset = begin.offset
        if not offset:
            offset, line = self._begin, data.count(b"\n", 0, self._begin)
        if offset > len(data) and self._seekable:
            self._raw.seek(offset)
            self._stream = _buffered(self._path, self._raw)
            data = b""
        else:
            data = self._skip(data, offset)
        while True:
            data, end = self._whole_rows(data)
            if not data:
                return
            block, data = data[:end], data[end:]
            offset += end
            at = offset if self._seekable or self._pipe else self._raw.tell()
            lines = _Lines(self._text, block, line) if self._has_lines else None
            line += block.count(b"\n")
            yield Block(
                begin.file,
                Position(begin.file, offset, 0, line),
                at,
                partial(self._text.decode, block, self._names),
                lines,
            )

    def _skip(self, data: bytes, offset: int) -> bytes:
        skipped = 0
        while skipped + len(data) < offset:
            skipped += len(data)
            data = self._read()
            if not data:
                raise BatchError(f"ends before byte {offset}, where the job was")
        return data[offset - skipped :]

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
        if stores.is_uri(path):
            source = stores.open_input(path)
            self._size = source.size()
            self._file = pq.ParquetFile(source, pre_buffer=True)
        else:
            self._size = os.path.getsize(path)
            self._file = pq.ParquetFile(path, buffer_size=1 << 20)
        self.schema = self._file.schema_arrow.remove_metadata()
        _check_names(self.schema.names)

    def __enter__(self) -> _ParquetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def blocks(self, begin: Position) -> Iterator[Block]:
        total = self._file.metadata.num_rows
        position = 0
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if position + rows <= begin.offset:
                position += rows
                continue
            for batch in self._file.iter_batches(BLOCK_ROWS, [group], use_threads=False):
                position += batch.num_rows
                if position <= begin.offset:
                    continue
                known = Rows(batch, batch.num_rows, [])
                end = Position(begin.file, position)
                yield Block(begin.file, end, self._size * position // total, partial(_same, known))


def _same(rows: Rows) -> Rows:
    return rows


class _Lines:
    """The line of each row of a block, found when it is asked for."""

    def __init__(self, text: Any, block: bytes, before: int) -> None:
        self._text = text
        self._block = block
        self._before = before

    def of(self, rows: Sequence[int]) -> list[int]:
        lines = self._text.row_lines(self._block)
        return [self._before + lines[row] + 1 for row in rows]


def _decode(
    path: str, decode: Callable[[], Rows], own: Sequence[str] | None, names: Sequence[str]
) -> Rows:
    with errors_name(path):
        rows = decode()
    if own is None:
        return rows
    return rows._replace(batch=rows.batch.select(own).rename_columns(names))


def normal_name(name: str) -> str:
    """The name of a column without what people and programs spell differently."""
    return name.strip().casefold()


@contextmanager
def errors_name(path: str) -> Iterator[None]:
    """Errors of reading name the file."""
    name = "standard input" if path == STANDARD else stores.plain(path)
    try:
        yield
    except OSError as error:
        raise BatchError(f"{name}: cannot be read: {reason_of(error)}") from None
    except (pa.ArrowException, BatchError) as error:
        raise BatchError(f"{name}: {error}") from None


def _open(path: str, pipe: bool) -> Any:
    if stores.is_uri(path):
        return stores.open_input(path)
    # Not sys.stdin: a thread that waits for input in it would block the interpreter's end.
    if path == STANDARD:
        return FileIO(0, "r", closefd=False)
    return FileIO(path, "r") if pipe else pa.OSFile(path)


def _buffered(path: str, raw: Any) -> Any:
    """What is read from; a store is asked for more at a time than is needed at once."""
    return pa.BufferedInputStream(raw, _STORE_BYTES) if stores.is_uri(path) else raw


def _size(path: str) -> int | None:
    """The bytes of a file; None for a pipe."""
    if path == STANDARD:
        return None
    with errors_name(path):
        if stores.is_uri(path):
            info = stores.Info(path)
            if not info.exists:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            if info.is_directory:
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            return info.size
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def expand(paths: Sequence[str]) -> list[str]:
    """The files that paths, URIs, patterns and directories of parts stand for.

    Those of a pattern or a directory are sorted by name.
    """
    found: list[str] = []
    for given in paths:
        path = stores.local(given)
        if path != STANDARD and stores.is_uri(path):
            with errors_name(path):
                found += stores.matching(path)
        elif os.path.isdir(path) and os.path.exists(os.path.join(path, "manifest.json")):
            found += sorted(glob.glob(os.path.join(glob.escape(path), "part-*.tokens.*")))
        elif path == STANDARD or os.path.exists(path) or not glob.has_magic(path):
            found.append(path)
        else:
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
