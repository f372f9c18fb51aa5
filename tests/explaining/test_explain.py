"""Every cause of refusal: a token that has it, and the finding that names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus

import pytest

from agora_token import _backend, verify_many
from agora_token._wire.services import pack_service
from agora_token.explaining import Cause, Diagnosis, explain
from agora_token.issuer import Issuer
from agora_token.privileges import Privilege, Role
from agora_token.services import RtcService, RtmService
from helpers.project import APP_ID, CERTIFICATE
from helpers.vectors import load

OTHER_CERTIFICATE = "00000000000000000000000000000000"
NOW = 1_800_000_000
ISSUER = Issuer(APP_ID, CERTIFICATE)

pytestmark = pytest.mark.usefixtures("backend")


def rtc(channel: str = "Lobby", uid: int | str = 42, version: str = "007", **options: Any) -> str:
    return ISSUER.rtc(channel, uid, version=version, issued_at=NOW, salt=7, **options)


def signed_006(
    channel: str, uid: object, privileges: tuple[int, ...] = (1, 2), expiry: int = NOW + 3600
) -> str:
    """A version 006 token from unchecked values, as the vendor's builders make it."""
    return _backend.build006(APP_ID, CERTIFICATE, channel, uid, privileges, expiry, NOW + 86400, 7)


def signed_007(expire: int, expiry: int) -> str:
    service = RtcService("Lobby", 42, {1: expiry, 2: expiry})
    return _backend.build007(
        APP_ID, CERTIFICATE, (pack_service(service, service.granted(expire)),), expire, NOW, 7
    )


def diagnose(token: str, certificate: str | None = CERTIFICATE, **options: Any) -> Diagnosis:
    options.setdefault("at", NOW + 60)
    return explain(token, certificate, **options)


def found(diagnosis: Diagnosis, cause: Cause, *evidence: str, first: bool = True) -> None:
    """Asserts that the cause was found, that it refuses the token, and what the evidence says."""
    assert cause in diagnosis.causes, str(diagnosis)
    finding = diagnosis.findings[diagnosis.causes.index(cause)]
    assert finding.refuses
    assert not diagnosis.valid
    for text in evidence:
        assert text in finding.evidence
    assert finding.remedy
    if first:
        assert diagnosis.causes[0] is cause


VERSIONS = pytest.mark.parametrize("version", ["006", "007"])


@VERSIONS
def test_a_valid_token_has_no_findings(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="Lobby", uid=42, app_id=APP_ID)
    assert diagnosis.findings == ()
    assert diagnosis.valid
    assert str(diagnosis) == "The token is valid."


@VERSIONS
def test_expired_says_by_how_long(version: str) -> None:
    token = rtc(version=version, expires_in=3600)
    diagnosis = diagnose(token, channel="Lobby", uid=42, at=NOW + 2 * 86400 + 3600 * 5)
    ago = "2 days 4 hours" if version == "007" else "1 day 5 hours"
    found(diagnosis, Cause.EXPIRED, f"expired {ago} ago")


def test_expiry_given_as_a_timestamp_in_007() -> None:
    diagnosis = diagnose(signed_007(NOW + 3600, NOW + 3600))
    assert diagnosis.causes == (Cause.EXPIRY_IS_TIMESTAMP,)
    assert "2027-01-15 09:00:00 UTC" in diagnosis.findings[0].evidence
    assert diagnosis.valid  # the service lets it live for 24 hours

    late = diagnose(signed_007(NOW + 3600, 0), at=NOW + 86400)
    found(late, Cause.EXPIRED, "a lifetime of 1 day")
    assert Cause.EXPIRY_IS_TIMESTAMP in late.causes


def test_privilege_expiry_given_as_a_timestamp_in_007() -> None:
    diagnosis = diagnose(signed_007(3600, NOW + 3600))
    assert diagnosis.causes == (Cause.EXPIRY_IS_TIMESTAMP,)
    assert "privilege 1" in diagnosis.findings[0].evidence


def test_expiry_given_as_seconds_in_006() -> None:
    diagnosis = diagnose(signed_006("Lobby", 42, expiry=3600), channel="Lobby", uid=42)
    found(diagnosis, Cause.EXPIRY_IS_SECONDS, "1970-01-01 01:00:00 UTC", "1 hour")
    found(diagnosis, Cause.PRIVILEGE_EXPIRED, first=False)


def test_timestamp_added_to_the_time_in_006() -> None:
    token = signed_006("Lobby", 42, expiry=NOW + NOW + 3600)
    diagnosis = diagnose(token, channel="Lobby", uid=42)
    assert diagnosis.causes == (Cause.EXPIRY_IS_TIMESTAMP,)


@VERSIONS
def test_wrong_certificate(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), OTHER_CERTIFICATE, channel="Lobby", uid=42)
    found(diagnosis, Cause.WRONG_CERTIFICATE)
    assert OTHER_CERTIFICATE not in str(diagnosis)
    assert len(diagnosis.findings) == 1


@VERSIONS
def test_certificate_in_other_letter_case(version: str) -> None:
    issuer = Issuer(APP_ID, CERTIFICATE.lower())
    token = issuer.rtc("Lobby", 42, version=version, issued_at=NOW)
    diagnosis = diagnose(token, CERTIFICATE, channel="Lobby", uid=42)
    found(diagnosis, Cause.WRONG_CERTIFICATE, "in other letter case")


@VERSIONS
def test_app_id_in_place_of_the_certificate(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), APP_ID, channel="Lobby", uid=42)
    found(diagnosis, Cause.WRONG_CERTIFICATE, "what was given as the certificate is the App ID")


@VERSIONS
def test_app_id_of_another_project(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="Lobby", uid=42, app_id="a" * 32)
    found(diagnosis, Cause.OTHER_APP_ID, APP_ID, "a" * 32)


@VERSIONS
def test_app_id_in_other_letter_case(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="Lobby", uid=42, app_id=APP_ID.upper())
    found(diagnosis, Cause.APP_ID_CASE)


@VERSIONS
@pytest.mark.parametrize("given", ["lobby", "LOBBY", "lobbY", "LoBBy"])
def test_channel_in_other_letter_case(version: str, given: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel=given, uid=42)
    found(diagnosis, Cause.CHANNEL_CASE, "'Lobby'", repr(given))
    assert Cause.WRONG_CERTIFICATE not in diagnosis.causes


@VERSIONS
@pytest.mark.parametrize(
    ("signed", "given"), [("Lobby ", "Lobby"), ("Lobby", " Lobby\n"), (" Lobby", "Lobby")]
)
def test_channel_with_space_around_it(version: str, signed: str, given: str) -> None:
    diagnosis = diagnose(rtc(signed, version=version), channel=given, uid=42)
    found(diagnosis, Cause.CHANNEL_SPACE, repr(signed), repr(given))


@VERSIONS
def test_other_channel(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="kitchen", uid=42)
    found(diagnosis, Cause.OTHER_CHANNEL, "'kitchen'")


@VERSIONS
def test_other_user(version: str) -> None:
    found(diagnose(rtc(version=version), channel="Lobby", uid=43), Cause.OTHER_USER, "43")


@VERSIONS
def test_uid_and_channel_swapped(version: str) -> None:
    token = rtc("42", "Lobby", version=version)
    found(diagnose(token, channel="Lobby", uid=42), Cause.SWAPPED)


def text_uid(version: str, text: str) -> str:
    if version == "006":
        return signed_006("Lobby", text)
    service = RtcService("Lobby", text, {1: 3600, 2: 3600})
    return _backend.build007(
        APP_ID, CERTIFICATE, (pack_service(service, service.granted(3600)),), 3600, NOW, 7
    )


@VERSIONS
@pytest.mark.parametrize("text", ["42.0", "'42'", "0042", "None", "undefined"])
def test_uid_signed_as_text_against_a_number(version: str, text: str) -> None:
    diagnosis = diagnose(text_uid(version, text), channel="Lobby", uid=42)
    found(diagnosis, Cause.UID_TEXT, repr(text), "signed as text, against a number")
    assert Cause.WRONG_CERTIFICATE not in diagnosis.causes


def test_uid_signed_as_a_negative_number() -> None:
    diagnosis = diagnose(signed_006("Lobby", -5), channel="Lobby", uid=4294967291)
    found(diagnosis, Cause.UID_TEXT, "'-5'")


def test_account_against_a_number_in_007() -> None:
    found(diagnose(rtc(uid="alice"), channel="Lobby", uid=42), Cause.UID_TEXT, "'alice'")
    found(diagnose(rtc(uid=42), channel="Lobby", uid="alice"), Cause.UID_TEXT, "'42'")


@VERSIONS
def test_uid_zero_as_text(version: str) -> None:
    diagnosis = diagnose(text_uid(version, "0"), channel="Lobby", uid=0)
    found(diagnosis, Cause.UID_ZERO_AS_TEXT, "'0'")


@VERSIONS
def test_account_in_other_letter_case(version: str) -> None:
    diagnosis = diagnose(rtc(uid="Alice", version=version), channel="Lobby", uid="alice")
    found(diagnosis, Cause.USER_CASE, "'Alice'")


@VERSIONS
def test_rtm_account_in_other_letter_case(version: str) -> None:
    token = ISSUER.rtm("Alice", version=version, issued_at=NOW)
    diagnosis = diagnose(token, user_id="alice ", service=RtmService)
    found(diagnosis, Cause.USER_CASE, "'Alice'")


@VERSIONS
def test_a_token_for_anybody_is_no_fault(version: str) -> None:
    diagnosis = diagnose(rtc(uid=0, version=version), channel="Lobby", uid=42)
    assert diagnosis.causes == (Cause.FOR_ANYBODY,)
    assert diagnosis.valid


def test_a_token_for_every_channel_is_no_fault() -> None:
    diagnosis = diagnose(rtc("*", 42), channel="Lobby", uid=42)
    assert diagnosis.causes == (Cause.FOR_ANYBODY,)
    assert diagnosis.valid


def test_rtm_account_in_the_wrong_field_in_006() -> None:
    token = signed_006("", "alice", (Privilege.RTM_LOGIN,))
    diagnosis = diagnose(token, user_id="alice")
    found(diagnosis, Cause.ACCOUNT_FIELD, "'alice'")
    assert Cause.WRONG_CERTIFICATE not in diagnosis.causes


@pytest.mark.parametrize(
    ("channel", "uid", "field"), [("alice", 1, "channel"), ("a", "alice", "uid")]
)
def test_rtm_account_in_the_wrong_field_in_007(channel: str, uid: int | str, field: str) -> None:
    diagnosis = diagnose(rtc(channel, uid), user_id="alice")
    found(diagnosis, Cause.ACCOUNT_FIELD, f"the {field}", first=False)
    assert diagnosis.causes[0] is Cause.OTHER_SERVICE


@VERSIONS
def test_subscriber_without_publish_privileges(version: str) -> None:
    token = rtc(version=version, role=Role.SUBSCRIBER)
    asked: dict[str, Any] = {"channel": "Lobby", "uid": 42}
    diagnosis = diagnose(token, **asked, privileges=[Privilege.PUBLISH_AUDIO_STREAM])
    found(diagnosis, Cause.SUBSCRIBER)
    assert len(diagnosis.findings) == 1

    merely_known = diagnose(token, **asked)
    assert merely_known.causes == (Cause.SUBSCRIBER,)
    assert merely_known.valid


@VERSIONS
def test_rtc_token_given_to_rtm(version: str) -> None:
    diagnosis = diagnose(rtc("alice", 0, version=version), user_id="alice")
    found(diagnosis, Cause.OTHER_SERVICE, "for RTC; RTM was wanted")
    found(diagnose(rtc(version=version), service=RtmService), Cause.OTHER_SERVICE)


@VERSIONS
def test_rtm_token_given_to_rtc(version: str) -> None:
    token = ISSUER.rtm("alice", version=version, issued_at=NOW)
    diagnosis = diagnose(token, channel="Lobby", uid=42)
    found(diagnosis, Cause.OTHER_SERVICE, "for RTM; RTC was wanted")


@VERSIONS
def test_missing_privilege(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="Lobby", uid=42, privileges=[9])
    found(diagnosis, Cause.PRIVILEGE_MISSING, "privilege 9")


@VERSIONS
def test_expired_privilege(version: str) -> None:
    token = rtc(version=version, privileges={Privilege.PUBLISH_VIDEO_STREAM: 60})
    diagnosis = diagnose(token, channel="Lobby", uid=42, privileges=[3], at=NOW + 60)
    found(diagnosis, Cause.PRIVILEGE_EXPIRED, "publish video stream")


@VERSIONS
def test_not_yet_issued(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), channel="Lobby", uid=42, at=NOW - 90)
    found(diagnosis, Cause.NOT_YET_ISSUED, "1 minute 30 seconds in the future")


def test_lifetime_over_24_hours() -> None:
    for token in (signed_007(7 * 86400, 0), signed_006("Lobby", 42, expiry=NOW + 7 * 86400)):
        diagnosis = diagnose(token, channel="Lobby", uid=42)
        assert diagnosis.causes == (Cause.LIFETIME_OVER_24_HOURS,)
        assert "7 days" in diagnosis.findings[0].evidence
        assert diagnosis.valid


def token_with(character: str, version: str) -> str:
    """A token that holds the character, past its middle."""
    for salt in range(1000):
        token = ISSUER.rtc("Lobby", 42, version=version, issued_at=NOW, salt=salt)
        if character in token[40:]:
            return token
    raise AssertionError("no token with the character")


def only_text_is_wrong(diagnosis: Diagnosis, cause: Cause, *evidence: str) -> None:
    found(diagnosis, cause, *evidence)
    assert len(diagnosis.findings) == 1  # the repaired token has been verified


@pytest.mark.parametrize(
    ("version", "character", "escape"),
    # 006 has no padding: its content is always a multiple of 3 bytes long.
    [
        ("006", "+", "%2B"),
        ("006", "/", "%2F"),
        ("007", "+", "%2B"),
        ("007", "/", "%2F"),
        ("007", "=", "%3D"),
    ],
)
def test_url_encoded(version: str, character: str, escape: str) -> None:
    damaged = quote(token_with(character, version), safe="")
    assert escape in damaged
    diagnosis = diagnose(damaged, channel="Lobby", uid=42)
    only_text_is_wrong(diagnosis, Cause.URL_ENCODED, escape)


@VERSIONS
def test_space_for_plus(version: str) -> None:
    damaged = unquote_plus(token_with("+", version))
    assert " " in damaged
    diagnosis = diagnose(damaged, channel="Lobby", uid=42)
    only_text_is_wrong(diagnosis, Cause.URL_ENCODED, "space")


@VERSIONS
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\\n"])
def test_line_break(version: str, line_break: str) -> None:
    token = rtc(version=version)
    diagnosis = diagnose(token[:76] + line_break + token[76:], channel="Lobby", uid=42)
    only_text_is_wrong(diagnosis, Cause.LINE_BREAK, "position 76")


@VERSIONS
@pytest.mark.parametrize("form", ["{}\n", " {}", '"{}"', "b'{}'", "Bearer {}"])
def test_surrounded(version: str, form: str) -> None:
    diagnosis = diagnose(form.format(rtc(version=version)), channel="Lobby", uid=42)
    only_text_is_wrong(diagnosis, Cause.SURROUNDED)


@VERSIONS
def test_url_safe_base64(version: str) -> None:
    damaged = token_with("/", version).replace("+", "-").replace("/", "_")
    diagnosis = diagnose(damaged, channel="Lobby", uid=42)
    only_text_is_wrong(diagnosis, Cause.URL_SAFE_BASE64)


@VERSIONS
def test_cut_short_at_every_length(version: str) -> None:
    token = token_with("=", version) if version == "007" else rtc(version=version)
    for length in range(36 if version == "006" else 4, len(token)):
        diagnosis = diagnose(token[:length], channel="Lobby", uid=42)
        found(diagnosis, Cause.CUT_SHORT)


@VERSIONS
def test_altered(version: str) -> None:
    token = rtc(version=version)
    found(diagnose(token[:60] + "!" + token[61:]), Cause.ALTERED, "position 60")


@pytest.mark.parametrize("text", ["", "hello", APP_ID, "008" + "A" * 100, "\x00", "é" * 50])
def test_not_a_token(text: str) -> None:
    found(diagnose(text), Cause.NOT_A_TOKEN)


def test_an_app_id_is_recognised() -> None:
    assert "32 hex digits" in diagnose(APP_ID).findings[0].evidence


def test_dynamic_keys_and_signaling_tokens() -> None:
    for vector in (*load("dynamic_key"), *load("signaling")):
        diagnosis = diagnose(vector["key"])
        found(diagnosis, Cause.LEGACY_VERSION, "from before SDK 2.1")
        assert diagnosis.info is not None


@VERSIONS
def test_without_a_certificate_the_signature_is_not_checked(version: str) -> None:
    diagnosis = diagnose(rtc(version=version), None, channel="Lobby", uid=42)
    assert diagnosis.causes == (Cause.NOT_CHECKED,)
    assert diagnosis.valid


def test_006_without_channel_and_uid_is_not_checked() -> None:
    assert diagnose(rtc(version="006")).causes == (Cause.NOT_CHECKED,)


def test_several_findings_come_in_order() -> None:
    token = rtc(version="006", role=Role.SUBSCRIBER)
    diagnosis = diagnose(f"{token}\n", channel="lobby", uid=43, at=NOW + 86400)
    assert diagnosis.causes == (
        Cause.SURROUNDED,
        Cause.EXPIRED,
        Cause.CHANNEL_CASE,
        Cause.OTHER_USER,
        Cause.PRIVILEGE_EXPIRED,
        Cause.SUBSCRIBER,
    )


def test_what_verify_refuses_is_never_called_valid() -> None:
    """Each value is found in the token, but in services of different types."""
    services = (RtcService("Lobby", 42, {1: 3600}), RtcService("Hall", 43, {1: 3600}))
    token = ISSUER.token(*services, expires_in=3600, issued_at=NOW)
    diagnosis = diagnose(token, channel="Lobby", uid=43)
    assert not diagnosis.valid


def test_printed_and_as_json() -> None:
    diagnosis = diagnose(rtc(), channel="lobby", uid=42)
    printed = str(diagnosis)
    assert printed.startswith("The token is refused.\n1. channel case\n")
    assert "remedy: " in printed
    as_json = json.loads(json.dumps(diagnosis.to_dict()))
    assert as_json["valid"] is False
    assert as_json["findings"][0]["cause"] == "channel_case"
    assert as_json["info"]["version"] == "007"


def test_every_vector() -> None:
    for vector in (*load("006"), *load("007")):
        place: dict[str, Any] = {
            name: vector[name] for name in ("channel", "uid") if name in vector
        }
        columns: dict[str, Any] = {f"{name}s": [value] for name, value in place.items()}
        at = vector["issue_ts"] if "issue_ts" in vector else max(vector["ts"] - 1, 0)
        diagnosis = explain(vector["token"], vector["app_certificate"], at=at, **place)
        assert Cause.WRONG_CERTIFICATE not in diagnosis.causes
        assert Cause.OTHER_CHANNEL not in diagnosis.causes
        code = verify_many([vector["token"]], vector["app_certificate"], at=at, **columns)
        assert diagnosis.valid == (code == b"\0"), str(diagnosis)


def test_the_manual_has_every_cause() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text("utf-8")
    assert [cause.value for cause in Cause if f"`{cause.value}`" not in manual] == []
