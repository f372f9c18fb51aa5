"""Verifies tokens: one, with an error that says what is wrong, or a column, with a code each."""

from __future__ import annotations

import operator
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import _backend, _fields
from ._columns import by_threads, column_of, common_length
from ._parsing import Token006, parse
from ._pure_verify import Demands, expect, judge
from ._words import duration, listed, time_text
from .errors import (
    InvalidCertificateError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidTimeError,
)
from .reading import TokenInfo, describe, service_name
from .reasons import Reason
from .services import SERVICES, Service

if TYPE_CHECKING:
    from typing_extensions import Buffer

    Certificates = str | Sequence[str]
    ServiceType = int | type[Service]

__all__ = ["Reason", "verify", "verify_many"]


def verify(
    token: str,
    certificates: Certificates,
    *,
    channel: str | None = None,
    uid: int | str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
) -> TokenInfo:
    """What a token of version 006 or 007 says, once it has been proved; raises if it is refused.

    * ``certificates``: the project's App Certificate, or several of them, such as the primary and
      the secondary one during a rotation.  ``certificate_index`` of the result says which matched.
    * ``channel``, ``uid`` (an integer, or an account): what an RTC, Streaming or Fusion CDN service
      of the token must be for, or the room and user of an aPaaS one.  ``user_id``: what an RTM or
      Chat service must be for.  What is None is not looked at, except that version 006 needs
      ``channel`` and ``uid``, or ``user_id`` for an RTM token.  Values must be those the token was
      issued for: one for anybody (uid 0) is valid for ``uid=0`` alone, one for every channel for
      ``channel="*"`` alone.
    * ``app_id``: the App ID the token must be of.  Where certificates belong to one project, the
      signature says as much.
    * ``service``: a service that the token must open, by its number or class (``RtmService``).
    * ``privileges``: what it must grant, unexpired, in ``service`` or else in RTC;
      ``Privilege.RTM_LOGIN`` is understood in both versions.
    * ``at``: when it must be valid, a Unix time or an aware ``datetime``; now, if None.
    * ``leeway``: seconds, or a timedelta, by which clocks may differ.

    A token lives for 24 hours at most, as the service has it, whatever it asks for.  A version 006
    token is taken to be issued 24 hours before its timestamp, as its builders do.

    Raises the error of the first :class:`Reason` that applies (``Reason.error``); its ``info`` is
    the unproved :class:`TokenInfo`, or None where the token could not be read.
    """
    keys = certificate_keys(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges)
    expected = expect(channel, uid, user_id)
    parts = parse(token)
    info = describe(token, parts)
    reason, signer = judge(parts, keys, demands, expected)
    if reason is Reason.VALID:
        return replace(info, certificate_index=signer)
    asked = {"channel": channel, "uid": uid, "user_id": user_id}
    text = refusal(reason, info, demands, {k: v for k, v in asked.items() if v is not None})
    if reason is Reason.UNVERIFIABLE and isinstance(parts, Token006) and user_id is not None:
        text = "a version 006 token is for a channel and uid, or for a user_id, not for both"
    error = reason.error(text)
    error.info = info
    raise error


def verify_many(
    tokens: Sequence[str],
    certificates: Certificates,
    *,
    channels: str | Sequence[str | None] | None = None,
    uids: int | str | Sequence[int | str | None] | Buffer | None = None,
    user_ids: str | Sequence[str | None] | None = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
    threads: int = 1,
) -> bytes:
    """As :func:`verify`, a column at once: a byte a token, the number of its :class:`Reason`.

    So ``codes[i] == Reason.VALID``, ``Reason(codes[i])`` and ``Counter(map(Reason, codes))``.
    Versions may be mixed.  ``channels``, ``uids`` and ``user_ids`` are one value for all, or a
    column as long as ``tokens``; None in a column is not looked at, as in :func:`verify`.  A token
    never raises; what may not be asked for does, naming the row.  ``threads`` share the work, which
    the native backend does without the GIL.
    """
    keys = certificate_keys(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges)
    token_column = column_of(tokens)
    places, users, logins = (
        None if each is None else column_of(each) for each in (channels, uids, user_ids)
    )
    given = (token_column, places, users, logins)
    rows = common_length(tuple(column for column in given if column is not None))
    codes = bytearray(rows)
    out = memoryview(codes)

    def run(start: int, stop: int) -> None:
        _backend.backend.verify(
            token_column, start, stop, keys, demands, places, users, logins, out[start:stop]
        )

    by_threads(run, rows, threads)
    return bytes(codes)


def certificate_keys(certificates: Certificates) -> tuple[bytes, ...]:
    """The certificates as keys, checked."""
    several = (certificates,) if isinstance(certificates, str) else tuple(certificates)
    if not several:
        raise InvalidCertificateError("no app certificate is given; at least one is needed")
    return tuple(_fields.check_certificate(each) for each in several)


def make_demands(
    at: float | datetime | None,
    leeway: float | timedelta,
    app_id: str | None,
    service: ServiceType | None,
    privileges: Iterable[int],
) -> Demands:
    """What the caller demands, checked."""
    return Demands(
        _moment(at),
        _leeway(leeway),
        None if app_id is None else _fields.check_app_id(app_id),
        None if service is None else _service_number(service),
        tuple(_privilege_number(each) for each in privileges),
    )


def _moment(at: float | datetime | None) -> int:
    if at is None:
        return int(time.time())
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise InvalidTimeError(f"at {at} has no time zone; give an aware datetime")
        at = at.timestamp()
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 1 << 40:
        raise InvalidTimeError(
            f"at is {_fields.shown(at)}; it must be a Unix time or an aware datetime"
        )
    return int(at)


def _leeway(leeway: float | timedelta) -> int:
    seconds = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
    valid = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not valid or not 0 <= seconds < 1 << 32:
        raise InvalidLifetimeError(
            f"leeway is {_fields.shown(leeway)}; it must be 0 or more seconds, or a timedelta"
        )
    return int(seconds)


def _service_number(service: ServiceType) -> int:
    number: Any = getattr(service, "type", service)
    if isinstance(number, bool) or not isinstance(number, int) or number not in SERVICES:
        known = ", ".join(f"{each} {service_name(each)}" for each in SERVICES)
        raise InvalidInputError(
            f"service {_fields.shown(service)} is not known; it must be a service's class or its "
            f"number: {known}"
        )
    return number


def _privilege_number(privilege: int) -> int:
    try:
        number = operator.index(privilege)
    except TypeError:
        number = -1
    if not 0 <= number <= 0xFFFF:
        raise InvalidPrivilegeError(
            f"privilege {_fields.shown(privilege)} is not a number of 0 to 65535; see "
            "agora_token.Privilege"
        )
    return number


def refusal(reason: Reason, info: TokenInfo, demands: Demands, asked: dict[str, object]) -> str:
    """The message for a reason, from what the token says and what was asked for."""
    what = listed([f"{name} {_fields.shown(value)}" for name, value in asked.items()])
    at = demands.at
    if reason is Reason.MALFORMED:
        return (
            "the token has been altered: it was signed for this channel and uid, but its checksums "
            "are of others"
        )
    if reason is Reason.UNSUPPORTED_VERSION:
        return (
            f"the token is of version {info.version}, from before SDK 2.1, which is read but not "
            "verified; issue a version 007 token"
        )
    if reason is Reason.WRONG_APP_ID:
        return f"the token is of App ID {info.app_id!r}, not of the one asked for"
    if reason is Reason.UNVERIFIABLE:
        return (
            "a version 006 token carries only checksums of its channel and uid, and its signature "
            "covers both; give channel and uid (or user_id, for an RTM token) to verify it"
        )
    if reason is Reason.BAD_SIGNATURE:
        return (
            "the signature does not match: the token was signed with another app certificate, or "
            "altered after it was signed"
        )
    if reason is Reason.MISSING_SERVICE:
        opened = listed([each.name for each in info.services]) or "no service"
        wanted = what if demands.service is None else f"service {service_name(demands.service)}"
        return f"the token opens {opened}; it has nothing for {wanted}"
    if reason in (Reason.WRONG_CHANNEL, Reason.WRONG_USER):
        return f"the token is not for {what}: it is for {_destination(info)}"
    if reason is Reason.NOT_YET_ISSUED:
        ahead = duration((info.issue_ts or 0) - at)
        return (
            f"the token's time of issue, {time_text(info.issued_at)}, lies {ahead} in the future; "
            "see whether the clocks are right, or allow a leeway"
        )
    if reason is Reason.EXPIRED:
        ago = duration(at - (info.expires_ts or 0))
        return f"the token expired {ago} ago, at {time_text(info.expires_at)}; issue a new one"
    granted = [each for service in info.services for each in service.privileges]
    wanted = listed([str(each) for each in demands.privileges])
    has = listed([str(each) for each in granted]) or "none"
    if reason is Reason.MISSING_PRIVILEGE:
        return f"the token does not grant all of the privileges {wanted}; it grants: {has}"
    return f"a privilege asked for (of {wanted}) has expired; the token grants: {has}"


def _destination(info: TokenInfo) -> str:
    """For whom and where a token is."""
    if info.version == "006":
        return f"a channel with CRC-32 {info.channel_crc:08x} and a uid with {info.uid_crc:08x}"
    return listed([str(each) for each in info.services], "or")
