"""The output of a job in parts, each whole or not there, and the files that they become.

The parts lie in a directory beside the target, with the manifest.  A part is written aside, synced
and renamed, and only then named in the manifest; so whatever ends the job, even a power cut, what
the manifest names is whole, and what it does not name is written again.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import pyarrow.parquet as pq

from ..files import stores
from ..files.places import deliver, exists, is_special, make_new, publish, sync
from ..files.sinks import join
from ..files.sources import Position
from ..rows import BatchError, reason_of
from .directory import path_of_record, remove, strays
from .fingerprint import Fingerprint, difference, fingerprint
from .manifest import NAME, Manifest, Part, PartFile, checksum
from .output import FIRST_REJECTS, Reject, Stream, sink_data

_ASIDE: Final = ".tmp"


class Parts:
    """The directory of a job's parts, which is :func:`locked`."""

    def __init__(
        self, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> None:
        self.manifest = manifest
        self._directory = directory
        self._streams = streams
        self._part_rows = part_rows
        self.rows, self.tokens = manifest.rows, manifest.tokens
        self.position = manifest.position
        self.first_rejects = [Reject(*each) for each in manifest.first_rejects]
        self._done_rows, self._done_tokens = self.rows, self.tokens

    @classmethod
    def begin(
        cls, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> Parts:
        """Makes a new beginning; the parts that there were in the directory are thrown away."""
        remove(directory, keep_directory=True)
        try:
            manifest.save(os.path.join(directory, NAME))
        except OSError:  # nothing is begun
            remove(directory)
            raise
        sync(os.path.dirname(directory))
        return cls(directory, manifest, streams, part_rows)

    @classmethod
    def resume(
        cls, directory: str, manifest: Manifest, streams: Sequence[Stream], part_rows: int
    ) -> Parts:
        """Goes on with an unfinished job, which must be the one that ``manifest`` begins."""
        known = Manifest.load(os.path.join(directory, NAME), manifest.issuer)
        known.check_same_job(manifest)
        parts = cls(directory, known, streams, part_rows)
        if not known.outputs:
            parts._remove_strays()
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
        if not self.manifest.outputs:
            if not self.manifest.parts:
                self.write(None, [], 0, 0, self.position)  # where there are no rows, a header
            if any(stream.sink for stream in self._streams):
                self._commit()
            self._join_all()
        self._publish()

    def abandon(self, keep: bool) -> int:
        for stream in self._streams:
            if stream.sink:
                stream.sink.abandon()
        with suppress(OSError):
            self._remove_strays()
        if keep and self.manifest.parts:
            return self._done_rows
        with suppress(OSError, BatchError):
            remove(self._directory)
        return 0

    def _open(self, stream: Stream, data: Any) -> None:
        parts = self.manifest.parts
        if parts and stream.format.name == "parquet":
            stream.schema = pq.read_schema(self._path(_file_name(stream, 0)))
        path = self._path(_file_name(stream, len(parts)) + _ASIDE)
        make_new(path)
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
        self.manifest.save(self._path(NAME))
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
                        "--overwrite in place of --resume"
                    )

    def _join_all(self) -> None:
        for stream in self._streams:
            special = is_special(stream.target)
            if not (special or stream.overwrite) and exists(stream.target):
                raise BatchError(
                    f"{stream.target}: has come into being since the job began; move it away and "
                    "go on with --resume"
                )
            self._join(stream)
        outputs = []
        for stream in self._streams:
            if stream.keep_parts:
                outputs += [
                    _renamed(fingerprint(self._path(name)), _within(stream.target, name))
                    for name in self._names(stream)
                ]
            elif not is_special(stream.target):
                outputs.append(_renamed(fingerprint(self._joined(stream)), stream.target))
        self.manifest.outputs = outputs
        self.manifest.save(self._path(NAME))

    def _join(self, stream: Stream) -> None:
        joined = self._joined(stream)
        if stream.keep_parts or joined == self._path(_file_name(stream, 0)):
            return
        with suppress(FileNotFoundError):
            os.unlink(joined)
        make_new(joined)
        try:
            join([self._path(name) for name in self._names(stream)], joined, stream.format)
            sync(joined)
        except BaseException:
            os.unlink(joined)  # there may be need of its space
            raise

    def _publish(self) -> None:
        """Gives the outputs their names; some may have them, where a job was ended just here."""
        tokens, *rejects = self._streams
        record = path_of_record(tokens.target, tokens.keep_parts)
        for stream in rejects:
            self._deliver(stream)
        if tokens.keep_parts:
            for stream in rejects:
                for name in self._names(stream):
                    with suppress(FileNotFoundError):
                        os.unlink(self._path(name))
            self._deliver_parts(tokens)
            return
        if not stores.is_uri(tokens.target):
            self.manifest.save(record)
        self._deliver(tokens)
        if stores.is_uri(tokens.target):
            self._upload_manifest(tokens, record)
        remove(self._directory)

    def _deliver(self, stream: Stream) -> None:
        joined = self._joined(stream)
        if os.path.exists(joined):
            deliver(joined, stream.target)
            return
        for output in self.manifest.outputs:
            if output.path == os.path.abspath(stream.target):
                changed = difference(output, fingerprint(output.path))
                if changed:
                    raise BatchError(f"{output.path}: is not as the job left it: {changed}")

    def _deliver_parts(self, stream: Stream) -> None:
        if stores.is_uri(stream.target):
            for name in self._names(stream):
                if os.path.exists(self._path(name)):
                    deliver(self._path(name), _within(stream.target, name))
            self._upload_manifest(stream, _within(stream.target, NAME))
            remove(self._directory)
            return
        if os.path.isdir(stream.target):
            os.chmod(self._directory, stat.S_IMODE(os.stat(stream.target).st_mode))
            remove(stream.target)
        os.replace(self._directory, stream.target)
        sync(os.path.dirname(stream.target) or ".")

    def _upload_manifest(self, stream: Stream, record: str) -> None:
        # What a store says of its files is known only when they are there.
        self.manifest.outputs = [
            fingerprint(stores.again(each.path, stream.target))
            if stores.is_uri(each.path)
            else each
            for each in self.manifest.outputs
        ]
        aside = self._path(NAME)
        self.manifest.save(aside)
        deliver(aside, record)

    def _joined(self, stream: Stream) -> str:
        """Where the file that the parts become lies before it has its final name."""
        folder = os.path.dirname(os.path.abspath(stream.target))
        elsewhere = folder != os.path.dirname(self._directory)
        if elsewhere and not (stores.is_uri(stream.target) or is_special(stream.target)):
            name = f".{os.path.basename(stream.target)}.{self.manifest.job_id}{_ASIDE}"
            return os.path.join(folder, name)  # maybe on another disk
        if len(self.manifest.parts) == 1:
            return self._path(_file_name(stream, 0))
        return self._path(f"joined.{stream.name}")

    def _names(self, stream: Stream) -> list[str]:
        return [part.files[stream.name].name for part in self.manifest.parts]

    def _remove_strays(self) -> None:
        known = {NAME}
        for part in self.manifest.parts:
            known.update(file.name for file in part.files.values())
        if self.manifest.outputs:
            known.update(f"joined.{stream.name}" for stream in self._streams)
        for name in strays(self._directory) - known:
            os.unlink(self._path(name))

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, name)


def _file_name(stream: Stream, part: int) -> str:
    return f"part-{part:05}.{stream.name}.{stream.format.suffix}"


def _renamed(known: Fingerprint, path: str) -> Fingerprint:
    return known._replace(path=stores.plain(path) if stores.is_uri(path) else os.path.abspath(path))


def _within(directory: str, name: str) -> str:
    if stores.is_uri(directory):
        return stores.beside(directory, "/" + name)
    return os.path.join(directory, name)


def new_job_id() -> str:
    return secrets.token_hex(4)


@contextmanager
def locked(directory: str) -> Iterator[None]:
    """Makes the directory, if it is not there, and keeps other processes out of it."""
    if os.path.islink(directory):
        raise BatchError(f"{directory}: is a link; the parts need a directory of their own")
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
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
        with suppress(OSError):
            os.rmdir(directory)  # where nothing was begun in it
