"""One meaning of valid: ``verify``, ``verify_many`` and ``explain`` refuse the same tokens."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from agora_token import (
    AccessToken2,
    ApaasService,
    ChatService,
    ConvoAIService,
    FCdnService,
    FpaService,
    Issuer,
    Privilege,
    Reason,
    RtcService,
    Rtm2Service,
    RtmService,
    StreamingService,
    SttService,
    TokenInfo,
    errors,
    explain,
    read,
    verify,
    verify_many,
    verify_signature,
)
from agora_token.builders.access_token import AccessToken
from agora_token.explaining import Cause
from agora_token.services import Service
from helpers.project import APP_ID, CERTIFICATE

NOW = 1_800_000_000
OTHER = "0" * 32
ISSUER = Issuer(APP_ID, CERTIFICATE)

pytestmark = pytest.mark.usefixtures("backend")


def verdict(token: str, certificates: Any = CERTIFICATE, **asked: Any) -> Reason:
    """The one reason that verify, verify_many and explain agree on."""
    asked.setdefault("at", NOW)
    names = ("channel", "uid", "user_id")
    columns: dict[str, Any] = {f"{name}s": [asked[name]] for name in names if name in asked}
    rest = {name: value for name, value in asked.items() if name not in names}
    (code,) = verify_many([token], certificates, **columns, **rest)
    reason = Reason(code)
    if reason is Reason.VALID:
        verify(token, certificates, **asked)
    else:
        with pytest.raises(errors.TokenError) as raised:
            verify(token, certificates, **asked)
        assert raised.type is reason.error, (reason, raised.value)
    diagnosis = explain(token, certificates, **asked)
    assert diagnosis.valid == (reason is Reason.VALID), (reason, str(diagnosis), asked)
    return reason


class Kind(NamedTuple):
    """A service, the privilege that lets its holder in, and what is asked of it."""

    service: Callable[[Any], Service]
    way_in: tuple[int, ...]
    asked: dict[str, Any]


KINDS = {
    "rtc": Kind(lambda own: RtcService("room", 42, own), (1,), {"channel": "room", "uid": 42}),
    "rtm": Kind(lambda own: RtmService("alice", own), (1,), {"user_id": "alice"}),
    "streaming": Kind(
        lambda own: StreamingService("room", "bob", own), (1, 2), {"channel": "room", "uid": "bob"}
    ),
    "fpa": Kind(FpaService, (1,), {"service": FpaService}),
    "chat user": Kind(lambda own: ChatService("alice", own), (1,), {"user_id": "alice"}),
    "chat app": Kind(lambda own: ChatService("", own), (2,), {"service": ChatService}),
    "fcdn": Kind(lambda own: FCdnService("room", 42, own), (1, 2), {"channel": "room", "uid": 42}),
    "apaas room": Kind(
        lambda own: ApaasService("room", "amy", 1, own), (1,), {"channel": "room", "uid": "amy"}
    ),
    "apaas user": Kind(lambda own: ApaasService("", "amy", -1, own), (2,), {"uid": "amy"}),
    "apaas app": Kind(lambda own: ApaasService("", "", -1, own), (3,), {"service": ApaasService}),
    "rtm2": Kind(
        lambda own: Rtm2Service("alice", {0: {0: ["a"]}}, own), (1,), {"user_id": "alice"}
    ),
}


def token_007(service: Service, expire: int = 3600) -> str:
    """By AccessToken2, which writes what Issuer refuses."""
    token = AccessToken2(APP_ID, CERTIFICATE, NOW, expire)
    token.add_service(service)
    return token.build()


@pytest.mark.parametrize("name", KINDS)
def test_every_service_at_every_time(name: str) -> None:
    kind = KINDS[name]
    for way_in in kind.way_in:
        token = token_007(kind.service({way_in: 60}))
        for at, expected in (
            (NOW - 1, Reason.NOT_YET_ISSUED),
            (NOW, Reason.VALID),
            (NOW + 59, Reason.VALID),
            (NOW + 60, Reason.EXPIRED_PRIVILEGE),
            (NOW + 3599, Reason.EXPIRED_PRIVILEGE),
            (NOW + 3600, Reason.EXPIRED),
        ):
            assert verdict(token, at=at, **kind.asked) is expected, at
            assert verdict(token, at=at) is expected, at  # asked for nothing
        assert verdict(token, at=NOW + 69, leeway=10, **kind.asked) is Reason.VALID
        assert read(token).usable_until == read(token).issued_at + timedelta(seconds=60)  # type: ignore[operator]
        forever = token_007(kind.service({way_in: 0}))
        assert verdict(forever, at=NOW + 3599, **kind.asked) is Reason.VALID
        assert read(forever).usable_until == read(forever).expires_at
    nothing = token_007(kind.service({}))
    assert verdict(nothing, **kind.asked) is Reason.MISSING_PRIVILEGE
    assert verdict(nothing) is Reason.MISSING_PRIVILEGE
    assert read(nothing).usable_until is None
    assert verify_signature(nothing, CERTIFICATE, at=NOW).certificate_index == 0
    usual = token_007(kind.service(None))
    assert verdict(usual, at=NOW + 3599, **kind.asked) is Reason.VALID
    assert verdict(usual, at=NOW + 3600, **kind.asked) is Reason.EXPIRED


@pytest.mark.parametrize("service", [ConvoAIService, SttService])
def test_services_without_privileges_last_as_long_as_the_token(service: Any) -> None:
    token = ISSUER.token(service(), issued_at=NOW)
    assert verdict(token, at=NOW + 3599, service=service) is Reason.VALID
    assert verdict(token, at=NOW + 3600, service=service) is Reason.EXPIRED
    assert verdict(token, channel="room") is Reason.MISSING_SERVICE


VERSIONS = pytest.mark.parametrize("version", ["006", "007"])


@VERSIONS
@pytest.mark.parametrize("product", ["rtc", "rtm"])
def test_both_versions_end_with_the_way_in(version: str, product: str) -> None:
    """The cases of a 006 token of one minute that passed for 24 hours."""
    if product == "rtc":
        token = ISSUER.rtc("room", 42, expires_in=60, version=version, issued_at=NOW)
        asked: dict[str, Any] = {"channel": "room", "uid": 42}
    else:
        token = ISSUER.rtm("alice", expires_in=60, version=version, issued_at=NOW)
        asked = {"user_id": "alice"}
    over = Reason.EXPIRED if version == "007" else Reason.EXPIRED_PRIVILEGE
    assert verdict(token, at=NOW - 1, **asked) is Reason.NOT_YET_ISSUED
    assert verdict(token, at=NOW + 59, **asked) is Reason.VALID
    for after in (60, 3600, 86_399):
        assert verdict(token, at=NOW + after, **asked) is over
    assert verdict(token, at=NOW + 86_400, **asked) is Reason.EXPIRED
    info = verify(token, CERTIFICATE, at=NOW, **asked)
    assert info.usable_until is not None
    assert info.usable_until.timestamp() == NOW + 60
    assert info.expires_at is not None
    assert info.expires_at.timestamp() == NOW + (60 if version == "007" else 86_400)
    if version == "006":
        assert verify_signature(token, CERTIFICATE, at=NOW + 3600, **asked)


def token_006(privileges: dict[int, int], channel: str = "room", uid: int | str = 42) -> str:
    token = AccessToken(APP_ID, CERTIFICATE, channel, uid)
    token.ts = NOW + 86_400
    token.messages = privileges
    return token.build()


def test_006_without_its_way_in() -> None:
    asked: dict[str, Any] = {"channel": "room", "uid": 42}
    assert verdict(token_006({}), **asked) is Reason.MISSING_PRIVILEGE
    assert verdict(token_006({2: 0, 3: 0}), **asked) is Reason.MISSING_PRIVILEGE
    assert verdict(token_006({1000: 0}), **asked) is Reason.MISSING_SERVICE
    assert verdict(token_006({1: 0, 1000: 0}), **asked) is Reason.VALID
    assert verdict(token_006({}, "alice", 0), user_id="alice") is Reason.MISSING_PRIVILEGE
    assert verdict(token_006({1: 0}, "alice", 0), user_id="alice") is Reason.MISSING_SERVICE
    assert read(token_006({})).usable_until is None


def test_one_006_token_for_a_channel_and_a_user_id() -> None:
    token = token_006({1: NOW + 3600, 1000: NOW + 3600})
    asked: dict[str, Any] = {"channel": "room", "uid": 42, "user_id": "42"}
    assert verdict(token, **asked) is Reason.UNVERIFIABLE
    diagnosis = explain(token, CERTIFICATE, at=NOW, **asked)
    assert diagnosis.causes[0] is Cause.TWO_IN_ONE
    assert "not for both" in diagnosis.findings[0].evidence
    assert "Issuer.rtc_rtm" in diagnosis.findings[0].remedy


def test_what_is_refused_names_the_privilege_since_when_and_how_to_give_it() -> None:
    nothing = token_007(RtcService("room", 42, {}))
    with pytest.raises(errors.MissingPrivilegeError) as raised:
        verify(nothing, CERTIFICATE, channel="room", uid=42, at=NOW)
    for text in ("rtc's privilege join channel (1)", "nobody gets in", "Issuer.rtc or RtcService"):
        assert text in str(raised.value)
    with pytest.raises(errors.ExpiredPrivilegeError) as over:
        verify(token_007(RtcService("room", 42, {1: 60})), CERTIFICATE, channel="room", at=NOW + 90)
    for text in ("join channel (1) ended 30 seconds ago", "2027-01-15 08:01:00 UTC"):
        assert text in str(over.value)


@VERSIONS
@pytest.mark.parametrize(
    ("channel", "account", "words"),
    [
        ("c" * 80, 42, "has 80 bytes; at most 64 are allowed"),
        ("\u0437\u0430\u043b-1", 42, "has the character"),
        ("room/1", 42, "has the character '/' at position 4"),
        ("", 42, "is empty"),
        ("room", "x" * 300, "has 300 bytes; at most 255 are allowed"),
        ("room", "Zo\u00eb", "has the character"),
    ],
)
def test_names_that_cannot_exist(
    version: str, channel: str, account: int | str, words: str
) -> None:
    if version == "006":
        token = token_006({1: 0}, channel, account)
    else:
        token = token_007(RtcService(channel, account))
        assert verdict(token) is Reason.INVALID_NAME  # the token carries it
    assert verdict(token, channel=channel, uid=account) is Reason.INVALID_NAME
    with pytest.raises(errors.InvalidNameError, match="cannot exist") as raised:
        verify(token, CERTIFICATE, channel=channel, uid=account, at=NOW)
    assert words in str(raised.value)
    findings = explain(token, CERTIFICATE, channel=channel, uid=account, at=NOW).findings
    assert findings[0].cause is Cause.INVALID_NAME
    assert words in findings[0].evidence


@VERSIONS
def test_a_token_for_anybody_is_one_for_this_user_unless_told_otherwise(version: str) -> None:
    token = ISSUER.rtc("room", 0, version=version, issued_at=NOW)
    assert verdict(token, channel="room", uid=42) is Reason.VALID
    assert verdict(token, channel="hall", uid=42) is Reason.WRONG_CHANNEL
    assert verdict(token, channel="room", uid=42, anybody=False) is Reason.WRONG_USER
    assert verdict(token, channel="room", uid=0, anybody=False) is Reason.VALID
    if version == "007":
        everywhere = ISSUER.rtc("*", 42, issued_at=NOW)
        assert verdict(everywhere, channel="room", uid=42) is Reason.VALID
        assert verdict(everywhere, channel="room", uid=42, anybody=False) is Reason.WRONG_CHANNEL
        open_to_all = token_007(RtcService("*", 0))
        assert verdict(open_to_all, channel="room", uid=42) is Reason.INVALID_NAME


def test_which_service_is_asked_follows_from_the_arguments() -> None:
    token = ISSUER.token(
        RtcService("room", 42, {1: 60, 2: 60}), RtmService("alice", {1: 600}), issued_at=NOW
    )
    at = NOW + 100
    assert verdict(token, at=at, channel="room") is Reason.EXPIRED_PRIVILEGE
    assert verdict(token, at=at, user_id="alice") is Reason.VALID
    assert verdict(token, at=at, service=RtmService) is Reason.VALID
    assert verdict(token, at=at, service=RtcService) is Reason.EXPIRED_PRIVILEGE
    assert verdict(token, at=at, channel="room", user_id="alice") is Reason.EXPIRED_PRIVILEGE
    assert verdict(token, at=at) is Reason.VALID  # something can be used
    assert verdict(token, at=at, privileges=[Privilege.RTM_LOGIN]) is Reason.VALID
    publish = [Privilege.PUBLISH_AUDIO_STREAM]
    assert verdict(token, at=at, user_id="alice", privileges=publish) is Reason.EXPIRED_PRIVILEGE
    assert verdict(token, channel="room", privileges=publish) is Reason.VALID
    video = [Privilege.PUBLISH_VIDEO_STREAM]
    assert verdict(token, channel="room", privileges=video) is Reason.MISSING_PRIVILEGE


def test_006_split() -> None:
    """Nobody can tell that this one was made without a key; explain says that it may have been."""
    token = ISSUER.rtc("room1", 234, version="006", issued_at=NOW)
    content = bytearray(base64.b64decode(token[35:]))
    content[34:42] = struct.pack("<II", zlib.crc32(b"room12"), zlib.crc32(b"34"))
    forged = token[:35] + base64.b64encode(content).decode()
    assert verdict(forged, channel="room12", uid=34) is Reason.VALID
    diagnosis = explain(forged, CERTIFICATE, channel="room12", uid=34, at=NOW)
    assert diagnosis.causes == (Cause.SPLIT,)
    assert "'room1' and uid 234" in diagnosis.findings[0].evidence
    login = ISSUER.rtm("lobby7", version="006", issued_at=NOW)
    assert verdict(login, channel="lobby7", uid=0) is Reason.MISSING_SERVICE


# One property over everything.


def some_service(rng: random.Random) -> Service:
    own: dict[int, Any] | None = {
        rng.randint(1, 4): rng.choice((0, 1, 60, 3600, 86_400, NOW))
        for _ in range(rng.randint(0, 3))
    }
    if rng.random() < 0.3:
        own = None
    channel = rng.choice(("room", "room", "hall", "*", "", "r/1", "c" * 65))
    user: Any = rng.choice((42, 42, 0, "alice", "", "0", "b/c", "x" * 256))
    name = str(user or "")
    return rng.choice(
        (
            lambda: RtcService(channel, user, own),
            lambda: RtcService(channel, user, own),
            lambda: RtmService(name, own),
            lambda: StreamingService(channel, user, own),
            lambda: FpaService(own),
            lambda: ChatService(name, own),
            lambda: FCdnService(channel, user, own),
            lambda: ApaasService(channel, name, 1, own),
            lambda: Rtm2Service(name, {0: {0: ["a"]}}, own),
            lambda: ConvoAIService({}),
            lambda: SttService({}),
        )
    )()


def some_token(rng: random.Random) -> str:
    certificate = rng.choice((CERTIFICATE, CERTIFICATE, CERTIFICATE, OTHER))
    app_id = rng.choice((APP_ID,) * 9 + ("a" * 32,))
    issued = NOW + rng.choice((0, 0, -60, -3600, -86_400, 60))
    if rng.random() < 0.4:
        privileges = rng.sample((1, 1, 2, 3, 1000, 5, 7), rng.randint(0, 4))
        ends = (0, NOW - 1, NOW, NOW + 1, issued + 3600, 3600)
        token = AccessToken(
            rng.choice((app_id, app_id, app_id, "", "your-app-id-of-thirty-two-letter")),
            certificate,
            rng.choice(("room", "room", "room1", "alice", "hall", "", "c" * 65)),
            rng.choice((42, 42, 0, "alice", "0")),
        )
        token.ts = issued + 86_400
        token.messages = {each: rng.choice(ends) for each in privileges}
        return token.build()
    made = AccessToken2(app_id, certificate, issued, rng.choice((3600, 3600, 60, 0, NOW)))
    for _ in range(rng.randint(1, 3)):
        made.add_service(some_service(rng))
    return made.build()


def damaged(rng: random.Random, token: str) -> str:
    position = rng.randrange(len(token) or 1)
    return rng.choice(
        (
            lambda: token[:position],
            lambda: token[:position] + rng.choice("Aa0+/=-") + token[position + 1 :],
            lambda: token + rng.choice("\n =A"),
            lambda: token.replace("+", " "),
            lambda: token.replace("/", "%2F"),
        )
    )()


def some_demands(rng: random.Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"at": NOW + rng.choice((0, 0, 0, 60, 3600))}
    if rng.random() < 0.7:
        asked["channel"] = rng.choice(("room", "room", "hall", "room1", "*"))
    if rng.random() < 0.7:
        asked["uid"] = rng.choice((42, 42, 0, "alice", "0", "42", 43))
    if rng.random() < 0.3:
        asked["user_id"] = rng.choice(("alice", "42", "bob"))
    if rng.random() < 0.3:
        asked["service"] = rng.randint(1, 10)
    if rng.random() < 0.3:
        asked["privileges"] = rng.sample((1, 2, 3, 1000, Privilege(2), Privilege(1)), 2)
    if rng.random() < 0.2:
        asked["leeway"] = 60
    if rng.random() < 0.3:
        asked["anybody"] = False
    return asked


def cases(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    rng = random.Random(10)
    for _ in range(count):
        token = some_token(rng)
        if rng.random() < 0.2:
            token = damaged(rng, token)
        yield token, some_demands(rng)


COUNT = 10_000  # for each backend, and each agrees with the other


def test_verify_and_explain_never_differ() -> None:
    reasons = {verdict(token, **asked) for token, asked in cases(COUNT)}
    assert reasons == set(Reason) - {Reason.WRONG_APP_ID}, "every reason comes up"


@VERSIONS
def test_usable_until_is_the_last_moment_but_one(version: str) -> None:
    """At it, the token is refused; a second before, it is not."""
    rng = random.Random(11)
    for _ in range(200):
        role, expires_in = rng.choice((1, 2)), rng.randint(1, 86_400)
        own: Any = {Privilege.JOIN_CHANNEL: rng.randint(1, 86_400)} if rng.random() < 0.5 else None
        token = ISSUER.rtc(
            "room",
            42,
            role=role,
            expires_in=expires_in,
            privileges=own,
            version=version,
            issued_at=NOW,
        )
        info: TokenInfo = read(token)
        assert info.usable_until is not None
        until = int(info.usable_until.timestamp())
        asked: dict[str, Any] = {"channel": "room", "uid": 42}
        assert verdict(token, at=until - 1, **asked) is Reason.VALID
        assert verdict(token, at=until, **asked) is not Reason.VALID
