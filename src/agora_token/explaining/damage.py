"""Damage to the text of a token on its way, and how to undo it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from .._wire.decoding import decode_base64
from .._wire.parsing import MAX_TOKEN_LENGTH, parse
from .._wording import listed, shown
from ..errors import MalformedTokenError, TokenError
from .diagnosis import Cause, Finding
from .wrapping import INVISIBLE, encoded_again, inner, parses, without_version

_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_BREAK: Final = re.compile(r"[\r\n\t]|\\[rnt]")
_MOST_DECODINGS: Final = 3
_CONTENT_START: Final = {"006": 35, "007": 3, "005": 3}


def repair(token: str) -> tuple[str, list[Finding]]:
    """The token as it was before it was damaged, and a finding for each damage that was undone."""
    text = token
    findings: list[Finding] = []
    if len(token) > MAX_TOKEN_LENGTH:
        return text, findings
    for finding, repaired in _repairs(token):
        findings.append(finding)
        text = repaired
    return text, findings


def _repairs(text: str) -> Iterator[tuple[Finding, str]]:
    if escapes := sorted(set(_PERCENT.findall(text))):
        for _ in range(_MOST_DECODINGS):
            if not _PERCENT.search(text):
                break
            text = unquote(text)
        yield (
            Finding(
                Cause.URL_ENCODED,
                f"the token has {listed(escapes[:5])} in it: it is still encoded for a URL",
                "decode the URL parameter once before the token is used, or do not encode it twice",
            ),
            text,
        )
    before, text = text, _taken_out(text)
    if text != before:
        yield _surrounded(before, text), text
    if decoded := encoded_again(text):
        yield decoded
        text = decoded[1]
    if match := _BREAK.search(text):
        position = match.start()
        text = _BREAK.sub("", text)
        yield (
            Finding(
                Cause.LINE_BREAK,
                f"the token has a line break or tab at position {position}",
                "encode base64 without line wrapping, and copy the token as one line",
            ),
            text,
        )
    if whole := without_version(text):
        yield whole
        text = whole[1]
    start = _CONTENT_START.get(text[:3])
    if start is None:
        return
    head, content = text[:start], text[start:]
    if " " in content:
        position = start + content.index(" ")
        content = content.replace(" ", "+")
        yield (
            Finding(
                Cause.URL_ENCODED,
                f"the token has a space at position {position}, where '+' was: a URL was decoded "
                "that had not been encoded",
                "encode the token ('+' as %2B) when it is put into a URL",
            ),
            head + content,
        )
    if found := sorted(set(content) & {"-", "_"}):
        content = content.replace("-", "+").replace("_", "/")
        yield (
            Finding(
                Cause.URL_SAFE_BASE64,
                f"the token has {listed([repr(each) for each in found])}, of the base64 alphabet "
                "for URLs",
                "encode with the standard alphabet ('+' and '/')",
            ),
            head + content,
        )
    missing = -len(content) % 4
    if missing in (1, 2) and parses(head + content + "=" * missing):
        yield (
            Finding(
                Cause.CUT_SHORT,
                f"the token lacks its last {'=' * missing!r}; all before that is there",
                "keep the '=' at the end, which is part of the token",
            ),
            head + content + "=" * missing,
        )


def _taken_out(text: str) -> str:
    """The token without what stands around it and in between, as far as that is known."""
    text = INVISIBLE.sub("", text).replace("\\/", "/")  # PHP writes "/" so in JSON
    bare = text.strip()
    bare = bare.removeprefix("Bearer").strip()
    if bare.startswith(("b'", 'b"')):  # the repr of Python's bytes
        bare = bare[1:]
    bare = bare.strip("\"'`,;")
    if parses(bare):
        return bare
    return inner(bare) or bare


def _surrounded(before: str, token: str) -> Finding:
    if INVISIBLE.search(before):
        points = sorted({f"U+{ord(each):04X}" for each in INVISIBLE.findall(before)})
        what = f"invisible characters ({listed(points[:5])})"
    else:
        what = f"the text begins with {before[:4]!r} and ends with {before[-2:]!r}"
    return Finding(
        Cause.SURROUNDED,
        f"there is more than the token: {what}",
        "hand over the token alone, without white space, quotes, a label or a scheme around it",
    )


def unreadable(text: str, error: TokenError) -> Finding:
    """The finding for a text that is no token, even after repair."""
    if not text.startswith(("007", "006", "005", "004", "003", "1:")):
        return Finding(
            Cause.NOT_A_TOKEN,
            f"the text begins with {shown(text[:8])}; current tokens begin with '007' or '006'",
            "see that the whole token was copied, from its first character on",
        )
    if _is_cut_short(text):
        return Finding(
            Cause.CUT_SHORT,
            f"the text has {len(text)} characters, all in order, but its end is missing",
            "look for a column, form field or log that keeps fewer characters than the token has",
        )
    return Finding(
        Cause.ALTERED,
        str(error),
        "issue the token again, and compare both texts where it leaves and where it arrives",
    )


def _is_cut_short(text: str) -> bool:
    """Whether the text is the beginning of a token."""
    start = _CONTENT_START.get(text[:3])
    if start is None:
        return False
    whole = text[: start + (len(text) - start) // 4 * 4]
    try:
        content, _ = decode_base64(whole, start)
    except MalformedTokenError:
        return len(text) <= start + 4
    if text.startswith("007"):
        inflater = zlib.decompressobj()
        try:
            inflater.decompress(content, 1 << 16)
        except zlib.error:
            return False
        return not inflater.eof
    try:
        parse(whole)
    except MalformedTokenError as error:
        return "cut short" in str(error)
    return True
