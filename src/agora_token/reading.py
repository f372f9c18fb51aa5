"""Reads a token of any version, without any key: what it says of itself, proved by nothing."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from functools import cache, partial
from typing import Final

from . import _backend
from ._judging import WAY_IN_006, services_006
from ._times import utc
from ._wire.legacy_keys import LegacyToken
from ._wire.parsing import parse
from ._wire.token006 import Token006
from ._wire.token007 import Token007
from .errors import MalformedTokenError
from .privileges import MAX_LIFETIME, Privilege
from .services import (
    ApaasService,
    Rtm2Permission,
    Rtm2Resource,
    Rtm2Service,
    RtmService,
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


def describe(
    token: str, parts: Token006 | Token007 | LegacyToken, signer: int | None = None
) -> TokenInfo:
    """The information in a token that was taken apart; ``signer`` is its certificate's index."""
    if isinstance(parts, Token007):
        services = tuple(_service_007(service, parts) for service in parts.services)
        return _describe_007(token, parts, services, parts.unknown_service, signer)
    if isinstance(parts, Token006):
        return _describe_006(token, parts, _services_006(parts), signer)
    return _describe_legacy(token, parts)


def describe_refused(token: str, parts: Token006 | Token007 | LegacyToken) -> TokenInfo:
    """As :func:`describe`, for a token that was refused before its services were parsed.

    If they turn out to be malformed, it is described without services.
    """
    try:
        return describe(token, parts)
    except MalformedTokenError:
        if isinstance(parts, Token006):
            return _describe_006(token, parts, ())
        assert isinstance(parts, Token007)
        return _describe_007(token, parts, (), None)


def _describe_007(
    token: str,
    parts: Token007,
    services: tuple[ServiceInfo, ...],
    unknown_service: int | None,
    signer: int | None = None,
) -> TokenInfo:
    return TokenInfo(
        "007",
        parts.app_id,
        utc(parts.issue_ts),
        parts.issue_ts,
        utc(parts.issue_ts + min(parts.expire, MAX_LIFETIME)),
        parts.expire,
        parts.salt,
        services,
        unknown_service,
        channel_crc=None,
        uid_crc=None,
        length=len(token),
        content_length=len(parts.content),
        extra={},
        is_canonical=partial(_is_canonical_007, token, parts.content),
        certificate_index=signer,
    )


def _is_canonical_007(token: str, content: bytes) -> bool:
    # Base64 and zlib both leave bits that no signature covers; the encoder settles all of them.
    compressed = _backend.compress(content)
    return token == "007" + b2a_base64(compressed, newline=False).decode("ascii")


def _service_007(service: Service, parts: Token007) -> ServiceInfo:
    known = service.Privilege
    permissions = service.permissions if isinstance(service, Rtm2Service) else None
    start, end = parts.issue_ts, parts.issue_ts + min(parts.expire, MAX_LIFETIME)
    granted = service.granted(0)
    place, holder = channel_and_user(service)
    ways_in = service.way_in(place=bool(place), holder=bool(holder))
    return ServiceInfo(
        service.type,
        service_name(service.type),
        place,
        holder,
        _privileges(known, granted, start),
        _usable_until(ways_in, granted, start, end) if ways_in else utc(end),
        service.role if isinstance(service, ApaasService) else None,
        None if permissions is None else _permissions(permissions),
    )


def _usable_until(
    ways_in: tuple[int, ...], granted: Mapping[int, int], start: int, end: int
) -> datetime | None:
    """The end of the way in that lasts longest, which is no later than that of the token."""
    expiries = [granted[each] for each in ways_in if each in granted]
    ends = [min(start + expiry, end) if expiry else end for expiry in expiries]
    return utc(max(ends)) if ends else None


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


def _services_006(parts: Token006) -> tuple[ServiceInfo, ...]:
    privileges = parts.privileges
    services = []
    for kind in services_006(privileges):
        of_kind = {
            number: expire
            for number, expire in privileges.items()
            if (number == Privilege.RTM_LOGIN) == (kind == RtmService.type)
        }
        until = _usable_until((WAY_IN_006[kind],), of_kind, 0, parts.ts)
        of_service = _privileges(Privilege, of_kind, 0)
        services.append(ServiceInfo(kind, service_name(kind), None, None, of_service, until))
    return tuple(services)


def _privileges(
    known: type[IntEnum] | None, granted: Mapping[int, int], start: int
) -> tuple[PrivilegeInfo, ...]:
    # Most privileges of a service end together.
    ends = {each: utc(start + each) if each else None for each in set(granted.values())}
    names = {} if known is None else _names(known)
    return tuple(
        [
            PrivilegeInfo(number, names.get(number), expire, ends[expire])
            for number, expire in granted.items()
        ]
    )


def _describe_006(
    token: str, parts: Token006, services: tuple[ServiceInfo, ...], signer: int | None = None
) -> TokenInfo:
    issue_ts = parts.ts - MAX_LIFETIME
    return TokenInfo(
        "006",
        parts.app_id,
        utc(issue_ts),
        issue_ts,
        utc(parts.ts),
        parts.ts,
        parts.salt,
        services,
        unknown_service=None,
        channel_crc=parts.channel_crc,
        uid_crc=parts.uid_crc,
        length=len(token),
        content_length=len(parts.message) + _REST_OF_006,
        extra={},
        is_canonical=partial(bool, parts.base64_canonical),
        certificate_index=signer,
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
        unknown_service=None,
        channel_crc=None,
        uid_crc=None,
        length=len(token),
        content_length=len(token),
        is_canonical=partial(bool, True),
        extra=parts.extra,
        certificate_index=None,
    )


_REST_OF_006: Final = 2 + 32 + 4 + 4 + 2
"""The bytes of a 006 token's content beside its message."""

_KEY_5_SERVICES: Final = {
    1: "media channel",
    2: "recording",
    3: "public sharing",
    4: "in-channel permission",
}


def _member_name(enumeration: type[IntEnum] | None, number: int) -> str | None:
    return None if enumeration is None else _names(enumeration).get(number)


@cache
def _names(enumeration: type[IntEnum]) -> dict[int, str]:
    return {each.value: each.name for each in enumeration}


def _lower_name(enumeration: type[IntEnum], number: int) -> str:
    name = _member_name(enumeration, number)
    return name.lower().replace("_", " ") if name else str(number)
