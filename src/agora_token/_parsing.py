"""From the text of a token to its parts, whatever its version; nothing is verified here."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ._decoding import decode_006, decode_007, decode_base64
from ._reader import Reader
from .errors import MalformedTokenError, UnsupportedVersionError
from .services import SERVICES, Service, unpack_services

MAX_TOKEN_LENGTH: Final = 200_000
"""The most characters that are looked at.  The largest message that version 006 can carry, and
64 KiB of content in 007 however it is compressed, stay below it."""

_SIGNATURE_LENGTH: Final = 32


class Token006(NamedTuple):
    """The parts of a version 006 token."""

    app_id: str
    signature: bytes
    channel_crc: int
    uid_crc: int
    message: bytes
    """What is signed, after App ID, channel and uid."""
    salt: int
    ts: int
    privileges: dict[int, int]
    base64_canonical: bool


class Token007(NamedTuple):
    """The parts of a version 007 token."""

    app_id: str
    signature: bytes
    signed: bytes
    issue_ts: int
    expire: int
    salt: int
    services: tuple[Service, ...]
    unknown_service: int | None
    """The type of the service that ended the list, since its length is not known."""
    content: bytes
    """All of the above as it was compressed."""


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


def parse(token: str) -> Token006 | Token007 | LegacyToken:
    """Takes a token apart.

    Takes time linear in the length of the text.  Raises :class:`MalformedTokenError`, or
    :class:`UnsupportedVersionError` if the text begins like no version.
    """
    if not isinstance(token, str):
        raise MalformedTokenError(f"the token is {type(token).__name__}; it must be a string")
    if len(token) > MAX_TOKEN_LENGTH:
        raise MalformedTokenError(
            f"the token has {len(token)} characters; no token has more than {MAX_TOKEN_LENGTH}"
        )
    # Keys 1 and 2 begin with a signature, which may look like a version; their length is their own.
    if legacy := _parse_legacy(token):
        return legacy
    if token.startswith("007"):
        return _parse_007(token)
    if token.startswith("006"):
        return _parse_006(token)
    if token.startswith("005"):
        return _parse_key5(token)
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


def channel_and_user(service: Service) -> tuple[str | None, str | None]:
    """The channel (or room) and the user of a service, as text; None where its kind has none."""
    channel, user = _PLACES[service.type]
    return (
        getattr(service, channel) if channel else None,
        str(getattr(service, user) or "") if user else None,
    )


_PLACES: Final[dict[int, tuple[str, str]]] = {
    number: (
        next((name for name in names if name in ("channel", "room_uuid")), ""),
        next((name for name in names if name in ("uid", "account", "user_id", "user_uuid")), ""),
    )
    for number, names in (
        (number, kind.__dataclass_fields__)  # type: ignore[attr-defined]
        for number, kind in SERVICES.items()
    )
}
"""The attributes that hold channel and user, by service type."""


def _parse_006(token: str) -> Token006:
    app_id, content, canonical = decode_006(token)
    outer = Reader(content)
    signature = _signature(outer)
    channel_crc = outer.u32("the checksum of the channel")
    uid_crc = outer.u32("the checksum of the uid")
    message = outer.string("the message")
    outer.finish()
    inner = Reader(message)
    salt, ts = inner.u32("the salt"), inner.u32("the timestamp")
    privileges = inner.map("the privileges")
    inner.finish()
    return Token006(
        app_id, signature, channel_crc, uid_crc, message, salt, ts, privileges, canonical
    )


def _parse_007(token: str) -> Token007:
    content, _ = decode_007(token)
    reader = Reader(content)
    signature = _signature(reader)
    signed = content[reader.offset :]
    app_id = reader.text("the App ID")
    issue_ts, expire = reader.u32("the time of issue"), reader.u32("the lifetime")
    salt = reader.u32("the salt")
    services, unknown = unpack_services(reader)
    return Token007(
        app_id,
        signature,
        signed,
        issue_ts,
        expire,
        salt,
        tuple(services),
        unknown,
        content,
    )


def _signature(reader: Reader) -> bytes:
    signature = reader.string("the signature")
    if len(signature) != _SIGNATURE_LENGTH:
        raise MalformedTokenError(
            f"the token's signature has {len(signature)} bytes; it must have {_SIGNATURE_LENGTH}"
        )
    return signature


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


def _parse_legacy(token: str) -> LegacyToken | None:
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


def _parse_key5(token: str) -> LegacyToken:
    # The text after the version is base64, as in 007, but it is not compressed.
    content, _ = decode_base64(token, 3)
    reader = Reader(content)
    service = reader.u16("the service")
    reader.string("the signature")
    app_id = reader.string("the App ID").hex()
    issue_ts, salt = reader.u32("the timestamp"), reader.u32("the random number")
    expired_ts = reader.u32("the expiry")
    extra = {
        reader.u16("the key of an extra value"): reader.text("an extra value")
        for _ in range(reader.u16("the count of extra values"))
    }
    reader.finish()
    return LegacyToken("005", app_id, issue_ts, salt, expired_ts, None, service, extra)
