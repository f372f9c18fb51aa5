"""Arrow columns in, an Arrow column of tokens out, with no Python object for a row.

A column is whatever speaks the Arrow PyCapsule interface (pyarrow, Polars, DuckDB, pandas, …), also
dictionary-encoded and in chunks; or what ``pyarrow.array`` takes, such as a list; or one string or
integer for all rows.  Every function returns a ``pyarrow.ChunkedArray`` of strings, in chunks of
at most 65,536 rows, so that neither the number of rows nor the size of the tokens has a limit; its
``combine_chunks()`` makes one array of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .. import _backend
from .._checks import check_certificates, check_issued_at
from .._columns import Constant
from .._demands import make_demands
from .._products import PRODUCTS, Grant
from ..errors import AgoraTokenError, ColumnError, InvalidSaltError
from ..issuer import Issuer
from ..privileges import Role
from ._grants import Plans, granted
from .columns import (
    CHUNK_ROWS,
    Values,
    at_row_of_all,
    common_length,
    plain,
    plan_column,
    tokens_of,
    values_of,
    window,
)

if TYPE_CHECKING:
    from .._checks import Certificates
    from .._demands import ServiceType


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


def verify_column(
    tokens: Any,
    certificates: Certificates,
    *,
    channels: Any = None,
    uids: Any = None,
    user_ids: Any = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
    threads: int = 1,
) -> pa.ChunkedArray:
    """Verifies a column of tokens: the number of each one's :class:`~agora_token.Reason`, as uint8.

    The parameters are those of :func:`~agora_token.verify_many`, with Arrow columns.  A null among
    ``channels``, ``uids`` or ``user_ids`` is not looked at; a null token is malformed.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges)
    columns = {"token": values_of(tokens, "token")}
    for name, values in (("channel", channels), ("uid", uids), ("user_id", user_ids)):
        if values is not None:
            columns[name] = values_of(values, name)
    rows = common_length(list(columns.values()))

    def codes(first: int, count: int) -> pa.Array:
        reasons = bytearray(count)
        try:
            given = {
                name: plan_column(window(values, first, count), name, name == "uid")
                for name, values in columns.items()
            }
            _backend.verify(
                given["token"],
                0,
                count,
                keys,
                demands,
                given.get("channel"),
                given.get("uid"),
                given.get("user_id"),
                reasons,
            )
        except AgoraTokenError as error:
            raise at_row_of_all(error, first) from None
        return pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(reasons)])

    return pa.chunked_array(_of_windows(codes, rows, threads), pa.uint8())


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
    integers = [field.integers for field in PRODUCTS[product].fields]
    if isinstance(expires_in, timedelta):
        expires_in = int(expires_in.total_seconds())
    columns = [values_of(value, name) for value, name in zip(values, names, strict=True)]
    terms = [values_of(role, "role"), values_of(expires_in, "expires_in")]
    salt = Constant(None) if salts is None else values_of(salts, "salts")
    rows = common_length([*columns, *terms, salt])
    issued = check_issued_at(issued_at)
    issued = int(time.time()) if issued is None else issued
    own = tuple((privileges or {}).items())
    plans = Plans(issuer, product, version)

    def make(role: Any, expires_in: Any) -> Grant:
        grant = Grant(role, expires_in, own)
        plans.of((grant,))  # raises where there is no such grant
        return grant

    same = [term.value for term in terms if isinstance(term, Constant)]
    usual = granted([], lambda: make(*same)) if len(same) == len(terms) else None

    def issue(first: int, count: int) -> pa.Array:
        try:
            parts = [window(column, first, count) for column in columns]
            given = usual or granted([_filled(term, first, count) for term in terms], make)
            refused = given.refused_rows()
            stop = min(refused, default=count)
            tokens = tokens_of(
                plans.of(given.grants).column(
                    tuple(map(plan_column, parts, names, integers)),
                    0,
                    stop,
                    issued,
                    given.variants,
                    _salts(window(salt, first, count)),
                )
            )
            if refused:
                raise refused[stop].at_row(stop)
            return tokens
        except AgoraTokenError as error:
            raise at_row_of_all(error, first) from None

    return pa.chunked_array(_of_windows(issue, rows, threads), pa.string())


def _of_windows(make: Callable[[int, int], pa.Array], rows: int, threads: int) -> list[pa.Array]:
    """What is made of each window of the rows, given its first row and how many it has."""
    if threads < 1:
        raise ColumnError(f"threads is {threads}; it must be 1 or more")
    size = min(CHUNK_ROWS, -(-rows // threads))
    starts = range(0, rows, size or 1)
    sizes = [min(size, rows - first) for first in starts]
    if threads == 1 or len(starts) < 2:
        return list(map(make, starts, sizes))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(make, starts, sizes))


def _filled(column: Values, first: int, count: int) -> pa.Array:
    if isinstance(column, Constant):
        return pa.repeat(column.value, count)
    array = plain(window(column, first, count))
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
