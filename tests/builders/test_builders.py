"""The vendor's builders: their signatures, what they build, and what they return for odd input."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from hashlib import md5
from types import ModuleType
from typing import Any

import pytest

from agora_token import builders
from agora_token.builders import (
    ApaasTokenBuilder,
    ChatTokenBuilder,
    ConvoAITokenBuilder,
    EducationTokenBuilder,
    FpaTokenBuilder,
    RtcTokenBuilder,
    RtmTokenBuilder,
    SttTokenBuilder,
)
from agora_token.builders.access_token import AccessToken
from agora_token.builders.access_token2 import AccessToken2
from agora_token.errors import PackingError
from agora_token.services import (
    ApaasService,
    ChatService,
    ConvoAIService,
    FpaService,
    RtcService,
    Rtm2Service,
    RtmService,
    Service,
    SttService,
)
from helpers.project import APP_ID, CERTIFICATE
from helpers.vectors import as_read

UNTIL = 1_800_000_000

PROJECT_006 = "appId appCertificate"
PROJECT = "app_id app_certificate"
RTC_PRIVILEGES = (
    "join_channel_privilege_expire pub_audio_privilege_expire pub_video_privilege_expire "
    "pub_data_stream_privilege_expire"
)
RTC_RTM = (
    f"{PROJECT} channel_name rtc_account rtc_role rtc_token_expire {RTC_PRIVILEGES} "
    "rtm_user_id rtm_token_expire"
)
SIGNATURES = {
    RtcTokenBuilder: {
        "buildTokenWithUid": f"{PROJECT_006} channelName uid role privilegeExpiredTs",
        "buildTokenWithAccount": f"{PROJECT_006} channelName account role privilegeExpiredTs",
        "buildTokenWithUserAccount": f"{PROJECT_006} channelName account role privilegeExpiredTs",
        "build_token_with_uid": f"{PROJECT} channel_name uid role token_expire privilege_expire=0",
        "build_token_with_user_account": (
            f"{PROJECT} channel_name account role token_expire privilege_expire=0"
        ),
        "build_token_with_uid_and_privilege": (
            f"{PROJECT} channel_name uid token_expire {RTC_PRIVILEGES}"
        ),
        "build_token_with_user_account_and_privilege": (
            f"{PROJECT} channel_name account token_expire {RTC_PRIVILEGES}"
        ),
        "build_token_with_rtm": (
            f"{PROJECT} channel_name account role token_expire privilege_expire=0"
        ),
        "build_token_with_rtm2": RTC_RTM,
    },
    RtmTokenBuilder: {
        "buildToken": f"{PROJECT_006} userAccount role privilegeExpiredTs",
        "build_token": f"{PROJECT} user_id expire",
        "build_token_with_permissions": f"{PROJECT} user_id permissions expire=0",
    },
    ChatTokenBuilder: {
        "build_user_token": f"{PROJECT} user_id expire",
        "build_app_token": f"{PROJECT} expire",
    },
    ApaasTokenBuilder: {
        "build_room_user_token": f"{PROJECT} room_uuid user_uuid role expire",
        "build_user_token": f"{PROJECT} user_uuid expire",
        "build_app_token": f"{PROJECT} expire",
    },
    EducationTokenBuilder: {
        "build_room_user_token": f"{PROJECT} room_uuid user_uuid role expire",
        "build_user_token": f"{PROJECT} user_uuid expire",
        "build_app_token": f"{PROJECT} expire",
    },
    FpaTokenBuilder: {"build_token": PROJECT},
    ConvoAITokenBuilder: {"build_token": RTC_RTM},
    SttTokenBuilder: {"build_token": RTC_RTM},
}
METHODS = [
    pytest.param(builder, name, signature, id=f"{builder.__name__}.{name}")
    for builder, methods in SIGNATURES.items()
    for name, signature in methods.items()
]


@pytest.mark.parametrize(("builder", "name", "signature"), METHODS)
def test_signature(builder: type, name: str, signature: str) -> None:
    method = inspect.getattr_static(builder, name)
    assert isinstance(method, staticmethod)
    parameters = inspect.signature(getattr(builder, name)).parameters.values()
    assert all(each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for each in parameters)
    described = (
        each.name if each.default is inspect.Parameter.empty else f"{each.name}={each.default}"
        for each in parameters
    )
    assert " ".join(described) == signature


def test_nothing_is_missing_and_nothing_more_is_public() -> None:
    for builder, methods in SIGNATURES.items():
        assert {name for name in dir(builder) if not name.startswith("_")} == set(methods)
    roles = {name: getattr(builders, name) for name in dir(builders) if name.startswith("Role_")}
    assert roles == {
        "Role_Attendee": 0,
        "Role_Publisher": 1,
        "Role_Subscriber": 2,
        "Role_Admin": 101,
        "Role_Rtm_User": 1,
    }
    assert all(type(role) is int for role in roles.values())


def assert_006(text: str, channel: str, uid: Any, messages: dict[int, int]) -> None:
    """``text`` is what AccessToken builds with the same salt and ts."""
    token = AccessToken(APP_ID, CERTIFICATE, channel, uid)
    assert token.fromString(text)
    assert 1 <= token.salt <= 99_999_999
    assert token.messages == messages
    assert token.build() == text


JOIN = (1,)
PUBLISH = (1, 2, 3, 4)
ROLES_006 = [
    (0, PUBLISH),
    (1, PUBLISH),
    (101, PUBLISH),
    (2, JOIN),
    (3, JOIN),
    ("1", JOIN),
    (None, JOIN),
    (True, PUBLISH),
    (1.0, PUBLISH),
]


@pytest.mark.parametrize("uid", [1, 0, "0", "", "alice", -5, True, None, 1 << 32])
@pytest.mark.parametrize("name", [each for each in SIGNATURES[RtcTokenBuilder] if "Token" in each])
def test_rtc_006_users(backend: ModuleType, name: str, uid: Any) -> None:
    text = getattr(RtcTokenBuilder, name)(APP_ID, CERTIFICATE, "room", uid, 1, UNTIL)
    assert_006(text, "room", uid, dict.fromkeys(PUBLISH, UNTIL))


@pytest.mark.parametrize(("role", "privileges"), ROLES_006)
@pytest.mark.parametrize("name", ["buildTokenWithUid", "buildTokenWithAccount"])
def test_rtc_006_roles(
    backend: ModuleType, name: str, role: Any, privileges: tuple[int, ...]
) -> None:
    text = getattr(RtcTokenBuilder, name)(APP_ID, CERTIFICATE, "room", "7", role, UNTIL)
    assert_006(text, "room", "7", dict.fromkeys(privileges, UNTIL))


def test_rtm_006(backend: ModuleType) -> None:
    for role in (1, 0, None):
        text = RtmTokenBuilder.buildToken(APP_ID, CERTIFICATE, "alice", role, UNTIL)  # type: ignore[arg-type]
        assert_006(text, "alice", "", {1000: UNTIL})


def test_006_builds_whatever_the_app_id_is(backend: ModuleType) -> None:
    for app_id in ("", "not hex", "é" * 32):
        text = RtcTokenBuilder.buildTokenWithUid(app_id, "", "room", 1, 1, UNTIL)
        assert text.startswith(f"006{app_id}")


def test_times(backend: ModuleType) -> None:
    before = int(time.time()) - 1  # C's clock of whole seconds may lag behind Python's
    old, new = AccessToken(), RtmTokenBuilder.build_token(APP_ID, CERTIFICATE, "alice", 600)
    assert old.fromString(RtmTokenBuilder.buildToken(APP_ID, CERTIFICATE, "alice", 1, 0))
    after = int(time.time())
    assert before <= old.ts - 86_400 <= after
    assert before <= AccessToken2.parse(new).issue_ts <= after


def assert_007(text: str, expire: int, *services: Service) -> None:
    """``text`` is what AccessToken2 builds from the services with the same salt and issue_ts."""
    parsed = AccessToken2.parse(text)
    assert 1 <= parsed.salt <= 99_999_999
    assert parsed.expire == expire
    assert parsed.services == [as_read(service) for service in services]
    token = AccessToken2(APP_ID, CERTIFICATE, parsed.issue_ts, expire)
    token.salt = parsed.salt
    token.services = list(services)
    assert token.build() == text


ROLES_007 = [(1, PUBLISH), (2, JOIN), (0, JOIN), (101, JOIN), ("1", JOIN), (None, JOIN)]


@pytest.mark.parametrize("uid", [1, 0, "0", "", "alice", -5, True, None, 1 << 32, b"bytes"])
@pytest.mark.parametrize("name", ["build_token_with_uid", "build_token_with_user_account"])
def test_rtc_007_users(backend: ModuleType, name: str, uid: Any) -> None:
    text = getattr(RtcTokenBuilder, name)(APP_ID, CERTIFICATE, "room", uid, 1, 600)
    assert_007(text, 600, RtcService("room", uid, dict.fromkeys(PUBLISH, 0)))


@pytest.mark.parametrize(("role", "privileges"), ROLES_007)
@pytest.mark.parametrize("name", ["build_token_with_uid", "build_token_with_user_account"])
def test_rtc_007_roles(
    backend: ModuleType, name: str, role: Any, privileges: tuple[int, ...]
) -> None:
    text = getattr(RtcTokenBuilder, name)(APP_ID, CERTIFICATE, "room", 7, role, 600, 300)
    assert_007(text, 600, RtcService("room", 7, dict.fromkeys(privileges, 300)))


@pytest.mark.parametrize(
    "name", ["build_token_with_uid_and_privilege", "build_token_with_user_account_and_privilege"]
)
def test_rtc_007_privileges(backend: ModuleType, name: str) -> None:
    text = getattr(RtcTokenBuilder, name)(APP_ID, CERTIFICATE, "room", 7, 600, 1, 2, 3, 4)
    assert_007(text, 600, RtcService("room", 7, {1: 1, 2: 2, 3: 3, 4: 4}))


@pytest.mark.parametrize(("role", "privileges"), ROLES_007)
def test_rtc_with_rtm(backend: ModuleType, role: Any, privileges: tuple[int, ...]) -> None:
    text = RtcTokenBuilder.build_token_with_rtm(
        APP_ID, CERTIFICATE, "room", "alice", role, 600, 300
    )
    assert_007(
        text,
        600,
        RtcService("room", "alice", dict.fromkeys(privileges, 300)),
        RtmService("alice", {1: 600}),
    )


@pytest.mark.parametrize(
    ("build", "more"),
    [
        (RtcTokenBuilder.build_token_with_rtm2, []),
        (ConvoAITokenBuilder.build_token, [ConvoAIService()]),
        (SttTokenBuilder.build_token, [SttService()]),
    ],
    ids=["rtm2", "convoai", "stt"],
)
@pytest.mark.parametrize(("role", "privileges"), ROLES_007)
def test_rtc_and_rtm_apart(
    backend: ModuleType,
    build: Callable[..., str],
    more: list[Service],
    role: Any,
    privileges: tuple[int, ...],
) -> None:
    text = build(APP_ID, CERTIFICATE, "room", 7, role, 600, 1, 2, 3, 4, "bob", 5)
    rtc = RtcService("room", 7, {privilege: privilege for privilege in privileges})
    assert_007(text, 600, rtc, RtmService("bob", {1: 5}), *more)


def test_rtm_007(backend: ModuleType) -> None:
    text = RtmTokenBuilder.build_token(APP_ID, CERTIFICATE, "alice", 600)
    assert_007(text, 600, RtmService("alice", {1: 600}))


class Permissions:
    """As the vendor's ``ServiceRtm2.Permissions``."""

    def __init__(self, details: dict[int, dict[int, list[str]]]) -> None:
        self.details = details


@pytest.mark.parametrize("details", [{}, {4: {1: ["x", "yz"], 0: []}, 0: {0: ["é"]}}])
@pytest.mark.parametrize("wrap", [dict, Permissions])
def test_rtm_permissions(backend: ModuleType, details: Any, wrap: Callable[..., Any]) -> None:
    text = RtmTokenBuilder.build_token_with_permissions(
        APP_ID, CERTIFICATE, "alice", wrap(details), 600
    )
    assert_007(text, 600, Rtm2Service("alice", details, {1: 600}))


def test_rtm_without_permissions(backend: ModuleType) -> None:
    text = RtmTokenBuilder.build_token_with_permissions(APP_ID, CERTIFICATE, "alice", None)
    assert_007(text, 0, Rtm2Service("alice", {}, {1: 0}))


def test_chat(backend: ModuleType) -> None:
    text = ChatTokenBuilder.build_user_token(APP_ID, CERTIFICATE, "alice", 600)
    assert_007(text, 600, ChatService("alice", {1: 600}))
    text = ChatTokenBuilder.build_app_token(APP_ID, CERTIFICATE, 600)
    assert_007(text, 600, ChatService("", {2: 600}))


@pytest.mark.parametrize("builder", [ApaasTokenBuilder, EducationTokenBuilder])
def test_apaas(backend: ModuleType, builder: type[ApaasTokenBuilder]) -> None:
    text = builder.build_room_user_token(APP_ID, CERTIFICATE, "room", "álice", -2, 600)
    assert_007(
        text,
        600,
        RtmService("álice", {1: 600}),
        ChatService(md5("álice".encode()).hexdigest(), {1: 600}),
        ApaasService("room", "álice", -2, {1: 600}),
    )
    text = builder.build_user_token(APP_ID, CERTIFICATE, "alice", 600)
    assert_007(text, 600, ApaasService("", "alice", privileges={2: 600}))
    text = builder.build_app_token(APP_ID, CERTIFICATE, 600)
    assert_007(text, 600, ApaasService(privileges={3: 600}))


def test_fpa(backend: ModuleType) -> None:
    text = FpaTokenBuilder.build_token(APP_ID, CERTIFICATE)
    assert_007(text, 86_400, FpaService({1: 0}))


VALUES = {
    "app_id": APP_ID,
    "app_certificate": CERTIFICATE,
    "channel_name": "room",
    "permissions": {},
    **dict.fromkeys(["uid", "account", "rtc_account", "rtm_user_id", "user_id"], "alice"),
    **dict.fromkeys(["room_uuid", "user_uuid"], "uuid"),
}
METHODS_007 = [
    each for each in METHODS if isinstance(each.values[2], str) and "app_id" in each.values[2]
]


@pytest.mark.parametrize(("builder", "name", "signature"), METHODS_007)
def test_keywords_and_bad_projects(
    backend: ModuleType, builder: type, name: str, signature: str
) -> None:
    """By keyword; and ``''``, as the vendor returns, where a hex digit is not one."""
    arguments = {
        parameter: VALUES.get(parameter, 600)
        for parameter in (each.partition("=")[0] for each in signature.split())
    }
    build = getattr(builder, name)
    assert AccessToken2.parse(build(**arguments)).verify(CERTIFICATE)
    for parameter in ("app_id", "app_certificate"):
        for bad in ("", "a" * 31, "a" * 33, "g" * 32, "é" * 32, " " + "a" * 31, b"a" * 32):
            assert build(**{**arguments, parameter: bad}) == ""
        # The vendor's check lets spaces between two digits through.
        assert build(**{**arguments, parameter: "a" * 30 + "  "}).startswith("007")


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (RtcTokenBuilder.buildTokenWithUid, ("room", 1, 1, -1)),
        (RtcTokenBuilder.buildTokenWithUid, ("room", 1, 1, 1 << 32)),
        (RtcTokenBuilder.buildTokenWithUid, ("x" * 65_536, 1, 1, 0)),
        (RtcTokenBuilder.build_token_with_uid, ("room", "x" * 65_536, 1, 600)),
        (RtcTokenBuilder.build_token_with_uid, ("room", 1, 1, 1 << 32)),
        (RtcTokenBuilder.build_token_with_uid, ("room", 1, 1, 600, -1)),
        (ApaasTokenBuilder.build_room_user_token, ("room", "alice", 32_768, 600)),
        (RtmTokenBuilder.build_token_with_permissions, ("alice", {0: {0: ["x" * 65_536]}}, 600)),
    ],
)
def test_what_does_not_fit_is_refused(
    backend: ModuleType, build: Callable[..., str], arguments: tuple[object, ...]
) -> None:
    with pytest.raises(PackingError) as caught:
        build(APP_ID, CERTIFICATE, *arguments)
    assert CERTIFICATE not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [7, None, ["room"]])
def test_text_must_be_text(backend: ModuleType, value: Any) -> None:
    for build, arguments in (
        (RtcTokenBuilder.buildTokenWithUid, (value, 1, 1, 0)),
        (RtcTokenBuilder.build_token_with_uid, (value, 1, 1, 600)),
        (RtcTokenBuilder.build_token_with_rtm, ("room", value, 1, 600)),
        (RtmTokenBuilder.buildToken, (value, 1, 0)),
        (RtmTokenBuilder.build_token, (value, 600)),
        (ChatTokenBuilder.build_user_token, (value, 600)),
        (ApaasTokenBuilder.build_room_user_token, ("room", value, 1, 600)),
        (ApaasTokenBuilder.build_user_token, (value, 600)),
    ):
        with pytest.raises((AttributeError, TypeError)):
            build(APP_ID, CERTIFICATE, *arguments)
