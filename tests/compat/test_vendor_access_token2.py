"""``compat.AccessToken2``: version 007 as the vendor's classes build, parse and verify it."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from agora_token.compat.AccessToken2 import (
    AccessToken,
    AccessToken2,
    Service,
    ServiceApaas,
    ServiceChat,
    ServiceConvoAI,
    ServiceFCdn,
    ServiceFpa,
    ServiceRtc,
    ServiceRtm,
    ServiceRtm2,
    ServiceStreaming,
    ServiceStt,
    get_version,
    pack_string,
    pack_uint16,
    unpack_string,
)
from helpers.project import APP_ID, CERTIFICATE, CHANNEL, TOKEN_007, UID

VECTORS = Path(__file__).parent.parent / "vectors" / "007.jsonl"

# Made by the vendor's C++: Streaming and FCdn for the user above, Rtm2 for test_user.
KNOWN_EXTENDED = (
    "007eJxTYPj86Lzdz79M25wNn/lMfvu+TkfmdpiviKvChm8ZV3SWndytwGBpbuDsaGyakmpmkGxiYmZimpSUmGqRaGRoamBmmG"
    "Rs7P5FgCGCiYGBkYGBgRkImYAsEJ8JTCowmKeYGxmbmaYmWVoYm1iYGluapxqnGqdZppiYGSSlpCRyMRhZWBgZmxgamRuzUaSb"
    "A6gXopuToSS1uCS+tDi1iJkB4jQmoGBuanFxYnqqbiKCmcTIAIEcDMUlRamJubqJLGD1jAxsDCD9uokAO/VDvQ=="
)


def known_token() -> Any:
    token: Any = AccessToken(APP_ID, CERTIFICATE, issue_ts=1111111, expire=600)
    token._AccessToken__salt = 1
    return token


def rtc(channel: str = CHANNEL, uid: object = UID) -> Any:
    service: Any = ServiceRtc(channel, uid)
    service.add_privilege(ServiceRtc.kPrivilegeJoinChannel, 600)
    return service


def built(*services: Service) -> str:
    token = known_token()
    for service in services:
        token.add_service(service)
    text: str = token.build()
    return text


def parsed(text: str) -> Any:
    token = AccessToken()
    assert token.from_string(text) is True
    return token


def from_content(content: bytes) -> str:
    return "007" + base64.b64encode(zlib.compress(content)).decode()


def content_of(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text[3:]))


def vendor_service(fields: dict[str, Any]) -> Service:
    service: Service
    match fields["type"]:
        case 1:
            service = ServiceRtc(fields["channel"], fields["uid"])
        case 2:
            service = ServiceRtm(fields["user_id"])
        case 3:
            service = ServiceStreaming(fields["channel"], fields["account"])
        case 4:
            service = ServiceFpa()
        case 5:
            service = ServiceChat(fields["user_id"])
        case 6:
            service = ServiceFCdn(fields["channel"], fields["account"])
        case 7:
            service = ServiceApaas(fields["room_uuid"], fields["user_uuid"], fields["role"])
        case 8:
            permissions = ServiceRtm2.Permissions()
            for resource, granted in fields["permissions"].items():
                permissions.details.setdefault(int(resource), {})
                for permission, names in granted.items():
                    permissions.add(int(resource), int(permission), names)
            service = ServiceRtm2(fields["user_id"], permissions)
        case 9:
            service = ServiceConvoAI()
        case 10:
            service = ServiceStt()
    for privilege, expire in fields["privileges"].items():
        service.add_privilege(int(privilege), expire)
    return service


@pytest.mark.usefixtures("backend")
def test_vectors() -> None:
    for line in VECTORS.read_text().splitlines():
        vector: dict[str, Any] = json.loads(line)
        token: Any = AccessToken(
            vector["app_id"], vector["app_certificate"], vector["issue_ts"], vector["expire"]
        )
        token._AccessToken__salt = vector["salt"]
        token._AccessToken__issue_ts = vector["issue_ts"]  # the constructor takes 0 for now
        services = [vendor_service(fields) for fields in vector["services"]]
        for service in services:
            token.add_service(service)
        assert token.build() == vector["token"]

        found = parsed(vector["token"])
        assert found._AccessToken__app_id == vector["app_id"].encode()
        assert found._AccessToken__issue_ts == vector["issue_ts"]
        assert found._AccessToken__expire == vector["expire"]
        assert found._AccessToken__salt == vector["salt"]
        in_order = sorted(services, key=lambda service: service.service_type())
        assert [service.pack() for service in found.services] == [
            service.pack() for service in in_order
        ]
        assert found.verify_signature(vector["app_certificate"])


@pytest.mark.usefixtures("backend")
def test_known_token_again_and_again() -> None:
    token = known_token()
    token.add_service(rtc())
    assert token.build() == TOKEN_007
    assert token.build() == TOKEN_007
    assert built(rtc(uid=str(UID))) == TOKEN_007


@pytest.mark.usefixtures("backend")
def test_a_parsed_token_builds_again() -> None:
    token = parsed(TOKEN_007)
    assert token.build() == ""
    token._AccessToken__app_cert = CERTIFICATE
    assert token.build() == TOKEN_007


@pytest.mark.usefixtures("backend")
def test_token_of_another_implementation() -> None:
    token = parsed(KNOWN_EXTENDED)
    assert token.verify_signature(CERTIFICATE)
    streaming, fcdn, rtm2 = token.services
    assert streaming._ServiceStreaming__channel_name == CHANNEL.encode()
    assert streaming._ServiceStreaming__account == str(UID).encode()
    assert streaming._Service__privileges == {1: 600, 2: 600}
    assert fcdn._ServiceFCdn__channel_name == CHANNEL.encode()
    assert fcdn._ServiceFCdn__account == str(UID).encode()
    assert fcdn._Service__privileges == {1: 600, 2: 600}
    assert rtm2.get_user_id() == "test_user"
    assert rtm2.get_permissions().details == {
        0: {0: ["message-a", "message-b"]},
        1: {1: ["stream-a"]},
        4: {0: ["user-a"]},
    }


def test_mangled_attributes_of_every_service() -> None:
    chat: Any = ServiceChat("user")
    apaas: Any = ServiceApaas("room", "user", 2)
    rtm: Any = ServiceRtm("user")
    assert rtc()._ServiceRtc__channel_name == CHANNEL.encode()
    assert rtc()._ServiceRtc__uid == str(UID).encode()
    assert rtc()._Service__type == 1
    assert rtm._ServiceRtm__user_id == b"user"
    assert chat._ServiceChat__user_id == b"user"
    assert apaas._ServiceApaas__room_uuid == b"room"
    assert apaas._ServiceApaas__user_uuid == b"user"
    assert apaas._ServiceApaas__role == 2
    rtm2: Any = ServiceRtm2("user")
    assert rtm2._ServiceRtm2__user_id == b"user"
    assert rtm2._ServiceRtm2__permissions.details == {}


@pytest.mark.usefixtures("backend")
def test_what_is_set_through_mangled_attributes_is_built() -> None:
    service: Any = ServiceRtc("other", 5)
    service._ServiceRtc__channel_name = CHANNEL.encode()
    service._ServiceRtc__uid = str(UID)  # text will do
    service._Service__privileges = {1: 600}
    token: Any = AccessToken()
    token._AccessToken__app_id = APP_ID
    token._AccessToken__app_cert = CERTIFICATE
    token._AccessToken__issue_ts = 1111111
    token._AccessToken__expire = 600
    token._AccessToken__salt = 1
    token.add_service(service)
    assert token.build() == TOKEN_007


def test_the_dictionary_of_earlier_generations() -> None:
    token = known_token()
    first, second, login = rtc("first"), rtc("second"), ServiceRtm("user")
    for service in (first, login, second):
        token.add_service(service)
    assert token._AccessToken__service == {1: second, 2: login}
    assert token.services == [first, login, second]


@pytest.mark.usefixtures("backend")
def test_repeated_types_keep_their_order() -> None:
    token = parsed(built(ServiceStt(), rtc("b"), ServiceRtm("user"), rtc("a"), ServiceConvoAI()))
    assert [service.service_type() for service in token.services] == [1, 1, 2, 9, 10]
    channels = [service._ServiceRtc__channel_name for service in token.get_services(1)]
    assert channels == [b"b", b"a"]
    assert token.get_services(5) == []


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (0, b""),
        (False, b""),
        ("0", b"0"),
        ("", b""),
        (-5, b"-5"),
        (True, b"True"),
        (None, b"None"),
        (1 << 32, b"4294967296"),
        ("ü", b"\xc3\xbc"),
    ],
)
def test_any_user_is_written_as_its_text(uid: object, expected: bytes) -> None:
    text = built(rtc(uid=uid), ServiceStreaming("c", uid), ServiceFCdn("c", uid))
    join, streaming, fcdn = parsed(text).services
    assert join._ServiceRtc__uid == expected
    assert streaming._ServiceStreaming__account == expected
    assert fcdn._ServiceFCdn__account == expected


@pytest.mark.parametrize("service", [ServiceRtc, ServiceRtm, ServiceChat, ServiceApaas])
def test_names_must_be_text(service: Any) -> None:
    with pytest.raises(AttributeError):
        service(5)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("bad", ["", "short", "z" * 32, "0" * 31 + "ü", APP_ID + "0"])
def test_a_bad_app_id_or_certificate_builds_nothing(bad: str) -> None:
    for token in (AccessToken(bad, CERTIFICATE), AccessToken(APP_ID, bad)):
        token.add_service(rtc())
        assert token.build() == ""


@pytest.mark.usefixtures("backend")
def test_no_services_build_nothing() -> None:
    assert built() == ""


@pytest.mark.usefixtures("backend")
def test_spaces_between_the_digits_pass_as_hex() -> None:
    spaced = "97 CA 35 de 60 c4 46 45 bb ae 8a"
    token = AccessToken(spaced, CERTIFICATE)
    token.add_service(rtc())
    assert parsed(token.build())._AccessToken__app_id == spaced.encode()


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.add_service(rtc("x" * 65536)),
        lambda token: token.services[0].add_privilege(1, 1 << 32),
        lambda token: token.services[0].add_privilege(1 << 16, 1),
        lambda token: token.services[0].add_privilege(1, -1),
        lambda token: token.add_service(ServiceApaas(role=1 << 15)),
        lambda token: token.add_service(Service(1 << 16)),
        lambda token: setattr(token, "_AccessToken__expire", 1 << 32),
        lambda token: setattr(token, "_AccessToken__salt", -1),
    ],
)
def test_what_does_not_pack_is_a_struct_error(change: Any) -> None:
    token = known_token()
    token.add_service(rtc())
    change(token)
    with pytest.raises(struct.error):
        token.build()


class Shout(Service):
    """A service of a user's own, with its own payload."""

    def __init__(self, text: str = "") -> None:
        super().__init__(900)
        self.text = text.encode()

    def pack(self) -> bytes:
        return super().pack() + pack_string(self.text.upper())

    def unpack(self, buffer: bytes) -> bytes:
        self.text, buffer = unpack_string(super().unpack(buffer))
        return buffer


@pytest.mark.usefixtures("backend")
def test_a_users_own_service(monkeypatch: pytest.MonkeyPatch) -> None:
    text = built(Shout("hello"), rtc())
    unaware = parsed(text)
    assert [service.service_type() for service in unaware.services] == [1]
    assert unaware.verify_signature(CERTIFICATE)

    monkeypatch.setitem(AccessToken.kServices, 900, Shout)
    aware = parsed(text)
    assert aware.get_services(900)[0].text == b"HELLO"


@pytest.mark.usefixtures("backend")
def test_a_users_own_packing_of_a_known_service() -> None:
    class Loud(ServiceRtm):
        def pack(self) -> bytes:
            return super().pack().upper()

    assert parsed(built(Loud("user"))).services[0]._ServiceRtm__user_id == b"USER"


def test_an_unknown_service_ends_the_list() -> None:
    token = parsed(built(rtc(), Service(0)))
    assert token.services == []
    assert token.verify_signature(CERTIFICATE)


def test_parsing_again_clears_what_was_parsed() -> None:
    token = parsed(built(ServiceRtm("user")))
    assert token.from_string(TOKEN_007) is True
    assert [service.service_type() for service in token.services] == [1]
    assert token.from_string("006" + TOKEN_007[3:]) is False
    assert token.services == []
    assert not token.verify_signature(CERTIFICATE)
    assert token._AccessToken__salt == 0


def test_verification() -> None:
    assert AccessToken(APP_ID, CERTIFICATE).verify_signature(CERTIFICATE) is False
    token = parsed(TOKEN_007)
    assert token.verify_signature(CERTIFICATE) is True
    for wrong in ("a" * 32, "short", "z" * 32, CERTIFICATE.lower(), CERTIFICATE.encode()):
        assert token.verify_signature(wrong) is False
    content = bytearray(content_of(TOKEN_007))
    content[-1] ^= 1
    assert parsed(from_content(bytes(content))).verify_signature(CERTIFICATE) is False


@pytest.mark.parametrize("other", ["", "006", "00", "006" + TOKEN_007[3:], "junk", b"007", []])
def test_another_version_is_false(other: Any) -> None:
    assert AccessToken().from_string(other) is False


@pytest.mark.parametrize(
    "junk",
    ["007", "007junk", TOKEN_007[:-4], TOKEN_007[:50], "007" + "ü" * 9, "007" + "A" * 50, None, 5],
)
def test_junk_is_a_value_error_and_prints_nothing(
    junk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="cannot be parsed"):
        AccessToken().from_string(junk)
    assert capsys.readouterr() == ("", "")


def test_what_base64_and_zlib_let_pass() -> None:
    compressed = base64.b64decode(TOKEN_007[3:])
    trailing = "007" + base64.b64encode(compressed + b"more").decode()
    for text in (
        f"{TOKEN_007[:40]}\r\n {TOKEN_007[40:]}",
        trailing,
        from_content(content_of(TOKEN_007) + b"+"),
    ):
        assert parsed(text).services[0]._ServiceRtc__channel_name == CHANNEL.encode()


@pytest.mark.parametrize("token", [TOKEN_007, KNOWN_EXTENDED], ids=["rtc", "extended"])
def test_every_truncation_is_a_value_error(token: str) -> None:
    content = content_of(token)
    for length in range(len(content)):
        with pytest.raises(ValueError, match="cannot be parsed"):
            AccessToken().from_string(from_content(content[:length]))


def test_counts_beyond_the_end_are_value_errors() -> None:
    head = pack_string(b"s" * 32) + pack_string(APP_ID) + b"\x01\0\0\0" * 3
    for body in (
        pack_uint16(65535) + b"\x04\0\0\0",  # services
        pack_uint16(1) + b"\x04\0\xff\xff" + b"\x01\0\x01\0\0\0",  # privileges
        pack_uint16(1) + b"\x02\0\0\0" + b"\xff\xffuser",  # a string
        pack_uint16(1) + b"\x08\0\0\0" + b"\0\0" + b"\xff\xff\0\0\xff\xff",  # permissions
        pack_uint16(1) + b"\x08\0\0\0" + b"\0\0" + b"\x01\0\0\0\x01\0\0\0\x01\0\x01\0\xff",  # UTF-8
    ):
        with pytest.raises(ValueError, match="cannot be parsed"):
            AccessToken().from_string(from_content(head + body))


def test_decompression_is_bounded() -> None:
    bomb = from_content(content_of(TOKEN_007) + bytes(1 << 21))
    assert len(bomb) < 4096
    with pytest.raises(ValueError, match="65536"):
        AccessToken().from_string(bomb)


def test_the_alias_of_agoraiotools() -> None:
    assert AccessToken2 is AccessToken
    assert get_version() == "007"


def test_secrets_are_not_shown() -> None:
    assert CERTIFICATE not in repr(known_token())
