"""The rules of verification: what is asked of a token, and the order of the reasons to refuse it.

The rules need HMAC-SHA256, which whoever calls them hands in.  The native backend decides the plain
rows of a column by itself (``_cython/judge.pxi``) and comes here with all others, so that what is
malformed, and why, is written once: a change to one is a change to the other.
"""

from __future__ import annotations

import hmac
from zlib import crc32

from ._demands import Demands, Expected, expect
from ._wire.legacy_keys import LegacyToken
from ._wire.parsing import open_token
from ._wire.signing import Hmac, issue_key, signing_key
from ._wire.token006 import Token006
from ._wire.token007 import Token007
from .errors import (
    AgoraTokenError,
    MalformedTokenError,
    UnsupportedVersionError,
)
from .privileges import MAX_LIFETIME, Privilege
from .reasons import Reason
from .services import RtcService, RtmService, Service, channel_and_user


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
        return judge(parts, certificates, demands, expected, hmac_sha256)[0]
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
) -> tuple[Reason, int | None]:
    """Whether a token is refused, and which certificate has signed it.

    The signature comes before the services, whose parts may raise :class:`MalformedTokenError`.
    """
    if isinstance(parts, LegacyToken):
        return Reason.UNSUPPORTED_VERSION, None
    # Compared as bytes: the App ID in a token may hold anything.
    if demands.app_id is not None and parts.app_id.encode() != demands.app_id:
        return Reason.WRONG_APP_ID, None
    if isinstance(parts, Token006):
        return _judge_006(parts, certificates, demands, expected, hmac_sha256)
    signer = _signer_007(parts, certificates, hmac_sha256)
    if signer is None:
        return Reason.BAD_SIGNATURE, None
    return _judge_007(parts, demands, expected), signer


def _judge_006(
    parts: Token006,
    certificates: tuple[bytes, ...],
    demands: Demands,
    expected: Expected,
    hmac_sha256: Hmac,
) -> tuple[Reason, int | None]:
    channel, uid, user_id = expected
    if user_id is not None:
        if channel is not None or uid is not None:
            return Reason.UNVERIFIABLE, None
        channel, uid = user_id, b""  # where RTM tokens of this version have the account
    if channel is None or uid is None:
        return Reason.UNVERIFIABLE, None
    signed = parts.app_id.encode() + channel + uid + parts.message
    signer = _matching(parts.signature, [hmac_sha256(key, signed) for key in certificates])
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


def _signer_007(parts: Token007, certificates: tuple[bytes, ...], hmac_sha256: Hmac) -> int | None:
    signed = parts.signed
    candidates = []
    for certificate in certificates:
        key = signing_key(
            issue_key(certificate, parts.issue_ts, hmac_sha256), parts.salt, hmac_sha256
        )
        candidates.append(hmac_sha256(key, signed))
    return _matching(parts.signature, candidates)


def _matching(signature: bytes, candidates: list[bytes]) -> int | None:
    """The first candidate that is the signature; each is compared in full."""
    matches = [hmac.compare_digest(signature, each) for each in candidates]
    return matches.index(True) if True in matches else None
