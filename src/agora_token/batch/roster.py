"""From the columns of a roster to tokens: which column is what, and what is wrong with a row."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .._checks import check_role
from .._products import FOR_EACH_USER, WITH_ROLE, WITH_ROOM_ROLE, Grant
from .._spelling import spelled_lifetime
from ..errors import (
    AgoraTokenError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
)
from ..issuer import Issuer
from ..privileges import Privilege, Role
from .cells import Cells
from .files.csv_text import likely_delimiter
from .files.sources import normal_name
from .issuing import ColumnIssuer, Granted, with_nulls
from .request import Request
from .rows import BatchError, Refused, Rows, excerpt
from .whole_numbers import is_empty, whole_number

_TERMS: Final = ("role", "expires_in", "privileges")


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
            term: cell for term, cell in zip(self._terms, cells, strict=False) if not is_empty(cell)
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
        name = self._names.get(parameter) or self._names["account" if parameter == "uid" else "uid"]
        return Refused(row, name, excerpt(cells[at_fault]), str(given.reason(tuple(cells))))


def _source_names(
    request: Request, parameters: Sequence[str], names: Sequence[str]
) -> dict[str, str]:
    """The column of the source for each column that is known here, where it has one."""
    terms = _TERMS if request.service in WITH_ROLE | WITH_ROOM_ROLE else _TERMS[1:]
    users = {"uid", "account"} if {"uid", "account"} & set(parameters) else set()
    known = list(dict.fromkeys([*parameters, *sorted(users, reverse=True), *terms]))
    there = f"the columns are {', '.join(names)}"
    found = {}
    for key in known:
        wanted = request.columns.get(key, key)
        name = find_name(wanted, names)
        if name is not None:
            found[key] = name
        elif key in request.columns:
            raise BatchError(f"there is no column {wanted!r} to take {key} from; {there}")
    for key in request.columns:
        if key not in known and key != "token":
            raise BatchError(f"{request.service} tokens have no {key!r}, only {', '.join(known)}")
    for key in parameters:
        if key not in found and not (key in users and users & found.keys()):
            needed = "'uid' or 'account'" if key in users else repr(key)
            raise BatchError(f"there is no column {needed}; {there} ({column_advice(key, names)})")
    if request.token_column in names:
        raise BatchError(
            f"there is a column {request.token_column!r} already; name the new one with "
            "--column token=NAME"
        )
    return found


def find_name(wanted: str, names: Sequence[str]) -> str | None:
    """The column that is meant: the one of that name, or that differs in case or white space."""
    if wanted in names:
        return wanted
    alike = [name for name in names if normal_name(name) == normal_name(wanted)]
    if len(alike) > 1:
        raise BatchError(f"the columns {alike[0]!r} and {alike[1]!r} may both be {wanted!r}")
    return alike[0] if alike else None


def column_advice(key: str, names: Sequence[str]) -> str:
    delimiter = likely_delimiter(names)
    if delimiter is not None:
        spelled = {"\t": "tab"}.get(delimiter, f"'{delimiter}'")
        return f"the header seems to be separated otherwise: --delimiter {spelled}"
    return f"--column {key}=NAME takes another one"


def _with_column(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    fields = [*batch.schema, pa.field(name, column.type)]
    return pa.RecordBatch.from_arrays([*batch.columns, column], schema=pa.schema(fields))


def _marked(marks: bytearray) -> list[int]:
    if marks.count(0) == len(marks):
        return []
    array = pa.Array.from_buffers(pa.uint8(), len(marks), [None, pa.py_buffer(marks)])
    return pc.indices_nonzero(array).to_pylist()  # type: ignore[no-any-return]


def _python(value: Any) -> Any:
    return value.as_py() if isinstance(value, pa.Scalar) else value


def _role(cell: Any, service: str) -> int:
    if service not in WITH_ROLE | WITH_ROOM_ROLE or (cell is None and service in WITH_ROLE):
        return Role.PUBLISHER
    number = whole_number(cell)
    if number is not None:
        return number
    if service in WITH_ROOM_ROLE:
        text = "" if cell is None else str(cell).strip()
        if re.fullmatch("-[0-9]{1,9}", text):
            return int(text)
        raise InvalidRoleError(f"role {excerpt(text)!r} is not a number, as roles of rooms are")
    return check_role(str(cell))


def _seconds(cell: Any) -> int:
    number = whole_number(cell)
    return spelled_lifetime(str(cell)) if number is None else number


def _privileges(cell: Any) -> tuple[tuple[int, int], ...]:
    """``name=lifetime``, with spaces, commas or semicolons in between."""
    own = {}
    for entry in re.split("[ ,;]+", str(cell).strip(" ,;")) if cell else []:
        name, _, lifetime = entry.partition("=")
        try:
            number = name.isascii() and name.isdecimal() and len(name) < 10
            spelled = name.upper().replace("-", "_")
            privilege = int(name) if number else Privilege[spelled]
            own[int(privilege)] = spelled_lifetime(lifetime)
        except (KeyError, InvalidLifetimeError):
            raise InvalidPrivilegeError(
                f"privileges {excerpt(entry)!r} is not NAME=LIFETIME with a name such as "
                "publish_audio_stream (see agora_token.Privilege) or a number, and a lifetime such "
                "as 600 or 10m"
            ) from None
    return tuple(sorted(own.items()))
