"""The numeric uids that have a checksum: version 006 carries no more of one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from zlib import crc32

_HALF: Final = 5  # digits
_ZEROS: Final = bytes(_HALF)
_MAX_UID: Final = 0xFFFFFFFF


def uids_with(crc: int) -> Iterator[int]:
    """The uids of 1 to 2**32-1 whose decimal text has this CRC-32: about one, on the average.

    CRC-32 is affine: what the first digits of a text do to it does not depend on the others.  So
    the last five digits are looked up in a table, and only the first ones are tried.
    """
    for number in range(1, 10**_HALF):
        if crc32(b"%d" % number) == crc:
            yield number
    ends = _ends()
    constant = crc32(_ZEROS)
    for first in range(1, _MAX_UID // 10**_HALF + 1):
        last = ends.get(crc ^ crc32(_ZEROS, crc32(b"%d" % first)) ^ constant)
        if last is not None and first * 10**_HALF + last <= _MAX_UID:
            yield first * 10**_HALF + last


@lru_cache(maxsize=1)
def _ends() -> dict[int, int]:
    """The last five digits by their checksum; no two of them have the same one."""
    return {crc32(b"%05d" % number): number for number in range(10**_HALF)}
