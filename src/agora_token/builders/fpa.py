"""FPA (network acceleration): tokens to log in."""

from __future__ import annotations

from typing import Final

from .. import _backend
from ..privileges import MAX_LIFETIME

_FPA: Final = (4, (1,), 0, (), b"")


class FpaTokenBuilder:
    """Version 007 tokens for FPA."""

    @staticmethod
    def build_token(app_id: str, app_certificate: str) -> str:
        """A token that lives 24 hours; its login has the expiry 0."""
        return _backend.build007(app_id, app_certificate, (_FPA,), MAX_LIFETIME)
