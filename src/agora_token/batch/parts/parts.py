"""The output of a job in parts, each whole or not there, and the files that they become.

The parts lie in a directory beside the target, with the manifest.  A part is written aside, synced
and renamed, and only then named in the manifest; so whatever ends the job, even a power cut, what
the manifest names is whole, and what it does not name is written again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import pyarrow.parquet as pq

from ..files.sinks import join
from ..files.sources import Position
from ..rows import BatchError, reason_of
from .manifest import NAME, Manifest, Part, PartFile, checksum, publish, sync
from .output import FIRST_REJECTS, Reject, Stream, sink_data

_ASIDE: Final = ".tmp"
_OURS: Final = re.compile(r"manifest\.json|part-\d+\.|joined\.")


class Parts:
    """The directory of a job's parts, which is :func:`locked`."""

    def __init__(
        self, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> None:
        self.manifest = manifest
        self._directory = directory
        self._streams = streams
        self._part_rows = part_rows
        self.rows = sum(part.rows for part in manifest.parts)
        self.tokens = sum(part.tokens for part in manifest.parts)
        self.position = manifest.position
        self.first_rejects = [Reject(*each) for each in manifest.first_rejects]
        self._done_rows, self._done_tokens = self.rows, self.tokens

    @classmethod
    def begin(
        cls, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> Parts:
        """Makes a new beginning; the parts that there were in the directory are thrown away."""
        names = os.listdir(directory)
        strange = [name for name in names if not _OURS.match(name)]
        if strange:
            raise BatchError(
                f"{directory}: has {strange[0]!r} in it, which no job has written; the parts of "
                "this one need the directory for themselves"
            )
        for name in names:
            os.unlink(os.path.join(directory, name))
        try:
            manifest.save(directory)
        except OSError:  # nothing is begun
            shutil.rmtree(directory, ignore_errors=True)
            raise
        sync(os.path.dirname(directory))
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

    def write(
        self, tokens: Any, rejects: Sequence[Reject], rows: int, count: int, position: Position
    ) -> None:
        data = sink_data(self._streams, tokens, rejects)
        for stream, encoded in zip(self._streams, data, strict=True):
            if stream.sink is None:
                self._open(stream, encoded)
            if encoded is not None:
                assert stream.sink
                stream.sink.write(encoded)
        self.first_rejects = [*self.first_rejects, *rejects][:FIRST_REJECTS]
        self.rows += rows
        self.tokens += count
        self.position = position
        if self.rows - self._done_rows >= self._part_rows:
            self._commit()

    def finish(self) -> None:
        if not self.manifest.joined:
            if not self.manifest.parts:
                self.write(None, [], 0, 0, self.position)  # where there are no rows, a header
            if any(stream.sink for stream in self._streams):
                self._commit()
            for stream in self._streams:
                if os.path.exists(stream.target) and not stream.overwrite:
                    raise BatchError(f"{stream.target}: has come into being since the job began")
                self._join(stream)
            self.manifest.joined = True
            self.manifest.save(self._directory)
        for stream in self._streams:
            if not stream.keep_parts and os.path.exists(self._joined(stream)):
                publish(self._joined(stream), stream.target)
        kept = [stream for stream in self._streams if stream.keep_parts]
        if kept:
            if os.path.isdir(kept[0].target):
                shutil.rmtree(kept[0].target)
            os.replace(self._directory, kept[0].target)
            sync(os.path.dirname(kept[0].target) or ".")
        else:
            shutil.rmtree(self._directory)

    def abandon(self, keep: bool) -> int:
        for stream in self._streams:
            if stream.sink:
                stream.sink.abandon()
        with suppress(OSError):
            self._remove_strays()
        if keep and self.manifest.parts:
            return self._done_rows
        shutil.rmtree(self._directory, ignore_errors=True)
        return 0

    def _open(self, stream: Stream, data: Any) -> None:
        parts = self.manifest.parts
        if parts and stream.format.name == "parquet":
            stream.schema = pq.read_schema(self._path(_file_name(stream, 0)))
        path = self._path(_file_name(stream, len(parts)) + _ASIDE)
        stream.open(path, None if parts else data, first=not parts or stream.keep_parts)

    def _commit(self) -> None:
        parts = self.manifest.parts
        files = {}
        for stream in self._streams:
            assert stream.sink
            stream.sink.close()
            stream.sink = None
            name = _file_name(stream, len(parts))
            files[stream.name] = self._described(name + _ASIDE, name)
            publish(self._path(name + _ASIDE), self._path(name))
        rows, tokens = self.rows - self._done_rows, self.tokens - self._done_tokens
        parts.append(Part(rows, tokens, self.position, files))
        self.manifest.first_rejects = [list(each) for each in self.first_rejects]
        self.manifest.save(self._directory)
        self._done_rows, self._done_tokens = self.rows, self.tokens

    def _described(self, file: str, name: str) -> PartFile:
        path = self._path(file)
        return PartFile(name, os.path.getsize(path), checksum(path))

    def _check_files(self) -> None:
        for part in self.manifest.parts:
            for known in part.files.values():
                try:
                    now = self._described(known.name, known.name)
                except OSError as error:
                    raise BatchError(f"{self._path(known.name)}: {reason_of(error)}") from None
                if now != known:
                    raise BatchError(
                        f"{self._path(known.name)}: is not what the job wrote; start over with "
                        "--overwrite"
                    )

    def _join(self, stream: Stream) -> None:
        if stream.keep_parts or self._joined(stream) == self._path(_file_name(stream, 0)):
            return
        paths = [self._path(part.files[stream.name].name) for part in self.manifest.parts]
        join(paths, self._joined(stream), stream.format)
        sync(self._joined(stream))

    def _joined(self, stream: Stream) -> str:
        """Where the file that the parts become lies before it has its final name."""
        if os.path.dirname(stream.target) != os.path.dirname(self._directory):
            return stream.target + _ASIDE  # maybe on another disk
        if len(self.manifest.parts) == 1:
            return self._path(_file_name(stream, 0))
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


def _file_name(stream: Stream, part: int) -> str:
    return f"part-{part:05}.{stream.name}.{stream.format.suffix}"


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
