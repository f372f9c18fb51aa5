"""From the text of a token to its parts, whatever its version; nothing is verified here."""

from __future__ import annotations

from typing import Final

from ..errors import MalformedTokenError, UnsupportedVersionError
from .legacy_keys import LegacyToken, parse_key5, parse_plain_key
from .token006 import Token006, open_006
from .token007 import Token007, open_007

MAX_TOKEN_LENGTH: Final = 200_000
"""The most characters that are looked at.  The largest message that version 006 can carry, and
64 KiB of content in 007 however it is compressed, stay below it."""


def parse(token: str) -> Token006 | Token007 | LegacyToken:
    """Takes a token apart.

    Takes time linear in the length of the text.  Raises :class:`MalformedTokenError`, or
    :class:`UnsupportedVersionError` if the text begins like no version.
    """
    parts = open_token(token)
    if isinstance(parts, Token006):
        _ = parts.privileges  # raises where they are malformed
    elif isinstance(parts, Token007):
        _ = parts.services
    return parts


def open_token(token: str) -> Token006 | Token007 | LegacyToken:
    """As :func:`parse`, but for services and privileges, which may yet prove malformed."""
    if not isinstance(token, str):
        raise MalformedTokenError(f"the token is {type(token).__name__}; it must be a string")
    if len(token) > MAX_TOKEN_LENGTH:
        raise MalformedTokenError(
            f"the token has {len(token)} characters; no token has more than {MAX_TOKEN_LENGTH}"
        )
    # Keys 1 and 2 begin with a signature, which may look like a version; their length is their own.
    if legacy := parse_plain_key(token):
        return legacy
    if token.startswith("007"):
        return open_007(token)
    if token.startswith("006"):
        return open_006(token)
    if token.startswith("005"):
        return parse_key5(token)
    if token.startswith(("003", "004", "1:")):
        raise MalformedTokenError(
            f"the token begins with {token[:3]!r}, but it does not have the form of a dynamic key "
            "or signaling token: it is cut short or altered"
        )
    if not token:
        raise MalformedTokenError("the token is empty")
    raise UnsupportedVersionError(
        f"the token begins with {token[:3]!r}, which is no known version (current tokens begin "
        "with '007' or '006')"
    )
