"""FPA (network acceleration): tokens to log in."""

from __future__ import annotations

from .. import _backend
from ..privileges import MAX_LIFETIME
from ._packed import FPA


class FpaTokenBuilder:
    """Version 007 tokens for FPA."""

    @staticmethod
    def build_token(app_id: str, app_certificate: str) -> str:
        """A token that lives 24 hours; its login has the expiry 0."""
        return _backend.build007(app_id, app_certificate, (FPA,), MAX_LIFETIME)
