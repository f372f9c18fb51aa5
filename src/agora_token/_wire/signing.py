"""The key that signs a version 007 token: two HMACs away from the app certificate."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, TypeAlias

Hmac: TypeAlias = Callable[[bytes, bytes], bytes]
"""HMAC-SHA256 of a key and data, as the backends have it."""

_U32: Final = struct.Struct("<I").pack


def issue_key(certificate: bytes, issue_ts: int, hmac_sha256: Hmac) -> bytes:
    """What the tokens of one time of issue share."""
    return hmac_sha256(_U32(issue_ts), certificate)


def signing_key(issue_key: bytes, salt: int, hmac_sha256: Hmac) -> bytes:
    """The key of one token, from that of its time of issue."""
    return hmac_sha256(_U32(salt), issue_key)
