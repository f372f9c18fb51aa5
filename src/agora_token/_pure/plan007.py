"""Plans of version 007.  Native: ``_cython/plan007.pxi``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._fields import Field
from .._wire.signing import issue_key
from .hmac import hmac_sha256
from .packing import pack_string, pack_u32_pair, token007
from .plans import Plan

if TYPE_CHECKING:
    from .._products import Variant007


class Plan007(Plan):
    def __init__(
        self,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant007],
    ) -> None:
        super().__init__(app_id, certificate, fields)
        self._variants = tuple(variants)
        self._key: tuple[int, bytes] = (-1, b"")

    def _key_at(self, issued_at: int) -> bytes:
        """The certificate's key at a time of issue; kept, since most calls share their second."""
        known, key = self._key
        if known != issued_at:
            key = issue_key(self._certificate, issued_at, hmac_sha256)
            self._key = (issued_at, key)
        return key

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        expire, literals, slots = self._variants[variant]
        services = literals[0]
        for slot, literal in zip(slots, literals[1:], strict=True):
            services += pack_string(row[slot]) + literal
        times = pack_u32_pair(issued_at, expire)
        return token007(self._app_id, self._key_at(issued_at), times, salt, services)
