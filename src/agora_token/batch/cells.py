"""The cells of a roster: which column is what, and numbers and accounts told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .._fields import MAX_UID
from .columns import plain
from .files.json_text import is_json, strings_of
from .rows import BatchError, Refused, excerpt

_DIGITS: Final = "^0{0,9}[0-9]{1,10}$"


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
        if parameter == "uid":
            return self._users(batch, refused)
        return _as_text(self.raw(batch, parameter), self._names[parameter])

    def _users(self, batch: pa.RecordBatch, refused: dict[int, Refused]) -> pa.Array | list[Any]:
        """Numbers from the column ``uid``, accounts from ``account``, whichever is filled."""
        if "uid" not in self._names:
            return _as_text(self.raw(batch, "account"), self._names["account"])
        cells = self.raw(batch, "uid")
        uids = self._numbers(cells, refused)
        if "account" not in self._names:
            return uids
        accounts = _as_text(self.raw(batch, "account"), self._names["account"])
        has_account = _filled(accounts)
        if not pc.any(has_account).as_py():
            return uids
        for row in _rows_where(pc.and_(has_account, _filled(cells))):
            both = f"{excerpt(cells[row])} and {excerpt(accounts[row])}"
            reason = "the row has a uid and an account; a token is for one of them"
            refused.setdefault(row, Refused(row, self._names["uid"], both, reason))
        if pc.any(pc.equal(uids, 0)).as_py():  # as text it would be a user of that name
            numbers = uids.to_pylist()
            return [
                account or number
                for account, number in zip(accounts.to_pylist(), numbers, strict=True)
            ]
        return pc.if_else(has_account, accounts, uids.cast(accounts.type))

    def _numbers(self, cells: pa.Array, refused: dict[int, Refused]) -> pa.UInt32Array:
        """Numbers, in digits or as integers; what is none is noted, and null."""
        if pa.types.is_integer(cells.type):
            numbers, filled = cells, cells.is_valid()
            fits = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, MAX_UID))
        else:
            cells = _as_text(cells, self._names["uid"])
            filled = _filled(cells)
            digits = pc.match_substring_regex(cells, _DIGITS)
            numbers = pc.if_else(digits, cells, None).cast(pa.uint64())
            fits = pc.less_equal(numbers, MAX_UID)
        fits = fits.fill_null(False)
        for row in _rows_where(pc.and_not(filled, fits)):
            value = cells[row].as_py()
            refused[row] = Refused(row, self._names["uid"], excerpt(value), _not_a_uid(value))
        return pc.if_else(fits, numbers, None).cast(pa.uint32())

    def raw(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        """A column of the source, without the encodings of Arrow and JSON."""
        index = batch.schema.get_field_index(self._names[name])
        if is_json(batch.schema.field(index)):
            return strings_of(batch.column(index))
        return plain(batch.column(index))


def _as_text(cells: pa.Array, name: str) -> pa.Array:
    kind = cells.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return cells
    if pa.types.is_integer(kind):
        return cells.cast(pa.string())
    raise BatchError(f"column {name!r} is of type {kind}; it must hold text or integers")


def without_empty(values: pa.Array | list[Any]) -> pa.Array | list[Any]:
    """The values with a null for what is empty, as it is in CSV."""
    if isinstance(values, list):
        return [None if value == "" else value for value in values]
    if pa.types.is_integer(values.type):
        return values
    return pc.if_else(_filled(values), values, None)


def _filled(cells: pa.Array) -> pa.Array:
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return cells.is_valid()
    return pc.not_equal(cells, "").fill_null(False)


def _rows_where(condition: pa.Array) -> list[int]:
    return pc.indices_nonzero(condition).to_pylist()  # type: ignore[no-any-return]


def _not_a_uid(value: int | str) -> str:
    try:
        number = int(value)
    except ValueError:
        return (
            f"uid {excerpt(value)!r} is not a number of 0 to {MAX_UID}; an account has a column of "
            "its own, 'account'"
        )
    return f"uid {excerpt(number)} is out of range; it must be 0 (anybody) to {MAX_UID}"
