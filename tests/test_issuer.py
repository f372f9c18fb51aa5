"""Issuer: it issues what was asked for, and says why where it does not."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from datetime import timedelta
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
from agora_token.errors import (
    AgoraTokenError,
    ConfigurationError,
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidUserError,
)
from agora_token.reading import ServiceInfo
from helpers.project import APP_ID, CERTIFICATE, CHANNEL, NOW, TOKEN_007, UID

pytestmark = pytest.mark.usefixtures("backend")


def services_of(token: str) -> dict[str, dict[int, int]]:
    """The services of a token, each with its privileges' numbers and raw expiries."""
    return {
        service.name: {each.number: each.expire for each in service.privileges}
        for service in read(token).services
    }


def test_the_documented_vector(issuer: Issuer) -> None:
    token = issuer.rtc(
        CHANNEL, UID, role=Role.SUBSCRIBER, expires_in=600, issued_at=1111111, salt=1
    )
    assert token == TOKEN_007


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


def test_the_wildcard_is_for_rtc_alone(issuer: Issuer) -> None:
    for service in (StreamingService("*", 5), FCdnService("*", 5)):
        with pytest.raises(InvalidChannelError):
            issuer.token(service)
    for method in (issuer.streaming, issuer.fcdn):
        with pytest.raises(InvalidChannelError):
            method("*", 5)


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
    if isinstance(name, str):
        by_issuer = refusal(lambda: issuer.rtc_rtm("room-1", name))
        assert refusal(lambda: check_account(name, rtm=True)) == by_issuer
    if isinstance(name, str) and name:
        by_issuer = refusal(lambda: issuer.rtc("room-1", name))
        assert refusal(lambda: check_account(name)) == by_issuer.replace("uid", "account")
    else:
        assert refusal(lambda: check_account(name)).startswith("InvalidUserError: account ")
