"""HMAC-SHA256 (RFC 2104) over ``hashlib``.  Native: ``_cython/hmac.pxi``."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

_BLOCK_SIZE: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The two blocks that a key is hashed as."""
    block = (sha256(key).digest() if len(key) > _BLOCK_SIZE else key).ljust(_BLOCK_SIZE, b"\0")
    return block.translate(_INNER), block.translate(_OUTER)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    # Twice as fast as hmac.digest, whose set-up in OpenSSL costs more than the hashing.
    inner, outer = pads(key)
    return sha256(outer + sha256(inner + data).digest()).digest()
