"""Issuer: it issues what was asked for, and says why where it does not."""

from __future__ import annotations

import pickle
import time
from array import array
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest

from agora_token import (
    FCdnService,
    Issuer,
    Privilege,
    Role,
    RtcService,
    RtmService,
    StreamingService,
    builders,
    check_account,
    check_channel,
    read,
    verify,
)
from agora_token._columns import Constant, Objects
from agora_token._products import Grant
from agora_token.errors import (
    AgoraTokenError,
    ColumnError,
    ConfigurationError,
    InvalidAppIdError,
    InvalidCertificateError,
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    InvalidSaltError,
    InvalidTimeError,
    InvalidUserError,
)
from agora_token.reading import ServiceInfo
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE

NOW = 1_700_000_000

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(APP_ID, CERTIFICATE)


def services_of(token: str) -> dict[str, dict[int, int]]:
    """The services of a token, each with its privileges' numbers and raw expiries."""
    return {
        service.name: {each.number: each.expire for each in service.privileges}
        for service in read(token).services
    }


def test_the_documented_vector(issuer: Issuer) -> None:
    token = issuer.rtc(
        "7d72365eb983485397e3e3f9d460bdda",
        2882341273,
        role=Role.SUBSCRIBER,
        expires_in=600,
        issued_at=1111111,
        salt=1,
    )
    assert token == (
        "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwM"
        "k4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj"
    )


PRODUCTS: list[tuple[str, Callable[[Issuer], str]]] = [
    ("rtc", lambda issuer: issuer.rtc("room", 42)),
    ("rtm", lambda issuer: issuer.rtm("alice")),
    ("rtc+rtm", lambda issuer: issuer.rtc_rtm("room", "alice")),
    ("chat", lambda issuer: issuer.chat_user("alice")),
    ("chat", lambda issuer: issuer.chat_app()),
    ("rtm+chat+apaas", lambda issuer: issuer.apaas_room_user("room", "alice", role=1)),
    ("apaas", lambda issuer: issuer.apaas_user("alice")),
    ("apaas", lambda issuer: issuer.apaas_app()),
    ("rtm+chat+apaas", lambda issuer: issuer.education_room_user("room", "alice", role=-1)),
    ("apaas", lambda issuer: issuer.education_user("alice")),
    ("apaas", lambda issuer: issuer.education_app()),
    ("fpa", lambda issuer: issuer.fpa()),
    ("streaming", lambda issuer: issuer.streaming("room", 42)),
    ("fcdn", lambda issuer: issuer.fcdn("room", 42)),
    ("rtm2", lambda issuer: issuer.rtm2("alice", {0: {0: ["news"]}})),
    ("rtc+rtm+convoai", lambda issuer: issuer.convoai("room", 42, "alice")),
    ("rtc+rtm+stt", lambda issuer: issuer.stt("room", 42, "alice")),
]


@pytest.mark.parametrize(("services", "issue"), PRODUCTS)
def test_every_product_has_its_services_and_verifies(
    issuer: Issuer, services: str, issue: Callable[[Issuer], str]
) -> None:
    token = issue(issuer)
    assert sorted(services_of(token)) == sorted(services.split("+"))
    assert verify(token, CERTIFICATE, app_id=APP_ID).version == "007"


def same_as_the_builders(issuer: Issuer) -> list[tuple[str, str]]:
    """Tokens of the issuer, each beside that of the vendor's builder."""
    keys = (APP_ID, CERTIFICATE)
    rtc, rtm, chat = builders.RtcTokenBuilder, builders.RtmTokenBuilder, builders.ChatTokenBuilder
    apaas, agent = builders.ApaasTokenBuilder, ("room", "1", 1, 60, 60, 60, 60, 60, "alice", 60)
    build_agent: Any = builders.ConvoAITokenBuilder.build_token
    build_stt: Any = builders.SttTokenBuilder.build_token
    build_class = builders.EducationTokenBuilder.build_app_token
    in_room = apaas.build_room_user_token(*keys, "room", "alice", 2, 60)
    with_rtm = rtc.build_token_with_rtm(*keys, "room", "alice", 1, 60, 60)
    for_a_minute: Any = {"expires_in": 60}
    return [
        (
            issuer.rtc("room", 1, **for_a_minute),
            rtc.build_token_with_uid(*keys, "room", 1, 1, 60, 60),
        ),
        (issuer.rtc_rtm("room", "alice", **for_a_minute), with_rtm),
        (issuer.rtm("alice", **for_a_minute), rtm.build_token(*keys, "alice", 60)),
        (issuer.chat_user("alice", **for_a_minute), chat.build_user_token(*keys, "alice", 60)),
        (issuer.chat_app(**for_a_minute), chat.build_app_token(*keys, 60)),
        (issuer.apaas_room_user("room", "alice", role=2, **for_a_minute), in_room),
        (issuer.apaas_user("alice", **for_a_minute), apaas.build_user_token(*keys, "alice", 60)),
        (issuer.education_app(**for_a_minute), build_class(*keys, 60)),
        (issuer.convoai("room", "1", "alice", **for_a_minute), build_agent(*keys, *agent)),
        (issuer.stt("room", "1", "alice", **for_a_minute), build_stt(*keys, *agent)),
    ]


def test_products_are_laid_out_as_the_vendors_builders_do(issuer: Issuer) -> None:
    for ours, vendors in same_as_the_builders(issuer):
        mine, theirs = read(ours), read(vendors)
        moved = [
            [
                (each.type, each.channel, each.user, each.role, *granted(each))
                for each in info.services
            ]
            for info in (mine, theirs)
        ]
        assert moved[0] == moved[1]
        assert mine.expire == theirs.expire


def granted(service: ServiceInfo) -> list[tuple[int, int]]:
    return [(each.number, each.expire) for each in service.privileges]


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize(
    ("role", "granted"),
    [
        (Role.PUBLISHER, {1, 2, 3, 4}),
        (Role.ATTENDEE, {1, 2, 3, 4}),
        (Role.ADMIN, {1, 2, 3, 4}),
        (Role.SUBSCRIBER, {1}),
        (2, {1}),
    ],
)
def test_roles(issuer: Issuer, version: str, role: int, granted: set[int]) -> None:
    token = issuer.rtc("room", 42, role=role, version=version)
    ((_, privileges),) = services_of(token).items()
    assert set(privileges) == granted


def test_expiry_is_relative_in_007_and_absolute_in_006(issuer: Issuer) -> None:
    own: dict[int, int | timedelta] = {
        Privilege.PUBLISH_AUDIO_STREAM: timedelta(minutes=1),
        Privilege.PUBLISH_DATA_STREAM: 0,
    }
    lifetime = timedelta(hours=1)

    new = issuer.rtc("room", 42, expires_in=lifetime, privileges=own, issued_at=NOW)
    assert services_of(new)["rtc"] == {1: 3600, 2: 60, 3: 3600, 4: 0}
    old = issuer.rtc("room", 42, expires_in=lifetime, privileges=own, issued_at=NOW, version="006")
    ((_, privileges),) = services_of(old).items()
    assert privileges == {1: NOW + 3600, 2: NOW + 60, 3: NOW + 3600, 4: 0}


def test_a_subscriber_may_be_given_a_single_privilege(issuer: Issuer) -> None:
    token = issuer.rtc(
        "room", 42, role=Role.SUBSCRIBER, privileges={Privilege.PUBLISH_DATA_STREAM: 60}
    )
    assert services_of(token)["rtc"] == {1: 3600, 4: 60}


def test_nothing_is_taken_for_the_kind_of_token_before(issuer: Issuer) -> None:
    with pytest.raises(InvalidLifetimeError):
        issuer.rtc("room", 42, role=None, expires_in=None, version=None)  # type: ignore[arg-type]


def test_uid_0_is_anybody_and_the_text_0_is_an_account(issuer: Issuer) -> None:
    same: Any = {"issued_at": NOW, "salt": 1}
    assert issuer.rtc("room", 42, **same) == issuer.rtc("room", "42", **same)
    assert issuer.rtc("room", 0, **same) != issuer.rtc("room", "0", **same)


def test_integers_of_other_types_are_uids(issuer: Issuer) -> None:
    class Uid:
        def __index__(self) -> int:
            return 42

    token = issuer.rtc("room", Uid(), issued_at=NOW, salt=1)  # type: ignore[arg-type]
    assert token == issuer.rtc("room", 42, issued_at=NOW, salt=1)


def test_the_wildcard_channel_needs_a_user(issuer: Issuer) -> None:
    token = issuer.rtc("*", 42, role=Role.SUBSCRIBER)
    assert verify(token, CERTIFICATE, uid=42).services[0].channel == "*"
    with pytest.raises(InvalidUserError, match="every channel"):
        issuer.rtc("*", 0)
    with pytest.raises(InvalidChannelError, match="version 007 only"):
        issuer.rtc("*", 42, version="006")


@pytest.mark.parametrize("channels", ["*", ["*", "*"]])
@pytest.mark.parametrize("uids", [[42, 0], array("I", [42, 0])])
def test_no_row_of_a_column_opens_every_channel_to_anybody(
    issuer: Issuer, channels: str | list[str], uids: Any
) -> None:
    with pytest.raises(InvalidUserError, match=r"row 1: .*every channel"):
        issuer.rtc_many(channels, uids)
    with pytest.raises(InvalidUserError, match=r"row 0: .*every channel"):
        issuer.rtc_many("*", [0])
    assert len(issuer.rtc_many(channels, [42, 43])) == 2


def test_rejects_name_the_user_of_an_open_wildcard(issuer: Issuer) -> None:
    plan = issuer.plan("rtc", [Grant()])
    rejects = bytearray(2)
    plan.column((Constant("*"), Objects([0, 42])), 0, 2, NOW, rejects=rejects)
    assert rejects == b"\2\0"


def test_any_services_repeated_ones_included(issuer: Issuer) -> None:
    token = issuer.token(
        RtmService("alice", {1: 60}), RtcService("b", 1), RtcService("a", 2), expires_in=60
    )
    assert [(each.name, each.channel) for each in read(token).services] == [
        ("rtc", "b"),
        ("rtc", "a"),
        ("rtm", None),
    ]
    with pytest.raises(InvalidInputError, match="at least one service"):
        issuer.token()
    with pytest.raises(InvalidChannelError):
        issuer.token(RtcService("bad*channel", 1))
    with pytest.raises(InvalidInputError, match="'rtc' is not a service"):
        issuer.token("rtc")  # type: ignore[arg-type]


REFUSED: list[tuple[type[AgoraTokenError], str, dict[str, Any]]] = [
    (InvalidChannelError, "is empty", {"channel": ""}),
    (InvalidChannelError, "has 65 bytes", {"channel": "x" * 65}),
    (InvalidChannelError, "'/' at position 4", {"channel": "room/1"}),
    (InvalidChannelError, "'é' at position 1", {"channel": "hé"}),
    (InvalidChannelError, "'€' at position 1", {"channel": "h€"}),
    (InvalidChannelError, "lone surrogate at position 0", {"channel": "\ud800"}),
    (InvalidChannelError, "is missing", {"channel": None}),
    (InvalidChannelError, "is int 7", {"channel": 7}),
    (InvalidUserError, "out of range", {"uid": -1}),
    (InvalidUserError, "out of range", {"uid": 1 << 32}),
    (InvalidUserError, "an integer of 20001 bits", {"uid": 1 << 20_000}),
    (InvalidUserError, "is bool True", {"uid": True}),
    (InvalidUserError, "is float 1.5", {"uid": 1.5}),
    (InvalidUserError, "give the integer 0", {"uid": ""}),
    (InvalidUserError, "has 256 bytes", {"uid": "x" * 256}),
    (InvalidUserError, "'\\\\n' at position 5", {"uid": "alice\n"}),
    (InvalidRoleError, "PUBLISHER", {"role": 3}),
    (InvalidRoleError, "does not exist", {"role": "host"}),
    (InvalidRoleError, "does not exist", {"role": []}),
    (InvalidLifetimeError, "24 hours", {"expires_in": 86_401}),
    (InvalidLifetimeError, "not a timestamp", {"expires_in": NOW}),
    (InvalidLifetimeError, "must be 1 to 86400", {"expires_in": 0}),
    (InvalidLifetimeError, "must be 1 to 86400", {"expires_in": -5}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": "600"}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": float("nan")}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": []}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": True}),
    (InvalidPrivilegeError, "must map", {"privileges": [1]}),
    (InvalidPrivilegeError, "is not one of", {"privileges": {77: 60}}),
    (InvalidPrivilegeError, "is not a number", {"privileges": {"join": 60}}),
    (InvalidLifetimeError, "privilege 1", {"privileges": {1: 86_401}}),
    (InvalidInputError, "version '008'", {"version": "008"}),
    (InvalidTimeError, "no time zone", {"issued_at": datetime(2026, 1, 1)}),
    (InvalidTimeError, "Unix time", {"issued_at": -1}),
    (InvalidTimeError, "Unix time", {"issued_at": 1 << 32}),
    (InvalidSaltError, "integer of 0", {"salt": -1}),
    (InvalidTimeError, "Unix time", {"issued_at": True}),
    (InvalidSaltError, "integer of 0", {"salt": 1 << 32}),
    (InvalidSaltError, "integer of 0", {"salt": True}),
]


@pytest.mark.parametrize(("error", "words", "given"), REFUSED)
def test_refusals_say_what_was_wrong(
    issuer: Issuer, error: type[AgoraTokenError], words: str, given: dict[str, Any]
) -> None:
    arguments: Any = {"channel": "room", "uid": 42} | given
    with pytest.raises(error, match=words) as caught:
        issuer.rtc(**arguments)
    assert CERTIFICATE not in str(caught.value)


@pytest.mark.parametrize("app_id", ["", "x" * 32, APP_ID[:-1], APP_ID + "\n", None, "é" * 32])
def test_app_ids_that_are_refused(app_id: Any) -> None:
    with pytest.raises(InvalidAppIdError, match="32 hex digits"):
        Issuer(app_id, CERTIFICATE)


@pytest.mark.parametrize(
    "secret", ["", "not the secret but near it, 32by", CERTIFICATE + "0", b"x", None]
)
def test_a_refused_certificate_is_not_shown(secret: Any) -> None:
    with pytest.raises(InvalidCertificateError, match="32 hex digits") as caught:
        Issuer(APP_ID, secret)
    assert not secret or str(secret) not in str(caught.value)


def test_the_certificate_stays_inside(issuer: Issuer) -> None:
    assert repr(issuer) == f"Issuer(app_id='{APP_ID}')"
    with pytest.raises(TypeError, match="not pickled") as caught:
        pickle.dumps(issuer)
    assert CERTIFICATE not in str(caught.value)
    for plan in (issuer.plan("rtc", []), issuer.plan("apaas-room-user", [])):
        with pytest.raises(TypeError):
            pickle.dumps(plan)


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)
    assert Issuer.from_env().app_id == APP_ID
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    with pytest.raises(ConfigurationError, match="AGORA_APP_CERTIFICATE is not set"):
        Issuer.from_env()


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_column_is_its_single_tokens(issuer: Issuer, version: str, threads: int) -> None:
    channels = [f"room-{number % 3}" for number in range(500)]
    uids: list[int | str] = [number if number % 2 else f"user {number}" for number in range(500)]
    tokens = issuer.rtc_many(
        channels, uids, version=version, issued_at=NOW, salts=range(500), threads=threads
    )
    assert tokens == [
        issuer.rtc(channel, uid, version=version, issued_at=NOW, salt=salt)
        for salt, (channel, uid) in enumerate(zip(channels, uids, strict=True))
    ]


def test_the_other_columns(issuer: Issuer) -> None:
    users = ["alice", "bob", "zoë"]
    salts = array("I", [1, 2, 3])
    for many, one in (
        (issuer.rtm_many, issuer.rtm),
        (issuer.chat_user_many, issuer.chat_user),
    ):
        assert many(users, issued_at=NOW, salts=salts) == [
            one(user, issued_at=NOW, salt=salt) for user, salt in zip(users, salts, strict=True)
        ]


def test_uids_are_read_from_a_buffer(issuer: Issuer) -> None:
    uids = array("I", [0, 1, 4294967295])
    tokens = issuer.rtc_many("room", uids, issued_at=NOW, salts=[7, 7, 7])
    assert tokens == [issuer.rtc("room", uid, issued_at=NOW, salt=7) for uid in uids]
    assert issuer.rtc_many("room", memoryview(uids)[1:], issued_at=NOW, salts=[7, 7]) == tokens[1:]


def test_arrays_of_other_numbers_are_checked(issuer: Issuer) -> None:
    assert len(issuer.rtc_many("room", array("q", [1, 2]))) == 2
    with pytest.raises(InvalidUserError, match="row 1: uid -2 is out of range"):
        issuer.rtc_many("room", array("q", [1, -2]))


def test_an_error_in_a_column_names_the_row(issuer: Issuer, backend: ModuleType) -> None:
    uids: list[Any] = list(range(3000))
    uids[2500] = -7
    with pytest.raises(InvalidUserError, match="row 2500: uid -7 is out of range") as caught:
        issuer.rtc_many("room", uids)
    assert caught.value.row == 2500
    with pytest.raises(InvalidChannelError, match="row 0: channel"):
        issuer.rtc_many("no*", [1, 2])


def test_columns_that_do_not_fit(issuer: Issuer) -> None:
    with pytest.raises(ColumnError, match="2 and 3 rows"):
        issuer.rtc_many(["a", "b"], [1, 2, 3])
    with pytest.raises(ColumnError, match="at least one as a sequence"):
        issuer.rtc_many("room", 42)
    with pytest.raises(ColumnError, match="not bytes"):
        issuer.rtc_many("room", b"abc")
    with pytest.raises(InvalidSaltError, match="2 rows, but 1 salts"):
        issuer.rtc_many("room", [1, 2], salts=[1])
    with pytest.raises(InvalidSaltError, match="sequence of integers"):
        issuer.rtc_many("room", [1, 2], salts=[1, -1])
    with pytest.raises(InvalidSaltError, match="sequence of integers"):
        issuer.rtc_many("room", [1, 2], salts=b"12345")
    for threads in (0, -1):
        with pytest.raises(ColumnError, match="must be 1 or more"):
            issuer.rtc_many("room", [1, 2], threads=threads)
    assert issuer.rtc_many("room", []) == []


def test_times_of_issue(issuer: Issuer) -> None:
    moment = datetime.fromtimestamp(NOW, timezone.utc)
    assert issuer.rtc("r", 1, issued_at=moment, salt=1) == issuer.rtc("r", 1, issued_at=NOW, salt=1)
    before = int(datetime.now(timezone.utc).timestamp())
    issued = read(issuer.rtc("r", 1)).issued_at
    assert issued is not None
    assert before <= issued.timestamp() <= before + 60


def test_numpy_numbers_are_numbers(issuer: Issuer) -> None:
    np = need_module("numpy")
    token = issuer.rtc(
        "room",
        np.uint32(5),
        expires_in=np.int64(60),
        privileges={np.int64(1): np.int64(30)},
        issued_at=np.int64(NOW),
        salt=np.uint32(1),
    )
    same = issuer.rtc("room", 5, expires_in=60, privileges={1: 30}, issued_at=NOW, salt=1)
    assert token == same


def test_the_wildcard_is_for_rtc_alone(issuer: Issuer) -> None:
    for service in (StreamingService("*", 5), FCdnService("*", 5)):
        with pytest.raises(InvalidChannelError):
            issuer.token(service)
    for method in (issuer.streaming, issuer.fcdn):
        with pytest.raises(InvalidChannelError):
            method("*", 5)


def test_a_certificate_that_is_no_text_is_not_in_the_error(backend: ModuleType) -> None:
    secret = CERTIFICATE[:-1] + "\ud800"
    assert backend.build006(APP_ID, secret, "room", 1, (1,), 0)
    assert backend.build007(APP_ID, secret, (), 60) == ""


def test_arrow_arrays_are_columns(issuer: Issuer) -> None:
    pa = need_module("pyarrow")
    expected = issuer.rtc_many("room", [5, 6], issued_at=NOW, salts=[7, 7])
    uids = pa.array([4, 5, 6], pa.uint32())[1:]
    assert issuer.rtc_many("room", uids, issued_at=NOW, salts=[7, 7]) == expected
    wide = pa.array([5, 6], pa.int64())
    assert issuer.rtc_many("room", wide, issued_at=NOW, salts=[7, 7]) == expected
    with pytest.raises(InvalidUserError, match="row 1: uid is missing"):
        issuer.rtc_many("room", pa.array([4, None], pa.uint32()))


def test_what_is_no_column(issuer: Issuer) -> None:
    for uids in (b"abc", {1, 2}, {1: 2}, iter([1]), None):
        values: Any = uids
        with pytest.raises(ColumnError, match=f"not {type(uids).__name__}"):
            issuer.rtc_many("room", values)


def test_the_clock_is_pythons_at_the_turn_of_a_second(issuer: Issuer) -> None:
    """C's coarse clock is some milliseconds behind, and so would be a second behind here."""
    time.sleep(1 - time.time() % 1)
    for _ in range(100):
        before = int(time.time())
        token = issuer.rtc("room", 42)
        after = int(time.time())
        assert before <= (read(token).issue_ts or 0) <= after


NAMES = ["room-1", "", "*", "a*", "x" * 64, "x" * 65, "x" * 256, "зал", "room/1", None, 5, b"a"]


def refusal(check: Callable[[], object]) -> str:
    try:
        check()
    except AgoraTokenError as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_names_are_checked_beforehand_by_the_same_rules(issuer: Issuer, name: Any) -> None:
    assert refusal(lambda: check_channel(name)) == refusal(
        lambda: issuer.rtc(name, 42, version="006")
    )
    assert refusal(lambda: check_channel(name, wildcard=True)) == refusal(
        lambda: issuer.rtc(name, 42)
    )
    assert refusal(lambda: check_account(name, rtm=True)) == refusal(
        lambda: issuer.rtc_rtm("room-1", name)
    )
    if isinstance(name, str) and name:
        by_issuer = refusal(lambda: issuer.rtc("room-1", name))
        assert refusal(lambda: check_account(name)) == by_issuer.replace("uid", "account")
    else:
        assert refusal(lambda: check_account(name)).startswith("InvalidUserError: account ")
