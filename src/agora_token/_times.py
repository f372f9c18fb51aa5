"""Unix times as datetimes, and as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def utc(seconds: int | None) -> datetime | None:
    """A Unix time as an aware datetime; None if it is None, or beyond the year 9999."""
    if seconds is None:
        return None
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def time_text(moment: datetime | None) -> str:
    return "beyond the year 9999" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
