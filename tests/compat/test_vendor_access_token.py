"""``compat.AccessToken``: version 006 as the vendor's class builds and parses it."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from agora_token import _backend
from agora_token.compat.AccessToken import (
    AccessToken,
    ReadByteBuffer,
    getVersion,
    kJoinChannel,
    kPublishDataStream,
    packInt32,
    packMap,
    packMapUint32,
    packString,
    packUint16,
    packUint32,
    unPackContent,
    unPackMessages,
)
from helpers.project import APP_ID, CERTIFICATE, CHANNEL, TOKEN_006, UID

VECTORS = Path(__file__).parent.parent / "vectors" / "006.jsonl"


def known_token(uid: object = UID, app_id: str = APP_ID) -> AccessToken:
    token = AccessToken(app_id, CERTIFICATE, CHANNEL, uid)  # type: ignore[arg-type]
    token.salt = 1
    token.ts = 1111111
    token.messages[kJoinChannel] = 1446455471
    return token


@pytest.mark.usefixtures("backend")
def test_vectors() -> None:
    for line in VECTORS.read_text().splitlines():
        vector: dict[str, Any] = json.loads(line)
        privileges = {int(key): expire for key, expire in vector["privileges"].items()}
        token = AccessToken(
            vector["app_id"], vector["app_certificate"], vector["channel"], vector["uid"]
        )
        token.salt, token.ts = vector["salt"], vector["ts"]
        for privilege, expire in privileges.items():
            token.addPrivilege(privilege, expire)
        assert token.build() == vector["token"]

        parsed = AccessToken()
        assert parsed.fromString(vector["token"])
        assert (parsed.salt, parsed.ts) == (vector["salt"], vector["ts"])
        assert parsed.messages == privileges


@pytest.mark.usefixtures("backend")
def test_known_token() -> None:
    token = known_token()
    assert token.build() == TOKEN_006
    assert token.build() == TOKEN_006
    assert known_token(str(UID)).build() == TOKEN_006


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("uid", "text"),
    [
        (0, ""),
        (0.0, ""),
        (False, ""),
        ("0", "0"),
        ("", ""),
        (-5, "-5"),
        (True, "True"),
        (None, "None"),
        (1 << 32, "4294967296"),
        (1.5, "1.5"),
        ("ünïcode", "ünïcode"),
    ],
)
def test_any_uid_is_written_as_its_text(uid: object, text: str) -> None:
    token = known_token(uid)
    assert token.uidStr == text
    assert token.build() == known_token(text).build()


@pytest.mark.usefixtures("backend")
def test_a_bad_app_id_still_builds() -> None:
    assert known_token(app_id="short").build().startswith("006short")
    assert AccessToken().build().startswith("006")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "change",
    [
        {"channelName": "x" * 65536},
        {"salt": -1},
        {"ts": 1 << 32},
        {"messages": {1: 1 << 32}},
        {"messages": {1 << 16: 1}},
        {"messages": {1: -1}},
        {"appCertificate": "x" * 65536},
    ],
    ids=str,
)
def test_what_does_not_pack_is_a_struct_error(change: dict[str, Any]) -> None:
    token = known_token()
    vars(token).update(change)
    with pytest.raises(struct.error):
        token.build()


@pytest.mark.usefixtures("backend")
def test_text_privileges_are_packed_as_numbers() -> None:
    token = known_token()
    token.messages = {"4": "7", 1: 9.5}  # type: ignore[dict-item]
    parsed = AccessToken()
    assert parsed.fromString(token.build())
    assert parsed.messages == {kJoinChannel: 9, kPublishDataStream: 7}


def test_parsing_keeps_what_the_object_was_made_with() -> None:
    token = AccessToken("other", "certificate", "room", 5)
    assert token.fromString(TOKEN_006)
    assert (token.appID, token.channelName, token.uidStr) == ("other", "room", "5")
    assert (token.salt, token.ts, token.messages) == (1, 1111111, {kJoinChannel: 1446455471})


def test_parsing_ignores_what_is_not_base64_and_what_follows_the_content() -> None:
    content = base64.b64decode(TOKEN_006[35:]) + b"more"
    for text in (
        f"{TOKEN_006[:60]}\n {TOKEN_006[60:]}",
        TOKEN_006[:35] + base64.b64encode(content).decode(),
    ):
        token = AccessToken()
        assert token.fromString(text)
        assert token.salt == 1


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "006",
        "007" + TOKEN_006[3:],
        TOKEN_006[:-4],
        TOKEN_006[:36],
        "006" + "ü" * 99,
        None,
        5,
        b"006",
        [],
    ],
    ids=repr,
)
def test_junk_is_false_and_prints_nothing(junk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert AccessToken().fromString(junk) is False
    assert capsys.readouterr() == ("", "")


def test_every_truncation_is_false() -> None:
    content = base64.b64decode(TOKEN_006[35:])
    for length in range(len(content)):
        cut = TOKEN_006[:35] + base64.b64encode(content[:length]).decode()
        assert AccessToken().fromString(cut) is False, length


def test_salt_and_ts_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1700000000.9)
    tokens = [AccessToken() for _ in range(50)]
    assert {token.ts for token in tokens} == {1700086400}
    assert len({token.salt for token in tokens}) > 40
    assert all(1 <= token.salt <= 99999999 for token in tokens)


def test_pack_functions() -> None:
    assert getVersion() == "006"
    assert packUint16("258") == b"\x02\x01"
    assert packUint32(1.9) == b"\x01\0\0\0"
    assert packInt32(-2) == b"\xfe\xff\xff\xff"
    assert packString(b"ab") == b"\x02\0ab"
    assert packMap({3: b"x"}) == b"\x01\0\x03\0\x01\0x"
    assert packMapUint32({3: 4, 1: 2}) == b"\x02\0\x03\0\x04\0\0\0\x01\0\x02\0\0\0"
    with pytest.raises(struct.error):
        packUint16(65536)
    with pytest.raises(struct.error):
        packInt32(1 << 31)


def test_unpack_functions() -> None:
    content = base64.b64decode(TOKEN_006[35:])
    signature, channel_crc, uid_crc, message = unPackContent(content)
    assert len(signature) == 32
    assert (channel_crc, uid_crc) == (0x107D48B7, 0xE551A057)
    assert unPackMessages(message) == (1, 1111111, {1: 1446455471})


def test_read_byte_buffer() -> None:
    buffer = ReadByteBuffer(b"\x02\x01\x04\x03\x02\x01\x02\0ab\x01\0\x07\0\x08\0\0\0\x09")
    assert buffer.unPackUint16() == 0x0102
    assert buffer.unPackUint32() == 0x01020304
    assert buffer.unPackString() == b"ab"
    assert buffer.unPackMapUint32() == {7: 8}
    assert buffer.position == len(buffer.buffer) - 1
    for read in (buffer.unPackUint16, buffer.unPackUint32, buffer.unPackString):
        with pytest.raises(struct.error):
            read()
    assert buffer.position == len(buffer.buffer) - 1


def test_the_backend_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_backend, "build006", lambda *values: values)
    assert known_token().build() == (  # type: ignore[comparison-overlap]
        APP_ID, CERTIFICATE, CHANNEL, str(UID), (1,), (1446455471,), 1111111, 1
    )  # fmt: skip
