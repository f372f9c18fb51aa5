"""From the columns of a roster to tokens: which column is what, and what is wrong with a row."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import Column, Objects
from .._fields import MAX_UID, Field
from .._products import PRODUCTS, Grant
from ..errors import (
    AgoraTokenError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
)
from ..issuer import Issuer
from ..privileges import Privilege, Role
from ._grants import Plans, granted
from .arrow import plain, plan_column, tokens_of
from .json_text import is_json, strings_of
from .rows import BatchError, Refused, Rows, shown

SERVICES: Final = tuple(name for name, product in PRODUCTS.items() if product.parameters)
"""The products that have a token for each row of a roster."""

_OF_ROOMS: Final = ("apaas-room-user", "education-room-user")
_WITH_ROLE: Final = ("rtc", "rtc-rtm", "fcdn", "convoai", "stt", *_OF_ROOMS)
_TERMS: Final = ("role", "expires_in", "privileges")
_DIGITS: Final = "^0{0,9}[0-9]{1,10}$"


@dataclass(frozen=True)
class Request:
    """Which tokens a job issues."""

    service: str = "rtc"
    """One of :data:`SERVICES`."""
    version: str = "007"
    role: str | None = None
    """A name or number, for rows that have none in a column ``role``; by default publisher."""
    expires_in: int = 3600
    """Seconds, likewise for a column ``expires_in``."""
    privileges: str = ""
    """Privileges with a lifetime of their own, likewise for a column ``privileges``: such as
    ``publish_audio_stream=600 join_channel=60``."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The names that columns have in the source, where they are others: ``{"channel": "room"}``."""
    issued_at: int | None = None
    """A fixed time of issue (Unix time); by default the time at which a row is issued."""
    salt: int | None = None
    """A fixed salt, for output that can be reproduced."""

    @property
    def token_column(self) -> str:
        return self.columns.get("token", "token")


class Roster:
    """Issues the tokens of rows.  Threads may share it."""

    def __init__(self, issuer: Issuer, request: Request, names: Sequence[str]) -> None:
        """``names`` are the columns of the source; raises where one that is needed is missing."""
        if request.service not in SERVICES:
            raise BatchError(
                f"service {request.service!r} has no rosters; it must be {', '.join(SERVICES)}"
            )
        self._request = request
        self._fields = PRODUCTS[request.service].fields
        self._parameters = PRODUCTS[request.service].parameters
        self._plans = Plans(issuer, request.service, request.version)
        self._names = _source_names(request, self._parameters, names)
        self._terms = [term for term in _TERMS if term in self._names]
        if request.service not in _OF_ROOMS or "role" not in self._terms:
            self._grant()  # the options have to make sense where no cell replaces them

    def issue(self, rows: Rows) -> Rows:
        """The rows with a token each as a last column; those that cannot have one are refused."""
        batch = rows.batch
        refused: dict[int, Refused] = {}
        values = [self._values(name, batch, refused) for name in self._parameters]
        given = granted([self._cells(batch, term) for term in self._terms], self._grant)
        for row, error in given.refused_rows().items():
            refused.setdefault(row, self._refused_grant(batch, row, error))
        plan = self._plans.of(given.grants)
        request = self._request
        marks = bytearray(batch.num_rows)
        tokens = tokens_of(
            plan.column(
                tuple(map(_plan_column, values, self._fields)),
                0,
                batch.num_rows,
                int(time.time()) if request.issued_at is None else request.issued_at,
                given.variants,
                request.salt,
                marks,
            )
        )
        for row in _marked(marks):
            if row not in refused:
                refused[row] = self._refused_value(plan, values, row, marks[row])
        issued = _with_column(batch, request.token_column, tokens)
        if not refused:
            return rows._replace(batch=issued)
        for row in refused:
            marks[row] = 1
        kept = pc.equal(
            pa.Array.from_buffers(pa.uint8(), len(marks), [None, pa.py_buffer(marks)]), 0
        )
        numbers = rows.numbers or range(batch.num_rows)
        located = [each._replace(row=numbers[each.row]) for each in refused.values()]
        return Rows(issued.filter(kept), rows.total, sorted(rows.refused + located))

    def _grant(self, *cells: Any) -> Grant:
        """What a row with these cells in the columns of ``self._terms`` is granted."""
        given = {
            term: cell
            for term, cell in zip(self._terms, cells, strict=False)
            if cell is not None and cell != ""
        }
        request = self._request
        grant = Grant(
            _role(given.get("role", request.role), request.service),
            _seconds(given.get("expires_in", request.expires_in)),
            _privileges(given.get("privileges", request.privileges)),
        )
        self._plans.of((grant,))  # raises where there is no such grant
        return grant

    def _values(
        self, parameter: str, batch: pa.RecordBatch, refused: dict[int, Refused]
    ) -> pa.Array | list[Any]:
        """The values of a field of the tokens, one a row; notes the rows that have none."""
        if parameter == "uid":
            return self._users(batch, refused)
        return _as_text(self._cells(batch, parameter), self._names[parameter])

    def _users(self, batch: pa.RecordBatch, refused: dict[int, Refused]) -> pa.Array | list[Any]:
        """Numbers from the column ``uid``, accounts from ``account``, whichever is filled."""
        if "uid" not in self._names:
            return _as_text(self._cells(batch, "account"), self._names["account"])
        cells = self._cells(batch, "uid")
        uids = self._numbers(cells, refused)
        if "account" not in self._names:
            return uids
        accounts = _as_text(self._cells(batch, "account"), self._names["account"])
        has_account = _filled(accounts)
        if not pc.any(has_account).as_py():
            return uids
        for row in _rows_where(pc.and_(has_account, _filled(cells))):
            both = f"{shown(cells[row])} and {shown(accounts[row])}"
            reason = "the row has a uid and an account; a token is for one of them"
            refused.setdefault(row, Refused(row, self._names["uid"], both, reason))
        if pc.any(pc.equal(uids, 0)).as_py():  # as text it would be a user of that name
            numbers = uids.to_pylist()
            return [
                account or number
                for account, number in zip(accounts.to_pylist(), numbers, strict=True)
            ]
        return pc.if_else(has_account, accounts, uids.cast(pa.string()))

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
            refused[row] = Refused(row, self._names["uid"], shown(value), _not_a_uid(value))
        return pc.if_else(fits, numbers, None).cast(pa.uint32())

    def _cells(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        """A column of the source, without the encodings of Arrow and JSON."""
        index = batch.schema.get_field_index(self._names[name])
        if is_json(batch.schema.field(index)):
            return strings_of(batch.column(index))
        return plain(batch.column(index))

    def _refused_grant(self, batch: pa.RecordBatch, row: int, error: AgoraTokenError) -> Refused:
        term = "expires_in"
        if isinstance(error, InvalidRoleError):
            term = "role"
        elif isinstance(error, InvalidPrivilegeError):
            term = "privileges"
        if term not in self._terms:
            term = self._terms[0]
        value = self._cells(batch, term)[row].as_py()
        return Refused(row, self._names[term], shown(value), str(error))

    def _refused_value(self, plan: Any, values: list[Any], row: int, mark: int) -> Refused:
        """Why the plan refused a row: it says so when it is asked for that token alone."""
        cells = [_python(value[row]) for value in values]
        parameter = self._parameters[min(mark, len(cells)) - 1]
        name = self._names.get(parameter) or self._names["account"]
        try:
            plan.one(tuple(cells))
        except AgoraTokenError as error:
            return Refused(row, name, shown(cells[min(mark, len(cells)) - 1]), str(error))
        raise BatchError(f"row {row} was refused for its {parameter}, and then was not")


def _source_names(
    request: Request, parameters: Sequence[str], names: Sequence[str]
) -> dict[str, str]:
    """The column of the source for each column that is known here, where it has one."""
    terms = _TERMS if request.service in _WITH_ROLE else _TERMS[1:]
    known = [*parameters, *(["account"] if "uid" in parameters else []), *terms]
    there = f"the columns are {', '.join(names)}"
    found = {}
    for key in known:
        name = request.columns.get(key, key)
        if name in names:
            found[key] = name
        elif key in request.columns:
            raise BatchError(f"there is no column {name!r} to take {key} from; {there}")
    for key in request.columns:
        if key not in known and key != "token":
            raise BatchError(f"{request.service} tokens have no {key!r}, only {', '.join(known)}")
    for key in parameters:
        if key not in found and not (key == "uid" and "account" in found):
            needed = "'uid' or 'account'" if key == "uid" else repr(key)
            raise BatchError(
                f"there is no column {needed}; {there} (--column {key}=NAME takes one)"
            )
    if request.token_column in names:
        raise BatchError(
            f"there is a column {request.token_column!r} already; name the new one with "
            "--column token=NAME"
        )
    return found


def _as_text(cells: pa.Array, name: str) -> pa.Array:
    kind = cells.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return cells
    if pa.types.is_integer(kind):
        return cells.cast(pa.string())
    raise BatchError(f"column {name!r} is of type {kind}; it must hold text or integers")


def _filled(cells: pa.Array) -> pa.Array:
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return cells.is_valid()
    return pc.not_equal(cells, "").fill_null(False)


def _plan_column(values: pa.Array | list[Any], field: Field) -> Column:
    return Objects(values) if isinstance(values, list) else plan_column(values, field)


def _with_column(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    fields = [*batch.schema, pa.field(name, column.type)]
    return pa.RecordBatch.from_arrays([*batch.columns, column], schema=pa.schema(fields))


def _rows_where(condition: pa.Array) -> list[int]:
    return pc.indices_nonzero(condition).to_pylist()  # type: ignore[no-any-return]


def _marked(marks: bytearray) -> list[int]:
    if marks.count(0) == len(marks):
        return []
    return [row for row, mark in enumerate(marks) if mark]


def _python(value: Any) -> Any:
    return value.as_py() if isinstance(value, pa.Scalar) else value


def _not_a_uid(value: int | str) -> str:
    try:
        number = int(value)
    except ValueError:
        return (
            f"uid {shown(value)!r} is not a number of 0 to {MAX_UID}; an account has a column of "
            "its own, 'account'"
        )
    return f"uid {shown(number)} is out of range; it must be 0 (anybody) to {MAX_UID}"


def _role(cell: Any, service: str) -> int:
    if service not in _WITH_ROLE or (cell is None and service not in _OF_ROOMS):
        return Role.PUBLISHER
    text = "" if cell is None else str(cell).strip()
    try:
        return int(text)
    except ValueError:
        pass
    if service in _OF_ROOMS:
        raise InvalidRoleError(f"role {shown(text)!r} is not a number, as roles of rooms are")
    try:
        return Role[text.upper()]
    except KeyError:
        allowed = ", ".join(f"{each.name.lower()} ({each.value})" for each in Role)
        raise InvalidRoleError(
            f"role {shown(text)!r} does not exist; it must be {allowed}"
        ) from None


def _seconds(cell: Any) -> int:
    try:
        return int(str(cell))
    except ValueError:
        raise InvalidLifetimeError(
            f"expires_in {shown(cell)!r} is not a whole number of seconds"
        ) from None


def _privileges(cell: Any) -> tuple[tuple[int, int], ...]:
    """``name=seconds``, with spaces, commas or semicolons in between."""
    own = {}
    for entry in re.split("[ ,;]+", str(cell).strip(" ,;")) if cell else []:
        name, _, seconds = entry.partition("=")
        try:
            privilege = int(name) if name.isdecimal() else Privilege[name.upper()]
            own[int(privilege)] = int(seconds)
        except (KeyError, ValueError):
            raise InvalidPrivilegeError(
                f"privileges {shown(entry)!r} is not NAME=SECONDS with a name such as "
                "publish_audio_stream (see agora_token.Privilege) or a number"
            ) from None
    return tuple(sorted(own.items()))
