"""Where the rows of a job go: what its outputs are, and what an output must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import pyarrow as pa

from ..files.csv_text import guard_formulas
from ..files.formats import Format
from ..files.sinks import Sink, encode, open_sink
from ..files.sources import Position
from ..rows import place

FIRST_REJECTS: Final = 5
"""How many rejects are kept for the summary."""


class Reject(NamedTuple):
    """A row that has no token."""

    source: str
    row: int
    """From 1, of the source's rows: the header is none."""
    line: int | None
    """From 1, of the source's lines; None where it has none, as Parquet."""
    column: str
    """The column at fault; empty where it is the whole row."""
    value: str
    reason: str

    @property
    def place(self) -> str:
        """Where the row is, for a message."""
        return place(self.source, self.row, self.line)


REJECT_SCHEMA: Final = pa.schema(
    [
        ("source", pa.string()),
        ("row", pa.int64()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)


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
    overwrite: bool = False
    sink: Sink | None = field(default=None, init=False)

    def open(self, file: str | BinaryIO, data: Any, first: bool = True) -> None:
        """Opens the sink for ``data``, the first that is to be written."""
        if isinstance(data, pa.RecordBatch):
            self.schema = data.schema
        self.sink = open_sink(file, self.format, self.schema, unique=self.unique, first=first)


class Output(Protocol):
    """The outputs of a job together."""

    rows: int
    """The rows of the sources that are done, those of earlier runs among them."""
    tokens: int
    position: Position
    """Where in the sources they end."""
    first_rejects: list[Reject]

    def write(
        self, tokens: Any, rejects: Sequence[Reject], rows: int, count: int, position: Position
    ) -> None:
        """Adds what became of ``rows`` rows: ``count`` tokens, encoded, and the rejects."""

    def finish(self) -> None:
        """Gives the outputs their final names."""

    def abandon(self, keep: bool) -> int:
        """Lets go of what is not finished, or of everything unless ``keep``.

        Returns how many rows of the sources are finished, and kept.
        """


def _reject_batch(rejects: Sequence[Reject], format: Format) -> pa.RecordBatch:
    batch = pa.RecordBatch.from_pylist([each._asdict() for each in rejects], REJECT_SCHEMA)
    if format.name != "csv":
        return batch
    # Such a file is opened with a spreadsheet, and what is in it comes from strangers.
    columns = [
        guard_formulas(column) if pa.types.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REJECT_SCHEMA)


def sink_data(streams: Sequence[Stream], tokens: Any, rejects: Sequence[Reject]) -> list[Any]:
    """What the sink of each stream takes: None where there is nothing for it."""
    if len(streams) == 1:
        return [tokens]
    format = streams[1].format
    return [tokens, encode(_reject_batch(rejects, format), format) if rejects else None]
