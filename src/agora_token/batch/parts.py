"""The output of a job in parts, each whole or not there, and the files that they become.

The parts lie in a directory beside the target, with the manifest.  A part is written aside, synced
and renamed, and only then named in the manifest; so whatever ends the job, even a power cut, what
the manifest names is whole, and what it does not name is written again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from .formats import Format
from .manifest import NAME, Manifest, Part, PartFile, checksum, publish, sync
from .rows import BatchError
from .sinks import Sink, join, open_sink
from .sources import Position

_ASIDE: Final = ".tmp"


@dataclass
class Stream:
    """One of the outputs of a job: the tokens, or the rejects."""

    name: str
    target: str
    format: Format
    schema: pa.Schema
    """Its columns; the types of the first rows replace these."""
    unique: str = ""
    """The column whose values do not repeat."""
    keep_parts: bool = False
    sink: Sink | None = field(default=None, init=False)

    def file_name(self, part: int) -> str:
        return f"part-{part:05}.{self.name}.{self.format.suffix}"

    def begin_after(self, parts: Sequence[Part]) -> int:
        """Where the next part begins in the joined file."""
        return parts[-1].files[self.name].end if parts and not self.keep_parts else 0


class Parts:
    """The directory of a job's parts, which is :func:`locked`."""

    def __init__(
        self, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> None:
        self.manifest = manifest
        self._directory = directory
        self._streams = streams
        self._part_rows = part_rows
        self._rows = 0
        self._tokens = 0
        self._end = manifest.position

    @classmethod
    def begin(
        cls, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> Parts:
        """Makes a new beginning; what there was in the directory is thrown away."""
        for name in os.listdir(directory):
            os.unlink(os.path.join(directory, name))
        manifest.save(directory)
        sync(os.path.dirname(directory) or ".")
        return cls(directory, manifest, streams, part_rows)

    @classmethod
    def resume(
        cls, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> Parts:
        """Goes on with an unfinished job, which must be the one that ``manifest`` begins."""
        known = Manifest.load(directory)
        known.check_same_job(manifest)
        parts = cls(directory, known, streams, part_rows)
        parts._remove_strays()
        if not known.joined:
            parts._check_files()
        return parts

    def write(self, encoded: Sequence[Any], rows: int, tokens: int, end: Position) -> None:
        """Adds the rows of a block: for each stream what its sink takes, or None."""
        for stream, data in zip(self._streams, encoded, strict=True):
            if stream.sink is None:
                stream.sink = self._open(stream, data)
            if data is not None:
                stream.sink.write(data)
        self._rows += rows
        self._tokens += tokens
        self._end = end
        if self._rows >= self._part_rows:
            self._commit()

    def finish(self) -> None:
        """Gives the outputs their final names, and removes the directory."""
        if not self.manifest.joined:
            if not self.manifest.parts:
                self.write([None] * len(self._streams), 0, 0, self._end)  # no rows, but a header
            if any(stream.sink for stream in self._streams):
                self._commit()
            for stream in self._streams:
                self._join(stream)
            self.manifest.joined = True
            self.manifest.save(self._directory)
        for stream in self._streams:
            if not stream.keep_parts and os.path.exists(self._joined(stream)):
                publish(self._joined(stream), stream.target)
        kept = [stream for stream in self._streams if stream.keep_parts]
        if kept:
            os.replace(self._directory, kept[0].target)
            sync(os.path.dirname(kept[0].target) or ".")
        else:
            shutil.rmtree(self._directory)

    def abandon(self) -> bool:
        """Lets go of the part that was not finished; whether there are finished ones."""
        for stream in self._streams:
            if stream.sink:
                stream.sink.abandon()
        with suppress(OSError):
            self._remove_strays()
        if self.manifest.parts:
            return True
        shutil.rmtree(self._directory, ignore_errors=True)
        return False

    def _open(self, stream: Stream, data: Any) -> Sink:
        parts = self.manifest.parts
        if parts and stream.format.name == "parquet":
            stream.schema = pq.read_schema(self._path(stream.file_name(0)))
        elif isinstance(data, pa.RecordBatch):
            stream.schema = data.schema
        return open_sink(
            self._path(stream.file_name(len(parts)) + _ASIDE),
            stream.format,
            stream.schema,
            unique=stream.unique,
            begin=stream.begin_after(parts),
        )

    def _commit(self) -> None:
        parts = self.manifest.parts
        files = {}
        for stream in self._streams:
            assert stream.sink
            end = stream.sink.close()
            stream.sink = None
            name = stream.file_name(len(parts))
            files[stream.name] = self._described(
                name + _ASIDE, name, stream.begin_after(parts), end
            )
            publish(self._path(name + _ASIDE), self._path(name))
        parts.append(Part(self._rows, self._tokens, self._end, files))
        self.manifest.save(self._directory)
        self._rows = self._tokens = 0

    def _described(self, file: str, name: str, begin: int, end: int) -> PartFile:
        path = self._path(file)
        # A part of Parquet begins with a hole, of which nothing is to be read.
        hole = begin if ".parquet" in name else 0
        return PartFile(name, begin, end, os.path.getsize(path), checksum(path, hole))

    def _check_files(self) -> None:
        for part in self.manifest.parts:
            for known in part.files.values():
                try:
                    now = self._described(known.name, known.name, known.begin, known.end)
                except OSError as error:
                    raise BatchError(f"{self._path(known.name)}: {error.strerror}") from None
                if now != known:
                    raise BatchError(
                        f"{self._path(known.name)}: is not what the job wrote; start over with "
                        "--overwrite"
                    )

    def _join(self, stream: Stream) -> None:
        if stream.keep_parts or self._joined(stream) == self._path(stream.file_name(0)):
            return
        files = [part.files[stream.name] for part in self.manifest.parts]
        spans = [(self._path(file.name), file.begin, file.end) for file in files]
        join(spans, self._joined(stream), stream.format)
        sync(self._joined(stream))

    def _joined(self, stream: Stream) -> str:
        """Where the file that the parts become lies before it has its final name."""
        if os.path.dirname(stream.target) != os.path.dirname(self._directory):
            return stream.target + _ASIDE  # maybe on another disk
        if len(self.manifest.parts) == 1:
            return self._path(stream.file_name(0))
        return self._path(f"joined.{stream.name}")

    def _remove_strays(self) -> None:
        known = {NAME}
        for part in self.manifest.parts:
            known.update(file.name for file in part.files.values())
        if self.manifest.joined:
            known.update(f"joined.{stream.name}" for stream in self._streams)
        for name in set(os.listdir(self._directory)) - known:
            os.unlink(self._path(name))

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, name)


@contextmanager
def locked(directory: str) -> Iterator[None]:
    """Makes the directory, if it is not there, and keeps other processes out of it."""
    os.makedirs(directory, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BatchError(f"{directory}: another job is at work there") from None
    finally:
        os.close(descriptor)  # and with it the lock; so does the end of the process
