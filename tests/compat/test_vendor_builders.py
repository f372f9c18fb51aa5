"""The vendor's builder modules: what they grant, and that nothing stands before the builders."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from agora_token import builders
from agora_token.compat.AccessToken2 import AccessToken, ServiceRtm2
from agora_token.compat.apaas_token_builder import ApaasTokenBuilder, get_md5
from agora_token.compat.ChatTokenBuilder2 import ChatTokenBuilder
from agora_token.compat.convoai_token_builder import ConvoAITokenBuilder
from agora_token.compat.education_token_builder import EducationTokenBuilder
from agora_token.compat.fpa_token_builder import FpaTokenBuilder
from agora_token.compat.RtcTokenBuilder import Role_Admin, Role_Attendee
from agora_token.compat.RtcTokenBuilder import RtcTokenBuilder as RtcTokenBuilder006
from agora_token.compat.RtcTokenBuilder2 import Role_Publisher, Role_Subscriber, RtcTokenBuilder
from agora_token.compat.RtmTokenBuilder import AccessToken as AccessToken006
from agora_token.compat.RtmTokenBuilder import Role_Rtm_User
from agora_token.compat.RtmTokenBuilder2 import RtmTokenBuilder
from agora_token.compat.stt_token_builder import SttTokenBuilder
from helpers.project import APP_ID, CERTIFICATE, UID

PROJECT = (APP_ID, CERTIFICATE)

pytestmark = pytest.mark.usefixtures("backend")


def expect(text: str, expire: int, *services: dict[str, Any]) -> None:
    """Checks a token: its lifetime, its signature, and each service's mangled attributes."""
    token: Any = AccessToken()
    assert token.from_string(text)
    assert token.verify_signature(CERTIFICATE)
    assert token._AccessToken__app_id == APP_ID.encode()
    assert token._AccessToken__expire == expire
    assert len(token.services) == len(services)
    for service, fields in zip(token.services, services, strict=True):
        found = {name: getattr(service, name) for name in fields}
        assert found == fields


def rtc(user: str, *expiries: int) -> dict[str, Any]:
    return {
        "_Service__type": 1,
        "_ServiceRtc__channel_name": b"room",
        "_ServiceRtc__uid": user.encode(),
        "_Service__privileges": dict(enumerate(expiries, 1)),
    }


def rtm(user: str, expire: int) -> dict[str, Any]:
    return {
        "_Service__type": 2,
        "_ServiceRtm__user_id": user.encode(),
        "_Service__privileges": {1: expire},
    }


def chat(user: str, privileges: dict[int, int]) -> dict[str, Any]:
    return {
        "_Service__type": 5,
        "_ServiceChat__user_id": user.encode(),
        "_Service__privileges": privileges,
    }


def apaas(room: str, user: str, role: int, privileges: dict[int, int]) -> dict[str, Any]:
    return {
        "_Service__type": 7,
        "_ServiceApaas__room_uuid": room.encode(),
        "_ServiceApaas__user_uuid": user.encode(),
        "_ServiceApaas__role": role,
        "_Service__privileges": privileges,
    }


def test_rtc() -> None:
    build_uid = RtcTokenBuilder.build_token_with_uid
    build_account = RtcTokenBuilder.build_token_with_user_account
    expect(
        build_uid(*PROJECT, "room", UID, Role_Publisher, 600, 300),
        600,
        rtc(str(UID), 300, 300, 300, 300),
    )
    expect(build_uid(*PROJECT, "room", 0, Role_Subscriber, 600), 600, rtc("", 0))
    expect(build_account(*PROJECT, "room", "0", Role_Subscriber, 600, 1), 600, rtc("0", 1))
    for build in (
        RtcTokenBuilder.build_token_with_uid_and_privilege,
        RtcTokenBuilder.build_token_with_user_account_and_privilege,
    ):
        expect(build(*PROJECT, "room", UID, 600, 1, 2, 3, 4), 600, rtc(str(UID), 1, 2, 3, 4))


@pytest.mark.parametrize("role", [0, 2, 3, 101, "1", None])
def test_any_other_role_means_to_join_only(role: Any) -> None:
    token = RtcTokenBuilder.build_token_with_uid(*PROJECT, "room", UID, role, 600, 300)
    expect(token, 600, rtc(str(UID), 300))


@pytest.mark.parametrize(
    ("uid", "text"), [(-5, "-5"), (True, "True"), (None, "None"), (1 << 32, "4294967296")]
)
def test_any_uid_is_written_as_its_text(uid: Any, text: str) -> None:
    expect(RtcTokenBuilder.build_token_with_uid(*PROJECT, "room", uid, 2, 600), 600, rtc(text, 0))
    token = RtcTokenBuilder006.buildTokenWithUid(*PROJECT, "room", uid, 2, 600)
    assert token == rebuilt_006(token, "room", text)


def test_rtc_with_rtm() -> None:
    expect(
        RtcTokenBuilder.build_token_with_rtm(*PROJECT, "room", "ann", Role_Publisher, 600, 300),
        600,
        rtc("ann", 300, 300, 300, 300),
        rtm("ann", 600),
    )
    values = (*PROJECT, "room", "ann", Role_Publisher, 600, 1, 2, 3, 4, "bob", 5)
    both = rtc("ann", 1, 2, 3, 4), rtm("bob", 5)
    expect(RtcTokenBuilder.build_token_with_rtm2(*values), 600, *both)
    expect(ConvoAITokenBuilder.build_token(*values), 600, *both, {"_Service__type": 9})
    expect(SttTokenBuilder.build_token(*values), 600, *both, {"_Service__type": 10})
    values = (*PROJECT, "room", "ann", Role_Subscriber, 600, 1, 2, 3, 4, "bob", 5)
    both = rtc("ann", 1), rtm("bob", 5)
    expect(RtcTokenBuilder.build_token_with_rtm2(*values), 600, *both)
    expect(ConvoAITokenBuilder.build_token(*values), 600, *both, {"_Service__privileges": {}})
    expect(SttTokenBuilder.build_token(*values), 600, *both, {"_Service__privileges": {}})


def test_rtm() -> None:
    expect(RtmTokenBuilder.build_token(*PROJECT, "ann", 600), 600, rtm("ann", 600))
    permissions = ServiceRtm2.Permissions()
    permissions.add(permissions.kUsers, permissions.kRead, ("ann", "bob"))
    permissions.add(permissions.kMessageChannels, permissions.kWrite, ["news"])
    for given in (permissions, permissions.details):
        text = RtmTokenBuilder.build_token_with_permissions(*PROJECT, "ann", given, 600)
        expect(text, 600, {"_Service__type": 8, "_ServiceRtm2__user_id": b"ann"})
        token = AccessToken()
        token.from_string(text)
        (service,) = token.get_services(8)
        assert isinstance(service, ServiceRtm2)
        assert service.get_permissions().details == {0: {1: ["news"]}, 4: {0: ["ann", "bob"]}}


def test_chat() -> None:
    expect(ChatTokenBuilder.build_user_token(*PROJECT, "ann", 600), 600, chat("ann", {1: 600}))
    expect(ChatTokenBuilder.build_app_token(*PROJECT, 600), 600, chat("", {2: 600}))


@pytest.mark.parametrize("builder", [ApaasTokenBuilder, EducationTokenBuilder])
def test_apaas(builder: type[ApaasTokenBuilder]) -> None:
    expect(
        builder.build_room_user_token(*PROJECT, "r", "ann", 2, 600),
        600,
        rtm("ann", 600),
        chat(get_md5("ann"), {1: 600}),
        apaas("r", "ann", 2, {1: 600}),
    )
    expect(builder.build_user_token(*PROJECT, "ann", 600), 600, apaas("", "ann", -1, {2: 600}))
    expect(builder.build_app_token(*PROJECT, 600), 600, apaas("", "", -1, {3: 600}))


def test_fpa() -> None:
    expect(
        FpaTokenBuilder.build_token(*PROJECT),
        86400,
        {"_Service__type": 4, "_Service__privileges": {1: 0}},
    )


def rebuilt_006(text: str, channel: str, uid: object) -> str:
    """What the class builds from the salt, ts and privileges of a token that a builder built."""
    token = AccessToken006(*PROJECT, channel, uid)  # type: ignore[arg-type]
    assert token.fromString(text)
    return token.build()


def privileges_006(text: str) -> dict[int, int]:
    token = AccessToken006()
    assert token.fromString(text)
    return token.messages


def test_rtc_006() -> None:
    builder: Any = RtcTokenBuilder006
    for build in (builder.buildTokenWithUid, builder.buildTokenWithAccount):
        for role in (Role_Attendee, Role_Publisher, Role_Admin):
            text = build(*PROJECT, "room", UID, role, 1446455471)
            assert text == rebuilt_006(text, "room", UID)
            assert privileges_006(text) == dict.fromkeys((1, 2, 3, 4), 1446455471)
        for other in (Role_Subscriber, 3, "1", None):
            text = build(*PROJECT, "room", UID, other, 7)
            assert privileges_006(text) == {1: 7}
    for build in (
        builder.buildTokenWithUidAndPrivilege,
        builder.buildTokenWithUserAccountAndPrivilege,
    ):
        text = build(*PROJECT, "room", 0, 5, 6, 7, 8)
        assert text == rebuilt_006(text, "room", 0)
        assert privileges_006(text) == {1: 5, 2: 6, 3: 7, 4: 8}
    bad = builder.buildTokenWithUid("short", CERTIFICATE, "room", UID, 1, 7)
    assert bad.startswith("006short")


def test_rtm_006() -> None:
    text = builders.RtmTokenBuilder.buildToken(*PROJECT, "ann", Role_Rtm_User, 7)
    assert text == rebuilt_006(text, "ann", "")
    assert privileges_006(text) == {1000: 7}


def test_bad_project_and_what_does_not_pack() -> None:
    build = RtcTokenBuilder.build_token_with_uid
    assert build("short", CERTIFICATE, "room", UID, 1, 600) == ""
    assert build(APP_ID, "z" * 32, "room", UID, 1, 600) == ""
    for values in (("x" * 65536, UID, 1, 600), ("room", UID, 1, 1 << 32), ("room", UID, 1, 1, -1)):
        with pytest.raises(struct.error):
            build(*PROJECT, *values)
