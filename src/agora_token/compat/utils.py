"""The vendor's ``utils``."""

from __future__ import annotations

import hashlib

__all__ = ["get_md5", "hashlib"]


def get_md5(data: str) -> str:
    """The MD5 of a string's UTF-8, as hex digits."""
    return hashlib.md5(data.encode(), usedforsecurity=False).hexdigest()
