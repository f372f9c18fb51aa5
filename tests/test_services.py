"""The ten services: their numbers, what may be issued, how they are written and read."""

from __future__ import annotations

import dataclasses
import struct
from datetime import timedelta

import pytest

from agora_token._wire.cursor import Cursor
from agora_token._wire.services import pack_service, unpack_services
from agora_token.errors import (
    AgoraTokenError,
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    InvalidUserError,
    MalformedTokenError,
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


def test_spec_sorts_privileges() -> None:
    assert pack_service(RtcService("room", 42), {4: 40, 1: 10, 3: 30}) == (
        1,
        (1, 3, 4),
        (10, 30, 40),
        ("room", 42),
        b"",
    )
    assert pack_service(ApaasService("r", "u", -2), {}) == (7, (), (), ("r", "u"), b"\xfe\xff")


def test_permissions_are_sorted() -> None:
    service = Rtm2Service("a", {4: {1: ["x"], 0: []}, 0: {0: ["yz", "é"]}})
    assert pack_service(service, {})[4] == (
        b"\2\0"
        b"\0\0\1\0"
        b"\0\0\2\0" + b"\2\0yz" + "\2\0é".encode() + b"\4\0\2\0" + b"\0\0\0\0" + b"\1\0\1\0"
        b"\1\0x"
    )


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


def test_unpacking_ends_at_a_service_of_unknown_type() -> None:
    known = struct.pack("<HH", 9, 0)
    assert unpack_services(Cursor(b"\0\0")) == ([], None)
    assert unpack_services(Cursor(b"\1\0" + known)) == ([ConvoAIService()], None)
    assert unpack_services(Cursor(b"\3\0" + known + b"\0\0junk")) == ([ConvoAIService()], 0)
    assert unpack_services(Cursor(b"\1\0\xff\xff")) == ([], 0xFFFF)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the count of services takes 2 bytes"),
        (b"\1\0", "the type of a service takes 2 bytes"),
        (b"\1\0\2\0\0\0\1\0\xff", "user_id of RtmService is not UTF-8 at byte 8"),
        (b"\1\0\2\0\1\0", "privileges of RtmService takes 6 bytes"),
        (b"\1\0\1\0\0\0\1\0a\2\0b", "uid of RtcService takes 2 bytes, 1 are left"),
        (b"\1\0\7\0\0\0\0\0\0\0\1", "role of ApaasService takes 2 bytes, 1 are left"),
        (b"\1\0\x08\0\0\0\0\0\2\0" + b"\0\0\0\0" * 2, "name 0 twice"),
        (b"\1\0\x08\0\0\0\0\0\1\0\0\0\2\0" + b"\1\0\0\0" * 2, "name 1 twice"),
        (b"\1\0\x08\0\0\0\0\0\xff\xff", "a resource takes 2 bytes, 0 are left"),
        (b"\0\0\0", "1 bytes at byte 2"),
    ],
)
def test_unpacking_refuses(data: bytes, message: str) -> None:
    with pytest.raises(MalformedTokenError) as caught:
        unpack_services(Cursor(data))
    assert message in str(caught.value)
