"""Verification in pure Python: the order of the reasons, and the columns of the pure backend.

The native backend decides the plain rows of a column by itself and comes here with all others, so
that what is malformed, and why, is written once.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from . import _backend
from ._columns import Column
from ._fields import MAX_UID, shown
from ._parsing import LegacyToken, Token006, Token007, channel_and_user, parse
from .errors import (
    AgoraTokenError,
    InvalidChannelError,
    InvalidUserError,
    MalformedTokenError,
    UnsupportedVersionError,
)
from .privileges import MAX_LIFETIME, Privilege
from .reasons import Reason
from .services import RtcService, RtmService, Service

if TYPE_CHECKING:
    from typing_extensions import Buffer

_U32: Final = struct.Struct("<I").pack


class Demands(NamedTuple):
    """What is demanded of every token of a column."""

    at: int
    """The Unix time for which the token must be valid."""
    leeway: int = 0
    """Seconds by which clocks may differ."""
    app_id: bytes | None = None
    service: int | None = None
    privileges: tuple[int, ...] = ()


class Expected(NamedTuple):
    """For whom and where a token must be; None is not asked for."""

    channel: bytes | None = None
    uid: bytes | None = None
    user_id: bytes | None = None


def verify(
    tokens: Column,
    start: int,
    stop: int,
    certificates: tuple[bytes, ...],
    demands: Demands,
    channels: Column | None,
    uids: Column | None,
    user_ids: Column | None,
    reasons: Buffer,
) -> None:
    from ._pure import column_values

    def values(column: Column | None) -> Iterable[object]:
        return [None] * (stop - start) if column is None else column_values(column, start, stop)

    out = memoryview(reasons).cast("B")
    rows = zip(
        column_values(tokens, start, stop),
        values(channels),
        values(uids),
        values(user_ids),
        strict=True,
    )
    for index, (token, channel, uid, user_id) in enumerate(rows):
        out[index] = verify_row(start + index, token, certificates, demands, channel, uid, user_id)


def verify_row(
    row: int,
    token: object,
    certificates: tuple[bytes, ...],
    demands: Demands,
    channel: object,
    uid: object,
    user_id: object,
) -> int:
    """The reason code of one row; raises, naming the row, for what may not be asked for."""
    try:
        expected = expect(channel, uid, user_id)
    except AgoraTokenError as error:
        raise error.at_row(row) from None
    try:
        parts = parse(token)  # type: ignore[arg-type]
    except UnsupportedVersionError:
        return Reason.UNSUPPORTED_VERSION
    except MalformedTokenError:
        return Reason.MALFORMED
    return judge(parts, certificates, demands, expected)[0]


def expect(channel: object, uid: object, user_id: object) -> Expected:
    """The bytes to be found in a token for what a caller asks for."""
    if channel is not None and not isinstance(channel, str):
        raise InvalidChannelError(
            f"channel is {type(channel).__name__} {shown(channel)}; it must be a string"
        )
    if user_id is not None and not isinstance(user_id, str):
        raise InvalidUserError(
            f"user_id is {type(user_id).__name__} {shown(user_id)}; it must be a string"
        )
    if isinstance(uid, int) and not isinstance(uid, bool) and 0 <= uid <= MAX_UID:
        uid = str(uid) if uid else ""
    if uid is not None and not isinstance(uid, str):
        raise InvalidUserError(
            f"uid is {type(uid).__name__} {shown(uid)}; it must be an integer of 0 to {MAX_UID} "
            "or a string"
        )
    # What is not UTF-8 is in no token; replaced, it equals no other text's bytes.
    return Expected(
        *(
            None if value is None else value.encode("utf-8", "surrogatepass")
            for value in (channel, uid, user_id)
        )
    )


def judge(
    parts: Token006 | Token007 | LegacyToken,
    certificates: tuple[bytes, ...],
    demands: Demands,
    expected: Expected,
) -> tuple[Reason, int | None]:
    """Whether a token is refused, and which certificate has signed it."""
    if isinstance(parts, LegacyToken):
        return Reason.UNSUPPORTED_VERSION, None
    # Compared as bytes: the App ID in a token may hold anything.
    if demands.app_id is not None and parts.app_id.encode() != demands.app_id:
        return Reason.WRONG_APP_ID, None
    if isinstance(parts, Token006):
        return _judge_006(parts, certificates, demands, expected)
    signer = _signer_007(parts, certificates)
    if signer is None:
        return Reason.BAD_SIGNATURE, None
    return _judge_007(parts, demands, expected), signer


def _judge_006(
    parts: Token006, certificates: tuple[bytes, ...], demands: Demands, expected: Expected
) -> tuple[Reason, int | None]:
    channel, uid, user_id = expected
    if user_id is not None:
        if channel is not None or uid is not None:
            return Reason.UNVERIFIABLE, None
        channel, uid = user_id, b""  # where RTM tokens of this version have the account
    if channel is None or uid is None:
        return Reason.UNVERIFIABLE, None
    signed = parts.app_id.encode() + channel + uid + parts.message
    signer = _matching(parts.signature, [_hmac(key, signed) for key in certificates])
    wrong_channel = parts.channel_crc != crc32(channel)
    if wrong_channel or parts.uid_crc != crc32(uid):
        if signer is not None:  # the checksums are not signed: they have been altered
            return Reason.MALFORMED, None
        return Reason.WRONG_CHANNEL if wrong_channel else Reason.WRONG_USER, None
    if signer is None:
        return Reason.BAD_SIGNATURE, None
    login = Privilege.RTM_LOGIN in parts.privileges
    for_rtm = user_id is not None or demands.service == RtmService.type
    if for_rtm and not login:
        return Reason.MISSING_SERVICE, signer
    if demands.service == RtcService.type and parts.privileges.keys() <= {Privilege.RTM_LOGIN}:
        return Reason.MISSING_SERVICE, signer
    if demands.service not in (None, RtcService.type, RtmService.type):
        return Reason.MISSING_SERVICE, signer
    reason = _judge_times(parts.ts - MAX_LIFETIME, parts.ts, demands)
    if reason or not demands.privileges:
        return reason, signer
    wanted = [
        Privilege.RTM_LOGIN if demands.service == RtmService.type and each == 1 else each
        for each in demands.privileges
    ]
    return _judge_privileges([(each, [parts.privileges]) for each in wanted], 0, demands), signer


def _judge_007(parts: Token007, demands: Demands, expected: Expected) -> Reason:
    services = parts.services
    if demands.service is not None and all(each.type != demands.service for each in services):
        return Reason.MISSING_SERVICE
    found = [(each, channel_and_user(each)) for each in services]
    places = [(each, place) for each, place in found if place[0] is not None]
    logins = [(each, place) for each, place in found if place[0] is None and place[1] is not None]
    for asked, group in (
        (expected.channel is not None or expected.uid is not None, places),
        (expected.user_id is not None, logins),
    ):
        if demands.service in {each.type for each, _ in group}:
            group[:] = [(each, place) for each, place in group if each.type == demands.service]
        if asked and not group:
            return Reason.MISSING_SERVICE
    for wanted, group, index, reason in (
        (expected.channel, places, 0, Reason.WRONG_CHANNEL),
        (expected.uid, places, 1, Reason.WRONG_USER),
        (expected.user_id, logins, 1, Reason.WRONG_USER),
    ):
        if wanted is not None:
            group[:] = [each for each in group if (each[1][index] or "").encode() == wanted]
            if not group:
                return reason
    reason = _judge_times(parts.issue_ts, parts.issue_ts + min(parts.expire, MAX_LIFETIME), demands)
    if reason or not demands.privileges:
        return reason
    others = [pair for pair in found if pair[1][1] is None]
    matched = [each for each, _ in places + logins + others]
    return _judge_privileges(
        [_granting(privilege, matched, demands.service) for privilege in demands.privileges],
        parts.issue_ts,
        demands,
    )


def _granting(
    privilege: int, services: list[Service], wanted: int | None
) -> tuple[int, list[dict[int, int]]]:
    """The privilege's number, and the privileges of the services of which it is one."""
    kind = RtcService.type if wanted is None else wanted
    if privilege == Privilege.RTM_LOGIN:  # 006's number, which is the same thing in both versions
        kind, privilege = RtmService.type, 1
    return privilege, [dict(each.privileges) for each in services if each.type == kind]


def _judge_times(issued: int, expires: int, demands: Demands) -> Reason:
    if demands.at + demands.leeway < issued:
        return Reason.NOT_YET_ISSUED
    if demands.at - demands.leeway >= expires:
        return Reason.EXPIRED
    return Reason.VALID


def _judge_privileges(
    wanted: list[tuple[int, list[dict[int, int]]]], start: int, demands: Demands
) -> Reason:
    expiries = [
        [granted[privilege] for granted in grants if privilege in granted]
        for privilege, grants in wanted
    ]
    if not all(expiries):
        return Reason.MISSING_PRIVILEGE
    at = demands.at - demands.leeway
    if not all(any(not each or at < start + each for each in several) for several in expiries):
        return Reason.EXPIRED_PRIVILEGE
    return Reason.VALID


def _signer_007(parts: Token007, certificates: tuple[bytes, ...]) -> int | None:
    issued, salt = _U32(parts.issue_ts), _U32(parts.salt)
    return _matching(
        parts.signature,
        [_hmac(_hmac(salt, _hmac(issued, key)), parts.signed) for key in certificates],
    )


def _hmac(key: bytes, data: bytes) -> bytes:
    return _backend.backend.hmac_sha256(key, data)


def _matching(signature: bytes, candidates: list[bytes]) -> int | None:
    """The first candidate that is the signature; each is compared in full."""
    matches = [hmac.compare_digest(signature, each) for each in candidates]
    return matches.index(True) if True in matches else None
