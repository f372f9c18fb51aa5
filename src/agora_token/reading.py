"""Reads a token of any version, without any key: what it says of itself, proved by nothing."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from . import _backend
from ._parsing import LegacyToken, Token006, Token007, channel_and_user, parse
from ._words import duration, time_text, utc
from .privileges import MAX_LIFETIME, Privilege
from .services import (
    SERVICES,
    ApaasService,
    Rtm2Permission,
    Rtm2Resource,
    Rtm2Service,
    Service,
)

__all__ = ["PrivilegeInfo", "ServiceInfo", "TokenInfo", "read"]


def read(token: str) -> TokenInfo:
    """What a token says of itself.  Nothing is verified, and no key is needed.

    Raises :class:`~agora_token.errors.MalformedTokenError` if the text is not a token, and
    :class:`~agora_token.errors.UnsupportedVersionError` if it begins like no version.  The time
    taken is linear in the length of the text.
    """
    return describe(token, parse(token))


@dataclass(frozen=True)
class PrivilegeInfo:
    """One thing that a token permits."""

    number: int
    name: str | None
    """Its name in :class:`~agora_token.Privilege` or in the service's own enumeration, if any."""
    expire: int
    """As the token has it: seconds after the time of issue in 007, a Unix time in 006, or 0."""
    expires_at: datetime | None
    """None where ``expire`` is 0: it ends with the token."""

    def __str__(self) -> str:
        name = (self.name or f"privilege {self.number}").lower().replace("_", " ")
        if not self.expire:
            return f"{name}, as long as the token"
        return f"{name} until {time_text(self.expires_at)} ({self.expire})"


@dataclass(frozen=True)
class ServiceInfo:
    """One service that a token opens.

    A version 006 token names no services; its privileges are shown as ``rtc``, and ``rtm`` for
    the privilege to log in to RTM.
    """

    type: int
    name: str
    """``rtc``, ``rtm``, ``chat`` and so on."""
    channel: str | None
    """Channel or room; None where the service, or version 006, carries none."""
    user: str | None
    """The uid, account or user ID, as text; empty for anybody; None where there is none."""
    privileges: tuple[PrivilegeInfo, ...]
    role: int | None = None
    """The role in a room, of an aPaaS service."""
    permissions: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    """Resource to permission to names, of an RTM service with permissions."""

    def __str__(self) -> str:
        parts = [self.name]
        if self.channel is not None:
            parts.append(f"channel {self.channel!r}")
        if self.user is not None:
            parts.append(f"user {self.user!r}" if self.user else "anybody")
        if self.role is not None:
            parts.append(f"role {self.role}")
        return ", ".join(parts)


@dataclass(frozen=True)
class TokenInfo:
    """What a token says of itself, and, after :func:`~agora_token.verify`, what was proved."""

    version: str
    """``006``, ``007``, ``001`` to ``005`` for the dynamic keys, or ``signaling``."""
    app_id: str
    issued_at: datetime | None
    """In 006, 24 hours before ``ts``; None where the version does not say."""
    issue_ts: int | None
    """The same as a Unix time."""
    expires_at: datetime | None
    """When the service ends the token, whatever its privileges say: after 24 hours at the latest.

    None where the version does not say (dynamic key 1).
    """
    expire: int | None
    """As the token has it: seconds after the time of issue in 007, else a Unix time (006: ts)."""
    salt: int | None
    services: tuple[ServiceInfo, ...]
    unknown_service: int | None = None
    """The type of a service that is not known; it and those after it are not in ``services``."""
    channel_crc: int | None = None
    """The CRC-32 of the channel, which is all that version 006 carries of it."""
    uid_crc: int | None = None
    """The CRC-32 of the uid, likewise."""
    length: int = 0
    """Characters of the token."""
    content_length: int = 0
    """Bytes that it carries, decoded and decompressed."""
    canonical: bool = True
    """Whether the text is the very one that the vendor's Python writes for this content.

    False where unused bits of the base64 are set or the content is compressed in another way,
    as the vendor's Go, Node.js and Rust code does: no fault, but another text for the same token.
    """
    extra: Mapping[int, str] = field(default_factory=dict)
    """Further values of dynamic key 5."""
    certificate_index: int | None = None
    """Which of the certificates given to ``verify`` has signed the token; None if not verified."""

    @property
    def lifetime(self) -> int | None:
        """Seconds from the time of issue to the expiry that the token asks for, uncapped."""
        if self.issue_ts is None or self.expire is None:
            return None
        return self.expire if self.version == "007" else self.expire - self.issue_ts

    @property
    def expires_ts(self) -> int | None:
        """:attr:`expires_at` as a Unix time."""
        if self.issue_ts is None or self.lifetime is None:
            return self.expire
        if self.version in ("006", "007"):
            return self.issue_ts + min(self.lifetime, MAX_LIFETIME)
        return self.expire

    @property
    def channel(self) -> str | None:
        """The channel of the first service that has one."""
        return next((each.channel for each in self.services if each.channel is not None), None)

    @property
    def user(self) -> str | None:
        """The user of the first service that has one."""
        return next((each.user for each in self.services if each.user is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """All of it in types that JSON has; times are in ISO 8601."""
        result: dict[str, Any] = _plain(self)
        return result

    def rows(self) -> list[tuple[str, str]]:
        """Labels and values to print, one below the other."""
        rows = [("version", self.version), ("app id", _printable(self.app_id))]
        if self.issue_ts is not None:
            rows.append(("issued", f"{time_text(self.issued_at)} ({self.issue_ts})"))
        if self.expire is not None:
            rows.append(("expires", f"{time_text(self.expires_at)} ({self._expire_text()})"))
        if self.salt is not None:
            rows.append(("salt", str(self.salt)))
        for service in self.services:
            rows.append(("service", str(service)))
            rows += [("", str(privilege)) for privilege in service.privileges]
            rows += [
                ("", f"may {permission} {resource}: {', '.join(map(_printable, names))}")
                for resource, granted in (service.permissions or {}).items()
                for permission, names in granted.items()
            ]
        if self.unknown_service is not None:
            rows.append(("service", f"unknown type {self.unknown_service}; the rest is not read"))
        if self.channel_crc is not None:
            rows.append(("channel", f"CRC-32 {self.channel_crc:08x}, of a text not carried"))
        if self.uid_crc is not None:
            rows.append(("uid", f"CRC-32 {self.uid_crc:08x}, of a text not carried"))
        rows += [(f"extra {key}", _printable(value)) for key, value in self.extra.items()]
        size = f"{self.length} characters, {self.content_length} bytes of content"
        rows.append(("size", size))
        if not self.canonical:
            rows.append(("encoding", "not canonical: another text would carry the same content"))
        if self.certificate_index is not None:
            rows.append(("signed with", f"certificate {self.certificate_index + 1} of those given"))
        return rows

    def _expire_text(self) -> str:
        if self.version == "007" and self.lifetime is not None:
            return f"{self.expire} seconds: {duration(self.lifetime)} after issue"
        return str(self.expire)

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join(f"{label:{width}}  {value}" for label, value in rows)


def describe(token: str, parts: Token006 | Token007 | LegacyToken) -> TokenInfo:
    """The information in a token that has been taken apart."""
    if isinstance(parts, Token007):
        return _describe_007(token, parts)
    if isinstance(parts, Token006):
        return _describe_006(token, parts)
    return _describe_legacy(token, parts)


def _describe_007(token: str, parts: Token007) -> TokenInfo:
    # Base64 and zlib both leave bits that no signature covers; the encoder settles all of them.
    compressed = _backend.backend.compress(parts.content)
    return TokenInfo(
        "007",
        parts.app_id,
        utc(parts.issue_ts),
        parts.issue_ts,
        utc(parts.issue_ts + min(parts.expire, MAX_LIFETIME)),
        parts.expire,
        parts.salt,
        tuple(_service(service, parts.issue_ts) for service in parts.services),
        parts.unknown_service,
        length=len(token),
        content_length=len(parts.content),
        canonical=token == "007" + b2a_base64(compressed, newline=False).decode("ascii"),
    )


def _service(service: Service, issue_ts: int) -> ServiceInfo:
    known = service.Privilege
    permissions = service.permissions if isinstance(service, Rtm2Service) else None
    return ServiceInfo(
        service.type,
        service_name(service.type),
        *channel_and_user(service),
        tuple(
            PrivilegeInfo(number, _member_name(known, number), expire, expire_at(issue_ts, expire))
            for number, expire in service.privileges.items()
        ),
        service.role if isinstance(service, ApaasService) else None,
        None if permissions is None else _permissions(permissions),
    )


def _permissions(
    permissions: Mapping[int, Mapping[int, Sequence[str]]],
) -> dict[str, dict[str, list[str]]]:
    return {
        _lower_name(Rtm2Resource, resource): {
            _lower_name(Rtm2Permission, permission): list(names)
            for permission, names in granted.items()
        }
        for resource, granted in permissions.items()
    }


def _describe_006(token: str, parts: Token006) -> TokenInfo:
    issue_ts = parts.ts - MAX_LIFETIME
    login = {int(Privilege.RTM_LOGIN): SERVICES[2].type}
    granted: dict[int, list[PrivilegeInfo]] = {}
    for number, expire in parts.privileges.items():
        info = PrivilegeInfo(number, _member_name(Privilege, number), expire, expire_at(0, expire))
        granted.setdefault(login.get(number, SERVICES[1].type), []).append(info)
    return TokenInfo(
        "006",
        parts.app_id,
        utc(issue_ts),
        issue_ts,
        utc(parts.ts),
        parts.ts,
        parts.salt,
        tuple(
            ServiceInfo(kind, service_name(kind), None, None, tuple(privileges))
            for kind, privileges in sorted(granted.items())
        ),
        channel_crc=parts.channel_crc,
        uid_crc=parts.uid_crc,
        length=len(token),
        content_length=len(parts.message) + _REST_OF_006,
        canonical=parts.base64_canonical,
    )


def _describe_legacy(token: str, parts: LegacyToken) -> TokenInfo:
    services: tuple[ServiceInfo, ...] = ()
    if parts.service is not None:
        name = _KEY_5_SERVICES.get(parts.service, f"service {parts.service}")
        services = (ServiceInfo(parts.service, name, None, None, ()),)
    elif parts.uid is not None:
        services = (ServiceInfo(1, "media channel", None, str(parts.uid or ""), ()),)
    return TokenInfo(
        parts.version,
        parts.app_id,
        utc(parts.issue_ts),
        parts.issue_ts,
        utc(parts.expired_ts),
        parts.expired_ts,
        parts.salt,
        services,
        length=len(token),
        content_length=len(token),
        extra=parts.extra,
    )


_REST_OF_006: Final = 2 + 32 + 4 + 4 + 2
"""The bytes of a 006 token's content beside its message."""

_KEY_5_SERVICES: Final = {
    1: "media channel",
    2: "recording",
    3: "public sharing",
    4: "in-channel permission",
}


def expire_at(start: int, expire: int) -> datetime | None:
    return utc(start + expire) if expire else None


def service_name(number: int) -> str:
    """``rtc`` for 1, and so on."""
    known = SERVICES.get(number)
    return known.__name__.removesuffix("Service").lower() if known else f"service {number}"


def _member_name(enumeration: type[IntEnum] | None, number: int) -> str | None:
    try:
        return None if enumeration is None else enumeration(number).name
    except ValueError:
        return None


def _lower_name(enumeration: type[IntEnum], number: int) -> str:
    name = _member_name(enumeration, number)
    return name.lower().replace("_", " ") if name else str(number)


def _printable(text: str) -> str:
    """The text, or its repr where it holds what a terminal would obey rather than show."""
    return text if text.isprintable() else repr(text)


def _plain(value: Any) -> Any:
    if isinstance(value, (TokenInfo, ServiceInfo, PrivilegeInfo)):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value
