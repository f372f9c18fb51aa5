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
from .._columns import Constant, common_length
from .._demands import make_demands
from .._products import Grant
from ..errors import AgoraTokenError, ColumnError
from ..issuer import Issuer
from ..privileges import Role
from .columns import (
    CHUNK_ROWS,
    Values,
    at_row_of_all,
    backend_column,
    plain,
    salt_buffer,
    values_of,
    window,
)
from .issuing import ColumnIssuer, with_nulls

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
    on_error: str = "raise",
    threads: int = 1,
) -> pa.ChunkedArray:
    """A column of RTC tokens, as :meth:`~agora_token.Issuer.rtc` issues them.

    ``uids`` are integers (0 means anybody) or accounts.  ``role`` (numbers) and ``expires_in``
    (seconds) may be columns too.  ``salts`` is one salt for all rows or a column of them, for
    output that can be reproduced.  ``threads`` share the rows out.

    Raises the error of the first row that is refused, which its message and its ``row`` name;
    with ``on_error="null"`` the tokens of such rows are null instead.  Raises
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
        on_error=on_error,
        threads=threads,
    )


def rtc_rtm_column(
    issuer: Issuer,
    channels: Any,
    accounts: Any,
    *,
    role: Any = Role.PUBLISHER,
    expires_in: Any = 3600,
    privileges: Mapping[int, int] | None = None,
    issued_at: int | datetime | None = None,
    salts: Any = None,
    on_error: str = "raise",
    threads: int = 1,
) -> pa.ChunkedArray:
    """A column of :meth:`~agora_token.Issuer.rtc_rtm` tokens (see :func:`rtc_column`)."""
    return _issue(
        issuer,
        "rtc-rtm",
        (channels, accounts),
        role=role,
        expires_in=expires_in,
        privileges=privileges or {},
        issued_at=issued_at,
        salts=salts,
        on_error=on_error,
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
    on_error: str = "raise",
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
        on_error=on_error,
        threads=threads,
    )


def chat_user_column(
    issuer: Issuer,
    user_ids: Any,
    *,
    expires_in: Any = 3600,
    issued_at: int | datetime | None = None,
    salts: Any = None,
    on_error: str = "raise",
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
        on_error=on_error,
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
    anybody: bool = True,
    threads: int = 1,
) -> pa.ChunkedArray:
    """Verifies a column of tokens: the number of each one's :class:`~agora_token.Reason`, as uint8.

    The parameters are those of :func:`~agora_token.verify_many`, with Arrow columns.  A null among
    ``channels``, ``uids`` or ``user_ids`` is not looked at; a null token is malformed.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges, anybody=anybody)
    columns = {"token": values_of(tokens, "token")}
    for name, values in (("channel", channels), ("uid", uids), ("user_id", user_ids)):
        if values is not None:
            columns[name] = values_of(values, name)
    rows = common_length(list(columns.values()))

    def codes(first: int, count: int) -> pa.Array:
        reasons = bytearray(count)
        try:
            given = {
                name: backend_column(window(values, first, count), name, name == "uid")
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
    on_error: str,
    threads: int,
) -> pa.ChunkedArray:
    if on_error not in ("raise", "null"):
        raise ColumnError(f"on_error is {on_error!r}; it must be 'raise' or 'null'")
    column_issuer = ColumnIssuer(issuer, product, version)
    names = column_issuer.parameters
    if isinstance(expires_in, timedelta):
        expires_in = int(expires_in.total_seconds())
    columns = [values_of(value, name) for value, name in zip(values, names, strict=True)]
    terms = [values_of(role, "role"), values_of(expires_in, "expires_in")]
    salt = Constant(None) if salts is None else values_of(salts, "salts")
    rows = common_length([*columns, *terms, salt])
    issued = check_issued_at(issued_at)
    issued = int(time.time()) if issued is None else issued
    own = tuple((privileges or {}).items())

    def make(role: Any, expires_in: Any) -> Grant:
        return Grant(role, expires_in, own)

    same = [term.value for term in terms if isinstance(term, Constant)]
    usual = column_issuer.grant_all(make(*same)) if len(same) == len(terms) else None

    def issue(first: int, count: int) -> pa.Array:
        parts = [window(column, first, count) for column in columns]
        given = usual or column_issuer.grant_each(
            [_filled(term, first, count) for term in terms], make
        )
        refused = given.refused_rows()
        stop = min(refused, default=count) if on_error == "raise" else count
        marks = bytearray(count) if on_error == "null" else None
        salted = salt_buffer(window(salt, first, count))
        try:
            tokens = column_issuer.tokens(parts, given, stop, issued, salted, marks)
            if stop < count:
                raise refused[stop].at_row(stop)
        except AgoraTokenError as error:
            raise at_row_of_all(error, first) from None
        return tokens if marks is None else with_nulls(tokens, marks, refused)

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
