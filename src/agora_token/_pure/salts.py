"""Salts: 1 to 99999999, uniform, from the system's CSPRNG.  Native: ``_cython/salts.pxi``."""

from __future__ import annotations

import os
from array import array
from typing import Final

MAX_SALT: Final = 99_999_999

# Below this, a 32-bit number modulo MAX_SALT is unbiased; the few above are thrown away.
_UNBIASED: Final = (1 << 32) - (1 << 32) % MAX_SALT
_POOL_SIZE: Final = 256


class SaltPool:
    """Salts in blocks: one system call for many.  A child process never sees its parent's."""

    def __init__(self) -> None:
        self._salts: list[int] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._salts.clear()

    def take(self) -> int:
        while True:
            try:
                return self._salts.pop()  # atomic: no other thread gets the same one
            except IndexError:
                self._salts.extend(fresh_salts(_POOL_SIZE))


def fresh_salts(count: int) -> list[int]:
    """At most ``count`` new salts (nearly always as many; the biased numbers are left out)."""
    numbers = array("I", os.urandom(4 * count))
    return [number % MAX_SALT + 1 for number in numbers if number < _UNBIASED]


_pool: Final = SaltPool()

random_salt: Final = _pool.take
