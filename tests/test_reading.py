"""What ``read`` says of tokens of every version, without a key."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone
from typing import Any
from zlib import crc32

import pytest

from agora_token import _backend
from agora_token._wire.services import pack_service
from agora_token.errors import MalformedTokenError, UnsupportedVersionError
from agora_token.issuer import Issuer
from agora_token.privileges import Privilege
from agora_token.reading import PrivilegeInfo, read
from agora_token.services import ApaasService, Rtm2Service, RtmService
from helpers.project import APP_ID, CERTIFICATE, NOW
from helpers.vectors import integer_keys, load

ISSUER = Issuer(APP_ID, CERTIFICATE)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

pytestmark = pytest.mark.usefixtures("backend")


def user_text(value: object) -> str:
    return "" if value == 0 else str(value)


def test_every_006_vector() -> None:
    for vector in load("006"):
        info = read(vector["token"])
        assert (info.version, info.app_id) == ("006", vector["app_id"])
        assert (info.salt, info.expire) == (vector["salt"], vector["ts"])
        assert info.expires_at == EPOCH + timedelta(seconds=vector["ts"])
        assert info.issued_at == info.expires_at - timedelta(hours=24)
        assert info.channel_crc == crc32(vector["channel"].encode())
        assert info.uid_crc == crc32(user_text(vector["uid"]).encode())
        granted = {each.number: each.expire for one in info.services for each in one.privileges}
        assert granted == integer_keys(vector["privileges"])
        assert info.length == len(vector["token"])
        assert info.canonical


def test_every_007_vector() -> None:
    for vector in load("007"):
        info = read(vector["token"])
        assert (info.version, info.app_id) == ("007", vector["app_id"])
        assert (info.issue_ts, info.expire) == (vector["issue_ts"], vector["expire"])
        assert info.salt == vector["salt"]
        assert info.issued_at == EPOCH + timedelta(seconds=vector["issue_ts"])
        lifetime = timedelta(seconds=min(vector["expire"], 86400))
        assert info.expires_at == info.issued_at + lifetime
        assert info.canonical
        expected = sorted(vector["services"], key=lambda service: service["type"])
        for service, given in zip(info.services, expected, strict=True):
            assert service.type == given["type"]
            assert service.channel == given.get("channel", given.get("room_uuid"))
            names = given.keys() & {"uid", "account", "user_id", "user_uuid"}
            assert service.user == (user_text(given[names.pop()]) if names else None)
            assert service.role == given.get("role")
            granted = {each.number: each.expire for each in service.privileges}
            assert granted == integer_keys(given["privileges"])


def test_every_dynamic_key_vector() -> None:
    for vector in load("dynamic_key"):
        info = read(vector["key"])
        assert info.version == "00" + vector["version"][-1]
        assert info.app_id.lower() == vector["app_id"].lower()
        assert info.issue_ts == vector["unix_ts"]
        assert info.salt == vector["random_int"] % 2**32
        assert info.expire == vector.get("expired_ts")
        if info.version in ("002", "003"):
            assert info.user == user_text(vector["uid"] % 2**32)
        if info.version == "005":
            kinds = ("MediaChannel", "Recording", "PublicSharing", "InChannelPermission")
            kind = vector["function"].removeprefix("generate").removesuffix("Key")
            assert info.services[0].type == kinds.index(kind) + 1


def test_every_signaling_vector() -> None:
    for vector in load("signaling"):
        info = read(vector["key"])
        assert (info.version, info.app_id) == ("signaling", vector["app_id"])
        assert info.expire == int(vector["expired_ts"])


def test_a_privilege_with_its_own_expiry() -> None:
    for version in ("006", "007"):
        token = ISSUER.rtc(
            "room",
            1,
            version=version,
            issued_at=NOW,
            privileges={Privilege.PUBLISH_AUDIO_STREAM: 60},
        )
        audio = read(token).services[0].privileges[1]
        raw = NOW + 60 if version == "006" else 60
        expires_at = EPOCH + timedelta(seconds=NOW + 60)
        assert audio == PrivilegeInfo(2, "PUBLISH_AUDIO_STREAM", raw, expires_at)


def test_expiry_0_ends_with_the_token() -> None:
    token = ISSUER.rtc("room", 1, privileges={Privilege.JOIN_CHANNEL: 0})
    assert read(token).services[0].privileges[0].expires_at is None


def test_006_rtm_token_is_shown_as_rtm() -> None:
    info = read(ISSUER.rtm("alice", version="006"))
    assert [service.name for service in info.services] == ["rtm"]
    assert info.channel_crc == crc32(b"alice")


def test_several_services() -> None:
    room = ApaasService("class", "alice", -2, {1: 60})
    info = read(ISSUER.token(room, RtmService("bob", {1: 60})))
    assert [service.name for service in info.services] == ["rtm", "apaas"]
    assert (info.channel, info.user) == ("class", "bob")
    assert info.services[1].role == -2


def test_rtm_permissions() -> None:
    service = Rtm2Service("alice", {1: {0: ["a", "b"], 1: ["c"]}}, {1: 60})
    (read_service,) = read(ISSUER.token(service)).services
    assert read_service.permissions == {"stream channels": {"read": ["a", "b"], "write": ["c"]}}
    assert "may read stream channels: a, b" in str(read(ISSUER.token(service)))


def test_an_unknown_service_ends_the_list() -> None:
    spec = pack_service(RtmService("alice"), {1: 60})
    unknown = (4711, (), (), (), b"\x01\x02\x03")
    token = _backend.build007(APP_ID, CERTIFICATE, (spec, unknown, spec), 60, NOW, 1)
    info = read(token)
    assert [service.name for service in info.services] == ["rtm"]
    assert info.unknown_service == 4711
    assert "unknown type 4711" in str(info)


def test_frozen() -> None:
    info = read(ISSUER.rtc("room", 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.salt = 1  # type: ignore[misc]


def test_printed() -> None:
    token = ISSUER.rtc("room", 42, issued_at=NOW, salt=7)
    lines = str(read(token)).splitlines()
    assert lines[:6] == [
        "version  007",
        f"app id   {APP_ID}",
        "issued   2027-01-15 08:00:00 UTC (1800000000)",
        "expires  2027-01-15 09:00:00 UTC (3600 seconds: 1 hour after issue)",
        "usable   until 2027-01-15 09:00:00 UTC",
        "salt     7",
    ]
    assert "service  rtc, channel 'room', user '42'" in lines


ALL: list[Any] = [
    vector.get("token") or vector["key"]
    for name in ("006", "007", "dynamic_key", "signaling")
    for vector in load(name)
]


def test_json_and_print_of_every_vector() -> None:
    for token in ALL:
        info = read(token)
        assert json.loads(json.dumps(info.to_dict()))["version"] == info.version
        assert info.app_id in str(info)


def test_json_has_all_fields() -> None:
    as_json = read(ISSUER.rtc("room", 42, issued_at=NOW)).to_dict()
    assert as_json["issued_at"] == "2027-01-15T08:00:00+00:00"
    assert as_json["services"][0]["privileges"][0] == {
        "number": 1,
        "name": "JOIN_CHANNEL",
        "expire": 3600,
        "expires_at": "2027-01-15T09:00:00+00:00",
    }


@pytest.mark.parametrize(
    "text", ["", "003", "004abc", "1:abc", "006", "007", "005", "007" + "A" * 80]
)
def test_malformed(text: str) -> None:
    with pytest.raises(MalformedTokenError):
        read(text)


@pytest.mark.parametrize("text", ["008abc", "hello", APP_ID, "é007", " 007"])
def test_unsupported_version(text: str) -> None:
    with pytest.raises(UnsupportedVersionError):
        read(text)


@pytest.mark.parametrize("value", [None, 7, b"007", object()])
def test_not_a_string(value: Any) -> None:
    with pytest.raises(MalformedTokenError, match="must be a string"):
        read(value)


def test_a_service_without_user_has_none() -> None:
    service = ApaasService(privileges={3: 60})
    assert read(ISSUER.token(service)).services[0].user == ""
    assert read(ISSUER.fpa()).services[0].user is None
