"""Reads a token of any version, without any key: what it says of itself, proved by nothing."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import Final

from . import _backend
from ._wire.legacy_keys import LegacyToken
from ._wire.parsing import parse
from ._wire.token006 import Token006
from ._wire.token007 import Token007
from ._wording import utc
from .privileges import MAX_LIFETIME, Privilege
from .services import (
    SERVICES,
    ApaasService,
    Rtm2Permission,
    Rtm2Resource,
    Rtm2Service,
    Service,
    channel_and_user,
    service_name,
)
from .token_info import PrivilegeInfo, ServiceInfo, TokenInfo

__all__ = ["PrivilegeInfo", "ServiceInfo", "TokenInfo", "read"]


def read(token: str) -> TokenInfo:
    """What a token says of itself.  Nothing is verified, and no key is needed.

    Raises :class:`~agora_token.errors.MalformedTokenError` if the text is not a token, and
    :class:`~agora_token.errors.UnsupportedVersionError` if it begins like no version.  The time
    taken is linear in the length of the text.
    """
    return describe(token, parse(token))


def describe(token: str, parts: Token006 | Token007 | LegacyToken) -> TokenInfo:
    """The information in a token that has been taken apart."""
    if isinstance(parts, Token007):
        return _describe_007(token, parts)
    if isinstance(parts, Token006):
        return _describe_006(token, parts)
    return _describe_legacy(token, parts)


def _describe_007(token: str, parts: Token007) -> TokenInfo:
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
        is_canonical=partial(_is_canonical_007, token, parts.content),
    )


def _is_canonical_007(token: str, content: bytes) -> bool:
    # Base64 and zlib both leave bits that no signature covers; the encoder settles all of them.
    compressed = _backend.compress(content)
    return token == "007" + b2a_base64(compressed, newline=False).decode("ascii")


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
        is_canonical=partial(bool, parts.base64_canonical),
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


def _member_name(enumeration: type[IntEnum] | None, number: int) -> str | None:
    try:
        return None if enumeration is None else enumeration(number).name
    except ValueError:
        return None


def _lower_name(enumeration: type[IntEnum], number: int) -> str:
    name = _member_name(enumeration, number)
    return name.lower().replace("_", " ") if name else str(number)
