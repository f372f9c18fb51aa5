"""JSON Lines as text: blocks of it to Arrow and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..rows import BatchError, Refused, Rows, excerpt, numbers_without
from .csv_text import text_of

_JSON = {b"agora_token": b"json"}
"""Marks a string column whose values are JSON text: those of mixed or nested types."""

_BOM = b"\xef\xbb\xbf"
_ESCAPED = r'["\\\x00-\x1f]'

_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}

# What JSON has no type for, such as a timestamp of Parquet, is written as its text.
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def end_of_rows(data: bytes) -> int:
    """Where the last whole line of ``data`` ends; 0 if there is none."""
    return data.rfind(b"\n") + 1


def read_names(data: bytes) -> tuple[tuple[str, ...], int]:
    """The names of the fields of the first lines, as they come up, and where the rows begin."""
    begin = len(_BOM) if data.startswith(_BOM) else 0
    rows, _ = _parse(_lines(data[begin : end_of_rows(data) or len(data)]))
    return tuple(dict.fromkeys(name for row in rows for name in row)), begin


def row_lines(data: bytes) -> list[int]:
    """The line of each row of a block, from 0."""
    lines = enumerate(data.split(b"\n"))
    return [number for number, line in lines if line and not line.isspace()]


def decode(data: bytes, names: Sequence[str]) -> Rows:
    """The rows of a block of whole lines, each column of a type that holds its values."""
    lines = _lines(data)
    rows, refused = _parse(lines)
    try:
        batch = _batch(rows, names)
    except UnicodeEncodeError:  # a lone surrogate somewhere: find the rows
        rows, refused = _parse_each(lines)
        batch = _batch(rows, names)
    missing = {each.row for each in refused}
    return Rows(batch, len(lines), refused, numbers_without(len(lines), missing))


def _lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line and not line.isspace()]


def _parse(lines: list[bytes]) -> tuple[list[dict[str, Any]], list[Refused]]:
    try:  # all at once is twice as fast
        rows = json.loads(b"[" + b",".join(lines) + b"]")
        if len(rows) == len(lines) and set(map(type, rows)) <= {dict}:
            return rows, []
    except (ValueError, RecursionError):
        pass
    return _parse_each(lines)


def _parse_each(lines: list[bytes]) -> tuple[list[dict[str, Any]], list[Refused]]:
    rows, refused = [], []
    for index, line in enumerate(lines):
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it is not an object")
            _dumps(row).encode()
        except (ValueError, RecursionError) as error:
            refused.append(Refused(index, "", excerpt(line), f"the line is not JSON: {error}"))
        else:
            rows.append(row)
    return rows, refused


def _batch(rows: list[dict[str, Any]], names: Sequence[str]) -> pa.RecordBatch:
    known = frozenset(names)
    for row in rows:
        if not row.keys() <= known:
            new = next(name for name in row if name not in known)
            raise BatchError(
                f"the field {excerpt(new)!r} comes up only after the columns were settled by the "
                f"first rows; give each row the same fields ({', '.join(names)})"
            )
    arrays, fields = [], []
    for name in names:
        array, metadata = _column([row.get(name) for row in rows])
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=metadata))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _column(values: list[Any]) -> tuple[pa.Array, dict[bytes, bytes] | None]:
    kinds = set(map(type, values)) - {type(None)}
    try:
        for kind, arrow in _TYPES.items():
            if kinds <= {kind}:
                return pa.array(values, arrow), None
    except (OverflowError, pa.ArrowInvalid):
        pass  # an integer beyond 64 bits
    texts = [None if value is None else _dumps(value) for value in values]
    return pa.array(texts, pa.string()), _JSON


def is_json(field: pa.Field) -> bool:
    """Whether the values of a column are JSON text, being of mixed or nested types."""
    return (field.metadata or {}).items() >= _JSON.items()


def strings_of(texts: pa.Array) -> pa.Array:
    """The strings in a column of JSON texts as they are, and the text of what is none."""
    return pa.array(
        [json.loads(text) if text and text[0] == '"' else text for text in texts.to_pylist()],
        pa.string(),
    )


def encode(batch: pa.RecordBatch) -> pa.Buffer:
    """The rows as one JSON object a line."""
    parts: list[Any] = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        parts += [("," if parts else "{") + _dumps(field.name) + ":", _texts(column, field)]
    return text_of([*parts, "}\n"], batch.nbytes)


def _texts(column: pa.Array, field: pa.Field) -> pa.Array:
    """The JSON text of each value."""
    kind = field.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        texts = column.cast(pa.string())
    elif not pa.types.is_string(kind):
        texts = pa.array([_dumps(value) for value in column.to_pylist()], pa.string())
    elif is_json(field):
        texts = column
    elif pc.any(pc.match_substring_regex(column, _ESCAPED)).as_py():
        texts = pa.array([_dumps(value) for value in column.to_pylist()], pa.string())
    else:
        texts = pc.binary_join_element_wise('"', column, '"', "")
    return texts.fill_null("null")
