"""``explain``: what a support engineer would find out about a token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from .. import _backend
from .._checks import check_certificates
from .._demands import Demands, expect, make_demands
from .._fields import MAX_UID
from .._judging import Verdict, judge
from .._times import time_text
from .._wire.legacy_keys import LegacyToken
from .._wire.parsing import parse
from .._wire.token006 import Token006
from .._wire.token007 import Token007
from .._wording import shown
from ..errors import TokenError
from ..reading import describe
from ..reasons import Reason, Refusal
from ..token_info import TokenInfo
from .app_ids import malformed_app_id
from .damage import repair, unreadable
from .diagnosis import Cause, Diagnosis, Finding
from .foreign import foreign
from .identity import (
    Asked,
    app_id_findings,
    beyond_32_bits,
    identity_006,
    identity_007,
    signature_findings,
)
from .names import name_findings, split_findings
from .times import privilege_findings, time_findings

if TYPE_CHECKING:
    from .._demands import ServiceType

_CAUSES = {
    Reason.MISSING_SERVICE: Cause.OTHER_SERVICE,
    Reason.WRONG_CHANNEL: Cause.OTHER_CHANNEL,
    Reason.WRONG_USER: Cause.OTHER_USER,
    Reason.NOT_YET_ISSUED: Cause.NOT_YET_ISSUED,
    Reason.EXPIRED: Cause.EXPIRED,
    Reason.MISSING_PRIVILEGE: Cause.PRIVILEGE_MISSING,
    Reason.EXPIRED_PRIVILEGE: Cause.PRIVILEGE_EXPIRED,
    Reason.INVALID_NAME: Cause.INVALID_NAME,
}
"""What to call a refusal that no finding has told of yet."""

_REMEDIES = {
    Cause.PRIVILEGE_MISSING: "issue it with the role or the privileges that are needed",
    Cause.PRIVILEGE_EXPIRED: (
        "renew the token before its usable_until, and give privileges the lifetime of the token "
        "unless they are to end earlier"
    ),
}


def explain(
    token: str,
    certificate: str | Sequence[str] | None = None,
    *,
    channel: str | None = None,
    uid: int | str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
    anybody: bool = True,
) -> Diagnosis:
    """Why a token is refused: findings in order of likelihood, each with evidence and remedy.

    Takes what :func:`~agora_token.verify` takes, all of it optional: the more is given, the more is
    found.  Where a value does not match, those that it is commonly mistaken for are tried against
    the token's checksums and signature.  Damage to the text is undone as far as possible, and the
    repaired token looked at further.

    With a certificate, a token is refused here exactly where ``verify`` refuses it; without one,
    where ``verify`` would refuse it if its signature were right.

    Raises nothing for a bad token; values that cannot be asked for raise an
    :class:`~agora_token.errors.InvalidInputError`.
    """
    keys = () if certificate is None else check_certificates(certificate)
    demands = make_demands(at, leeway, None, service, privileges, anybody=anybody)
    beyond = isinstance(uid, int) and not isinstance(uid, bool) and not 0 <= uid <= MAX_UID
    given_uid, uid = uid, str(uid) if beyond else uid  # builders sign what SDKs cannot have
    expect(channel, uid, user_id)
    asked = Asked(channel, uid, user_id, app_id, demands.service)
    if not isinstance(token, str):
        evidence = f"the token is {type(token).__name__}, not a string"
        no_text = Finding(Cause.NOT_A_TOKEN, evidence, "hand over the token's text")
        return Diagnosis.of([no_text], None)
    if finding := foreign(token, keys) or malformed_app_id(token.strip()):
        return Diagnosis.of([finding], None)
    text, findings = repair(token)
    try:
        parts = parse(text)
    except TokenError as error:
        last = foreign(text, keys) or malformed_app_id(text) or unreadable(text, error)
        return Diagnosis.of([*findings, last], None)
    info = describe(text, parts)
    about_app_id = app_id_findings(info.app_id, app_id)
    if isinstance(parts, LegacyToken):
        return Diagnosis.of([*findings, *about_app_id, _legacy(info)], info)
    found = _findings(parts, info, asked, keys, demands)
    if beyond:
        found.append(beyond_32_bits(given_uid))
    return Diagnosis.of([*findings, *about_app_id, *found], info)


def _findings(
    parts: Token006 | Token007,
    info: TokenInfo,
    asked: Asked,
    keys: tuple[bytes, ...],
    demands: Demands,
) -> list[Finding]:
    verdict = _verdict(parts, asked, keys, demands)
    signed_for = asked.expected()
    if isinstance(parts, Token006):
        findings, signed_for = identity_006(parts, asked, keys)
    else:
        findings = identity_007(parts, asked)
    findings += signature_findings(parts, keys, signed_for)
    findings += time_findings(info, parts, demands)
    findings += privilege_findings(info, demands)
    findings += name_findings(parts, demands, asked.expected())
    if verdict.reason is Reason.VALID:
        findings += split_findings(parts, asked)
        # What is wrong with services that nobody asked for is good to know.
        return [replace(each, refuses=False) for each in findings]
    if verdict.lacking is not None and verdict.lacking.is_way_in:
        # Told in its own words, with the time and how to mend it, instead of in general ones.
        refused = _refused(verdict, info, asked, demands)
        return [refused, *(each for each in findings if each.cause is not refused.cause)]
    if verdict.reason is Reason.UNVERIFIABLE and asked.user_id is not None:
        # The signature covers one of the two, and so nothing said of either is sure.
        return [_refused(verdict, info, asked, demands)]
    if any(each.refuses for each in findings):
        return findings
    if verdict.reason is Reason.UNVERIFIABLE and asked.user_id is None:
        # With a certificate, what cannot be verified is refused by verify.
        return [replace(each, refuses=bool(keys)) for each in findings]
    return [*findings, _refused(verdict, info, asked, demands)]


def _verdict(
    parts: Token006 | Token007, asked: Asked, keys: tuple[bytes, ...], demands: Demands
) -> Verdict:
    """What ``verify`` says; without a certificate, what it would say of a right signature."""
    if keys:
        return judge(parts, keys, demands, asked.expected(), _backend.hmac_sha256)
    return judge(parts, (b"",), demands, asked.expected(), lambda key, data: parts.signature)


def _refused(verdict: Verdict, info: TokenInfo, asked: Asked, demands: Demands) -> Finding:
    """The finding for a refusal of which no other finding has told."""
    reason = verdict.reason
    cause = _CAUSES.get(reason, Cause.REFUSED)
    remedy = _REMEDIES.get(cause, "issue the token for what is asked of it")
    if reason is Reason.UNVERIFIABLE and asked.user_id is not None:
        cause = Cause.TWO_IN_ONE
        remedy = (
            "issue two tokens (Issuer.rtc and Issuer.rtm), or one of version 007 for both "
            "(Issuer.rtc_rtm)"
        )
    refusal = Refusal(
        partial(_as_is, info), demands, asked.given(), verdict.lacking, verdict.name_error
    )
    return Finding(cause, refusal.message(reason), remedy)


def _as_is(info: TokenInfo) -> TokenInfo:
    return info


def _legacy(info: TokenInfo) -> Finding:
    if info.version == "signaling":
        name = "a signaling token"
    else:
        name = f"a dynamic key of version {int(info.version)}"
    expires = ""
    if info.expires_at is not None and info.expire:
        expires = f", which expires {time_text(info.expires_at)}"
    return Finding(
        Cause.LEGACY_VERSION,
        f"it is {name}, from before SDK 2.1{expires}; its App ID is {shown(info.app_id)}",
        "issue a version 007 token, which current SDKs and services expect",
    )
