"""From the columns of a roster to tokens: which column is what, and what is wrong with a row."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

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
from .cells import Cells, backend_column
from .columns import tokens_of
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
        self._parameters = PRODUCTS[request.service].parameters
        self._integers = [field.integers for field in PRODUCTS[request.service].fields]
        self._plans = Plans(issuer, request.service, request.version)
        self._names = _source_names(request, self._parameters, names)
        self._cells = Cells(self._names)
        self._terms = [term for term in _TERMS if term in self._names]
        if request.service not in _OF_ROOMS or "role" not in self._terms:
            self._grant()  # the options have to make sense where no cell replaces them

    def issue(self, rows: Rows) -> Rows:
        """The rows with a token each as a last column; those that cannot have one are refused."""
        batch = rows.batch
        refused: dict[int, Refused] = {}
        values = [self._cells.values(name, batch, refused) for name in self._parameters]
        given = granted([self._cells.raw(batch, term) for term in self._terms], self._grant)
        for row, error in given.refused_rows().items():
            refused.setdefault(row, self._refused_grant(batch, row, error))
        plan = self._plans.of(given.grants)
        request = self._request
        marks = bytearray(batch.num_rows)
        tokens = tokens_of(
            plan.column(
                tuple(map(backend_column, values, self._parameters, self._integers)),
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

    def _refused_grant(self, batch: pa.RecordBatch, row: int, error: AgoraTokenError) -> Refused:
        term = "expires_in"
        if isinstance(error, InvalidRoleError):
            term = "role"
        elif isinstance(error, InvalidPrivilegeError):
            term = "privileges"
        if term not in self._terms:
            term = self._terms[0]
        value = self._cells.raw(batch, term)[row].as_py()
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


def _with_column(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    fields = [*batch.schema, pa.field(name, column.type)]
    return pa.RecordBatch.from_arrays([*batch.columns, column], schema=pa.schema(fields))


def _marked(marks: bytearray) -> list[int]:
    if marks.count(0) == len(marks):
        return []
    return [row for row, mark in enumerate(marks) if mark]


def _python(value: Any) -> Any:
    return value.as_py() if isinstance(value, pa.Scalar) else value


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
