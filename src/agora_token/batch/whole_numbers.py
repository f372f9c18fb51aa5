"""Whole numbers as programs write them: ``43``, and ``43.0`` where a column has gaps.

pandas makes a column of integers one of floats when a value is missing, a database has decimals,
and a spreadsheet writes large numbers as ``4.29E+09``.  What is whole is taken; what has lost
digits, or may have, is not.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isnan
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_MOST_DIGITS: Final = 19
"""As many as are safe in 64 bits."""

_WHOLE: Final = re.compile(r"([0-9]+)(?:\.0*)?")
_SCIENTIFIC: Final = re.compile(r"([0-9])(?:\.([0-9]*))?[eE]\+?([0-9]{1,3})")
_EMPTY: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>", "nat", "\\n", "#n/a"})
"""What programs write for no value, where a number would stand."""

_EXACT: Final = {16: 1 << 11, 32: 1 << 24, 64: 1 << 53}
"""Up to where floats of so many bits hold each integer."""

REMEDY: Final = (
    "write whole numbers (pandas: astype('Int64'); a spreadsheet: cells formatted as numbers "
    "without decimals; SQL: CAST AS BIGINT)"
)


def is_empty(value: Any) -> bool:
    """Whether a cell for a number has none: also ``NaN``, ``NULL`` and the like."""
    if isinstance(value, str):
        return value.strip().lower() in _EMPTY
    return value is None or (isinstance(value, float) and isnan(value))


def whole_number(value: Any) -> int | None:
    """The number of one cell; None where it is not a whole one of up to 19 digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT[64] else None
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if whole and value.adjusted() < _MOST_DIGITS else None
    return _spelled(str(value).strip())


def _spelled(text: str) -> int | None:
    if not text.isascii():
        return None
    match = _WHOLE.fullmatch(text)
    if match:
        return int(match[1]) if len(match[1]) <= _MOST_DIGITS else None
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return None
    first, decimals, power = match[1], match[2] or "", int(match[3])
    if len(decimals) < power or power >= _MOST_DIGITS or decimals[power:].strip("0"):
        return None  # digits were lost, or it is no whole number
    return int(first + decimals[:power])


def is_scientific(text: str) -> bool:
    return _SCIENTIFIC.fullmatch(text.strip()) is not None


def filled(cells: pa.Array) -> pa.Array:
    """Which cells for numbers have a value."""
    if pa.types.is_floating(cells.type):
        return pc.and_not(cells.is_valid(), pc.is_nan(cells).fill_null(False))
    if not _is_text(cells.type):
        return cells.is_valid()
    return pc.not_equal(cells, "").fill_null(False)


def whole_numbers(cells: pa.Array) -> pa.Int64Array:
    """The cells as integers; null where there is no whole number, or one beyond 64 bits.

    Equal to :func:`whole_number` of each.
    """
    kind = cells.type
    if pa.types.is_uint64(kind):
        cells = pc.if_else(pc.less_equal(cells, pa.scalar((1 << 63) - 1, pa.uint64())), cells, None)
    elif pa.types.is_floating(kind):
        exact = pc.less_equal(pc.abs(cells), float(_EXACT[kind.bit_width]))
        cells = pc.if_else(pc.and_(exact, pc.equal(cells, pc.floor(cells))), cells, None)
    elif _is_text(kind):
        return _of_texts(cells)
    elif not pa.types.is_integer(kind):
        return pa.array(map(_of_one, cells.to_pylist()), pa.int64())
    return cells.cast(pa.int64())


def _of_texts(cells: pa.Array) -> pa.Int64Array:
    digits = _plain_digits(cells)
    odd = pc.and_not(filled(cells), digits)
    if pc.any(odd).as_py():
        cells = _without_zeros(cells)
        digits = _plain_digits(cells)
        odd = pc.and_not(filled(cells), digits)
    numbers = pc.if_else(digits, cells, None).cast(pa.int64())
    if not pc.any(odd).as_py():
        return numbers
    others = pa.array(map(_of_one, cells.filter(odd).to_pylist()), pa.int64())
    return pc.replace_with_mask(numbers, odd, others)


def _of_one(value: Any) -> int | None:
    number = None if is_empty(value) else whole_number(value)
    return number if number is not None and -(1 << 63) <= number < 1 << 63 else None


def _plain_digits(cells: pa.Array) -> pa.Array:
    """Which cells are up to 18 digits and nothing else."""
    short = pc.less(pc.binary_length(cells), _MOST_DIGITS)
    return pc.and_(pc.ascii_is_decimal(cells), short).fill_null(False)


def _without_zeros(cells: pa.Array) -> pa.Array:
    """The texts without white space around them and one ``.0`` at the end."""
    text = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.ends_with(text, ".0"), pc.utf8_slice_codeunits(text, 0, -2), text)


def _is_text(kind: pa.DataType) -> bool:
    text: bool = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return text
