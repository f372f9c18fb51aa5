"""From the columns of a roster to tokens: which column is what, and what is wrong with a row."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from .._products import FOR_EACH_USER, WITH_ROLE, WITH_ROOM_ROLE, Grant
from ..errors import (
    AgoraTokenError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
)
from ..issuer import Issuer
from ..privileges import Privilege, Role
from .cells import Cells
from .issuing import ColumnIssuer, Granted, with_nulls
from .rows import BatchError, Refused, Rows, excerpt

_TERMS: Final = ("role", "expires_in", "privileges")


@dataclass(frozen=True)
class Request:
    """Which tokens a job issues."""

    service: str = "rtc"
    """The product, one that has a token for each user: ``rtc``, ``rtm``, ``rtc-rtm`` and so on."""
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
        if request.service not in FOR_EACH_USER:
            raise BatchError(
                f"service {request.service!r} has no rosters; it must be {', '.join(FOR_EACH_USER)}"
            )
        self._request = request
        self._column_issuer = ColumnIssuer(issuer, request.service, request.version)
        self._parameters = self._column_issuer.parameters
        self._names = _source_names(request, self._parameters, names)
        self._cells = Cells(self._names)
        self._terms = [term for term in _TERMS if term in self._names]
        if request.service not in WITH_ROOM_ROLE or "role" not in self._terms:
            # The options have to make sense where no cell replaces them.
            self._column_issuer.grant_all(self._grant())

    def issue(self, rows: Rows) -> Rows:
        """The rows with a token each as a last column; those that cannot have one are refused."""
        tokens, refused = self.tokens(rows.batch)
        issued = _with_column(rows.batch, self._request.token_column, tokens)
        if not refused:
            return rows._replace(batch=issued)
        numbers = rows.numbers or range(len(tokens))
        located = [each._replace(row=numbers[each.row]) for each in refused]
        kept = issued.filter(tokens.is_valid())
        return Rows(kept, rows.total, sorted(rows.refused + located))

    def tokens(self, batch: pa.RecordBatch, salts: Any = None) -> tuple[pa.Array, list[Refused]]:
        """The tokens of rows, null for those that cannot have one, and why they cannot.

        ``salts`` are those of a plan, and by default the salt of the request.
        """
        request = self._request
        refused: dict[int, Refused] = {}
        values = [self._cells.values(name, batch, refused) for name in self._parameters]
        terms = [self._cells.raw(batch, term) for term in self._terms]
        given = self._column_issuer.grant_each(terms, self._grant)
        for row, error in given.refused_rows().items():
            refused.setdefault(row, self._refused_grant(batch, row, error))
        issued_at = int(time.time()) if request.issued_at is None else request.issued_at
        marks = bytearray(batch.num_rows)
        salts = request.salt if salts is None else salts
        tokens = self._column_issuer.tokens(values, given, batch.num_rows, issued_at, salts, marks)
        for row in _marked(marks):
            if row not in refused:
                refused[row] = self._refused_value(given, values, row, marks[row])
        if not refused:
            return tokens, []
        return with_nulls(tokens, marks, refused), [refused[row] for row in sorted(refused)]

    def _grant(self, *cells: Any) -> Grant:
        """What a row with these cells in the columns of ``self._terms`` is granted."""
        given = {
            term: cell
            for term, cell in zip(self._terms, cells, strict=False)
            if cell is not None and cell != ""
        }
        request = self._request
        return Grant(
            _role(given.get("role", request.role), request.service),
            _seconds(given.get("expires_in", request.expires_in)),
            _privileges(given.get("privileges", request.privileges)),
        )

    def _refused_grant(self, batch: pa.RecordBatch, row: int, error: AgoraTokenError) -> Refused:
        term = "expires_in"
        if isinstance(error, InvalidRoleError):
            term = "role"
        elif isinstance(error, InvalidPrivilegeError):
            term = "privileges"
        if term not in self._terms:
            term = self._terms[0]
        value = self._cells.raw(batch, term)[row].as_py()
        return Refused(row, self._names[term], excerpt(value), str(error))

    def _refused_value(self, given: Granted, values: list[Any], row: int, mark: int) -> Refused:
        cells = [_python(value[row]) for value in values]
        at_fault = min(mark, len(cells)) - 1
        parameter = self._parameters[at_fault]
        name = self._names.get(parameter) or self._names["account"]
        return Refused(row, name, excerpt(cells[at_fault]), str(given.reason(tuple(cells))))


def _source_names(
    request: Request, parameters: Sequence[str], names: Sequence[str]
) -> dict[str, str]:
    """The column of the source for each column that is known here, where it has one."""
    terms = _TERMS if request.service in WITH_ROLE | WITH_ROOM_ROLE else _TERMS[1:]
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
    if service not in WITH_ROLE | WITH_ROOM_ROLE or (cell is None and service in WITH_ROLE):
        return Role.PUBLISHER
    text = "" if cell is None else str(cell).strip()
    try:
        return int(text)
    except ValueError:
        pass
    if service in WITH_ROOM_ROLE:
        raise InvalidRoleError(f"role {excerpt(text)!r} is not a number, as roles of rooms are")
    try:
        return Role[text.upper()]
    except KeyError:
        allowed = ", ".join(f"{each.name.lower()} ({each.value})" for each in Role)
        raise InvalidRoleError(
            f"role {excerpt(text)!r} does not exist; it must be {allowed}"
        ) from None


def _seconds(cell: Any) -> int:
    try:
        return int(str(cell))
    except ValueError:
        raise InvalidLifetimeError(
            f"expires_in {excerpt(cell)!r} is not a whole number of seconds"
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
                f"privileges {excerpt(entry)!r} is not NAME=SECONDS with a name such as "
                "publish_audio_stream (see agora_token.Privilege) or a number"
            ) from None
    return tuple(sorted(own.items()))
