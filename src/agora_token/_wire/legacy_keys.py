"""What came before access tokens: dynamic keys and the signaling token, taken apart."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .cursor import Cursor
from .decoding import decode_base64


class LegacyToken(NamedTuple):
    """The parts of a dynamic key or signaling token, as far as its text shows them."""

    version: str
    app_id: str
    issue_ts: int | None
    salt: int | None
    expired_ts: int | None
    uid: int | None
    service: int | None
    """Key 5's number of its service."""
    extra: dict[int, str]
    """Key 5's map of further values."""


_LEGACY: Final = re.compile(
    r"""
      (?P<signaling>1):(?P<app0>[0-9a-zA-Z]{32}):(?P<end0>[0-9]{1,20}):[0-9a-f]{32}
    | (?P<version>003|004)?[0-9a-f]{40}(?P<app>[0-9a-zA-Z]{32})
      (?P<ts>[0-9]{10})(?P<salt>[0-9a-f]{8})
      (?: (?P<uid>[0-9]{10})?(?P<end>[0-9]{10}) )?
    """,
    re.VERBOSE,
)
_LONGEST_LEGACY: Final = 120
_KEY_VERSIONS: Final = {
    # (prefix, has a uid, has an expiry) -> version
    (None, False, False): "001",
    (None, True, True): "002",
    ("003", True, True): "003",
    ("004", False, True): "004",
}


def parse_plain_key(token: str) -> LegacyToken | None:
    """A signaling token or one of the dynamic keys 1 to 4, which are plain text, or None."""
    if len(token) > _LONGEST_LEGACY:
        return None
    match = _LEGACY.fullmatch(token)
    if match is None:
        return None
    if match["signaling"]:
        end = int(match["end0"])
        return LegacyToken("signaling", match["app0"], None, None, end, None, None, {})
    uid, end_text = match["uid"], match["end"]
    version = _KEY_VERSIONS.get((match["version"], uid is not None, end_text is not None))
    if version is None:
        return None
    return LegacyToken(
        version,
        match["app"],
        int(match["ts"]),
        int(match["salt"], 16),
        None if end_text is None else int(end_text),
        None if uid is None else int(uid),
        None,
        {},
    )


def parse_key5(token: str) -> LegacyToken:
    # The text after the version is base64, as in 007, but it is not compressed.
    content, _ = decode_base64(token, 3)
    cursor = Cursor(content)
    service = cursor.u16("the service")
    cursor.string("the signature")
    app_id = cursor.string("the App ID").hex()
    issue_ts, salt = cursor.u32("the timestamp"), cursor.u32("the random number")
    expired_ts = cursor.u32("the expiry")
    extra = {
        cursor.u16("the key of an extra value"): cursor.text("an extra value")
        for _ in range(cursor.u16("the count of extra values"))
    }
    cursor.finish()
    return LegacyToken("005", app_id, issue_ts, salt, expired_ts, None, service, extra)
