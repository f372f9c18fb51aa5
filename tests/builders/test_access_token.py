"""``AccessToken`` of version 006: what it takes over, what it refuses, what it never shows."""

from __future__ import annotations

import base64
import struct
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token.builders.access_token import AccessToken
from agora_token.errors import PackingError
from helpers.project import APP_ID, CERTIFICATE, TOKEN_006


def state(token: AccessToken) -> dict[str, object]:
    return {**vars(token), "messages": dict(token.messages)}


def assert_refused(text: object) -> None:
    token = AccessToken("a" * 32, CERTIFICATE, "room", 7)
    token.addPrivilege(1, 5)
    before = state(token)
    assert token.fromString(text) is False  # type: ignore[arg-type]
    assert state(token) == before


def test_uid() -> None:
    assert [AccessToken(uid=uid).uidStr for uid in (0, "0", 1, -5, "", "alice", None)] == [  # type: ignore[arg-type]
        "",
        "0",
        "1",
        "-5",
        "",
        "alice",
        "None",
    ]


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.9)
    token = AccessToken()
    assert token.ts == 1_700_000_000 + 86_400
    assert 1 <= token.salt <= 99_999_999
    assert token.messages == {}
    assert (token.appID, token.appCertificate, token.channelName, token.uidStr) == ("",) * 4


def test_keeps_what_a_token_does_not_carry() -> None:
    token = AccessToken("a" * 32, CERTIFICATE, "room", "alice")
    assert token.fromString(TOKEN_006)
    assert (token.appCertificate, token.channelName, token.uidStr) == (CERTIFICATE, "room", "alice")
    assert (token.appID, token.salt, token.ts, token.messages) == (
        APP_ID,
        1,
        1111111,
        {1: 1446455471},
    )


def test_repr_is_without_the_certificate() -> None:
    text = repr(AccessToken(APP_ID, CERTIFICATE, "room", 1))
    assert CERTIFICATE not in text
    assert APP_ID in text


def test_privileges_are_written_in_ascending_order(backend: ModuleType) -> None:
    built = []
    for order in ((1000, 1, 12), (12, 1, 1000)):
        token = AccessToken(APP_ID, CERTIFICATE, "room", 1)
        token.salt, token.ts = 1, 2
        for privilege in order:
            token.addPrivilege(privilege, privilege * 2)
        built.append(token.build())
    assert built[0] == built[1]


def test_numbers_given_as_text_are_written(backend: ModuleType) -> None:
    token = AccessToken(APP_ID, CERTIFICATE, "room", 1)
    token.messages = {"10": "600", 9: 5}  # type: ignore[dict-item]
    token.salt, token.ts = "7", "8"  # type: ignore[assignment]
    other = AccessToken()
    assert other.fromString(token.build())
    assert (other.salt, other.ts, other.messages) == (7, 8, {9: 5, 10: 600})


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("messages", {1: 1 << 32}),
        ("messages", {1: -1}),
        ("messages", {1 << 16: 1}),
        ("salt", 1 << 32),
        ("ts", -1),
        ("channelName", "x" * 65_536),
        ("uidStr", "é" * 32_768),
    ],
)
def test_what_does_not_fit_is_refused(backend: ModuleType, attribute: str, value: object) -> None:
    token = AccessToken(APP_ID, CERTIFICATE, "room", 1)
    setattr(token, attribute, value)
    with pytest.raises(PackingError) as caught:
        token.build()
    assert isinstance(caught.value, struct.error), "which is what the vendor's code raises"
    assert CERTIFICATE not in str(caught.value)


def with_content(content: bytes) -> str:
    return f"006{APP_ID}{base64.b64encode(content).decode()}"


def test_a_token_cut_anywhere_is_refused() -> None:
    for length in range(len(TOKEN_006)):
        assert_refused(TOKEN_006[:length])


def test_a_content_cut_anywhere_is_refused() -> None:
    content = base64.b64decode(TOKEN_006[35:])
    assert AccessToken().fromString(with_content(content))
    for length in range(len(content)):
        assert_refused(with_content(content[:length]))


@pytest.mark.parametrize("offset", [0, 42, 52])
@pytest.mark.parametrize("length", [0, 1, 2, 15, 17, 31, 33, 255, 65_535])
def test_wrong_lengths_and_counts_are_refused(offset: int, length: int) -> None:
    """Those of the signature, the message and the privileges."""
    content = bytearray(base64.b64decode(TOKEN_006[35:]))
    if struct.unpack_from("<H", content, offset) == (length,):
        return
    struct.pack_into("<H", content, offset, length)
    assert_refused(with_content(bytes(content)))


@pytest.mark.parametrize(
    "text",
    [
        TOKEN_006 + "AAAA",
        TOKEN_006 + "\n",
        TOKEN_006 + "=",
        " " + TOKEN_006,
        TOKEN_006.replace("+", "%2B"),
        TOKEN_006.replace("+", " "),
        TOKEN_006.replace("+", "-").replace("/", "_"),
        TOKEN_006[:40] + "é" + TOKEN_006[41:],
        TOKEN_006[:40] + "\0" + TOKEN_006[41:],
        "007" + TOKEN_006[3:],
        "006",
        "",
        "\ud800",
        "=" * 100_000,
        "006" + "A" * 1_000_001,
        None,
        6,
        TOKEN_006.encode(),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_junk_is_refused(text: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(text)
    assert capsys.readouterr() == ("", ""), "the vendor's code prints"


def test_a_privilege_that_occurs_twice_is_refused() -> None:
    content = base64.b64decode(TOKEN_006[35:])
    entry = content[-6:]
    assert_refused(
        with_content(
            content[:42] + struct.pack("<H", 22) + content[44:52] + b"\2\0" + entry + entry
        )
    )


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    assert_refused(text)


@given(st.binary(max_size=200))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    token = AccessToken("a" * 32, CERTIFICATE, "room", 7)
    assert token.fromString(with_content(content)) in (True, False)


u32 = st.integers(0, (1 << 32) - 1)


@given(
    channel=st.text(max_size=80),
    uid=st.one_of(u32, st.text(max_size=80)),
    salt=u32,
    ts=u32,
    messages=st.dictionaries(st.integers(0, 65_535), u32, max_size=20),
)
def test_round_trip(
    channel: str, uid: int | str, salt: int, ts: int, messages: dict[int, int]
) -> None:
    token = AccessToken(APP_ID, CERTIFICATE, channel, uid)
    token.salt, token.ts, token.messages = salt, ts, messages
    text = token.build()
    other = AccessToken("", CERTIFICATE, channel, uid)
    assert other.fromString(text)
    assert state(other) == state(token)
    assert other.build() == text
