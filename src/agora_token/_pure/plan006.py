"""Plans of version 006.  Native: ``_cython/plan006.pxi``."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from .._fields import Field
from ..privileges import MAX_LIFETIME
from .hmac import pads
from .packing import pack_map, pack_u32_pair, token006
from .plans import Plan

if TYPE_CHECKING:
    from .._products import Variant006


class Plan006(Plan):
    def __init__(
        self,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant006],
    ) -> None:
        super().__init__(app_id, certificate, fields)
        if not 1 <= len(fields) <= 2:
            raise ValueError(
                f"a version 006 plan has a channel and a user, not {len(fields)} fields"
            )
        self._variants = tuple(variants)
        inner, outer = pads(certificate)
        self._inner = sha256(inner + app_id)
        self._outer = sha256(outer)
        self._maps: tuple[int, list[bytes]] = (-1, [])

    def _maps_at(self, issued_at: int) -> list[bytes]:
        """The privilege map of each variant; kept, since most calls share their second."""
        known, maps = self._maps
        if known != issued_at:
            maps = []
            for privileges, lifetimes in self._variants:
                expiries = tuple(issued_at + after if after else 0 for after in lifetimes)
                maps.append(pack_map(privileges, expiries))
            self._maps = (issued_at, maps)
        return maps

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        channel = row[0]
        uid = row[1] if len(row) > 1 else b""
        privileges = self._maps_at(issued_at)[variant]
        message = pack_u32_pair(salt, issued_at + MAX_LIFETIME) + privileges
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(channel + uid + message)
        outer.update(inner.digest())
        return token006(self._app_id, channel, uid, message, outer.digest())
