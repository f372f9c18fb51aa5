"""The batch job: a roster in, its tokens out, in bounded memory, and able to go on."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from .._backend import backend_info
from ..issuer import Issuer
from .files.formats import STANDARD, Format, format_of
from .files.sinks import encode
from .files.sources import Block, Position, Sources, errors_name
from .parts.direct import Direct
from .parts.fingerprint import Fingerprint, check_unchanged, fingerprint
from .parts.manifest import NAME as MANIFEST_NAME
from .parts.manifest import Manifest
from .parts.output import REJECT_SCHEMA, Output, Reject, Stream
from .parts.parts import Parts, locked
from .pipeline import in_order
from .progress import Progress, Silent
from .roster import Request, Roster
from .rows import BatchError, Refused, reason_of


@dataclass(frozen=True)
class Job:
    """A batch job.  Only ``sources`` and ``target`` must be given."""

    sources: Sequence[str]
    """Files, patterns, or ``-`` for standard input."""
    target: str
    """A file, or ``-`` for standard output."""
    request: Request = field(default_factory=Request)
    target_columns: Sequence[str] | None = None
    """The columns of the target; by default those of the source and the token."""
    source_format: str | None = None
    target_format: str | None = None
    rejects: str | None = None
    """A file for the rows that cannot have a token."""
    on_error: str = "reject"
    """``reject`` or ``stop``, at the first such row."""
    resume: bool = False
    overwrite: bool = False
    keep_parts: bool = False
    """Whether the target is a directory of parts, not one file."""
    part_rows: int = 1_000_000
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    @property
    def directory(self) -> str:
        """Where the parts are until the job ends: beside the target."""
        return os.path.abspath(self.target) + ".parts"

    @property
    def is_direct(self) -> bool:
        """Whether the target is no file, but a pipe or a device."""
        return self.target == STANDARD or (
            os.path.exists(self.target)
            and not os.path.isfile(self.target)
            and not os.path.isdir(self.target)
        )


@dataclass(frozen=True)
class Summary:
    """What a job did."""

    rows: int
    tokens: int
    rejects: int
    first_rejects: Sequence[Reject]
    resumed_rows: int
    """The rows that were done before this run."""
    resumed_tokens: int
    seconds: float
    """The time of this run."""
    cpu_seconds: Mapping[str, float]
    """The processor time of this run: ``reading`` (decoding), ``signing`` and ``writing``."""
    backend: str
    kernels: Mapping[str, str]

    @property
    def tokens_per_second(self) -> float:
        """In this run."""
        return (self.tokens - self.resumed_tokens) / max(self.seconds, 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        rejects = [reject._asdict() for reject in self.first_rejects]
        return asdict(self) | {
            "first_rejects": rejects,
            "tokens_per_second": round(self.tokens_per_second),
        }


def run(job: Job, issuer: Issuer, progress: Progress | None = None) -> Summary:
    """Does a job, or what is left of it.

    Raises :class:`BatchError` if it cannot be completed.  Nothing is under the target's name then;
    parts that are finished are kept, and the message says so.
    """
    return _Run(job, issuer, progress or Silent()).run()


class _Issued(NamedTuple):
    """A block with its tokens, ready to be written."""

    block: Block
    encoded: Any
    rows: int
    tokens: int
    refused: list[Refused]
    cpu_seconds: dict[str, float]


class _Run:
    def __init__(self, job: Job, issuer: Issuer, progress: Progress) -> None:
        self._job = job
        self._progress = progress
        self._begin = time.monotonic()
        self._cpu = {"reading": 0.0, "signing": 0.0, "writing": 0.0}
        _check(job)
        self._sources = Sources(job.sources, job.source_format)
        self._resumable = not job.is_direct and self._sources.files == self._sources.paths
        if job.resume and not self._resumable:
            raise BatchError("a job that reads or writes a pipe cannot be resumed; use files")
        names = self._sources.schema.names
        with errors_name(self._sources.paths[0]):
            self._roster = Roster(issuer, job.request, names)
        self._format = _target_format(job, self._sources.format)
        self._columns = list(job.target_columns or [*names, job.request.token_column])
        self._streams = [self._token_stream()]
        if job.rejects:
            rejects = Stream("rejects", job.rejects, format_of(job.rejects), REJECT_SCHEMA)
            self._streams.append(rejects)
        for stream in self._streams:
            stream.overwrite = job.overwrite
        self._options = {
            "app_id": issuer.app_id,
            **asdict(job.request),
            "source_format": self._sources.format.suffix,
            "target_format": self._format.suffix,
            "target_columns": self._columns,
            "rejects": self._streams[-1].format.suffix if job.rejects else None,
            "parts": job.keep_parts,
        }

    def run(self) -> Summary:
        job = self._job
        with _errors_of(job.target):
            if job.is_direct:
                return self._write(Direct(self._streams), [])
            sources = [fingerprint(path) for path in self._sources.files]
            with locked(job.directory):
                old = os.path.exists(os.path.join(job.directory, MANIFEST_NAME))
                make = Parts.resume if job.resume and old else Parts.begin
                manifest = Manifest(sources, self._options)
                parts = make(job.directory, manifest, self._streams, job.part_rows)
                return self._write(parts, parts.manifest.sources)

    def _write(self, output: Output, sources: Sequence[Fingerprint]) -> Summary:
        resumed = output.rows, output.tokens
        try:
            with self._progress:
                self._write_rows(output)
            for source in sources:
                check_unchanged(source)
            output.finish()
        except BaseException as error:
            kept = output.abandon(keep=self._resumable)
            if not kept or not isinstance(error, (BatchError, OSError)):
                raise
            what = f"{self._job.target}: cannot be written: " if isinstance(error, OSError) else ""
            raise BatchError(
                f"{what}{reason_of(error)}; the first {kept:,} rows are done and kept in "
                f"{self._job.directory} (--resume goes on with the next)"
            ) from None
        info = backend_info()
        return Summary(
            output.rows,
            output.tokens,
            output.rows - output.tokens,
            output.first_rejects,
            *resumed,
            time.monotonic() - self._begin,
            {name: round(seconds, 3) for name, seconds in self._cpu.items()},
            info.name,
            info.kernels,
        )

    def _write_rows(self, output: Output) -> None:
        position = output.position
        size = self._sources.size
        blocks = _timed(self._sources.blocks(position))
        with closing(in_order(self._issue, blocks, self._job.threads)) as results:
            for issued in results:
                begin = time.thread_time()
                block = issued.block
                if block.file != position.file:
                    position = Position(block.file)
                rejects = self._rejects(issued.refused, position)
                if rejects and self._job.on_error == "stop":
                    first = rejects[0]
                    raise BatchError(f"{first.source}: row {first.row}: {first.reason}")
                position = Position(block.file, block.end, position.row + issued.rows)
                output.write(issued.encoded, rejects, issued.rows, issued.tokens, position)
                for stage, seconds in issued.cpu_seconds.items():
                    self._cpu[stage] += seconds
                self._cpu["writing"] += time.thread_time() - begin
                share = min(block.done / size, 1.0) if size else None
                self._progress.update(output.rows, output.rows - output.tokens, share)

    def _issue(self, item: tuple[Block, float]) -> _Issued:
        block, reading = item
        begin = time.thread_time()
        rows = block.decode()
        decoded = time.thread_time()
        with errors_name(self._sources.paths[block.file]):
            issued = self._roster.issue(rows)
            signed = time.thread_time()
            encoded = encode(issued.batch.select(self._columns), self._format)
        seconds = {
            "reading": reading + decoded - begin,
            "signing": signed - decoded,
            "writing": time.thread_time() - signed,
        }
        tokens = issued.batch.num_rows
        return _Issued(block, encoded, issued.total, tokens, issued.refused, seconds)

    def _rejects(self, refused: Sequence[Refused], before: Position) -> list[Reject]:
        path = self._sources.paths[before.file]
        return [
            Reject(path, before.row + each.row + 1, each.column, each.value, each.reason)
            for each in refused
        ]

    def _token_stream(self) -> Stream:
        job = self._job
        token = pa.field(job.request.token_column, pa.string())
        schema = self._sources.schema.append(token)
        for name in self._columns:
            if name not in schema.names:
                raise BatchError(
                    f"there is no column {name!r} to write; there are {', '.join(schema.names)}"
                )
        chosen = pa.schema([schema.field(name) for name in self._columns])
        return Stream(
            "tokens", job.target, self._format, chosen, token.name, keep_parts=job.keep_parts
        )


def _timed(
    blocks: Generator[Block, None, None],
) -> Generator[tuple[Block, float], None, None]:
    """Each block with the processor time that it took to read."""
    begin = time.thread_time()
    with closing(blocks):
        for block in blocks:
            yield block, time.thread_time() - begin
            begin = time.thread_time()


def _target_format(job: Job, source: Format) -> Format:
    if job.target_format or job.target != STANDARD:
        return format_of(job.target, job.target_format)
    return Format(source.name)


def _check(job: Job) -> None:
    """Refuses what cannot go well before anything is read or written."""
    if job.on_error not in ("reject", "stop"):
        raise BatchError(f"on_error is {job.on_error!r}; it must be 'reject' or 'stop'")
    if job.part_rows < 1 or job.threads < 1:
        raise BatchError("part_rows and threads must be 1 or more")
    if job.keep_parts and job.is_direct:
        raise BatchError("parts need a directory as their target")
    targets = [path for path in (job.target, job.rejects) if path and path != STANDARD]
    if len({os.path.abspath(path) for path in targets}) < len(targets):
        raise BatchError("the tokens and the rejects cannot go to one file")
    unfinished = not job.is_direct and os.path.exists(job.directory)
    for path in targets:
        where = os.path.dirname(path) or "."
        if not os.path.isdir(where):
            raise BatchError(f"{where}: there is no such directory")
        if os.path.realpath(path) in map(os.path.realpath, job.sources):
            raise BatchError(f"{path}: is a source of the job; write to another file")
        _check_free(path, job, unfinished)
    if unfinished and not (job.resume or job.overwrite):
        raise BatchError(
            f"{job.directory}: an unfinished job has left its parts there; --resume goes on with "
            "it, --overwrite starts over"
        )


def _check_free(path: str, job: Job, unfinished: bool) -> None:
    if path == job.target and job.is_direct:
        return
    if os.path.isdir(path):
        if not (path == job.target and job.keep_parts):
            raise BatchError(f"{path}: is a directory")
        if not os.path.exists(os.path.join(path, MANIFEST_NAME)):
            raise BatchError(f"{path}: is a directory, and not one of parts; choose another name")
    if os.path.exists(path) and not (job.overwrite or (job.resume and unfinished)):
        raise BatchError(f"{path}: is there already; --overwrite replaces it in the end")


@contextmanager
def _errors_of(target: str) -> Iterator[None]:
    """Errors of writing name the target."""
    try:
        yield
    except BrokenPipeError:
        raise BatchError("standard output was closed by the program that reads it") from None
    except OSError as error:
        raise BatchError(f"{target}: cannot be written: {reason_of(error)}") from None
