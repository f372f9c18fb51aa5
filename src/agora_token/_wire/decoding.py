"""From the text of a token to the bytes it carries: base64 and zlib, strictly and within bounds.

Everything here takes time linear in the length of the text, and memory bounded by it; what is
decompressed is bounded by :data:`MAX_CONTENT`.
"""

from __future__ import annotations

import binascii
import string
import zlib
from typing import Final

from ..errors import MalformedTokenError, UnsupportedVersionError

MAX_CONTENT: Final = 64 * 1024
"""The most bytes that the content of a version 007 token may have when it is decompressed."""

_VERSION_LENGTH: Final = 3
_APP_ID_LENGTH: Final = 32
_ALPHABET: Final = (string.ascii_letters + string.digits + "+/").encode()


def decode_006(token: str) -> tuple[str, bytes, bool]:
    """The App ID, the content and whether the base64 is canonical, of a version 006 token.

    Raises :class:`MalformedTokenError`, or :class:`UnsupportedVersionError` if the token does not
    begin with ``006``.
    """
    _check_version(token, "006")
    start = _VERSION_LENGTH + _APP_ID_LENGTH
    if len(token) < start:
        raise MalformedTokenError(
            f"the token has {len(token)} characters; version and App ID alone take {start}"
        )
    app_id = token[_VERSION_LENGTH:start]
    if not app_id.isascii():
        raise MalformedTokenError("the token has an App ID that is not ASCII")
    content, canonical = decode_base64(token, start)
    return app_id, content, canonical


def decode_007(token: str) -> tuple[bytes, bool]:
    """The decompressed content and whether the base64 is canonical, of a version 007 token.

    Canonical means that encoding the same bytes again gives the same text; base64 has unused bits
    at its end that a strict encoder leaves 0 and that no signature covers.

    Raises :class:`MalformedTokenError`, or :class:`UnsupportedVersionError` if the token does not
    begin with ``007``.
    """
    _check_version(token, "007")
    compressed, canonical = decode_base64(token, _VERSION_LENGTH)
    return _inflate(compressed), canonical


def _check_version(token: str, version: str) -> None:
    if not isinstance(token, str):
        raise MalformedTokenError(f"the token is {type(token).__name__}; it must be a string")
    if not token.startswith(version):
        raise UnsupportedVersionError(
            f"the token begins with {token[:_VERSION_LENGTH]!r}; version {version} was expected"
        )


def decode_base64(token: str, start: int) -> tuple[bytes, bool]:
    """Decodes ``token`` from ``start`` on.  ``binascii`` has no strict mode before Python 3.11."""
    # A character beyond ASCII becomes one "?", which is not part of base64 either.
    text = token[start:].encode("ascii", "replace")
    digits = text.rstrip(b"=")
    padding = len(text) - len(digits)
    foreign = digits.translate(None, _ALPHABET + b"=") or digits.translate(None, _ALPHABET)
    if foreign:
        position = start + digits.index(foreign[:1])
        raise MalformedTokenError(
            f"the token has the character {token[position]!r} at position {position}, which is "
            "not part of base64"
        )
    if not digits:
        raise MalformedTokenError(f"the token ends at position {start}, before its content")
    if len(text) % 4 or padding > 2:
        raise MalformedTokenError(
            f"the token is cut short or added to: its base64 has {len(text)} characters, {padding} "
            "of them padding; it must be a multiple of 4 with at most 2 of padding"
        )
    content = binascii.a2b_base64(text)
    return content, binascii.b2a_base64(content, newline=False) == text


def _inflate(compressed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(compressed, MAX_CONTENT + 1)
    except zlib.error as error:
        raise MalformedTokenError(f"the token cannot be decompressed: {error}") from None
    if len(content) > MAX_CONTENT:
        raise MalformedTokenError(f"the token decompresses to more than {MAX_CONTENT} bytes")
    if not inflater.eof:
        raise MalformedTokenError("the token is cut short: its compressed content has no end")
    if inflater.unused_data:
        raise MalformedTokenError(
            f"the token has {len(inflater.unused_data)} bytes after its compressed content"
        )
    return content
