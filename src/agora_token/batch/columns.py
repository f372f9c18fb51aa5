"""What callers give as columns, cut into windows and laid out as the backends read them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import Column, Constant, Integers, Objects, Strings
from ..errors import AgoraTokenError, ColumnError, InvalidSaltError
from .whole_numbers import filled, whole_numbers

CHUNK_ROWS: Final = 1 << 16

Values: TypeAlias = "Constant | pa.ChunkedArray"


def values_of(value: Any, name: str) -> Values:
    """What a caller gave for a column: one value for all rows, or chunks of an Arrow column."""
    if isinstance(value, (str, int)):
        return Constant(value)
    try:
        if isinstance(value, pa.ChunkedArray):
            column = value
        elif hasattr(value, "__arrow_c_stream__"):
            column = pa.chunked_array(value)
        else:
            column = pa.chunked_array([pa.array(value)])
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise ColumnError(
            f"{name} cannot be read as an Arrow column ({error}); give strings or integers"
        ) from None
    if pa.types.is_struct(column.type):  # a table, such as a DuckDB relation
        if column.type.num_fields != 1:
            raise ColumnError(f"{name} is a table; give one column of it")
        column = pa.chunked_array([chunk.field(0) for chunk in column.chunks], column.type[0].type)
    return column


def backend_column(values: Constant | pa.Array | list[Any], name: str, integers: bool) -> Column:
    """The values of a field as a backend reads them, in their own memory where that has the layout.

    ``integers`` is whether they are allowed, as uids are.
    """
    if isinstance(values, Constant):
        return values
    if isinstance(values, list):
        return Objects(values)
    array = plain(values)
    if integers and (pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        whole = whole_numbers(array)  # as pandas has integers where some are missing
        if pc.any(pc.and_not(filled(array), whole.is_valid())).as_py():
            pairs = zip(whole.to_pylist(), array.to_pylist(), strict=True)
            return Objects([value if number is None else number for number, value in pairs])
        array = whole
    kind = array.type
    if pa.types.is_integer(kind) and integers:
        try:
            array = array.cast(pa.uint32())
        except pa.ArrowInvalid:  # a row is refused, and the backend says which and why
            return Objects(array.to_pylist())
        validity, numbers = array.buffers()
        return Integers(numbers or b"", array.offset, validity if array.null_count else None)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        allowed = "strings or integers" if integers else "strings"
        raise ColumnError(f"{name} is a column of {kind}; it must be one of {allowed}")
    validity, offsets, data = array.buffers()
    return Strings(
        offsets or b"\0" * 8,  # an empty column may have none
        data or b"",
        array.offset,
        pa.types.is_large_string(kind),
        validity if array.null_count else None,
    )


def plain(array: pa.Array) -> pa.Array:
    """The array without the encodings that a backend does not read."""
    if pa.types.is_dictionary(array.type):
        array = array.from_arrays(array.indices, plain(array.dictionary)).dictionary_decode()
    if pa.types.is_null(array.type) or str(array.type) == "string_view":
        array = array.cast(pa.string())
    return array


def salt_buffer(values: Constant | pa.Array) -> Any:
    """Salts as a plan takes them: one for all rows, or a buffer of ``uint32``."""
    if isinstance(values, Constant):
        return values.value
    try:
        array = values.cast(pa.uint32())
    except pa.ArrowInvalid:
        array = None
    if array is None or array.null_count:
        raise InvalidSaltError("salts must be integers of 0 to 2**32-1, with no nulls")
    return array.buffers()[1].slice(4 * array.offset, 4 * len(array))


def window(column: Values, first: int, count: int) -> Constant | pa.Array:
    if isinstance(column, Constant):
        return column
    part = column.slice(first, count)
    return part.chunk(0) if part.num_chunks == 1 else part.combine_chunks()


def at_row_of_all(error: AgoraTokenError, first: int) -> AgoraTokenError:
    """The error of a row of a window, naming the row of the whole column."""
    if error.row is None:
        return error
    return type(error)(str(error).removeprefix(f"row {error.row}: ")).at_row(first + error.row)
