"""A token inside other text: found, and taken out."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from typing import Final

from .._wire.parsing import parse
from ..errors import TokenError
from .diagnosis import Cause, Finding

INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")

_BEGINS: Final = re.compile(r"007eJ|006[0-9A-Za-z]{32}I[ABC]")
_DIGITS: Final = re.compile(r"[0-9A-Za-z+/_-]+={0,2}")
_BROKEN_DIGITS: Final = re.compile(r"[0-9A-Za-z+/_\-\s]+={0,2}")
_IN_BASE64: Final = re.compile(r"MDA[23][0-9A-Za-z+/_-]+={0,2}")
_IN_HEX: Final = re.compile(r"(?:30303[67])(?:[0-9a-fA-F]{2})+")
_WITHOUT_VERSION: Final = re.compile(r"0{0,2}7?(eJ[0-9A-Za-z+/=_-]+)")
_WITHOUT_VERSION_006: Final = re.compile(r"0{0,2}6?([0-9a-fA-F]{32}I[ABC][0-9A-Za-z+/=_-]+)")
_MOST_PLACES: Final = 8


def parses(text: str) -> bool:
    try:
        parse(text)
    except TokenError:
        return False
    return True


def inner(text: str) -> str | None:
    """The token inside other text; None where the text is nothing but one, or holds none."""
    found = None
    for number, begin in enumerate(_BEGINS.finditer(text)):
        if number == _MOST_PLACES:
            break
        digits = _DIGITS.match(text, begin.start())
        token = digits.group() if digits else ""
        if token == text:
            return None
        if parses(token):
            return token
        broken = _BROKEN_DIGITS.match(text, begin.start())
        joined = re.sub(r"\s", "", broken.group()) if broken else ""
        if begin.start() and parses(joined):
            return broken.group().rstrip() if broken else None
        if found is None and begin.start():
            found = token
    return found


def encoded_again(text: str) -> tuple[Finding, str] | None:
    """The token that was encoded once more, in base64 or hex."""
    for form, how in ((_IN_BASE64, "base64"), (_IN_HEX, "hex")):
        if not form.fullmatch(text):
            continue
        try:
            data = bytes.fromhex(text) if how == "hex" else _from_base64(text)
            token = data.decode("ascii")
        except (ValueError, Error):
            continue
        return (
            Finding(
                Cause.ENCODED_AGAIN,
                f"the token was encoded once more, in {how}",
                f"hand over the token as it is: it is text already, and needs no {how}",
            ),
            token,
        )
    return None


def _from_base64(text: str) -> bytes:
    text = text.replace("-", "+").replace("_", "/").rstrip("=")
    return a2b_base64(text + "=" * (-len(text) % 4))


def without_version(text: str) -> tuple[Finding, str] | None:
    """The token with the digits of its version, where they were lost."""
    for form, version in ((_WITHOUT_VERSION, "007"), (_WITHOUT_VERSION_006, "006")):
        match = None if text.startswith(version) else form.fullmatch(text)
        if match and parses(version + match.group(1)):
            return (
                Finding(
                    Cause.VERSION_LOST,
                    f"the token lacks digits at its beginning: with '{version}' there it is whole",
                    "keep the first characters: to a number, leading zeros say nothing",
                ),
                version + match.group(1),
            )
    return None
