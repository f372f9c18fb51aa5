"""Whose token it is: App ID, service, channel, user and certificate."""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

from .. import _backend
from .._demands import Demands, Expected
from .._judging import signed_for_006, signer_006, signer_007
from .._wire.token006 import Token006
from .._wire.token007 import Token007
from .._wording import listed, shown
from ..privileges import Privilege
from ..services import RtcService, RtmService, channel_and_user, service_name
from .candidates import channel_like, channel_variants, user_like, user_variants
from .certificates import spoilt
from .diagnosis import Cause, Finding
from .preimages import uids_with

_REMEDIES: Final = {
    Cause.CHANNEL_CASE: "use the same letters when the token is issued and when the client joins",
    Cause.CHANNEL_SPACE: "strip white space from the channel before the token is issued",
    Cause.OTHER_CHANNEL: "issue the token for the very channel that the client joins",
    Cause.UID_ZERO_AS_TEXT: "issue it with the integer 0 for anybody: the text '0' is one user",
    Cause.UID_TEXT: (
        "issue the token with the very value that the client joins with: an integer uid as an "
        "integer, an account as text"
    ),
    Cause.UID_BEYOND_32_BITS: (
        "use uids of 1 to 4294967295, or user accounts (text), for longer numbers"
    ),
    Cause.USER_CASE: "use the same letters when the token is issued and when the client joins",
    Cause.OTHER_USER: "issue the token for the very user that joins or logs in",
    Cause.SWAPPED: "give channel and uid in their order",
}


_UNLIKE: Final = Cause.OTHER_CHANNEL


class Asked(NamedTuple):
    """What the token is held against."""

    channel: str | None
    uid: int | str | None
    user_id: str | None
    app_id: str | None
    service: int | None

    def given(self) -> dict[str, object]:
        """The channel, uid and user ID that are not None, by name."""
        named = {"channel": self.channel, "uid": self.uid, "user_id": self.user_id}
        return {name: value for name, value in named.items() if value is not None}

    def expected(self) -> Expected:
        uid = self.uid
        if uid is not None:
            uid = "" if uid == 0 else str(uid)
        return Expected(
            *(
                None if each is None else each.encode("utf-8", "surrogatepass")
                for each in (self.channel, uid, self.user_id)
            )
        )


def app_id_findings(app_id: str, asked: str | None) -> list[Finding]:
    if asked is None or asked == app_id:
        return []
    if asked.casefold() == app_id.casefold():
        return [
            Finding(
                Cause.APP_ID_CASE,
                f"the token has App ID {shown(app_id)}, the project is {shown(asked)}: the same in "
                "other letter case, which is another one to the signature",
                "copy the App ID from the console as it is",
            )
        ]
    return [
        Finding(
            Cause.OTHER_APP_ID,
            f"the token has App ID {shown(app_id)}, the project is {shown(asked)}",
            "issue the token with the App ID and certificate of the project that the client uses",
        )
    ]


def identity_006(
    parts: Token006, asked: Asked, certificates: tuple[bytes, ...] = ()
) -> tuple[list[Finding], Expected]:
    """Findings, and what the token was signed for, as far as its checksums could be resolved."""
    findings: list[Finding] = []
    channel, uid = asked.channel, asked.uid
    login = Privilege.RTM_LOGIN in parts.privileges
    for_rtm = asked.user_id is not None or asked.service == RtmService.type
    if for_rtm and not login and parts.privileges:
        findings.append(_other_service("RTC", "RTM", "RtmTokenBuilder or Issuer.rtm"))
    for_rtc = asked.service == RtcService.type or (channel is not None and uid is not None)
    if for_rtc and not for_rtm and set(parts.privileges) == {Privilege.RTM_LOGIN}:
        findings.append(_other_service("RTM", "RTC", "RtcTokenBuilder or Issuer.rtc"))
    if asked.user_id is not None and channel is None and uid is None:
        account = asked.user_id
        if parts.uid_crc == _crc(account) != parts.channel_crc:
            findings.append(
                Finding(
                    Cause.ACCOUNT_FIELD,
                    f"the token's uid has the checksum of {shown(account)}, its channel has not: "
                    "the account stands in the uid's field",
                    "in version 006 put the account of an RTM token into the channel's field and "
                    "leave the uid empty, as RtmTokenBuilder and Issuer.rtm do",
                )
            )
            channel = "" if not parts.channel_crc else None
            return findings, _expected(channel, account)
        channel, uid = account, 0
    if channel is not None and uid is not None and _is_swapped(parts, channel, uid):
        findings.append(
            Finding(
                Cause.SWAPPED,
                f"the token's channel has the checksum of {shown(uid)} and its uid that of "
                f"{shown(channel)}",
                _REMEDIES[Cause.SWAPPED],
            )
        )
        return findings, _expected(str(uid), channel)
    signed_channel, found = _channel_006(parts.channel_crc, channel, asked.user_id is not None)
    signed_user, also_found = _user_006(parts.uid_crc, uid)
    if signed_user is None and isinstance(uid, int) and signed_channel is not None:
        signed_user = _signed_uid(parts, signed_channel, certificates)
        if signed_user is not None:
            also_found = [_user_finding(signed_user, uid)]
    return findings + found + also_found, _expected(signed_channel, signed_user)


def _signed_uid(parts: Token006, channel: str, certificates: tuple[bytes, ...]) -> str | None:
    """The numeric uid that the token was signed for, of the few that have its checksum."""
    if not certificates:
        return None
    for uid in uids_with(parts.uid_crc):
        if _is_signed(parts, certificates, _expected(channel, str(uid))):
            return str(uid)
    return None


def _user_finding(signed: str, given: int | str) -> Finding:
    if given == 0 and signed != "0":
        return _zero_at_client(repr(signed))
    return _mismatch(user_like(signed, given), "uid", repr(signed), given)


def _is_swapped(parts: Token006, channel: str, uid: int | str) -> bool:
    return (
        parts.channel_crc == _crc(str(uid))
        and parts.uid_crc == _crc(channel)
        and str(uid) != channel
    )


def _expected(channel: str | None, uid: str | None) -> Expected:
    return Asked(channel, uid, None, None, None).expected()


def _channel_006(crc: int, given: str | None, is_account: bool) -> tuple[str | None, list[Finding]]:
    if given is None or _crc(given) == crc:
        return given, []
    what = "user_id" if is_account else "channel"
    for variant in channel_variants(given, crc):
        if _crc(variant) == crc:
            cause = channel_like(variant, given)
            if is_account:
                cause = Cause.USER_CASE
            return variant, [_mismatch(cause, what, repr(variant), given)]
    cause = Cause.OTHER_USER if is_account else Cause.OTHER_CHANNEL
    return None, [_mismatch(cause, what, f"a text with CRC-32 {crc:08x}", given)]


def _user_006(crc: int, given: int | str | None) -> tuple[str | None, list[Finding]]:
    if given is None:
        return None, []
    text = "" if given == 0 else str(given)
    if _crc(text) == crc:
        return text, []
    if not crc:  # the checksum of the empty text
        return "", [_for_anybody(given)]
    for variant in user_variants(given, crc):
        if _crc(variant) == crc:
            return variant, [_user_finding(variant, given)]
    if given == 0:
        return None, [_zero_at_client(f"a text with CRC-32 {crc:08x}")]
    return None, [_mismatch(Cause.OTHER_USER, "uid", f"a text with CRC-32 {crc:08x}", given)]


def identity_007(parts: Token007, asked: Asked) -> list[Finding]:
    """Findings on service, channel and user."""
    findings: list[Finding] = []
    found = [(each, *channel_and_user(each)) for each in parts.services]
    types = [each.type for each in parts.services]
    opened = listed([service_name(each).upper() for each in types]) or "no service"
    if asked.service is not None and asked.service not in types:
        findings.append(_other_service(opened, service_name(asked.service).upper()))
    places = [(channel, user or "") for _, channel, user in found if channel is not None]
    logins = [user for _, channel, user in found if channel is None and user is not None]
    if (asked.channel is not None or asked.uid is not None) and not places:
        if not findings:
            findings.append(_other_service(opened, "RTC", "RtcTokenBuilder or Issuer.rtc"))
    elif asked.channel is not None or asked.uid is not None:
        findings += _place_findings(places, asked)
    if asked.user_id is not None and not logins:
        if not findings:
            findings.append(_other_service(opened, "RTM", "RtmTokenBuilder or Issuer.rtm"))
        for channel, user in places:
            if asked.user_id in (channel, user):
                field = "channel" if channel == asked.user_id else "uid"
                findings.append(
                    Finding(
                        Cause.ACCOUNT_FIELD,
                        f"the account {shown(asked.user_id)} stands in the {field} of a service "
                        "for channels, not in the user ID of an RTM service",
                        "give the token an RTM service with the account as its user ID, as "
                        "RtmTokenBuilder and Issuer.rtm do",
                    )
                )
    elif asked.user_id is not None and asked.user_id not in logins:
        findings.append(_user_mismatch("user_id", logins, asked.user_id))
    return findings


def _place_findings(places: list[tuple[str, str]], asked: Asked) -> list[Finding]:
    channel, uid = asked.channel, asked.uid
    if channel is not None and str(uid) != channel and (str(uid), channel) in places:
        evidence = f"the token's channel is {shown(str(uid))}, its uid {shown(channel)}"
        return [Finding(Cause.SWAPPED, evidence, _REMEDIES[Cause.SWAPPED])]
    findings: list[Finding] = []
    if channel is not None:
        matching = [place for place in places if place[0] in (channel, "*")]
        if not matching:
            names = [each for each, _ in places]
            closest = min(names, key=lambda name: channel_like(name, channel) is _UNLIKE)
            cause = channel_like(closest, channel)
            findings.append(_mismatch(cause, "channel", shown(closest), channel))
        elif all(place[0] == "*" for place in matching):
            findings.append(_for_anybody(channel, "every channel"))
        places = matching or places
    if uid is not None:
        text = "" if uid == 0 else str(uid)
        users = [user for _, user in places]
        if text not in users:
            findings.append(_for_anybody(uid) if "" in users else _user_mismatch("uid", users, uid))
    return findings


def _user_mismatch(what: str, users: list[str], given: int | str) -> Finding:
    closest = min(users, key=lambda signed: user_like(signed, given) is Cause.OTHER_USER)
    if what == "uid" and given == 0 and closest not in ("", "0"):
        return _zero_at_client(shown(closest))
    cause = user_like(closest, given)
    if what == "user_id" and cause is not Cause.USER_CASE:
        cause = Cause.OTHER_USER
    return _mismatch(cause, what, shown(closest), given)


def signature_findings(
    parts: Token006 | Token007, certificates: tuple[bytes, ...], signed_for: Expected
) -> list[Finding]:
    """Whether one of the certificates has signed the token, for what it was found to be for."""
    if not certificates:
        return [_not_checked("the signature: no certificate was given", "certificate")]
    if isinstance(parts, Token006) and None in signed_for[:2]:
        return [
            _not_checked(
                "the signature, which in version 006 covers a channel and uid that the token does "
                "not carry, and that are not known",
                "channel and uid",
            )
        ]
    if _is_signed(parts, certificates, signed_for):
        return []
    for certificate in certificates:
        for how, key, remedy in spoilt(certificate):
            if key not in certificates and _is_signed(parts, (key,), signed_for):
                evidence = f"the signature was made with {how}"
                return [Finding(Cause.WRONG_CERTIFICATE, evidence, remedy)]
    evidence = "the signature was made with another certificate than those given"
    if isinstance(parts, Token006):
        evidence += "; channel and uid are right by their checksums"
    if parts.app_id.encode() in certificates:
        evidence += "; what was given as the certificate is the App ID"
    return [
        Finding(
            Cause.WRONG_CERTIFICATE,
            evidence,
            "issue the token with the current certificate of the App ID's own project; if it was, "
            "the token was altered after it was signed",
        )
    ]


def _is_signed(
    parts: Token006 | Token007, certificates: tuple[bytes, ...], signed_for: Expected
) -> bool:
    if isinstance(parts, Token007):
        return signer_007(parts, certificates, _backend.hmac_sha256) is not None
    channel, uid, _ = signed_for
    if channel is None or uid is None:
        return False
    return signer_006(parts, certificates, channel, uid, _backend.hmac_sha256) is not None


def is_for_006(parts: Token006, demands: Demands, expected: Expected) -> bool:
    """Whether the token's checksums are those of what is asked for."""
    channel, uid = signed_for_006(parts, demands, expected)
    if channel is None or uid is None:
        return False
    return (parts.channel_crc, parts.uid_crc) == (crc32(channel), crc32(uid))


def _not_checked(what: str, needed: str) -> Finding:
    return Finding(
        Cause.NOT_CHECKED,
        f"not checked: {what}",
        f"give {needed} to have it checked",
        refuses=False,
    )


def _other_service(
    opened: str, wanted: str, builder: str = "the builder of that product"
) -> Finding:
    return Finding(
        Cause.OTHER_SERVICE,
        f"the token is for {opened}; {wanted} was wanted",
        f"issue it with {builder}, or give one token both services",
    )


def beyond_32_bits(given: object) -> Finding:
    """The finding for an integer that no uid can be."""
    number = int(str(given))
    return Finding(
        Cause.UID_BEYOND_32_BITS,
        f"the uid {shown(number)} is {'negative' if number < 0 else 'over 4294967295'}: SDKs keep "
        f"32 bits of it, and join as {number % (1 << 32)}",
        "use uids of 1 to 4294967295, or user accounts (text), for longer numbers",
    )


def _zero_at_client(what: str) -> Finding:
    return Finding(
        Cause.UID_ZERO_AT_CLIENT,
        f"the client joins with 0 (or null), for which the SDK picks a uid of its own; the token's "
        f"uid is {what}",
        "have the client join with the uid of the token, or issue the token for uid 0, which lets "
        "anybody in",
    )


def _for_anybody(given: object, whom: str = "every user (uid 0)") -> Finding:
    return Finding(
        Cause.FOR_ANYBODY,
        f"the token is for {whom}, and so lets {shown(given)} in too",
        "issue tokens for a single user and channel, unless this one is for everybody on purpose",
        refuses=False,
    )


def _mismatch(cause: Cause, what: str, signed: str, given: object) -> Finding:
    evidence = f"the token's {what} is {signed}, not {shown(given)}"
    if cause is Cause.UID_BEYOND_32_BITS:
        evidence += ": it is no 32-bit number, of which SDKs keep the lowest 32 bits"
    if cause is Cause.UID_TEXT and isinstance(given, int):
        evidence += ": it was signed as text, against a number"
    return Finding(cause, evidence, _REMEDIES[cause])


def _crc(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
