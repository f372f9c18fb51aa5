"""What a value that does not match may have been: the mistakes that people make with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from zlib import crc32

from .diagnosis import Cause

_CUT_OFF: Final = 1 << 12
"""The numbers tried: up to 2**44, as phone numbers and times in milliseconds are."""
_MOST_CHARACTERS: Final = 255
"""The longest account; of longer values no variants are tried."""


def channel_like(signed: str, given: str) -> Cause:
    """In what way another channel (that of the token) resembles the one that was given."""
    if signed.strip() == given.strip():
        return Cause.CHANNEL_SPACE
    if signed.strip().casefold() == given.strip().casefold():
        return Cause.CHANNEL_CASE
    return Cause.OTHER_CHANNEL


def user_like(signed: str, given: int | str) -> Cause:
    """In what way another user (that of the token) resembles the one that was given."""
    text = str(given)
    if _is_cut(signed, text):
        return Cause.UID_BEYOND_32_BITS
    if text == "0" or (not text and signed == "0"):
        return Cause.UID_ZERO_AS_TEXT if signed == "0" else Cause.OTHER_USER
    if signed.strip().casefold() == text.strip().casefold() and not text.strip().isdecimal():
        return Cause.USER_CASE
    if signed in _NOTHING or signed in _spellings(text):
        return Cause.UID_TEXT
    if isinstance(given, int) != bool(re.fullmatch("[1-9][0-9]{0,9}", signed)):
        return Cause.UID_TEXT  # an account where a number is used, or the reverse
    return Cause.OTHER_USER


def _is_cut(signed: str, given: str) -> bool:
    """Whether the lowest 32 bits of a number that has more of them were given."""
    numbers = re.fullmatch("[0-9]{1,20}", signed) and re.fullmatch("[0-9]{1,10}", given)
    return bool(numbers) and int(signed) >> 32 != 0 and int(signed) % (1 << 32) == int(given)


def channel_variants(given: str, crc: int) -> Iterator[str]:
    """Texts like ``given`` that may have the checksum ``crc``."""
    if len(given) > _MOST_CHARACTERS:
        return
    bare = given.strip()
    for text in (bare, bare.lower(), bare.upper(), bare.title(), bare.capitalize()):
        yield from (text, f"{text} ", f" {text}", f" {text} ", f"{text}\n", f"{text}\r\n")
    yield bare.swapcase()
    yield from _other_case(bare, crc)


def user_variants(given: int | str, crc: int) -> Iterator[str]:
    """Texts that a user ``given`` may have been signed as."""
    text = str(given)
    if text in ("0", ""):
        yield from ("0", "")
    yield from _spellings(text)
    yield from _NOTHING
    yield from channel_variants(text, crc)


_NOTHING: Final = ("None", "null", "undefined", "NaN", "nil", "True", "False")
"""What a missing or wrong value turns into where it is written as text."""


def _spellings(text: str) -> list[str]:
    """The ways in which a number gets written as text by mistake."""
    spellings = [f'"{text}"', f"'{text}'"]
    if re.fullmatch("[0-9]{1,20}", text):
        number = int(text)
        spellings += [f"{number}.0", f"+{number}", f" {number}", f"{number} ", f"{number:,}"]
        spellings += [f"{number:x}", f"0x{number:x}", f"{number:e}", f"{number:.0f}.00"]
        spellings += [str(number).zfill(width) for width in range(2, 21)]
        if number > 0x7FFFFFFF:
            spellings.append(str(number - (1 << 32)))  # read into a signed 32-bit integer
        # What a longer number may have been before it was cut to 32 bits.
        spellings += [str(number + (above << 32)) for above in range(1, _CUT_OFF)]
    return [each for each in spellings if each != text]


def _other_case(text: str, crc: int) -> Iterator[str]:
    """The texts with the checksum ``crc`` that differ from ``text`` in the case of up to 3 letters.

    CRC-32 is affine: changing a bit changes the checksum by the same pattern, whatever the other
    bits are.  So the letters are found without trying each combination.
    """
    data = text.encode("utf-8", "surrogatepass")
    wanted = crc32(data) ^ crc
    letters = {}
    for position, byte in enumerate(data):
        if 0x41 <= byte & ~0x20 <= 0x5A:
            changed = bytearray(data)
            changed[position] ^= 0x20
            letters[crc32(changed) ^ crc32(data)] = position
    patterns = list(letters)
    sets: list[tuple[int, ...]] = [()]
    sets += [(each,) for each in patterns]
    sets += [(a, b) for i, a in enumerate(patterns) for b in patterns[i + 1 :]]
    for chosen in sets:
        rest = wanted
        for pattern in chosen:
            rest ^= pattern
        if rest in letters and rest not in chosen:
            changed = bytearray(data)
            for pattern in (*chosen, rest):
                changed[letters[pattern]] ^= 0x20
            yield changed.decode("utf-8", "surrogatepass")
