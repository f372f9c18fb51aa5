"""Durations, lists and values as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LONGEST_SHOWN: Final = 80
_UNITS: Final = (("year", 31_536_000), ("day", 86_400), ("hour", 3600), ("minute", 60))


def duration(seconds: int) -> str:
    """A length of time in its two largest units, such as ``2 hours 5 minutes``."""
    left, parts = abs(seconds), []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(_counted(count, unit))
        if len(parts) == 2:
            break
    if len(parts) < 2 and (left or not parts):
        parts.append(_counted(left, "second"))
    return " ".join(parts)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def shown(value: object) -> str:
    """A value as an error message shows it: its repr, cut where it is very long."""
    if isinstance(value, int) and not -(1 << 128) < value < 1 << 128:
        return f"an integer of {value.bit_length()} bits"  # its digits would say nothing
    text = repr(value[:_LONGEST_SHOWN] if isinstance(value, (str, bytes)) else value)
    return text if len(text) <= 2 * _LONGEST_SHOWN else text[: 2 * _LONGEST_SHOWN] + "…"
