"""One way to issue a column of tokens, for Arrow columns, rosters and Spark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from .._columns import Constant
from .._products import PRODUCTS, Grant
from ..errors import AgoraTokenError
from ..issuer import Issuer
from .columns import backend_column

if TYPE_CHECKING:
    from .._core import Plan006, Plan007


class Granted(NamedTuple):
    """What some rows are granted."""

    plan: Plan006 | Plan007
    """Its variants are the distinct grants."""
    variants: Any = None
    """A buffer of ``int32`` indices of variants, one a row; None where all have the first."""
    refused: dict[int, AgoraTokenError] = {}  # noqa: RUF012 - never written to
    """The variants that cannot be granted, with the reason; a stand-in is in their place."""

    def refused_rows(self) -> dict[int, AgoraTokenError]:
        """The rows that have one of those, with the reason."""
        if not self.refused:
            return {}
        variants = memoryview(self.variants).cast("B").cast("i")
        return {
            row: self.refused[index] for row, index in enumerate(variants) if index in self.refused
        }

    def reason(self, values: tuple[object, ...]) -> AgoraTokenError | None:
        """Why a token for these values is refused."""
        try:
            self.plan.one(values)
        except AgoraTokenError as error:
            return error
        return None


class ColumnIssuer:
    """Issues columns of one product's tokens.  Threads may share it."""

    def __init__(self, issuer: Issuer, product: str, version: str = "007") -> None:
        self.parameters = PRODUCTS[product].parameters
        self._integers = [field.integers for field in PRODUCTS[product].fields]
        self._issuer = issuer
        self._product = product
        self._version = version

    def grant_all(self, grant: Grant) -> Granted:
        """The same for every row; raises where it cannot be granted."""
        return Granted(self._plan((grant,)))

    def grant_each(self, columns: Sequence[pa.Array], make: Callable[..., Grant]) -> Granted:
        """What ``make`` makes of each row's values in the columns.

        It is called once for each distinct combination of values, with Python values (None for a
        null), and may raise.
        """
        if not columns:
            return self.grant_all(make())
        # A combination is one number, with a digit for each column.  Batches are short enough
        # (2**17 rows or so) that three columns do not overflow it.
        encoded = [column.dictionary_encode(null_encoding="encode") for column in columns]
        codes = encoded[0].indices.cast(pa.int64())
        for column in encoded[1:]:
            codes = pc.add(pc.multiply(codes, len(column.dictionary)), column.indices)
        combinations = codes.dictionary_encode()
        values = [column.dictionary.to_pylist() for column in encoded]
        grants: list[Grant | AgoraTokenError] = []
        for code in combinations.dictionary.to_pylist():
            cells = []
            for known in reversed(values):
                code, digit = divmod(code, len(known))
                cells.append(known[digit])
            try:
                grants.append(make(*reversed(cells)))
            except AgoraTokenError as error:
                grants.append(error)
        return self._variants(grants)._replace(variants=combinations.indices.buffers()[1])

    def _variants(self, grants: list[Grant | AgoraTokenError]) -> Granted:
        possible = tuple(grant for grant in grants if isinstance(grant, Grant))
        if len(possible) == len(grants):
            try:
                return Granted(self._plan(possible))
            except AgoraTokenError:
                pass  # find out which of them
        stand_in = Grant()
        refused = {}
        for index, grant in enumerate(grants):
            try:
                if isinstance(grant, AgoraTokenError):
                    raise grant
                self._plan((grant,))
                stand_in = grant
            except AgoraTokenError as error:
                refused[index] = error
        chosen = (stand_in if index in refused else each for index, each in enumerate(grants))
        return Granted(self._plan(tuple(chosen)), None, refused)  # type: ignore[arg-type]

    def _plan(self, grants: tuple[Grant, ...]) -> Plan006 | Plan007:
        return self._issuer.plan(self._product, grants, self._version)

    def tokens(
        self,
        values: Sequence[Constant | pa.Array | list[Any]],
        granted: Granted,
        rows: int,
        issued_at: int,
        salts: Any = None,
        marks: bytearray | None = None,
    ) -> pa.StringArray:
        """The tokens of the first ``rows`` rows.

        ``values`` are the columns of :attr:`parameters`; ``salts`` is one integer or a buffer of
        ``uint32``.  Raises for the first row that is refused, unless there are ``marks``, a byte a
        row: then such a row is marked with 1 + the index of the value at fault, and has an empty
        token.
        """
        columns = tuple(
            backend_column(each, name, integers)
            for each, name, integers in zip(values, self.parameters, self._integers, strict=True)
        )
        buffers = granted.plan.column(
            columns,
            0,
            rows,
            issued_at,
            granted.variants,
            salts,
            *([] if marks is None else [marks]),
        )
        offsets, data = map(pa.py_buffer, buffers)
        return pa.StringArray.from_buffers(rows, offsets, data)


def with_nulls(
    tokens: pa.StringArray, marks: bytearray, refused: Collection[int] = ()
) -> pa.StringArray:
    """The tokens, null in rows that are marked or ``refused``."""
    for row in refused:
        marks[row] = 1
    good = pc.equal(pa.Array.from_buffers(pa.uint8(), len(marks), [None, pa.py_buffer(marks)]), 0)
    _, offsets, data = tokens.buffers()
    return pa.StringArray.from_buffers(len(tokens), offsets, data, good.buffers()[1])
