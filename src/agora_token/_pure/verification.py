"""Verifies a column of tokens.  Native: ``_cython/verification.pxi``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._columns import Column, column_values
from .._demands import Demands
from .._judging import verify_row
from .hmac import hmac_sha256

if TYPE_CHECKING:
    from typing_extensions import Buffer


def verify(
    tokens: Column,
    start: int,
    stop: int,
    certificates: tuple[bytes, ...],
    demands: Demands,
    channels: Column | None,
    uids: Column | None,
    user_ids: Column | None,
    reasons: Buffer,
) -> None:
    def values(column: Column | None) -> Iterable[object]:
        return [None] * (stop - start) if column is None else column_values(column, start, stop)

    out = memoryview(reasons).cast("B")
    rows = zip(
        column_values(tokens, start, stop),
        values(channels),
        values(uids),
        values(user_ids),
        strict=True,
    )
    for index, (token, channel, uid, user_id) in enumerate(rows):
        row = start + index
        out[index] = verify_row(
            row, token, certificates, demands, channel, uid, user_id, hmac_sha256
        )
