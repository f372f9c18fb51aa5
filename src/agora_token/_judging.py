"""The rules of verification: what is asked of a token, and the order of the reasons to refuse it.

A token is *usable* for what is asked when its signature holds, it is not over, it carries a service
for this channel and user, and that service's way in is granted and not over.  The way in is in the
table of services (``Service.way_in``).

The rules need HMAC-SHA256, which whoever calls them hands in.  The native backend decides the plain
rows of a column by itself (``_cython/judge.pxi``) and comes here with all others, so that what is
malformed, and why, is written once: a change to one is a change to the other.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

from ._checks import check_app_id
from ._demands import Demands, Expected, expect
from ._fields import CHANNEL, USER, USER_ID, Field
from ._wire.legacy_keys import LegacyToken
from ._wire.parsing import open_token
from ._wire.signing import Hmac, issue_key, signing_key
from ._wire.token006 import Token006
from ._wire.token007 import Token007
from .errors import (
    AgoraTokenError,
    InvalidInputError,
    MalformedTokenError,
    UnsupportedVersionError,
)
from .privileges import MAX_LIFETIME, Privilege
from .reasons import Lacking, Reason
from .services import SERVICES, RtcService, RtmPrivilege, RtmService, Service, channel_and_user


class Verdict(NamedTuple):
    """Whether a token is refused, and what there is to say about it."""

    reason: Reason
    signer: int | None = None
    """Which certificate has signed it."""
    lacking: Lacking | None = None
    """For MISSING_PRIVILEGE and EXPIRED_PRIVILEGE."""
    name_error: InvalidInputError | None = None
    """For INVALID_NAME: what is wrong with the name."""


def verify_row(
    row: int,
    token: object,
    certificates: tuple[bytes, ...],
    demands: Demands,
    channel: object,
    uid: object,
    user_id: object,
    hmac_sha256: Hmac,
) -> int:
    """The reason code of one row; raises, naming the row, for what may not be asked for."""
    try:
        expected = expect(channel, uid, user_id)
    except AgoraTokenError as error:
        raise error.at_row(row) from None
    try:
        parts = open_token(token)  # type: ignore[arg-type]
        return judge(parts, certificates, demands, expected, hmac_sha256).reason
    except UnsupportedVersionError:
        return Reason.UNSUPPORTED_VERSION
    except MalformedTokenError:
        return Reason.MALFORMED


def judge(
    parts: Token006 | Token007 | LegacyToken,
    certificates: tuple[bytes, ...],
    demands: Demands,
    expected: Expected,
    hmac_sha256: Hmac,
) -> Verdict:
    """Judges a token.

    The signature comes before whatever else the token says, whose parts may yet raise
    :class:`MalformedTokenError`.
    """
    if isinstance(parts, LegacyToken):
        return Verdict(Reason.UNSUPPORTED_VERSION)
    # Compared as bytes: the App ID in a token may hold anything.
    if demands.app_id is not None and parts.app_id.encode() != demands.app_id:
        return Verdict(Reason.WRONG_APP_ID)
    if isinstance(parts, Token006):
        verdict = _judge_006(parts, certificates, demands, expected, hmac_sha256)
    else:
        signer = signer_007(parts, certificates, hmac_sha256)
        if signer is None:
            return Verdict(Reason.BAD_SIGNATURE)
        verdict = _judge_007(parts, demands, expected, signer)
    if verdict.reason is Reason.VALID and not demands.signature_only:
        try:
            check_names(parts, demands, expected)
        except InvalidInputError as error:
            return verdict._replace(reason=Reason.INVALID_NAME, name_error=error)
    return verdict


def _judge_006(
    parts: Token006,
    certificates: tuple[bytes, ...],
    demands: Demands,
    expected: Expected,
    hmac_sha256: Hmac,
) -> Verdict:
    if expected.user_id is not None and expected[:2] != (None, None):
        return Verdict(Reason.UNVERIFIABLE)
    channel, uid = signed_for_006(parts, demands, expected)
    if channel is None or uid is None:
        return Verdict(Reason.UNVERIFIABLE)
    signer = signer_006(parts, certificates, channel, uid, hmac_sha256)
    wrong_channel = parts.channel_crc != crc32(channel)
    if wrong_channel or parts.uid_crc != crc32(uid):
        if signer is not None:  # the checksums are not signed: they have been altered
            return Verdict(Reason.MALFORMED)
        return Verdict(Reason.WRONG_CHANNEL if wrong_channel else Reason.WRONG_USER)
    if signer is None:
        return Verdict(Reason.BAD_SIGNATURE)
    asked = services_asked_006(demands, expected)
    privileges = parts.privileges
    if not demands.signature_only and (
        not asked or (privileges and not set(asked) <= set(services_006(privileges)))
    ):
        return Verdict(Reason.MISSING_SERVICE, signer)
    reason = _judge_times(parts.ts - MAX_LIFETIME, parts.ts, demands)
    if reason or demands.signature_only:
        return Verdict(reason, signer)
    wanted = [_wanted_006(each, WAY_IN_006[each], privileges, True) for each in asked]
    for service, number in demands.privileges:
        wanted.append(_wanted_006(service or asked[0], number, privileges, False))
    return _judge_wanted(wanted, 0, demands, signer)


def _wanted_006(
    service: int, number: int, privileges: Mapping[int, int], is_way_in: bool
) -> _Wanted:
    if service == RtmService.type and number == RtmPrivilege.LOGIN:
        number = Privilege.RTM_LOGIN
    there = service in WAY_IN_006 and number in privileges
    return _Wanted(service, (number,), [privileges[number]] if there else [], is_way_in)


WAY_IN_006: Final = {
    RtcService.type: int(Privilege.JOIN_CHANNEL),
    RtmService.type: int(Privilege.RTM_LOGIN),
}


def services_006(privileges: Mapping[int, int]) -> tuple[int, ...]:
    """The services that the privileges of a version 006 token are those of."""
    login = Privilege.RTM_LOGIN in privileges
    there = (RtcService.type,) if len(privileges) > login else ()
    return (*there, RtmService.type) if login else there


def services_asked_006(demands: Demands, expected: Expected) -> tuple[int, ...]:
    """The services that a version 006 token is asked to open; none where it could not."""
    if demands.service not in (None, *WAY_IN_006):
        return ()
    if expected.user_id is None and demands.service != RtmService.type:
        return _RTC
    return _RTC_AND_RTM if demands.service == RtcService.type else _RTM


_RTC: Final = (RtcService.type,)
_RTM: Final = (RtmService.type,)
_RTC_AND_RTM: Final = (RtcService.type, RtmService.type)


def signed_for_006(
    parts: Token006, demands: Demands, expected: Expected
) -> tuple[bytes | None, bytes | None]:
    """The channel and uid that a version 006 token must be signed with."""
    channel, uid, user_id = expected
    if user_id is not None:
        return user_id, b""  # where RTM tokens of this version have the account
    if demands.anybody and uid and not parts.uid_crc and crc32(uid):
        uid = b""  # of which 0 is the checksum: the token is for anybody
    return channel, uid


class Ask(NamedTuple):
    """Services of which one has to be there, for a channel and a user."""

    types: tuple[int, ...]
    channel: bytes | None = None
    user: bytes | None = None
    is_login: bool = False
    """Whether the user is a ``user_id``, not a uid."""


_PLACES: Final = tuple(number for number, each in SERVICES.items() if each.place)
_LOGINS: Final = tuple(
    number for number, each in SERVICES.items() if each.holder and not each.place
)


def asks_007(demands: Demands, expected: Expected) -> list[Ask]:
    """What the arguments ask a version 007 token for; at least that it opens something."""
    channel, uid, user_id = expected
    service = demands.service
    named = () if service is None else (service,)
    asks = []
    if channel is not None or uid is not None:
        asks.append(Ask(named if service in _PLACES else _PLACES, channel, uid))
    if user_id is not None:
        asks.append(Ask(named if service in _LOGINS else _LOGINS, None, user_id, True))
    if named and all(ask.types != named for ask in asks):
        asks.append(Ask(named))
    return asks or [Ask(tuple(SERVICES))]


class _Held(NamedTuple):
    """A service that a version 007 token holds, with its channel and user."""

    service: Service
    channel: str | None
    user: str | None

    def is_for_channel(self, channel: bytes, anybody: bool) -> bool:
        if anybody and self.channel == "*" and self.service.strings[0][1].wildcard:
            return True
        return (self.channel or "").encode() == channel

    def is_for_user(self, user: bytes, anybody: bool) -> bool:
        if anybody and not self.user and self.service.strings[-1][1].integers:
            return True
        return (self.user or "").encode() == user

    def way_in(self) -> tuple[int, ...]:
        return self.service.way_in(place=bool(self.channel), holder=bool(self.user))


def _judge_007(parts: Token007, demands: Demands, expected: Expected, signer: int) -> Verdict:
    held = [_Held(each, *channel_and_user(each)) for each in parts.services]
    asks = [] if demands.signature_only else asks_007(demands, expected)
    groups = [[each for each in held if each.service.type in ask.types] for ask in asks]
    if not all(groups):
        return Verdict(Reason.MISSING_SERVICE, signer)
    anybody = demands.anybody
    for ask, group in zip(asks, groups, strict=True):
        _, channel, user, _ = ask
        if channel is not None:
            group[:] = [each for each in group if each.is_for_channel(channel, anybody)]
            if not group:
                return Verdict(Reason.WRONG_CHANNEL, signer)
        if user is not None:
            group[:] = [each for each in group if each.is_for_user(user, anybody)]
            if not group:
                return Verdict(Reason.WRONG_USER, signer)
    reason = _judge_times(parts.issue_ts, parts.issue_ts + min(parts.expire, MAX_LIFETIME), demands)
    if reason or demands.signature_only:
        return Verdict(reason, signer)
    wanted = [_wanted_007([(each, each.way_in()) for each in group], True) for group in groups]
    for service, number in demands.privileges:
        kept = _holding(service, demands.service, held, asks, groups)
        each = _wanted_007([(one, (number,)) for one in kept], False)
        wanted.append(each._replace(service=service or each.service, privileges=(number,)))
    return _judge_wanted(wanted, parts.issue_ts, demands, signer)


def _holding(
    service: int,
    asked: int | None,
    held: list[_Held],
    asks: list[Ask],
    groups: list[list[_Held]],
) -> list[_Held]:
    """The services whose privilege is wanted: of a type, or (0) those that are asked for."""
    answered = list(zip(asks, groups, strict=True))
    if not service:
        return next((group for ask, group in answered if ask.types == (asked,)), groups[0])
    matched = [group for ask, group in answered if service in ask.types] or [held]
    return [each for group in matched for each in group if each.service.type == service]


def _wanted_007(grants: list[tuple[_Held, tuple[int, ...]]], is_way_in: bool) -> _Wanted:
    """What is wanted of any one of the services: one of the privileges beside it."""
    expiries = []
    for held, privileges in grants:
        granted = held.service.granted(0)
        expiries += [granted[each] for each in privileges if each in granted]
        if not privileges:  # the token alone lets the holder in
            expiries.append(0)
    service, privileges = (grants[0][0].service.type, grants[0][1]) if grants else (0, ())
    return _Wanted(service, privileges, expiries, is_way_in)


def _judge_times(issued: int, expires: int, demands: Demands) -> Reason:
    if demands.at + demands.leeway < issued:
        return Reason.NOT_YET_ISSUED
    if demands.at - demands.leeway >= expires:
        return Reason.EXPIRED
    return Reason.VALID


class _Wanted(NamedTuple):
    """A privilege that is wanted, and how the token grants it."""

    service: int
    privileges: tuple[int, ...]
    expiries: Sequence[int]
    """As the token has them, one for each service that grants it; any one that lasts will do.

    0 is as long as the token."""
    is_way_in: bool


def _judge_wanted(
    wanted: list[_Wanted], start: int, demands: Demands, signer: int | None
) -> Verdict:
    """``start`` is what expiries are counted from."""
    for each in wanted:
        if not each.expiries:
            lacking = Lacking(each.service, each.privileges, each.is_way_in, None)
            return Verdict(Reason.MISSING_PRIVILEGE, signer, lacking)
    at = demands.at - demands.leeway
    for each in wanted:
        last = max(each.expiries)
        if 0 not in each.expiries and at >= start + last:
            lacking = Lacking(each.service, each.privileges, each.is_way_in, start + last)
            return Verdict(Reason.EXPIRED_PRIVILEGE, signer, lacking)
    return Verdict(Reason.VALID, signer)


def check_names(parts: Token006 | Token007, demands: Demands, expected: Expected) -> None:
    """Raises the :class:`InvalidInputError` of a name that no service of this kind can have.

    Version 006 carries no names: those are looked at for which it has proved to be signed.
    """
    _check_app_id(parts.app_id)
    if isinstance(parts, Token007):
        for service in parts.services:
            service.check_names()
    elif services_asked_006(demands, expected) == _RTM:
        account = expected.channel if expected.user_id is None else expected.user_id
        _check_name(USER_ID, account or b"")
    else:
        channel, uid = signed_for_006(parts, demands, expected)
        _check_name(CHANNEL, channel or b"")
        if uid:
            _check_name(USER, uid)


_check_app_id: Final = lru_cache(maxsize=64)(check_app_id)
"""The tokens of a column are mostly of one project."""


def _check_name(rule: Field, name: bytes) -> None:
    if not rule.accepts(name):
        rule.encode(name.decode("utf-8", "surrogatepass"))


def signer_006(
    parts: Token006,
    certificates: tuple[bytes, ...],
    channel: bytes,
    uid: bytes,
    hmac_sha256: Hmac,
) -> int | None:
    """Which certificate has signed the token for a channel and uid."""
    signed = parts.app_id.encode() + channel + uid + parts.message
    return _matching(parts.signature, [hmac_sha256(key, signed) for key in certificates])


def signer_007(parts: Token007, certificates: tuple[bytes, ...], hmac_sha256: Hmac) -> int | None:
    """Which certificate has signed the token."""
    signed = parts.signed
    candidates = []
    for certificate in certificates:
        key = issue_key(certificate, parts.issue_ts, hmac_sha256)
        candidates.append(hmac_sha256(signing_key(key, parts.salt, hmac_sha256), signed))
    return _matching(parts.signature, candidates)


def _matching(signature: bytes, candidates: list[bytes]) -> int | None:
    """The first candidate that is the signature; each is compared in full."""
    matches = [hmac.compare_digest(signature, each) for each in candidates]
    return matches.index(True) if True in matches else None
