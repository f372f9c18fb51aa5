"""Texts that are called a token, and are something else."""

from __future__ import annotations

import re
from typing import Final

from .diagnosis import Cause, Finding

_UNSET: Final = {
    "null", "none", "nil", "undefined", "nan", "true", "false", "[object object]", "{}", "[]", '""'
}  # fmt: skip
"""What templates and string conversions write for a variable that holds nothing, or no text."""

_PLACEHOLDER: Final = re.compile(
    r"<[^<>]*>|\{\{?[^{}]*\}\}?|\$\{?\w+\}?|%\w+%"
    r"|(?:your|my|the|paste|insert|enter|dev|test|temp|fake|dummy|example|sample)[-_ .]?\w.*"
    r"|[xX*.#_-]{3,}",
    re.IGNORECASE | re.DOTALL,
)

_OTHERS: Final = (
    (
        re.compile(r"[\w-]*eyJ[\w-]+\.[\w-]+\.[\w-]*"),
        "a JSON Web Token, of a log-in or another service",
    ),
    (
        re.compile(r"YWMt[\w-]+"),
        "a Chat token of the older kind, which Chat's own REST API gives for a name and password",
    ),
    (
        re.compile(r"NETLESS(?:SDK|ROOM|TASK)_[\w=+/-]+"),
        "a token of Interactive Whiteboard, which has tokens of its own",
    ),
    (
        re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "a UUID, such as a room's or a user's",
    ),
    (re.compile(r"(?:https?|wss?)://\S+"), "an address"),
    (re.compile(r"(?:Basic|Digest) \S+.*", re.DOTALL), "the credentials of an HTTP header"),
    (re.compile(r"[0-9]{1,20}"), "a number"),
)
_LONGEST: Final = 4096
"""Longer texts than these are none of them."""


def foreign(text: str, keys: tuple[bytes, ...]) -> Finding | None:
    """What the text is, if it is known to be no token; ``keys`` are the certificates given."""
    bare = text.strip().strip("\"'`") if len(text) <= _LONGEST else text
    if not bare:
        return Finding(
            Cause.NOT_A_TOKEN,
            "the token is empty",
            "builders of version 007 return '' where the App ID or the certificate is not 32 hex "
            "digits: look at those (AGORA_APP_ID and AGORA_APP_CERTIFICATE)",
        )
    if len(bare) > _LONGEST:
        return None
    if bare.lower() in _UNSET:
        return Finding(
            Cause.NOT_A_TOKEN,
            f"the text is {bare!r}: the variable that was to hold the token was not set",
            "look at where the token is put in: a request that failed, a field by another name, or "
            "a value that was not waited for",
        )
    if re.fullmatch("[0-9a-fA-F]{32}", bare):
        which = "an App ID or an App Certificate"
        if bare.encode() in keys:
            which = "the App Certificate that was given"
        return Finding(
            Cause.NOT_A_TOKEN,
            f"the text is 32 hex digits: {which}, not a token",
            "hand over the token; keep the certificate secret, and replace it if it was published",
        )
    for form, name in _OTHERS:
        if form.fullmatch(bare):
            return Finding(
                Cause.NOT_A_TOKEN,
                f"the text is {name}, not a token of RTC, RTM or another service that takes these",
                "hand over the token that your token server issues; nothing of this text can be "
                "used in its place",
            )
    if len(bare) < 80 and not bare.startswith(("00", "1:")) and _PLACEHOLDER.fullmatch(bare):
        return Finding(
            Cause.NOT_A_TOKEN,
            "the text is a placeholder, as samples have it, not a token",
            "put a token of your token server in its place",
        )
    return None
