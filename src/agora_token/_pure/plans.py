"""What both versions' plans share.  Native: ``_cython/plans.pxi``."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn

from .._columns import Column, buffer_rows, column_values
from .._fields import Field, refuse_open_wildcard
from ..errors import AgoraTokenError, ColumnError
from .salts import random_salt

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Plan:
    """What both versions' plans share: the checks of a row, and the loops over columns."""

    def __init__(self, app_id: bytes, certificate: bytes, fields: tuple[Field, ...]) -> None:
        self._app_id = app_id
        self._certificate = certificate
        self._fields = fields

    def __reduce__(self) -> NoReturn:
        raise TypeError("a plan holds a certificate and is not pickled")

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        raise TypeError("a plan is of one version")  # only the two subclasses are ever used

    def _encode(self, values: Sequence[object]) -> list[bytes]:
        row = [field.encode(value) for field, value in zip(self._fields, values, strict=True)]
        if row and row[0] == b"*" and self._fields[0].wildcard:
            refuse_open_wildcard(row[0], row[1])
        return row

    def one(
        self,
        values: tuple[object, ...],
        variant: int = 0,
        issued_at: int | None = None,
        salt: int | None = None,
    ) -> str:
        return self._sign_row(
            self._encode(values),
            variant,
            int(time.time()) if issued_at is None else issued_at,
            random_salt() if salt is None else salt,
        )

    def _rows(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        variants: Buffer | None,
        salts: Buffer | int | None,
    ) -> Iterator[tuple[tuple[object, ...], int, int]]:
        # The range is there for the rows of a product that has no fields.
        rows = zip(
            range(start, stop),
            *(column_values(column, start, stop) for column in columns),
            strict=True,
        )
        values = (row[1:] for row in rows)
        which = repeat(0) if variants is None else buffer_rows(variants, "i", start, stop)
        if salts is None:
            salty: Any = iter(random_salt, None)
        elif isinstance(salts, int):
            salty = repeat(salts)
        else:
            salty = buffer_rows(salts, "I", start, stop)
        return zip(values, which, salty, strict=False)

    def many(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        issued_at: int,
        variants: Buffer | None = None,
        salts: Buffer | int | None = None,
    ) -> list[str]:
        tokens: list[str] = []
        append, encode, sign_row = tokens.append, self._encode, self._sign_row
        try:
            for values, variant, salt in self._rows(columns, start, stop, variants, salts):
                append(sign_row(encode(values), variant, issued_at, salt))
        except AgoraTokenError as error:
            raise error.at_row(start + len(tokens)) from None
        return tokens

    def column(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        issued_at: int,
        variants: Buffer | None = None,
        salts: Buffer | int | None = None,
        rejects: Buffer | None = None,
    ) -> tuple[Buffer, Buffer]:
        if rejects is None:
            tokens = self.many(columns, start, stop, issued_at, variants, salts)
        else:
            refused = memoryview(rejects).cast("B")
            tokens = []
            try:
                for values, variant, salt in self._rows(columns, start, stop, variants, salts):
                    index = self._refused_field(values)
                    refused[len(tokens)] = index
                    row = [] if index else self._encode(values)
                    tokens.append("" if index else self._sign_row(row, variant, issued_at, salt))
            except ColumnError as error:  # nothing that a single row could be refused for
                raise error.at_row(start + len(tokens)) from None
        offsets = array("i", [0]) * (len(tokens) + 1)
        position = 0
        for index, token in enumerate(tokens, 1):
            position += len(token)
            offsets[index] = position
        return offsets, "".join(tokens).encode("ascii")

    def _refused_field(self, values: Sequence[object]) -> int:
        """1 + the index of the first field that refuses its value, or 0."""
        row = []
        for index, (field, value) in enumerate(zip(self._fields, values, strict=True), 1):
            try:
                row.append(field.encode(value))
            except AgoraTokenError:
                return index
        wildcard = row and row[0] == b"*" and self._fields[0].wildcard
        return 2 if wildcard and not row[1] else 0
