"""The batch job: a roster in, its tokens out, in bounded memory, and able to go on."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from .._backend import backend_info
from ..issuer import Issuer
from .checks import check_job
from .files import stores
from .files.formats import STANDARD, Format, format_of
from .files.places import exists, resolved
from .files.sinks import encode
from .files.sources import Block, Position, Sources, errors_name
from .parts.direct import Direct
from .parts.directory import path_of_record
from .parts.fingerprint import Fingerprint, check_unchanged, fingerprint
from .parts.manifest import NAME as MANIFEST_NAME
from .parts.manifest import Manifest
from .parts.output import REJECT_SCHEMA, Output, Reject, Stream
from .parts.parts import Parts, locked, new_job_id
from .pipeline import in_order
from .progress import Progress, Silent
from .request import Job, Request
from .roster import Roster
from .rows import BatchError, Refused, reason_of

__all__ = ["Job", "Request", "Summary", "run"]


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
        self._target = resolved(job.target)
        self._rejects_target = resolved(job.rejects) if job.rejects else None
        self._record = path_of_record(self._target, job.keep_parts)
        check_job(job)
        self._sources = Sources(job.sources, job.source_format, job.delimiter, job.encoding)
        self._resumable = not job.is_direct and self._sources.files == self._sources.paths
        if job.resume and not self._resumable:
            raise BatchError("a job that reads or writes a pipe cannot be resumed; use files")
        names = self._sources.schema.names
        with errors_name(self._sources.paths[0]):
            self._roster = Roster(issuer, job.request, names)
        self._format = _target_format(job, self._target, self._sources.format)
        self._columns = list(job.target_columns or [*names, job.request.token_column])
        self._streams = [self._token_stream()]
        if self._rejects_target:
            rejects_format = format_of(
                _name(self._rejects_target), job.rejects_format, option="--rejects-format"
            )
            rejects = Stream("rejects", self._rejects_target, rejects_format, REJECT_SCHEMA)
            self._streams.append(rejects)
        for stream in self._streams:
            stream.overwrite = job.overwrite
        self._issuer = issuer
        self._options = {
            "app_id": issuer.app_id,
            **asdict(job.request),
            "source_format": self._sources.format.suffix,
            "delimiter": self._sources.format.delimiter,
            "encoding": job.encoding,
            "target": _absolute(self._target),
            "target_format": self._format.suffix,
            "target_columns": self._columns,
            "rejects": _absolute(self._rejects_target) if self._rejects_target else None,
            "rejects_format": self._streams[-1].format.suffix if job.rejects else None,
            "parts": job.keep_parts,
        }

    def run(self) -> Summary:
        job = self._job
        with _errors_of(job.target):
            if job.is_direct:
                return self._write(Direct(self._streams), [])
            sources = [fingerprint(path) for path in self._sources.files]
            manifest = Manifest(self._issuer, sources, self._options, new_job_id())
            complete = self._complete(manifest)
            if complete:
                return complete
            with locked(job.directory):
                old = os.path.exists(os.path.join(job.directory, MANIFEST_NAME))
                make = Parts.resume if job.resume and old else Parts.begin
                parts = make(job.directory, manifest, self._streams, job.part_rows)
                return self._write(parts, parts.manifest.sources)

    def _complete(self, asked: Manifest) -> Summary | None:
        """The summary of a job that has been done already, where the outputs prove it."""
        job = self._job
        if not job.resume or os.path.exists(os.path.join(job.directory, MANIFEST_NAME)):
            return None
        if not (exists(self._target) and exists(self._record)):
            return None
        try:
            known = Manifest.load(self._record, self._issuer)
            known.check_same_job(asked)
            known.check_outputs(self._target)
        except BatchError:
            if job.overwrite:
                return None
            raise
        rejects = [Reject(*each) for each in known.first_rejects]
        return self._summary(known.rows, known.tokens, rejects, (known.rows, known.tokens))

    def _write(self, output: Output, sources: Sequence[Fingerprint]) -> Summary:
        resumed = output.rows, output.tokens
        all_done = False
        try:
            with self._progress:
                self._write_rows(output)
            for known, path in zip(sources, self._sources.files, strict=False):
                check_unchanged(known, path)
            all_done = True
            output.finish()
        except BaseException as error:
            kept = output.abandon(keep=self._resumable)
            failed = isinstance(error, (BatchError, OSError, pa.ArrowException))
            if not kept or not failed:
                raise
            what = ""
            if not isinstance(error, BatchError):
                what = f"{self._job.target}: cannot be written: "
            raise BatchError(
                f"{what}{reason_of(error)}; {self._kept(output, kept, all_done)}"
            ) from None
        return self._summary(output.rows, output.tokens, output.first_rejects, resumed)

    def _kept(self, output: Output, kept: int, all_done: bool) -> str:
        """What a job that failed leaves, and how it goes on."""
        where = f"kept in {self._job.directory}"
        if all_done and kept == output.rows:
            return (
                f"all {kept:,} rows are done and {where} (--resume makes the target of them, which "
                "needs about their space once more)"
            )
        return f"the first {kept:,} rows are done and {where} (--resume goes on with the next)"

    def _summary(
        self,
        rows: int,
        tokens: int,
        first_rejects: Sequence[Reject],
        resumed: tuple[int, int],
    ) -> Summary:
        info = backend_info()
        return Summary(
            rows,
            tokens,
            rows - tokens,
            first_rejects,
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
                self._check_rejects(output, rejects)
                position = block.end._replace(row=position.row + issued.rows)
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
            issued = issued._replace(refused=block.located(issued.refused))
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
        path = stores.plain(self._sources.paths[before.file])
        return [
            Reject(path, before.row + each.row + 1, each.line, each.column, each.value, each.reason)
            for each in refused
        ]

    def _check_rejects(self, output: Output, rejects: Sequence[Reject]) -> None:
        job = self._job
        if not rejects:
            return
        first = rejects[0]
        if job.on_error == "stop":
            raise BatchError(f"{first.place}: {first.reason}")
        count = output.rows - output.tokens + len(rejects)
        if job.max_rejects is not None and count > job.max_rejects:
            first = (*output.first_rejects, *rejects)[0]
            raise BatchError(
                f"more than {job.max_rejects:,} rows are rejected (max_rejects), the first of them "
                f"{first.place}: {first.reason}"
            )

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
            "tokens", self._target, self._format, chosen, token.name, keep_parts=job.keep_parts
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


def _target_format(job: Job, target: str, source: Format) -> Format:
    if job.target_format or target != STANDARD:
        return format_of(_name(target), job.target_format, option="--output-format")
    return Format(source.name)


def _name(target: str) -> str:
    return stores.name_of(target) if stores.is_uri(target) else target


def _absolute(target: str) -> str:
    if stores.is_uri(target):
        return stores.plain(target)
    return target if target == STANDARD else os.path.abspath(target)


@contextmanager
def _errors_of(target: str) -> Iterator[None]:
    """Errors of writing name the target."""
    try:
        yield
    except BrokenPipeError:
        raise BatchError("standard output was closed by the program that reads it") from None
    except (OSError, pa.ArrowException) as error:
        raise BatchError(f"{target}: cannot be written: {reason_of(error)}") from None
