"""CSV as text: blocks of it to Arrow and back, every value a string that is left as it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ..rows import BatchError, Refused, Rows, excerpt, numbers_without, without

_BOM = b"\xef\xbb\xbf"
_ODD_LINES = re.compile(rb'"|\A\r?\n|\n\r?\n')
"""A row that may have several lines, or a line that is no row."""
_LARGE = 1 << 29
_SEPARATORS = ",;\t|"


class Csv:
    """CSV with one character or another between the values."""

    def __init__(self, delimiter: str = ",") -> None:
        self._delimiter = delimiter
        self._quoted = _quoted_value(delimiter)
        self._special = f'["{re.escape(delimiter)}\\r\\n]'
        self._write_plain = pyarrow.csv.WriteOptions(
            include_header=False, quoting_style="none", delimiter=delimiter
        )

    def end_of_rows(self, data: bytes) -> int:
        """Where the last whole row of ``data``, which begins with a row, ends; 0 if none does."""
        if b'"' not in data:
            return data.rfind(b"\n") + 1
        end = position = 0
        for quoted in self._quoted.finditer(data):
            end = data.rfind(b"\n", position, quoted.start()) + 1 or end
            if not quoted.group(1):
                return end
            position = quoted.end()
        return data.rfind(b"\n", position) + 1 or end

    def row_lines(self, data: bytes) -> Sequence[int]:
        """The line on which each row of a block begins, from 0."""
        if not _ODD_LINES.search(data):
            return range(data.count(b"\n") + 1)
        if b'"' in data:  # line breaks within values are put aside, for the count
            data = self._quoted.sub(lambda value: value.group().replace(b"\n", b"\0"), data)
        lines, number = [], 0
        for line in data.split(b"\n"):
            if line.rstrip(b"\r"):
                lines.append(number)
            number += 1 + line.count(b"\0")
        return lines

    def read_names(self, data: bytes) -> tuple[tuple[str, ...], int]:
        """The names in the first row, and where it ends."""
        lines = io.BytesIO(data)
        bom = len(_BOM) if data.startswith(_BOM) else 0
        lines.seek(bom)
        try:
            rows = csv.reader(
                (line.decode() for line in lines), strict=True, delimiter=self._delimiter
            )
            names = next((tuple(row) for row in rows if row), ())
        except UnicodeDecodeError:
            wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
            raise BatchError(
                "the header is not UTF-8; name its encoding, such as "
                + ("--encoding utf-16" if wide else "--encoding cp1252")
            ) from None
        except csv.Error as error:
            raise BatchError(f"the header is not CSV: {error}") from None
        return names, lines.tell()

    def decode(self, data: bytes, names: Sequence[str]) -> Rows:
        """The rows of a block of whole rows."""
        refused: list[Refused] = []

        def refuse(row: pyarrow.csv.InvalidRow) -> str:
            refused.append(
                Refused(
                    row.number - 1,
                    "",
                    excerpt(row.text),
                    f"the row has {row.actual_columns} values, the header {row.expected_columns} "
                    "names",
                )
            )
            return "skip"

        try:
            table = self._parse(data, names, pa.string(), refuse)
        except pa.ArrowInvalid:  # not UTF-8 somewhere: find the rows
            refused.clear()
            table = self._parse(data, names, pa.binary(), refuse)
        missing = {each.row for each in refused}
        count = table.num_rows + len(missing)
        rows = Rows(_batch(table), count, refused, numbers_without(count, missing))
        return _checked_utf8(rows)

    def _parse(self, data: bytes, names: Sequence[str], kind: pa.DataType, refuse: Any) -> pa.Table:
        return pyarrow.csv.read_csv(
            pa.py_buffer(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, kind)),
        )

    def header(self, names: Sequence[str]) -> bytes:
        """The first row of a file."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n", delimiter=self._delimiter).writerow(names)
        return line.getvalue().encode()

    def encode(self, batch: pa.RecordBatch) -> pa.Buffer:
        """The rows as text; only values that need quotes have them, and a null is empty."""
        columns = [_as_text(column) for column in batch.columns]
        output = pa.BufferOutputStream()
        try:
            plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
            pyarrow.csv.write_csv(plain, output, write_options=self._write_plain)
            return output.getvalue()
        except pa.ArrowInvalid:  # a value needs quotes, which pyarrow's writer gives to all or none
            parts: list[Any] = []
            for column in columns:
                parts += [self._delimiter if parts else "", self._with_quotes(column)]
            return text_of([*parts, "\n"], batch.nbytes)

    def _with_quotes(self, column: pa.Array) -> pa.Array:
        special = pc.match_substring_regex(column, self._special)
        doubled = pc.replace_substring(column, '"', '""')
        return pc.if_else(
            special, pc.binary_join_element_wise('"', doubled, '"', ""), column
        ).fill_null("")


@lru_cache(maxsize=8)
def _quoted_value(delimiter: str) -> re.Pattern[bytes]:
    """A value in quotes; they count only at its beginning.  Group 1 is empty if it does not end."""
    before = re.escape(delimiter).encode()
    return re.compile(rb"(?<![^" + before + rb'\r\n])"[^"]*(?:""[^"]*)*("|\Z)')


def likely_delimiter(names: Sequence[str]) -> str | None:
    """The separator that is seen in a header which has been read with another one."""
    return next((each for each in _SEPARATORS if any(each in name for name in names)), None)


def guard_formulas(values: pa.Array) -> pa.Array:
    """Texts that a spreadsheet would run as formulas, with a quote in front; numbers are none."""
    runs = pc.and_not(
        pc.match_substring_regex(values, r"^[=+\-@\t\r]"),
        pc.match_substring_regex(values, r"^[+-][0-9.]+$"),
    )
    return pc.if_else(runs, pc.binary_join_element_wise("'", values, ""), values)


def _batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)


def _checked_utf8(rows: Rows) -> Rows:
    """Columns of bytes as strings, without the rows that are not UTF-8."""
    if not any(pa.types.is_binary(kind) for kind in rows.batch.schema.types):
        return rows
    bad: dict[int, Refused] = {}
    for name, column in zip(rows.batch.schema.names, rows.batch.columns, strict=True):
        for row, value in enumerate(column.to_pylist()):
            try:
                value.decode()
            except UnicodeDecodeError as error:
                reason = f"{name} is not UTF-8: byte 0x{value[error.start]:02x} at {error.start}"
                bad.setdefault(row, Refused(row, name, excerpt(value), reason))
    rows = without(rows, sorted(bad.values()))
    arrays = [column.cast(pa.string()) for column in rows.batch.columns]
    return rows._replace(batch=pa.RecordBatch.from_arrays(arrays, rows.batch.schema.names))


def text_of(parts: Sequence[Any], size: int) -> pa.Buffer:
    """The text of rows that are made of parts, each a column of strings or one for all rows.

    ``size`` is the bytes of the columns, about.
    """
    # The lines of a batch may have more than 2 GiB, though its columns do not.
    kind = pa.large_string() if size > _LARGE else pa.string()
    typed = [pa.scalar(part, kind) if isinstance(part, str) else part.cast(kind) for part in parts]
    lines = pc.binary_join_element_wise(*typed, pa.scalar("", kind))
    _, offsets, data = lines.buffers()
    if not len(lines):
        return pa.py_buffer(b"")
    ends = memoryview(offsets).cast("B").cast("q" if size > _LARGE else "i")
    return data.slice(0, ends[len(lines)])


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise BatchError(
            f"a column of {column.type} cannot be written as text; choose others with --columns"
        ) from None
