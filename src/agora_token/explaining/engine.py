"""``explain``: what a support engineer would find out about a token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .. import _backend
from .._checks import check_certificates
from .._demands import Demands, expect, make_demands
from .._judging import judge
from .._wire.legacy_keys import LegacyToken
from .._wire.parsing import parse
from .._wire.token006 import Token006
from .._wire.token007 import Token007
from .._wording import shown, time_text
from ..errors import TokenError
from ..reading import describe
from ..reasons import Reason, Refusal
from ..token_info import TokenInfo
from .damage import repair, unreadable
from .diagnosis import Cause, Diagnosis, Finding
from .identity import (
    Asked,
    app_id_findings,
    identity_006,
    identity_007,
    signature_findings,
)
from .times import privilege_findings, time_findings

if TYPE_CHECKING:
    from .._checks import ServiceType


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
) -> Diagnosis:
    """Why a token is refused: findings in order of likelihood, each with evidence and remedy.

    Takes what :func:`~agora_token.verify` takes, all of it optional: the more is given, the more is
    found.  Where a value does not match, those that it is commonly mistaken for are tried against
    the token's checksums and signature.  Damage to the text is undone as far as possible, and the
    repaired token looked at further.

    Unlike ``verify``, which says whether a token is the one that was issued for just this channel
    and user, this tells what the service makes of it: a token for anybody is no fault here.

    Raises nothing for a bad token; values that cannot be asked for raise an
    :class:`~agora_token.errors.InvalidInputError`.
    """
    keys = () if certificate is None else check_certificates(certificate)
    demands = make_demands(at, leeway, None, service, privileges)
    expect(channel, uid, user_id)
    asked = Asked(channel, uid, user_id, app_id, demands.service)
    if not isinstance(token, str):
        evidence = f"the token is {type(token).__name__}, not a string"
        finding = Finding(Cause.NOT_A_TOKEN, evidence, "hand over the token's text")
        return Diagnosis.of([finding], None)
    text, findings = repair(token)
    try:
        parts = parse(text)
    except TokenError as error:
        return Diagnosis.of([*findings, unreadable(text, error)], None)
    info = describe(text, parts)
    findings += app_id_findings(info.app_id, app_id)
    if isinstance(parts, LegacyToken):
        return Diagnosis.of([*findings, _legacy(info)], info)
    findings += _findings(parts, info, asked, keys, demands)
    return Diagnosis.of(findings, info)


def _findings(
    parts: Token006 | Token007,
    info: TokenInfo,
    asked: Asked,
    keys: tuple[bytes, ...],
    demands: Demands,
) -> list[Finding]:
    signed_for = asked.expected()
    if isinstance(parts, Token006):
        findings, signed_for = identity_006(parts, asked)
    else:
        findings = identity_007(parts, asked)
    findings += signature_findings(parts, keys, signed_for)
    findings += time_findings(info, parts, demands)
    findings += privilege_findings(info, demands)
    if keys and not any(each.refuses or each.cause is Cause.FOR_ANYBODY for each in findings):
        # The last word is that of the code that verifies.
        reason, _ = judge(parts, keys, demands, asked.expected(), _backend.hmac_sha256)
        if reason not in (Reason.VALID, Reason.UNVERIFIABLE):
            message = Refusal(info, demands, asked.given()).message(reason)
            remedy = "issue the token for what is asked of it"
            findings.append(Finding(Cause.REFUSED, message, remedy))
    return findings


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
