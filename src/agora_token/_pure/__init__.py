"""The pure backend: the contract of ``_core.pyi`` with the standard library alone.

Its parts have the names of the native backend's, in ``_cython/``; a change to one is a change to
the other.
"""

from __future__ import annotations

from typing import Any, Final, Literal
from zlib import crc32

from .build import build006, build007
from .hmac import hmac_sha256
from .packing import compress
from .plan006 import Plan006
from .plan007 import Plan007
from .salts import random_salt

__all__ = [
    "NAME",
    "Plan006",
    "Plan007",
    "build006",
    "build007",
    "compress",
    "crc32",
    "hmac_sha256",
    "kernels",
    "random_salt",
    "verify",
]

NAME: Final[Literal["native", "pure"]] = "pure"


def kernels() -> dict[str, str]:
    return {"sha256": "hashlib", "crc32": "zlib", "base64": "binascii", "deflate": "zlib"}


def verify(*arguments: Any) -> None:
    # Judging tokens is no part of issuing them, which `import agora_token` is for.
    from .verification import verify

    verify(*arguments)
