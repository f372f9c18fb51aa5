"""Verification: every reason, its order, and columns that say the same as single calls."""

from __future__ import annotations

import copy
import pickle
import random
from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from operator import attrgetter
from typing import Any

import pytest

from agora_token import _backend, _judging, errors
from agora_token._columns import column_of
from agora_token._demands import Demands
from agora_token._wire.services import pack_service
from agora_token.issuer import Issuer
from agora_token.privileges import Privilege, Role
from agora_token.reading import read
from agora_token.services import ChatService, FCdnService, RtcService, RtmService
from agora_token.verifying import Reason, verify, verify_many, verify_signature
from helpers.project import APP_ID, CERTIFICATE
from helpers.vectors import load

OTHER = "0" * 32
NOW = 1_800_000_000
ISSUER = Issuer(APP_ID, CERTIFICATE)

pytestmark = pytest.mark.usefixtures("backend")
VERSIONS = pytest.mark.parametrize("version", ["006", "007"])


def rtc(channel: str = "room", uid: int | str = 42, version: str = "007", **options: Any) -> str:
    return ISSUER.rtc(channel, uid, version=version, issued_at=NOW, **options)


def reason_of(token: str, certificates: Any = CERTIFICATE, **asked: Any) -> Reason:
    """The reason, by a single call and by a column, which must agree."""
    asked.setdefault("at", NOW)
    columns = {f"{name}s": asked[name] for name in ("channel", "uid", "user_id") if name in asked}
    rest = {name: value for name, value in asked.items() if f"{name}s" not in columns}
    (code,) = verify_many([token], certificates, **columns, **rest)
    reason = Reason(code)
    if reason is Reason.VALID:
        verify(token, certificates, **asked)
        return reason
    with pytest.raises(reason.error) as raised:
        verify(token, certificates, **asked)
    assert raised.type is reason.error
    assert raised.value.info is not None
    assert CERTIFICATE not in str(raised.value)
    return reason


@VERSIONS
def test_valid(version: str) -> None:
    info = verify(rtc(version=version), CERTIFICATE, channel="room", uid=42, at=NOW, app_id=APP_ID)
    assert info.version == version
    assert info.certificate_index == 0


JUDGED = {
    Reason.VALID,
    Reason.MISSING_PRIVILEGE,
    Reason.EXPIRED_PRIVILEGE,
    Reason.INVALID_NAME,
}
"""The reasons that a token whose signature, place and time are right may yet have."""


def test_every_vector() -> None:
    for vector in load("006"):
        asked = {"channel": vector["channel"], "uid": vector["uid"]}
        at = max(vector["ts"] - 1, 0)
        reason = reason_of(vector["token"], vector["app_certificate"], at=at, **asked)
        # A token for RTM alone opens no channel, whatever channel and uid it is signed for.
        assert reason in (
            {*JUDGED, Reason.MISSING_SERVICE}
            if vector["ts"]
            else {Reason.EXPIRED, Reason.MISSING_SERVICE}
        )
        if vector["ts"]:
            verify_signature(vector["token"], vector["app_certificate"], at=at, **asked)
    for vector in load("007"):
        at = vector["issue_ts"]
        if vector["expire"]:
            assert verify_signature(vector["token"], vector["app_certificate"], at=at)
        for service in vector["services"]:
            asked = {
                theirs: service[name]
                for name, theirs in (
                    ("channel", "channel"),
                    ("uid", "uid"),
                    ("account", "uid"),
                    ("user_id", "user_id"),
                    ("room_uuid", "channel"),
                    ("user_uuid", "uid"),
                )
                if name in service
            }
            reason = reason_of(
                vector["token"], vector["app_certificate"], at=at, service=service["type"], **asked
            )
            assert reason in (JUDGED if vector["expire"] else {Reason.EXPIRED}), vector


@VERSIONS
def test_rotation_says_which_certificate_matched(version: str) -> None:
    token = rtc(version=version)
    info = verify(token, [OTHER, CERTIFICATE], channel="room", uid=42, at=NOW)
    assert info.certificate_index == 1
    assert reason_of(token, [OTHER, "1" * 32], channel="room", uid=42) is Reason.BAD_SIGNATURE


@VERSIONS
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"app_id": "a" * 32}, Reason.WRONG_APP_ID),
        ({"channel": "hall"}, Reason.WRONG_CHANNEL),
        ({"channel": "Room"}, Reason.WRONG_CHANNEL),
        ({"channel": ""}, Reason.WRONG_CHANNEL),
        ({"uid": 43}, Reason.WRONG_USER),
        ({"uid": 0}, Reason.WRONG_USER),
        ({"uid": "042"}, Reason.WRONG_USER),
        ({"at": NOW - 1}, Reason.NOT_YET_ISSUED),
        ({"at": NOW + 86400}, Reason.EXPIRED),
        ({"service": RtmService}, Reason.MISSING_SERVICE),
        ({"service": ChatService.type}, Reason.MISSING_SERVICE),
        ({"privileges": [9]}, Reason.MISSING_PRIVILEGE),
        ({"privileges": [Privilege.RTM_LOGIN]}, Reason.MISSING_PRIVILEGE),
        ({"privileges": [3], "at": NOW + 60}, Reason.EXPIRED_PRIVILEGE),
        ({"privileges": [3, 9], "at": NOW + 60}, Reason.MISSING_PRIVILEGE),
        ({"privileges": [1, 2, 3, 4], "at": NOW + 59}, Reason.VALID),
        ({"privileges": [3], "at": NOW + 60, "leeway": 1}, Reason.VALID),
        ({"uid": "42"}, Reason.VALID),
        ({"at": NOW - 30, "leeway": timedelta(seconds=30)}, Reason.VALID),
        ({"service": RtcService}, Reason.VALID),
    ],
)
def test_each_reason(version: str, asked: dict[str, Any], reason: Reason) -> None:
    token = rtc(version=version, expires_in=86400, privileges={Privilege.PUBLISH_VIDEO_STREAM: 60})
    assert reason_of(token, **{"channel": "room", "uid": 42, **asked}) is reason


@VERSIONS
def test_wrong_certificate(version: str) -> None:
    assert reason_of(rtc(version=version), OTHER, channel="room", uid=42) is Reason.BAD_SIGNATURE


def test_the_order_of_the_reasons() -> None:
    """What is asked is corrected step by step; each step shows the next reason."""
    token = rtc(privileges={Privilege.PUBLISH_AUDIO_STREAM: 60})
    asked: dict[str, Any] = {
        "certificates": OTHER,
        "app_id": "a" * 32,
        "service": RtmService,
        "channel": "hall",
        "uid": 7,
        "at": NOW + 3600,
        "privileges": [2, 9],
    }
    steps: list[tuple[Reason, dict[str, Any]]] = [
        (Reason.WRONG_APP_ID, {"app_id": APP_ID}),
        (Reason.BAD_SIGNATURE, {"certificates": CERTIFICATE}),
        (Reason.MISSING_SERVICE, {"service": RtcService}),
        (Reason.WRONG_CHANNEL, {"channel": "room"}),
        (Reason.WRONG_USER, {"uid": 42}),
        (Reason.EXPIRED, {"at": NOW + 60}),
        (Reason.MISSING_PRIVILEGE, {"privileges": [2]}),
        (Reason.EXPIRED_PRIVILEGE, {"privileges": [1]}),
        (Reason.VALID, {}),
    ]
    for reason, correction in steps:
        assert reason_of(token, **asked) is reason
        asked |= correction


def test_the_order_of_the_reasons_in_006() -> None:
    token = rtc(version="006")
    asked: dict[str, Any] = {
        "certificates": OTHER,
        "channel": "hall",
        "uid": 7,
        "at": NOW - 1,
        "service": RtmService,
    }
    steps: list[tuple[Reason, dict[str, Any]]] = [
        (Reason.WRONG_CHANNEL, {"channel": "room"}),
        (Reason.WRONG_USER, {"uid": 42}),
        (Reason.BAD_SIGNATURE, {"certificates": CERTIFICATE}),
        (Reason.MISSING_SERVICE, {"service": None}),
        (Reason.NOT_YET_ISSUED, {"at": NOW}),
        (Reason.VALID, {}),
    ]
    for reason, correction in steps:
        assert reason_of(token, **asked) is reason
        asked |= correction


@pytest.mark.parametrize("asked", [{}, {"channel": "room"}, {"uid": 42}])
def test_006_says_what_it_needs(asked: dict[str, Any]) -> None:
    assert reason_of(rtc(version="006"), **asked) is Reason.UNVERIFIABLE
    with pytest.raises(errors.UnverifiableTokenError, match="give channel and uid"):
        verify(rtc(version="006"), CERTIFICATE, **asked)


def test_006_for_a_user_id_and_a_channel_at_once() -> None:
    asked = {"channel": "room", "uid": 42, "user_id": "alice"}
    assert reason_of(rtc(version="006"), **asked) is Reason.UNVERIFIABLE


def test_006_with_altered_checksums_is_malformed() -> None:
    token = rtc(version="006")
    content = token[35:]
    for position in (47, 54):  # within the checksum of the channel, and of the uid
        other = "A" if content[position] != "A" else "B"
        altered = token[:35] + content[:position] + other + content[position + 1 :]
        assert reason_of(altered, channel="room", uid=42) is Reason.MALFORMED


@VERSIONS
def test_rtm(version: str) -> None:
    token = ISSUER.rtm("alice", version=version, issued_at=NOW)
    for asked in ({}, {"service": RtmService}, {"privileges": [Privilege.RTM_LOGIN]}):
        assert reason_of(token, user_id="alice", **asked) is Reason.VALID
    assert reason_of(token, user_id="alice", service=RtmService, privileges=[1]) is Reason.VALID
    assert reason_of(token, user_id="alice", service=RtcService) is Reason.MISSING_SERVICE
    wrong = reason_of(token, user_id="bob")
    assert wrong is (Reason.WRONG_CHANNEL if version == "006" else Reason.WRONG_USER)


@VERSIONS
def test_an_rtc_token_is_no_login(version: str) -> None:
    """Its channel and uid are those of an RTM token, which is all that 006 signs of them."""
    token = rtc("alice", 0, version=version)
    assert reason_of(token, user_id="alice") is Reason.MISSING_SERVICE


def test_an_rtm_token_opens_no_channel() -> None:
    token = ISSUER.rtm("alice", issued_at=NOW)
    assert reason_of(token, channel="alice", uid=0) is Reason.MISSING_SERVICE


def test_uid_0_and_the_text_0_differ() -> None:
    for version in ("006", "007"):
        anybody, zero = rtc(uid=0, version=version), rtc(uid="0", version=version)
        assert reason_of(anybody, channel="room", uid=0) is Reason.VALID
        assert reason_of(anybody, channel="room", uid="0", anybody=False) is Reason.WRONG_USER
        assert reason_of(zero, channel="room", uid="0") is Reason.VALID
        assert reason_of(zero, channel="room", uid=0) is Reason.WRONG_USER


def test_repeated_services() -> None:
    services = (
        RtcService("room", 42, {1: 60}),
        RtcService("hall", 43, {1: 60, 2: 60}),
        FCdnService("room", 44, {1: 60}),
        RtmService("alice", {1: 60}),
    )
    token = ISSUER.token(*services, issued_at=NOW)
    valid = [
        {"channel": "room", "uid": 42},
        {"channel": "hall", "uid": 43, "privileges": [1, 2]},
        {"channel": "room", "uid": 44, "user_id": "alice"},
        {"uid": 44, "service": FCdnService, "privileges": [1]},
        {"service": RtmService, "privileges": [1], "channel": "hall"},
    ]
    for asked in valid:
        assert reason_of(token, **asked) is Reason.VALID, asked
    assert reason_of(token, channel="room", uid=43) is Reason.WRONG_USER
    assert reason_of(token, channel="room", uid=44, service=RtcService) is Reason.WRONG_USER
    publishes_in_hall_alone = {"channel": "room", "uid": 42, "privileges": [2]}
    assert reason_of(token, **publishes_in_hall_alone) is Reason.MISSING_PRIVILEGE


def test_a_long_lifetime_ends_after_24_hours() -> None:
    service = pack_service(RtcService("room", 42), {1: 0})
    token = _backend.build007(APP_ID, CERTIFICATE, (service,), NOW, NOW, 1)
    assert reason_of(token, at=NOW + 86399) is Reason.VALID
    assert reason_of(token, at=NOW + 86400) is Reason.EXPIRED


def test_legacy_tokens_are_not_verified() -> None:
    for vector in (*load("dynamic_key"), *load("signaling")):
        key, certificate = vector["key"], vector["app_certificate"]
        with pytest.raises(errors.UnsupportedVersionError) as raised:
            verify(key, certificate)
        assert raised.value.info is not None
        assert verify_many([key], certificate) == bytes([Reason.UNSUPPORTED_VERSION])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"certificates": []}, errors.InvalidCertificateError),
        ({"certificates": "short"}, errors.InvalidCertificateError),
        ({"certificates": [CERTIFICATE, "g" * 32]}, errors.InvalidCertificateError),
        ({"app_id": "short"}, errors.InvalidAppIdError),
        ({"at": datetime(2027, 1, 1)}, errors.InvalidTimeError),
        ({"at": "now"}, errors.InvalidTimeError),
        ({"at": -1}, errors.InvalidTimeError),
        ({"leeway": -1}, errors.InvalidLifetimeError),
        ({"leeway": "1"}, errors.InvalidLifetimeError),
        ({"service": 4711}, errors.InvalidInputError),
        ({"service": "rtc"}, errors.InvalidInputError),
        ({"privileges": ["join"]}, errors.InvalidPrivilegeError),
    ],
)
def test_what_may_not_be_asked(arguments: dict[str, Any], error: type[Exception]) -> None:
    arguments = {"certificates": CERTIFICATE, **arguments}
    with pytest.raises(error):
        verify(rtc(), **arguments)
    with pytest.raises(error):
        verify_many([rtc()], **arguments)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("uid", -1, errors.InvalidUserError),
        ("uid", 2**32, errors.InvalidUserError),
        ("uid", True, errors.InvalidUserError),
        ("uid", 1.5, errors.InvalidUserError),
        ("channel", 7, errors.InvalidChannelError),
        ("user_id", 7, errors.InvalidUserError),
    ],
)
def test_values_of_the_wrong_type(name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        verify(rtc(), CERTIFICATE, **{name: value})
    columns: dict[str, Any] = {f"{name}s": [None, value, None]}
    with pytest.raises(error, match="row 1: ") as raised:
        verify_many([rtc()] * 3, CERTIFICATE, at=NOW, **columns)
    assert raised.value.row == 1  # type: ignore[attr-defined]


def test_an_aware_datetime() -> None:
    at = datetime.fromtimestamp(NOW, timezone.utc)
    assert verify(rtc(), CERTIFICATE, at=at).certificate_index == 0


def test_now_is_the_default() -> None:
    assert verify(ISSUER.rtc("room", 42), CERTIFICATE).certificate_index == 0
    with pytest.raises(errors.NotYetIssuedError):
        verify(rtc(), CERTIFICATE)


def test_columns_of_every_shape() -> None:
    uids = array("I", range(5000))
    tokens = ISSUER.rtc_many("room", uids, issued_at=NOW)
    valid = bytes(len(tokens))
    for given in (uids, list(uids), [str(uid) if uid else 0 for uid in uids]):
        assert verify_many(tokens, CERTIFICATE, channels="room", uids=given, at=NOW) == valid
    for threads in (1, 2, 3):
        codes = verify_many(
            tuple(tokens), CERTIFICATE, channels="room", uids=uids, at=NOW, threads=threads
        )
        assert codes == valid
    shifted = verify_many(tokens, CERTIFICATE, uids=[*uids[1:], 0], at=NOW, anybody=False)
    assert set(shifted) == {Reason.WRONG_USER}


def test_none_in_a_column_is_not_looked_at() -> None:
    tokens = [rtc(), rtc(), rtc()]
    codes = verify_many(tokens, CERTIFICATE, channels=["room", None, "hall"], at=NOW)
    assert list(codes) == [Reason.VALID, Reason.VALID, Reason.WRONG_CHANNEL]


def test_empty_columns() -> None:
    assert verify_many([], CERTIFICATE) == b""
    assert verify_many([], CERTIFICATE, channels=[], uids=[], threads=4) == b""


def test_columns_of_other_lengths() -> None:
    with pytest.raises(errors.ColumnError):
        verify_many([rtc()], CERTIFICATE, channels=["room", "room"])
    with pytest.raises(errors.ColumnError):
        verify_many([rtc()], CERTIFICATE, threads=0)


def test_a_token_never_raises_in_a_column() -> None:
    junk: list[Any] = [None, 7, b"007", "", "007", "x" * 300_000, "é", "\ud800", rtc()]
    codes = verify_many(junk, CERTIFICATE, at=NOW)
    assert codes[-1] == Reason.VALID
    assert Reason.VALID not in codes[:-1]


def mixed_rows() -> list[tuple[str, Any, Any, Any]]:
    """Tokens of all kinds with what they are held against, right and wrong."""
    rng = random.Random(4)
    rows: list[tuple[str, Any, Any, Any]] = []
    channels = ["room", "hall", "häuser", None, ""]
    uids = [0, 42, "42", "alice", None, "0"]
    users = ["alice", "bob", None, "zoë"]
    tokens = [
        *(
            rtc("room", uid, version=version)
            for uid in (0, 42, "alice")
            for version in ("006", "007")
        ),
        *(ISSUER.rtm("alice", version=version, issued_at=NOW) for version in ("006", "007")),
        ISSUER.rtc_rtm("room", "alice", issued_at=NOW),
        ISSUER.apaas_room_user("room", "alice", role=1, issued_at=NOW),
        ISSUER.convoai("room", 42, "alice", issued_at=NOW),
        ISSUER.chat_app(issued_at=NOW),
        ISSUER.rtm2("zoë", {0: {0: ["x"]}}, issued_at=NOW),
        ISSUER.fpa(issued_at=NOW),
        Issuer(APP_ID, OTHER).rtc("room", 42, issued_at=NOW),
        Issuer("a" * 32, CERTIFICATE).rtc("room", 42, issued_at=NOW, role=Role.SUBSCRIBER),
        ISSUER.token(*[RtmService(f"user{n}", {1: 60}) for n in range(12)], issued_at=NOW),
        *(vector["key"] for vector in load("dynamic_key")[:20]),
        *(vector["token"] for name in ("006", "007") for vector in load(name)[:40]),
        "junk",
    ]
    for _ in range(3000):
        rows.append((rng.choice(tokens), rng.choice(channels), rng.choice(uids), rng.choice(users)))
    return rows


@pytest.mark.parametrize("columns", ["", "c", "cu", "cul", "l", "ul"])
@pytest.mark.parametrize(
    "demands",
    [
        {},
        {"app_id": APP_ID},
        {"service": 1},
        {"service": 2, "privileges": ((0, 1),)},
        {"service": 7, "privileges": ((0, 1),)},
        {"privileges": ((0, 1), (1, 2))},
        {"privileges": ((2, 1),)},
        {"anybody": False},
        {"service": 5},
    ],
)
def test_columns_say_what_single_judgements_say(columns: str, demands: dict[str, Any]) -> None:
    rows = mixed_rows()
    made = Demands(
        at=NOW + 70,
        app_id=demands.get("app_id", "").encode() or None,
        service=demands.get("service"),
        privileges=demands.get("privileges", ()),
        anybody=demands.get("anybody", True),
    )
    given = [
        [row[index + 1] for row in rows] if letter in columns else None
        for index, letter in enumerate("cul")
    ]
    keys = (CERTIFICATE.encode(), OTHER.encode())
    codes = bytearray(len(rows))
    channels, uids, user_ids = (None if each is None else column_of(each) for each in given)
    tokens = column_of([row[0] for row in rows])
    _backend.verify(tokens, 0, len(rows), keys, made, channels, uids, user_ids, codes)
    for index, row in enumerate(rows):
        channel, uid, user_id = (None if each is None else each[index] for each in given)
        alone = _judging.verify_row(
            index, row[0], keys, made, channel, uid, user_id, _backend.hmac_sha256
        )
        assert codes[index] == alone, row


def test_what_is_proved_is_described_when_it_is_looked_at() -> None:
    token = rtc()
    asked: dict[str, Any] = {"channel": "room", "uid": 42, "at": NOW}
    described = replace(read(token), certificate_index=0)
    assert verify(token, CERTIFICATE, **asked) == described
    assert repr(verify(token, CERTIFICATE, **asked)) == repr(described)
    assert str(verify(token, CERTIFICATE, **asked)) == str(described)
    assert verify(token, CERTIFICATE, **asked).to_dict() == described.to_dict()
    for again in (copy.copy, copy.deepcopy):
        assert again(verify(token, CERTIFICATE, **asked)) == described
    assert pickle.loads(pickle.dumps(verify(token, CERTIFICATE, **asked))) == described
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = verify(token, CERTIFICATE, **asked).nothing  # type: ignore[attr-defined]


def test_threads_share_what_is_described() -> None:
    for _ in range(50):
        info = verify(rtc(), CERTIFICATE, at=NOW)
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(attrgetter("app_id"), [info] * 8)) == {APP_ID}
