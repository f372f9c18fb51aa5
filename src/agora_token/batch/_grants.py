"""What each row is granted: roles, lifetimes and privileges in columns become a plan's variants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from .._products import Grant
from ..errors import AgoraTokenError
from ..issuer import Issuer

if TYPE_CHECKING:
    from .._core import Plan006, Plan007

_MAX_PLANS = 64


class Plans:
    """The plans of one product, kept by what they grant.  Threads may share it."""

    def __init__(self, issuer: Issuer, product: str, version: str) -> None:
        self._issuer = issuer
        self._product = product
        self._version = version
        self._plans: dict[tuple[Grant, ...], Plan006 | Plan007] = {}

    def of(self, grants: tuple[Grant, ...]) -> Plan006 | Plan007:
        """The plan whose variants are ``grants``; raises where one of them cannot be granted."""
        plan = self._plans.get(grants)
        if plan is None:
            plan = self._issuer.plan(self._product, grants, self._version)
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            self._plans[grants] = plan
        return plan


class Granted(NamedTuple):
    """The distinct grants of some rows, and which of them each row has."""

    grants: tuple[Grant, ...]
    variants: Any
    """A buffer of ``int32`` indices of ``grants``, one a row; None where all have the first."""
    refused: dict[int, AgoraTokenError]
    """The indices of grants that are none, with the reason; a stand-in is in their place."""

    def refused_rows(self) -> dict[int, AgoraTokenError]:
        """The rows that have one of them."""
        if not self.refused:
            return {}
        variants = memoryview(self.variants).cast("B").cast("i")
        return {
            row: self.refused[index] for row, index in enumerate(variants) if index in self.refused
        }


def granted(columns: Sequence[pa.Array], make: Callable[..., Grant]) -> Granted:
    """The grants that ``make`` makes of each distinct combination of the columns' values.

    ``make`` is called once for a combination, with Python values (None for a null), and may raise.
    """
    if not columns:
        return Granted((make(),), None, {})
    # A combination is one number, with a digit for each column.  Batches are short enough (2**17
    # rows or so) that three columns do not overflow it.
    encoded = [column.dictionary_encode(null_encoding="encode") for column in columns]
    codes = encoded[0].indices.cast(pa.int64())
    for column in encoded[1:]:
        codes = pc.add(pc.multiply(codes, len(column.dictionary)), column.indices)
    combinations = codes.dictionary_encode()
    values = [column.dictionary.to_pylist() for column in encoded]
    grants: list[Grant | None] = []
    refused: dict[int, AgoraTokenError] = {}
    for index, code in enumerate(combinations.dictionary.to_pylist()):
        digits = []
        for known in reversed(values):
            code, digit = divmod(code, len(known))
            digits.append(known[digit])
        try:
            grants.append(make(*reversed(digits)))
        except AgoraTokenError as error:
            refused[index] = error
            grants.append(None)
    stand_in = next((grant for grant in grants if grant), None) or Grant()
    return Granted(
        tuple(grant or stand_in for grant in grants),
        combinations.indices.buffers()[1],
        refused,
    )
