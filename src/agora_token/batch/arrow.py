"""Arrow columns in, an Arrow column of tokens out, with no Python object for a row.

A column is whatever speaks the Arrow PyCapsule interface (pyarrow, Polars, DuckDB, pandas, …), also
dictionary-encoded and in chunks; or what ``pyarrow.array`` takes, such as a list; or one string or
integer for all rows.  Every function returns a ``pyarrow.ChunkedArray`` of strings, in chunks of
at most 65,536 rows, so that neither the number of rows nor the size of the tokens has a limit; its
``combine_chunks()`` makes one array of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import Column, Constant, Integers, Strings
from .._fields import MAX_UID, Field
from .._products import PRODUCTS, Grant
from ..errors import AgoraTokenError, ColumnError, InvalidSaltError
from ..issuer import Issuer, _issued_at
from ..privileges import Role
from ._grants import Plans, granted

CHUNK_ROWS = 1 << 16

Values: TypeAlias = "Constant | pa.ChunkedArray"


def rtc_column(
    issuer: Issuer,
    channels: Any,
    uids: Any,
    *,
    role: Any = Role.PUBLISHER,
    expires_in: Any = 3600,
    privileges: Mapping[int, int] | None = None,
    version: str = "007",
    issued_at: int | datetime | None = None,
    salts: Any = None,
    threads: int = 1,
) -> pa.ChunkedArray:
    """A column of RTC tokens, as :meth:`~agora_token.Issuer.rtc` issues them.

    ``uids`` are integers (0 means anybody) or accounts.  ``role`` (numbers) and ``expires_in``
    (seconds) may be columns too.  ``salts`` is one salt for all rows or a column of them, for
    output that can be reproduced.  ``threads`` share the rows out.

    Raises the error of the first row that is refused, which its message and its ``row`` name, and
    :class:`~agora_token.errors.ColumnError` for columns that differ in length or are of a type that
    has no place in a token.
    """
    return _issue(
        issuer,
        "rtc",
        (channels, uids),
        role=role,
        expires_in=expires_in,
        privileges=privileges or {},
        version=version,
        issued_at=issued_at,
        salts=salts,
        threads=threads,
    )


def rtm_column(
    issuer: Issuer,
    user_ids: Any,
    *,
    expires_in: Any = 3600,
    version: str = "007",
    issued_at: int | datetime | None = None,
    salts: Any = None,
    threads: int = 1,
) -> pa.ChunkedArray:
    """A column of :meth:`~agora_token.Issuer.rtm` tokens (see :func:`rtc_column`)."""
    return _issue(
        issuer,
        "rtm",
        (user_ids,),
        expires_in=expires_in,
        version=version,
        issued_at=issued_at,
        salts=salts,
        threads=threads,
    )


def chat_user_column(
    issuer: Issuer,
    user_ids: Any,
    *,
    expires_in: Any = 3600,
    issued_at: int | datetime | None = None,
    salts: Any = None,
    threads: int = 1,
) -> pa.ChunkedArray:
    """A column of :meth:`~agora_token.Issuer.chat_user` tokens (see :func:`rtc_column`)."""
    return _issue(
        issuer,
        "chat-user",
        (user_ids,),
        expires_in=expires_in,
        issued_at=issued_at,
        salts=salts,
        threads=threads,
    )


def _issue(
    issuer: Issuer,
    product: str,
    values: Sequence[Any],
    *,
    role: Any = Role.PUBLISHER,
    expires_in: Any,
    privileges: Mapping[int, int] | None = None,
    version: str = "007",
    issued_at: int | datetime | None,
    salts: Any,
    threads: int,
) -> pa.ChunkedArray:
    names = PRODUCTS[product].parameters
    fields = PRODUCTS[product].fields
    if isinstance(expires_in, timedelta):
        expires_in = int(expires_in.total_seconds())
    columns = [values_of(value, name) for value, name in zip(values, names, strict=True)]
    terms = [values_of(role, "role"), values_of(expires_in, "expires_in")]
    salt = Constant(None) if salts is None else values_of(salts, "salts")
    rows = _common_length([*columns, *terms, salt])
    issued = _issued_at(issued_at)
    issued = int(time.time()) if issued is None else issued
    own = tuple((privileges or {}).items())
    plans = Plans(issuer, product, version)

    def make(role: Any, expires_in: Any) -> Grant:
        grant = Grant(role, expires_in, own)
        plans.of((grant,))  # raises where there is no such grant
        return grant

    same = [term.value for term in terms if isinstance(term, Constant)]
    usual = granted([], lambda: make(*same)) if len(same) == len(terms) else None

    def issue(first: int) -> pa.Array:
        count = min(CHUNK_ROWS, rows - first)
        try:
            windows = [_window(column, first, count) for column in columns]
            given = usual or granted([_filled(term, first, count) for term in terms], make)
            for row, error in given.refused_rows().items():
                raise error.at_row(row)
            return tokens_of(
                plans.of(given.grants).column(
                    tuple(map(plan_column, windows, fields)),
                    0,
                    count,
                    issued,
                    given.variants,
                    _salts(_window(salt, first, count)),
                )
            )
        except AgoraTokenError as error:
            raise _moved(error, first) from None

    starts = range(0, rows, CHUNK_ROWS)
    if threads == 1 or len(starts) < 2:
        chunks = [issue(first) for first in starts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            chunks = list(pool.map(issue, starts))
    return pa.chunked_array(chunks, pa.string())


def tokens_of(buffers: tuple[Any, Any]) -> pa.StringArray:
    """The array over the offsets and data that a plan wrote."""
    offsets, data = map(pa.py_buffer, buffers)
    return pa.StringArray.from_buffers(offsets.size // 4 - 1, offsets, data)


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


def plan_column(values: Constant | pa.Array, field: Field) -> Column:
    """An array as a backend reads it, its memory shared where it has the right layout."""
    if isinstance(values, Constant):
        return values
    array = plain(values)
    kind = array.type
    if pa.types.is_integer(kind) and field.integers:
        array = _as_uint32(array, field)
        validity, numbers = array.buffers()
        return Integers(numbers or b"", array.offset, validity if array.null_count else None)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        allowed = "strings or integers" if field.integers else "strings"
        raise ColumnError(f"{field.name} is a column of {kind}; it must be one of {allowed}")
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


def _as_uint32(array: pa.Array, field: Field) -> pa.UInt32Array:
    try:
        return array.cast(pa.uint32())
    except pa.ArrowInvalid:
        outside = pc.or_(pc.less(array, 0), pc.greater(array, MAX_UID))
        row = pc.index(outside, True).as_py()
        try:
            field.encode(array[row].as_py())
        except AgoraTokenError as error:
            raise error.at_row(row) from None
        raise


def _common_length(columns: Sequence[Values]) -> int:
    lengths = {len(column) for column in columns if isinstance(column, pa.ChunkedArray)}
    if not lengths:
        raise ColumnError("every column is one value for all rows; give at least one as a column")
    if len(lengths) > 1:
        given = " and ".join(str(length) for length in sorted(lengths))
        raise ColumnError(f"the columns have {given} rows; they must be as long as each other")
    return lengths.pop()


def _window(column: Values, first: int, count: int) -> Constant | pa.Array:
    if isinstance(column, Constant):
        return column
    window = column.slice(first, count)
    return window.chunk(0) if window.num_chunks == 1 else window.combine_chunks()


def _filled(column: Values, first: int, count: int) -> pa.Array:
    if isinstance(column, Constant):
        return pa.repeat(column.value, count)
    array = plain(_window(column, first, count))
    if not pa.types.is_integer(array.type):
        raise ColumnError(f"role and expires_in are columns of integers, not {array.type}")
    return array


def _salts(values: Constant | pa.Array) -> Any:
    if isinstance(values, Constant):
        return values.value
    try:
        array = values.cast(pa.uint32())
    except pa.ArrowInvalid:
        array = None
    if array is None or array.null_count:
        raise InvalidSaltError("salts must be integers of 0 to 2**32-1, with no nulls")
    return array.buffers()[1].slice(4 * array.offset, 4 * len(array))


def _moved(error: AgoraTokenError, first: int) -> AgoraTokenError:
    """The error of a row of a chunk, naming the row of the whole column."""
    if error.row is None:
        return error
    return type(error)(str(error).removeprefix(f"row {error.row}: ")).at_row(first + error.row)
