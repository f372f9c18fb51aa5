"""Lifetimes and moments as people write them, in options and in the cells of a roster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ._wording import shown
from .errors import InvalidLifetimeError, InvalidTimeError

if TYPE_CHECKING:
    from datetime import datetime

_LIFETIME: Final = re.compile(r"([0-9]{1,9}) ?(s|m|h|d)?", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def spelled_lifetime(text: str, name: str = "expires_in") -> int:
    """The seconds of ``3600``, ``90m``, ``24h`` or ``1d``."""
    match = _LIFETIME.fullmatch(text.strip())
    if match is None:
        raise InvalidLifetimeError(
            f"{name} {shown(text)} is not a length of time such as 3600 (seconds), 90m or 24h"
        )
    return int(match[1]) * _SECONDS[(match[2] or "s").lower()]


def spelled_moment(text: str, name: str = "time") -> int | datetime:
    """A Unix time, or ISO 8601, which is UTC where it has no offset."""
    from datetime import datetime, timezone  # slow to import, and `import agora_token` is quick

    if text.isascii() and text.isdecimal():
        return int(text[:20])
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
    except ValueError:
        raise InvalidTimeError(
            f"{name} {shown(text)} is neither a Unix time nor ISO 8601, such as "
            "2026-11-25T08:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
