"""A file of tokens verified: how many are valid, and why the others are refused."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _backend
from .._checks import check_certificates
from .._demands import Demands, make_demands
from ..reasons import Reason
from .cells import Cells, without_empty
from .columns import backend_column
from .files.sources import Block, Position, Sources, errors_name
from .parts.fingerprint import check_unchanged, fingerprint
from .pipeline import in_order
from .progress import Progress, Silent
from .roster import column_advice, find_name
from .rows import BatchError, Refused, place

if TYPE_CHECKING:
    from .._checks import Certificates

_FIRST_REFUSED = 5
_KNOWN = ("token", "channel", "uid", "account", "user_id")


@dataclass(frozen=True)
class VerifyJob:
    """Which tokens are verified, and against what."""

    sources: Sequence[str]
    """Files with a column ``token``, patterns, or ``-``.  Where they have columns ``channel``,
    ``uid``, ``account`` or ``user_id``, a token must be for what these say, as far as they are
    filled; version 006 needs them."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The names that columns have in the sources, where they are others; an empty name leaves a
    column out of it."""
    source_format: str | None = None
    delimiter: str | None = None
    """What is between the values of CSV: one character or ``tab``; by default a comma."""
    encoding: str | None = None
    """The encoding of CSV and JSON, by Python's name for it; by default UTF-8."""
    app_id: str | None = None
    service: int | None = None
    privileges: Sequence[int] = ()
    at: float | datetime | None = None
    """When the tokens must be valid; now, if None."""
    leeway: float = 0
    anybody: bool = True
    """Whether a token for anybody, or for every channel, is one for a row's user and channel."""
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)


class RefusedToken(NamedTuple):
    """A row without a valid token."""

    source: str
    row: int
    """From 1, of the source's rows: the header is none."""
    line: int | None
    """From 1, of the source's lines; None where it has none, as Parquet."""
    reason: str

    @property
    def place(self) -> str:
        """Where the row is, for a message."""
        return place(self.source, self.row, self.line)


@dataclass(frozen=True)
class VerifySummary:
    """How many tokens there are of each kind."""

    rows: int
    reasons: Mapping[Reason, int]
    """Those that came up, ``Reason.VALID`` among them."""
    unreadable: int
    """Rows that could not be read, or whose channel or user cannot be one."""
    first_refused: Sequence[RefusedToken]
    seconds: float

    @property
    def valid(self) -> int:
        return self.reasons.get(Reason.VALID, 0)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": self.rows,
            "valid": self.valid,
            "refused": self.rows - self.valid,
            "reasons": {reason.name.lower(): count for reason, count in self.reasons.items()},
            "unreadable": self.unreadable,
            "first_refused": [each._asdict() for each in self.first_refused],
            "seconds": round(self.seconds, 3),
        }


class _Verified(NamedTuple):
    block: Block
    rows: int
    refused: list[Refused]
    """Rows that could not be read, or tokens that are refused."""
    reasons: Counter[int]


def verify_file(
    job: VerifyJob, certificates: Certificates, progress: Progress | None = None
) -> VerifySummary:
    """Verifies the tokens of files, in bounded memory.

    Raises :class:`~agora_token.batch.rows.BatchError` where a file cannot be read.
    """
    begin = time.monotonic()
    keys = check_certificates(certificates)
    demands = make_demands(
        job.at, job.leeway, job.app_id, job.service, job.privileges, anybody=job.anybody
    )
    sources = Sources(job.sources, job.source_format, job.delimiter, job.encoding)
    fingerprints = [fingerprint(path) for path in sources.files]
    with errors_name(sources.paths[0]):
        cells = Cells(_names(job, sources.schema.names))

    def verify(block: Block) -> _Verified:
        with errors_name(sources.paths[block.file]):
            done = _verify(block, cells, keys, demands)
            return done._replace(refused=block.located(done.refused))

    size = sources.size
    reasons: Counter[int] = Counter()
    rows = unreadable = file_rows = file = 0
    first: list[RefusedToken] = []
    progress = progress or Silent()
    blocks = sources.blocks(Position())
    with progress, closing(in_order(verify, blocks, job.threads)) as results:
        for done in results:
            if done.block.file != file:
                file, file_rows = done.block.file, 0
            for each in done.refused[: _FIRST_REFUSED - len(first)]:
                source = sources.paths[file]
                number = file_rows + each.row + 1
                first.append(RefusedToken(source, number, each.line, each.reason))
            rows += done.rows
            file_rows += done.rows
            unreadable += done.rows - done.reasons.total()
            reasons.update(done.reasons)
            share = min(done.block.done / size, 1.0) if size else None
            progress.update(rows, rows - reasons[Reason.VALID], share)
    for known, path in zip(fingerprints, sources.files, strict=True):
        check_unchanged(known, path)
    counts = {Reason(code): count for code, count in sorted(reasons.items()) if count}
    return VerifySummary(rows, counts, unreadable, first, time.monotonic() - begin)


def _verify(block: Block, cells: Cells, keys: tuple[bytes, ...], demands: Demands) -> _Verified:
    rows = block.decode()
    wrong: dict[int, Refused] = {}
    columns = {
        name: backend_column(
            without_empty(cells.values(name, rows.batch, wrong)), name, name == "uid"
        )
        for name in ("token", "channel", "uid", "user_id")
        if cells.has(name)
    }
    codes = bytearray(rows.batch.num_rows)
    _backend.verify(
        columns["token"],
        0,
        len(codes),
        keys,
        demands,
        columns.get("channel"),
        columns.get("uid"),
        columns.get("user_id"),
        codes,
    )
    numbers = rows.numbers or range(len(codes))
    refused = rows.refused + [each._replace(row=numbers[row]) for row, each in wrong.items()]
    reasons = Counter(codes)
    for row in wrong:
        reasons[codes[row]] -= 1
    if reasons[Reason.VALID] < len(codes):
        for row, code in enumerate(codes):
            if code and row not in wrong:
                reason = Reason(code).name.lower().replace("_", " ")
                refused.append(Refused(numbers[row], "token", "", reason))
                if len(refused) >= _FIRST_REFUSED:
                    break
    return _Verified(block, rows.total, sorted(refused), reasons)


def _names(job: VerifyJob, names: Sequence[str]) -> dict[str, str]:
    found = {}
    for key in (*_KNOWN, *job.columns):
        wanted = job.columns.get(key, key)
        if key not in _KNOWN:
            raise BatchError(f"{key!r} is not one of the columns that count: {', '.join(_KNOWN)}")
        name = find_name(wanted, names) if wanted else None
        if name is not None:
            found[key] = name
        elif wanted and (key == "token" or key in job.columns):
            raise BatchError(
                f"there is no column {wanted!r}; the columns are {', '.join(names)} "
                f"({column_advice(key, names)})"
            )
    return found
