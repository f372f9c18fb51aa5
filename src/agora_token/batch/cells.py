"""The cells of a roster: which column is what, and numbers and accounts told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._fields import MAX_UID
from .columns import plain
from .files.json_text import is_json, strings_of
from .rows import BatchError, Refused, excerpt
from .whole_numbers import REMEDY, filled, is_empty, is_scientific, whole_number, whole_numbers


class Cells:
    """Reads the columns of batches."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names`` are those in the source of the columns that are known here and are there."""
        self._names = names

    def has(self, parameter: str) -> bool:
        return parameter in self._names or (parameter == "uid" and "account" in self._names)

    def values(
        self, parameter: str, batch: pa.RecordBatch, refused: dict[int, Refused]
    ) -> pa.Array | list[Any]:
        """The values of a field of the tokens, one a row; notes the rows that have none."""
        if parameter in ("uid", "account"):
            return self._users(batch, refused)
        return self._texts(parameter, batch, refused)

    def _users(self, batch: pa.RecordBatch, refused: dict[int, Refused]) -> pa.Array | list[Any]:
        """Numbers from the column ``uid``, accounts from ``account``, whichever is filled."""
        if "uid" not in self._names:
            return self._texts("account", batch, refused)
        uids = self._numbers(batch, refused)
        if "account" not in self._names:
            return uids
        accounts = self._texts("account", batch, refused)
        has_account = _is_filled(accounts)
        if not pc.any(has_account).as_py():
            return uids
        for row in _rows_where(pc.and_(has_account, uids.is_valid())):
            both = f"{excerpt(uids[row])} and {excerpt(accounts[row])}"
            reason = "the row has a uid and an account; a token is for one of them"
            refused.setdefault(row, Refused(row, self._names["uid"], both, reason))
        if pc.any(pc.equal(uids, 0)).as_py():  # as text it would be a user of that name
            numbers = uids.to_pylist()
            return [
                account or number
                for account, number in zip(accounts.to_pylist(), numbers, strict=True)
            ]
        return pc.if_else(has_account, accounts, uids.cast(accounts.type))

    def _numbers(self, batch: pa.RecordBatch, refused: dict[int, Refused]) -> pa.UInt32Array:
        """The column ``uid``; what is no uid is noted, and null."""
        cells, name = self.raw(batch, "uid"), self._names["uid"]
        _check_type(cells.type, name)
        numbers = whole_numbers(cells)
        fits = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, MAX_UID))
        fits = fits.fill_null(False)
        for row in _rows_where(pc.and_not(filled(cells), fits)):
            value = cells[row].as_py()
            if not is_empty(value):
                refused[row] = Refused(row, name, excerpt(value), _not_a_uid(value))
        return pc.if_else(fits, numbers, None).cast(pa.uint32())

    def _texts(
        self, parameter: str, batch: pa.RecordBatch, refused: dict[int, Refused]
    ) -> pa.Array:
        """A column of text, without white space around it; whole numbers are text as well."""
        cells, name = self.raw(batch, parameter), self._names[parameter]
        kind = cells.type
        _check_type(kind, name)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return pc.utf8_trim_whitespace(cells)
        if pa.types.is_integer(kind):
            return cells.cast(pa.string())
        numbers = whole_numbers(cells)
        for row in _rows_where(pc.and_not(filled(cells), numbers.is_valid())):
            value = cells[row].as_py()
            reason = f"{name} {excerpt(value)} is neither text nor a whole number; {REMEDY}"
            refused.setdefault(row, Refused(row, name, excerpt(value), reason))
        return numbers.cast(pa.string())

    def raw(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        """A column of the source, without the encodings of Arrow and JSON."""
        index = batch.schema.get_field_index(self._names[name])
        if is_json(batch.schema.field(index)):
            return strings_of(batch.column(index))
        return plain(batch.column(index))


def _check_type(kind: pa.DataType, name: str) -> None:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (text or number):
        raise BatchError(f"column {name!r} is of type {kind}; it must hold text or whole numbers")


def without_empty(values: pa.Array | list[Any]) -> pa.Array | list[Any]:
    """The values with a null for what is empty, as it is in CSV."""
    if isinstance(values, list):
        return [None if value == "" else value for value in values]
    if pa.types.is_integer(values.type):
        return values
    return pc.if_else(_is_filled(values), values, None)


def _is_filled(cells: pa.Array) -> pa.Array:
    return pc.not_equal(cells, "").fill_null(False)


def _rows_where(condition: pa.Array) -> list[int]:
    return pc.indices_nonzero(condition).to_pylist()  # type: ignore[no-any-return]


def _not_a_uid(value: Any) -> str:
    number = whole_number(value)
    text = str(value).strip()
    if number is None and re.fullmatch("-?[0-9]+", text) and text != "-0":
        number = int(text) if len(text) < 40 else MAX_UID + 1
    if isinstance(value, float) and number is not None and 0 <= number <= MAX_UID:  # of 32 bits
        return f"uid {value!r} is a number of which digits may be lost; {REMEDY}"
    if number is not None:
        return f"uid {excerpt(value)} is out of range; it must be 0 (anybody) to {MAX_UID}"
    if isinstance(value, str) and is_scientific(value):
        return f"uid {excerpt(value)!r} is written with an exponent, and digits are lost; {REMEDY}"
    try:
        float(text)
    except ValueError:
        return (
            f"uid {excerpt(value)!r} is not a number of 0 to {MAX_UID}; an account has a column of "
            "its own, 'account'"
        )
    return f"uid {excerpt(value)!r} is not a whole number of 0 to {MAX_UID}; {REMEDY}"
