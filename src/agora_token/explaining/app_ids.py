"""The App ID in a version 006 token, which its builders write without looking at it."""

from __future__ import annotations

import re
from typing import Final

from .._wire.decoding import decode_base64
from .._wire.token006 import Token006
from .._wording import shown
from ..errors import TokenError
from .diagnosis import Cause, Finding

_CONTENT: Final = re.compile("I[ABC]")  # a signature of 32 bytes, as base64 begins it
_MOST_PLACES: Final = 16
_LONGEST: Final = 300


def malformed_app_id(text: str) -> Finding | None:
    """The finding for a token that is whole from where its content begins, behind no App ID."""
    if not text.startswith("006"):
        return None
    for number, match in enumerate(_CONTENT.finditer(text, 3, 3 + _LONGEST)):
        app_id = text[3 : match.start()]
        if number == _MOST_PLACES or re.fullmatch("[0-9a-fA-F]{32}", app_id):
            return None
        if not _is_content(text, match.start()):
            continue
        what = "is missing" if not app_id else f"is {shown(app_id)}"
        if len(app_id) > 16:
            what = f"has {len(app_id)} characters, beginning with {shown(app_id[:8])}"
        return Finding(
            Cause.MALFORMED_APP_ID,
            f"the App ID in the token {what}; it must be 32 hex digits (what follows it is whole)",
            "set the App ID (AGORA_APP_ID) where the token is issued, as Agora's console shows it; "
            "builders of version 006 do not look at it",
        )
    return None


def _is_content(text: str, start: int) -> bool:
    try:
        content, canonical = decode_base64(text, start)
        return bool(Token006("", content, canonical).privileges) or True
    except TokenError:
        return False
