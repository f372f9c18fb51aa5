"""The rows of a block of a source: those that could be read, and those that could not."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from ..errors import AgoraTokenError

MAX_SHOWN = 200
"""The most characters of a refused value that are kept."""


class BatchError(AgoraTokenError):
    """A batch job cannot go on: a source, a target or the job itself is at fault."""


class Refused(NamedTuple):
    """A row that no token can be issued for."""

    row: int
    """Its index (from 0) among the rows that it was found in."""
    column: str
    """The column at fault; empty where it is the whole row."""
    value: str
    reason: str
    line: int | None = None
    """The line of the source, from 1, where it has lines."""


class Rows(NamedTuple):
    """The rows of a block, in order."""

    batch: pa.RecordBatch
    """Those that could be read."""
    total: int
    """How many the source has here."""
    refused: list[Refused]
    """Those that could not, by their index in the block."""
    numbers: Sequence[int] | None = None
    """The index in the block of each row of ``batch``; None where none is missing."""


def without(rows: Rows, refused: Sequence[Refused]) -> Rows:
    """The rows without those of ``refused``, whose ``row`` is an index of ``rows.batch``."""
    if not refused:
        return rows
    gone = {each.row for each in refused}
    numbers = rows.numbers if rows.numbers is not None else range(rows.batch.num_rows)
    located = [each._replace(row=numbers[each.row]) for each in refused]
    kept = _others(rows.batch.num_rows, gone)
    return Rows(
        rows.batch.take(pa.array(kept, pa.int64())),
        rows.total,
        sorted(rows.refused + located),
        [numbers[index] for index in kept],
    )


def numbers_without(count: int, gone: Collection[int]) -> list[int] | None:
    """The indices of ``count`` rows but those that are ``gone``; None where that is none."""
    return _others(count, gone) if gone else None


def _others(count: int, gone: Collection[int]) -> list[int]:
    return [index for index in range(count) if index not in gone]


def reason_of(error: BaseException) -> str:
    """What an error says, without the path and the details that the system's add to it."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error)


def excerpt(value: Any) -> str:
    """A value as it is shown in a list of rejects: its text, cut where it is very long."""
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def place(source: str, row: int, line: int | None) -> str:
    """Where a row is, both counted from 1, for a message."""
    return f"{source} row {row}" + ("" if line is None else f" (line {line})")
