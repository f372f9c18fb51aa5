"""For how long a token is valid, and what it permits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._demands import Demands
from .._times import time_text, utc
from .._wire.token006 import Token006
from .._wire.token007 import Token007
from .._wording import duration, listed
from ..privileges import MAX_LIFETIME, Privilege
from ..services import RtcPrivilege, RtcService, RtmService
from ..token_info import PrivilegeInfo, TokenInfo
from .diagnosis import Cause, Finding

_TIMESTAMPS: Final = 1_000_000_000
"""Numbers from here on (September 2001) are timestamps; shorter times than this are seconds."""

_PUBLISH: Final = frozenset(RtcPrivilege) - {RtcPrivilege.JOIN_CHANNEL}
_MOST_SHOWN: Final = 8
_TEN_YEARS: Final = 10 * 365 * 86_400


def time_findings(info: TokenInfo, parts: Token006 | Token007, demands: Demands) -> list[Finding]:
    findings = [*_lifetime(info, demands)]
    findings += _units_007(parts) if isinstance(parts, Token007) else _units_006(parts)
    return findings


def _lifetime(info: TokenInfo, demands: Demands) -> Iterator[Finding]:
    issued, expires = info.issue_ts or 0, info.expires_ts or 0
    if demands.at - demands.leeway >= expires:
        ago = duration(demands.at - expires)
        of = (
            "no lifetime at all"
            if not info.lifetime
            else "a lifetime of " + duration(expires - issued)
        )
        yield Finding(
            Cause.EXPIRED,
            f"the token expired {ago} ago, at {time_text(info.expires_at)}, after {of}",
            "issue a new token, and renew it before it expires (a token lives 24 hours at most)",
        )
    if demands.at + demands.leeway < issued:
        yield Finding(
            Cause.NOT_YET_ISSUED,
            f"the token's time of issue, {time_text(info.issued_at)}, lies "
            f"{duration(issued - demands.at)} in the future",
            "set the clock of the machine that issues the tokens by NTP; give issue times in UTC",
        )


def _units_007(parts: Token007) -> Iterator[Finding]:
    spans = [("lifetime", parts.expire)]
    spans += [
        (f"expiry of privilege {privilege}", expire)
        for service in parts.services
        for privilege, expire in service.granted(0).items()
    ]
    # A time near that of issue is a timestamp, whatever else it may look like.
    odd = [
        (what, span)
        for what, span in spans
        if span > MAX_LIFETIME and abs(span - parts.issue_ts) > _TEN_YEARS
    ]
    wrapped = list(_milliseconds(odd, parts.issue_ts))
    yield from wrapped
    stamps = [(what, span) for what, span in spans if span >= _TIMESTAMPS]
    if stamps and not wrapped:
        what, stamp = stamps[0]
        yield Finding(
            Cause.EXPIRY_IS_TIMESTAMP,
            f"the {what} is {stamp} seconds, which is {duration(stamp)}; as a timestamp it is "
            f"{time_text(utc(stamp))}",
            "version 007 counts in seconds from the time of issue: give 3600 for an hour, not a "
            "timestamp",
            refuses=False,
        )
    if not wrapped:
        yield from _over_24_hours([(what, span) for what, span in spans if span < _TIMESTAMPS])


def _units_006(parts: Token006) -> Iterator[Finding]:
    stamps = [(f"expiry of privilege {key}", each) for key, each in parts.privileges.items()]
    short = [(what, stamp) for what, stamp in stamps if 0 < stamp < _TIMESTAMPS]
    issued = parts.ts - MAX_LIFETIME
    early = [(what, stamp) for what, stamp in stamps if _TIMESTAMPS <= stamp <= issued]
    wrapped = list(
        _milliseconds(
            [pair for pair in stamps if pair[1] and not 0 < pair[1] - issued <= 30 * MAX_LIFETIME],
            issued,
        )
    )
    yield from wrapped
    if early and not wrapped:
        what, stamp = early[0]
        yield Finding(
            Cause.OVER_BEFORE_ISSUE,
            f"the {what} was over {duration(issued - stamp)} before the token was issued, at "
            f"{time_text(utc(stamp))}: it was not computed from the time of issue",
            "compute it from the current time for each token: time.time() plus seconds. "
            "datetime.utcnow().timestamp() reads UTC as local time, and what is computed when a "
            "server starts is soon over",
        )
    spans = [(what, stamp - issued) for what, stamp in stamps if stamp >= _TIMESTAMPS]
    doubled = [(what, span) for what, span in spans if span >= _TIMESTAMPS]
    if short and not wrapped:
        what, seconds = short[0]
        yield Finding(
            Cause.EXPIRY_IS_SECONDS,
            f"the {what} is {seconds}, which as a timestamp is {time_text(utc(seconds))}; as a "
            f"time span it is {duration(seconds)}",
            "version 006 has timestamps: give the current Unix time plus the seconds that the "
            "privilege is to last",
        )
    if doubled:
        what, span = doubled[0]
        yield Finding(
            Cause.EXPIRY_IS_TIMESTAMP,
            f"the {what} is {time_text(utc(issued + span))}, {duration(span)} after the time of "
            "issue: a timestamp was added to the current time",
            "add the seconds that the privilege is to last to the current time, not a timestamp",
            refuses=False,
        )
    yield from _over_24_hours([(what, span) for what, span in spans if span < _TIMESTAMPS])


def _milliseconds(values: list[tuple[str, int]], issued: int) -> Iterator[Finding]:
    """The finding for a time in milliseconds, cut to the 32 bits that a token has for it."""
    for what, value in values:
        beyond = (value - issued * 1000) % (1 << 32)
        # Seconds or milliseconds were added to it, for a day or so.
        if beyond <= 1000 * (MAX_LIFETIME + 3600):
            yield Finding(
                Cause.MILLISECONDS,
                f"the {what} is {value}: the time of issue in milliseconds, cut to 32 bits",
                "give seconds: divide what Date().getTime() or currentTimeMillis() gives by 1000, "
                "and in version 007 give no time but the seconds that it is to last",
            )
            return


def _over_24_hours(spans: list[tuple[str, int]]) -> Iterator[Finding]:
    long = [(what, span) for what, span in spans if span > MAX_LIFETIME]
    if long:
        what, span = long[0]
        yield Finding(
            Cause.LIFETIME_OVER_24_HOURS,
            f"the {what} is {duration(span)}; the service ends the token after 24 hours",
            "renew the token when the SDK says that it will expire; to ask for more has no effect",
            refuses=False,
        )


def privilege_findings(info: TokenInfo, demands: Demands) -> Iterator[Finding]:
    """What was asked for and is not granted, or no longer."""
    kind = demands.service or RtcService.type
    granted = {
        each.number: each
        for service in info.services
        if service.type == kind or info.version == "006"
        for each in service.privileges
    }
    wanted = [
        int(Privilege.RTM_LOGIN)
        if info.version == "006" and each == (RtmService.type, 1)
        else each[1]
        for each in demands.privileges
        if each[0] in (0, kind) or info.version == "006"
    ]
    missing = [each for each in wanted if each not in granted]
    asked_to_publish = kind == RtcService.type and any(each in _PUBLISH for each in missing)
    if kind == RtcService.type and 1 in granted and not _PUBLISH & granted.keys():
        yield Finding(
            Cause.SUBSCRIBER,
            "the token lets its holder join the channel, but publish nothing: it was issued for "
            "the role of a subscriber",
            "issue it for the role of a publisher to those who publish",
            refuses=asked_to_publish,
        )
        missing = [each for each in missing if each not in _PUBLISH]
    if missing:
        yield Finding(
            Cause.PRIVILEGE_MISSING,
            f"the token does not grant privilege {listed([str(each) for each in missing])}; it "
            f"grants {listed([str(each) for each in granted.values()][:_MOST_SHOWN]) or 'none'}",
            "issue it with the role or the privileges that are needed",
        )
    ended = [each for each in granted.values() if _has_ended(each, info, demands)]
    if ended:
        yield Finding(
            Cause.PRIVILEGE_EXPIRED,
            f"a privilege has ended: {ended[0]}",
            "give every privilege the lifetime of the token, unless it is to end earlier",
            refuses=any(each.number in wanted or each.number == 1 for each in ended),
        )


def _wanted(info: TokenInfo, demands: Demands, kind: int) -> Iterator[int]:
    """The privileges asked for of services of a type, as the token's version numbers them."""
    for service, number in demands.privileges:
        if info.version == "006":
            yield Privilege.RTM_LOGIN if (service, number) == (RtmService.type, 1) else number
        elif service in (0, kind):
            yield number


def _has_ended(privilege: PrivilegeInfo, info: TokenInfo, demands: Demands) -> bool:
    if not privilege.expire:
        return False
    start = (info.issue_ts or 0) if info.version == "007" else 0
    return demands.at - demands.leeway >= start + privilege.expire
