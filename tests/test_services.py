"""The ten services: their numbers, and what may be issued."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from agora_token.errors import (
    AgoraTokenError,
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    InvalidUserError,
)
from agora_token.services import (
    SERVICES,
    ApaasPrivilege,
    ApaasService,
    ChatPrivilege,
    ChatService,
    ConvoAIService,
    FCdnService,
    FpaService,
    RtcPrivilege,
    RtcService,
    Rtm2Permission,
    Rtm2Resource,
    Rtm2Service,
    RtmPrivilege,
    RtmService,
    Service,
    StreamingService,
    SttService,
)

NUMBERS: dict[int, tuple[type[Service], dict[str, int]]] = {
    1: (
        RtcService,
        {
            "JOIN_CHANNEL": 1,
            "PUBLISH_AUDIO_STREAM": 2,
            "PUBLISH_VIDEO_STREAM": 3,
            "PUBLISH_DATA_STREAM": 4,
        },
    ),
    2: (RtmService, {"LOGIN": 1}),
    3: (StreamingService, {"PUBLISH_MIX_STREAM": 1, "PUBLISH_RAW_STREAM": 2}),
    4: (FpaService, {"LOGIN": 1}),
    5: (ChatService, {"USER": 1, "APP": 2}),
    6: (FCdnService, {"PUBLISH": 1, "PLAY": 2}),
    7: (ApaasService, {"ROOM_USER": 1, "USER": 2, "APP": 3}),
    8: (Rtm2Service, {"LOGIN": 1}),
    9: (ConvoAIService, {}),
    10: (SttService, {}),
}


def test_numbers() -> None:
    assert {number: service for number, (service, _) in NUMBERS.items()} == SERVICES
    for number, (service, privileges) in NUMBERS.items():
        assert service.type == number
        assert {each.name: each.value for each in service.Privilege or ()} == privileges
    assert {each.name: each.value for each in Rtm2Resource} == {
        "MESSAGE_CHANNELS": 0,
        "STREAM_CHANNELS": 1,
        "GROUP_CHANNELS": 2,
        "SERVER_GROUPS": 3,
        "USERS": 4,
    }
    assert {each.name: each.value for each in Rtm2Permission} == {"READ": 0, "WRITE": 1}


def test_positional_arguments() -> None:
    granted = {1: 600}
    assert RtcService("room", 42, granted) == RtcService(channel="room", uid=42, privileges=granted)
    assert RtcService("room") == RtcService("room", 0, None)
    assert RtmService("alice", granted) == RtmService(user_id="alice", privileges=granted)
    assert StreamingService("room", "bob") == StreamingService(channel="room", account="bob")
    assert FCdnService("room", 7) == FCdnService(channel="room", account=7)
    assert FpaService(granted) == FpaService(privileges=granted)
    assert ChatService() == ChatService("", None)
    assert ApaasService("r", "u", 3, granted) == ApaasService(
        room_uuid="r", user_uuid="u", role=3, privileges=granted
    )
    assert ApaasService() == ApaasService("", "", -1, None)
    assert Rtm2Service("alice", {0: {0: ["a"]}}) == Rtm2Service(
        user_id="alice", permissions={0: {0: ["a"]}}
    )
    assert (ConvoAIService(), SttService()) == (ConvoAIService({}), SttService({}))


def test_services_are_values() -> None:
    service: Service = RtcService("room", 42)
    with pytest.raises(dataclasses.FrozenInstanceError):
        service.channel = "other"  # type: ignore[attr-defined]
    assert service != StreamingService("room", 42)


@pytest.mark.parametrize(
    "service",
    [
        RtcService("room", 42, {1: 0, 2: 1, 3: 600, 4: timedelta(hours=24)}),
        RtcService("room", 0, {RtcPrivilege.JOIN_CHANNEL: 600}),
        RtcService("x" * 64, "y" * 255),
        RtcService("*", "alice"),
        RtmService("x" * 64, {RtmPrivilege.LOGIN: 600}),
        RtmService("é" * 32),
        StreamingService("room", 0),
        FpaService({1: 0}),
        ChatService("alice", {ChatPrivilege.USER: 600}),
        ChatService("", {ChatPrivilege.APP: 600}),
        FCdnService("room", "0"),
        ApaasService("room", "user", 32_767, {ApaasPrivilege.ROOM_USER: 600}),
        ApaasService("", "user", privileges={ApaasPrivilege.USER: 600}),
        ApaasService("", "", privileges={ApaasPrivilege.APP: 600}),
        Rtm2Service("alice", {Rtm2Resource.USERS: {Rtm2Permission.WRITE: ("bob", "room*")}}),
        Rtm2Service("alice", {0: {1: []}, 4: {}}, {1: 1}),
        ConvoAIService(),
        SttService(),
    ],
    ids=lambda service: repr(service)[:60],
)
def test_what_may_be_issued(service: Service) -> None:
    service.check(3600)


@pytest.mark.parametrize(
    ("service", "error", "message"),
    [
        (RtcService(""), InvalidChannelError, "channel is empty"),
        (RtcService("x" * 65), InvalidChannelError, "65 bytes"),
        (RtcService("ro*m"), InvalidChannelError, "'*' at position 2"),
        (RtcService(7), InvalidChannelError, "int 7"),  # type: ignore[arg-type]
        (RtcService("room", -1), InvalidUserError, "out of range"),
        (RtcService("room", 1 << 32), InvalidUserError, "out of range"),
        (RtcService("room", ""), InvalidUserError, "give the integer 0"),
        (RtcService("room", True), InvalidUserError, "bool True"),
        (RtcService("room", b"42"), InvalidUserError, "bytes"),  # type: ignore[arg-type]
        (RtcService("*", 0), InvalidUserError, "whole project"),
        (StreamingService("*", 0), InvalidChannelError, "wildcard"),
        (FCdnService("*", 0), InvalidChannelError, "wildcard"),
        (RtmService(""), InvalidUserError, "user_id is empty"),
        (RtmService("x" * 65), InvalidUserError, "65 bytes"),
        (RtmService("a\nb"), InvalidUserError, "position 1"),
        (ChatService(privileges={1: 600}), InvalidUserError, "user_id is empty"),
        (ChatService(None), InvalidUserError, "user_id is missing"),  # type: ignore[arg-type]
        (ApaasService("", "u", privileges={1: 1}), InvalidChannelError, "room_uuid is empty"),
        (ApaasService("r", "", privileges={1: 1}), InvalidUserError, "user_uuid is empty"),
        (ApaasService("", "", privileges={2: 1}), InvalidUserError, "user_uuid is empty"),
        (ApaasService(role=32_768), InvalidRoleError, "-32768 to 32767"),
        (ApaasService(role="1"), InvalidRoleError, "'1'"),  # type: ignore[arg-type]
        (ApaasService(role=True), InvalidRoleError, "True"),
        (RtcService("room", 1, {5: 600}), InvalidPrivilegeError, "no privilege 5"),
        (RtcService("room", 1, {"1": 600}), InvalidPrivilegeError, "'1'"),  # type: ignore[dict-item]
        (ConvoAIService({1: 600}), InvalidPrivilegeError, "it has no privileges"),
        (RtmService("alice", {1: -1}), InvalidLifetimeError, "privilege 1 is -1"),
        (RtmService("alice", {1: 1 << 32}), InvalidLifetimeError, "4294967296"),
        (RtmService("alice", {1: "600"}), InvalidLifetimeError, "'600'"),  # type: ignore[dict-item]
        (RtmService("alice", {1: 1.5}), InvalidLifetimeError, "1.5"),  # type: ignore[dict-item]
        (Rtm2Service("alice", {5: {}}), InvalidPrivilegeError, "no resource 5"),
        (Rtm2Service("alice", {0: {2: []}}), InvalidPrivilegeError, "no permission 2"),
        (Rtm2Service("alice", {0: {0: "abc"}}), InvalidInputError, "sequence of strings"),
        (Rtm2Service("alice", {0: {0: 7}}), InvalidInputError, "7; they must"),  # type: ignore[dict-item]
        (Rtm2Service("alice", {0: ["a"]}), InvalidInputError, "resource 0: ['a'] is not"),  # type: ignore[dict-item]
        (Rtm2Service("alice", ["a"]), InvalidInputError, "permissions: ['a'] is not"),  # type: ignore[arg-type]
        (RtcService("room", 1, [1]), InvalidInputError, "privileges: [1] is not"),  # type: ignore[arg-type]
        (Rtm2Service("alice", {0: {0: [""]}}), InvalidChannelError, "resource name is empty"),
        (Rtm2Service("alice", {0: {0: [7]}}), InvalidChannelError, "int 7"),  # type: ignore[list-item]
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, Service) else "",
)
def test_what_may_not_be_issued(
    service: Service, error: type[AgoraTokenError], message: str
) -> None:
    with pytest.raises(error) as caught:
        service.check(3600)
    assert type(caught.value) is error
    assert message in str(caught.value)
