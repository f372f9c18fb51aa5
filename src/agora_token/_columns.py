"""The shapes in which a column of values is handed to a backend.

All but :class:`Objects` are read without touching a Python object per row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import repeat
from typing import Any, Final, NamedTuple, TypeVar

from ._wording import shown
from .errors import ColumnError


class Constant(NamedTuple):
    """The same value in every row."""

    value: object


class Objects(NamedTuple):
    """A ``list`` or ``tuple`` of Python objects."""

    values: Sequence[object]


class Integers(NamedTuple):
    """Unsigned 32-bit integers in a buffer, native byte order."""

    values: Any
    """A contiguous buffer of ``uint32``; the column's row 0 is element ``start``."""
    start: int = 0
    validity: Any = None
    """An Arrow validity bitmap, indexed like ``values``, or None where no row is null."""


class Strings(NamedTuple):
    """UTF-8 strings in Arrow's layout (``string``, or ``large_string`` where ``wide``)."""

    offsets: Any
    """A contiguous buffer of ``int32`` offsets (``int64`` where ``wide``)."""
    data: Any
    start: int = 0
    """The element that is the column's row 0."""
    wide: bool = False
    validity: Any = None


_NO_COLUMN: Final = (bytes, bytearray, memoryview, Mapping, Set)
"""What has elements, but not the values of rows."""

Column = Constant | Objects | Integers | Strings

_Part = TypeVar("_Part")


def column_of(value: object) -> Column:
    """The column that a caller's value stands for: one for all rows, a sequence, or a buffer."""
    if isinstance(value, (str, int)):
        return Constant(value)
    if isinstance(value, (list, tuple)):
        return Objects(value)
    integers = uint32_buffer(value)
    if integers is not None:
        return Integers(integers)
    if hasattr(value, "buffers") and hasattr(value, "null_count"):  # an Arrow array
        integers = _arrow_integers(value)
        if integers is not None:
            return Integers(integers)
    if hasattr(value, "tolist"):  # an array of other numbers: each is checked on its own
        value = value.tolist()
    if isinstance(value, _NO_COLUMN) or not isinstance(value, Collection):
        raise ColumnError(
            "a column is a string, an integer, a sequence of them or a buffer of unsigned 32-bit "
            f"integers, not {type(value).__name__}"
        )
    return Objects(list(value))


def _arrow_integers(array: Any) -> memoryview | None:
    """The values of an Arrow array of uint32 without nulls, in their own memory."""
    if str(array.type) != "uint32" or array.null_count or not len(array):
        return None
    values = memoryview(array.buffers()[1]).cast("B").cast("I")
    return values[array.offset : array.offset + len(array)]


def uint32_buffer(value: object) -> memoryview | None:
    """The value's own memory, where it is a contiguous row of native unsigned 32-bit integers."""
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except (TypeError, BufferError):
        return None
    plain = view.ndim == 1 and view.itemsize == 4 and view.format in {"I", "L", "@I", "=I"}
    return view if plain and view.c_contiguous else None


def common_length(columns: Iterable[Any]) -> int:
    """How many rows columns have, of the shapes here or Arrow's.

    Raises where they differ, or where each is one value for all rows.
    """
    lengths = {
        len(column[0] if isinstance(column, (Objects, Integers)) else column)
        for column in columns
        if not isinstance(column, Constant)
    }
    if not lengths:
        raise ColumnError("every column is one value for all rows; give at least one as a sequence")
    if len(lengths) > 1:
        given = " and ".join(str(length) for length in sorted(lengths))
        raise ColumnError(f"the columns have {given} rows; they must be as long as each other")
    return lengths.pop()


def by_threads(work: Callable[[int, int], _Part], rows: int, threads: int) -> list[_Part]:
    """What ``work`` makes of the rows from one number to another, in a part for each thread."""
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ColumnError(f"threads is {shown(threads)}; it must be 1 or more")
    if threads == 1 or rows < 2 * threads:
        return [work(0, rows)]
    from concurrent.futures import ThreadPoolExecutor  # slow to import, seldom needed

    bounds = [rows * part // threads for part in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, bounds, bounds[1:]))


def column_values(column: Column, start: int, stop: int) -> Iterable[object]:
    """The Python objects of a column's rows ``start`` to ``stop``."""
    if isinstance(column, Constant):
        return repeat(column.value, stop - start)
    if isinstance(column, Objects):
        return column.values[start:stop]
    first, last = column.start + start, column.start + stop
    if isinstance(column, Integers):
        return _unless_null(_buffer(column.values, "I")[first:last], column, first)
    return _unless_null(_strings(column, first, last), column, first)


def _buffer(buffer: Any, code: str) -> memoryview:
    return memoryview(buffer).cast("B").cast(code)  # type: ignore[call-overload,no-any-return]


def buffer_rows(buffer: Any, code: str, start: int, stop: int) -> memoryview:
    values = _buffer(buffer, code)
    if len(values) < stop:
        raise ColumnError(f"a buffer of {values.nbytes} bytes is too short for its rows")
    return values[start:stop]


def _strings(column: Strings, first: int, last: int) -> Iterator[str]:
    offsets = _buffer(column.offsets, "q" if column.wide else "i")
    data = memoryview(column.data or b"").cast("B")
    for index in range(first, last):
        if not 0 <= offsets[index] <= offsets[index + 1] <= len(data):
            raise ColumnError("the offsets of the column do not lie within its data")
        # What is not UTF-8 becomes a lone surrogate, which the field then refuses.
        yield bytes(data[offsets[index] : offsets[index + 1]]).decode(errors="surrogateescape")


def _unless_null(
    values: Iterable[object], column: Integers | Strings, first: int
) -> Iterable[object]:
    if column.validity is None:
        return values
    bits = memoryview(column.validity).cast("B")
    return (
        value if bits[index >> 3] >> (index & 7) & 1 else None
        for index, value in enumerate(values, first)
    )
