"""Junk of any kind and size gives a typed error, the same from both backends, in linear time."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_token._wire import cursor, decoding, parsing
from agora_token._wire.services import MAX_SERVICES
from agora_token.errors import MalformedTokenError, UnsupportedVersionError
from agora_token.explaining import explain
from agora_token.issuer import Issuer
from agora_token.reading import read
from helpers.hostile import survive
from helpers.project import APP_ID, CERTIFICATE, NOW
from helpers.vectors import load

ISSUER = Issuer(APP_ID, CERTIFICATE)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def token_007(content: bytes) -> str:
    return "007" + encoded(zlib.compress(content))


def header_007(services: int) -> bytes:
    """All that stands before the services, with a signature of zeros."""
    times = struct.pack("<III", NOW, 3600, 7)
    return b"\x20\0" + bytes(32) + b"\x20\0" + APP_ID.encode() + times + struct.pack("<H", services)


PREFIXES = ["", "006", "007", "005", "004", "003", "1:", "006" + APP_ID, "007eJx", "008"]


@settings(max_examples=400, deadline=None)
@given(prefix=st.sampled_from(PREFIXES), text=st.text())
def test_any_text(prefix: str, text: str) -> None:
    survive(prefix + text)


@settings(max_examples=400, deadline=None)
@given(
    prefix=st.sampled_from(PREFIXES),
    text=st.text(alphabet="ABCXYZabcxyz0189+/=%2B \n-_", max_size=200),
)
def test_text_like_base64(prefix: str, text: str) -> None:
    survive(prefix + text)


@settings(max_examples=400, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    survive("006" + APP_ID + encoded(content))
    survive("007" + encoded(content))
    survive("005" + encoded(content))
    survive(token_007(content))


@settings(max_examples=400, deadline=None)
@given(services=st.integers(0, 0xFFFF), rest=st.binary(max_size=300))
def test_any_services(services: int, rest: bytes) -> None:
    survive(token_007(header_007(services) + rest))


service = st.tuples(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**32 - 1)), max_size=4),
    st.lists(st.binary(max_size=9), max_size=3),
    st.binary(max_size=3),
)


@settings(max_examples=400, deadline=None)
@given(services=st.lists(service, max_size=4))
def test_services_nearly_right(services: list[Any]) -> None:
    """Right lengths, but types, orders and counts that need not fit."""
    content = header_007(len(services))
    for kind, privileges, strings, rest in services:
        content += struct.pack("<HH", kind, len(privileges))
        content += b"".join(struct.pack("<HI", *entry) for entry in privileges)
        content += b"".join(struct.pack("<H", len(each)) + each for each in strings) + rest
    survive(token_007(content))


@settings(max_examples=400, deadline=None)
@given(message=st.binary(max_size=60), rest=st.binary(max_size=3), length=st.integers(0, 70))
def test_any_message_of_006(message: bytes, rest: bytes, length: int) -> None:
    head = b"\x20\0" + bytes(40)
    survive("006" + APP_ID + encoded(head + struct.pack("<H", len(message)) + message + rest))
    survive("006" + APP_ID + encoded(head + struct.pack("<H", length) + message))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_tokens_with_damage(data: st.DataObject) -> None:
    token = data.draw(
        st.sampled_from(
            [
                ISSUER.rtc("room", 42, issued_at=NOW, salt=1),
                ISSUER.rtc("room", 42, version="006", issued_at=NOW, salt=1),
                ISSUER.rtm2("alice", {0: {0: ["x"]}}, issued_at=NOW, salt=1),
                load("dynamic_key")[0]["key"],
                load("signaling")[0]["key"],
            ]
        )
    )
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(token)))
        stop = data.draw(st.integers(start, min(start + 8, len(token))))
        token = token[:start] + data.draw(st.text(max_size=8)) + token[stop:]
    survive(token)


def sizes_of_content() -> list[bytes]:
    rng = random.Random(3)
    return [
        bytes(1 << 26),  # 64 KiB of it are more than enough
        header_007(0xFFFF) + b"\x04\0\0\0" * 16_000,
        header_007(1) + b"\x02\0\xff\xff" + rng.randbytes(6 * 10_000),
        header_007(1) + b"\x08\0\0\0\0\0" + struct.pack("<H", 0xFFFF) + bytes(60_000),
        header_007(0) + b"trailing",
        header_007(1) + b"\x02\0\0\0\xff\xff",
    ]


@pytest.mark.parametrize("index", range(6))
def test_large_and_lying_content(index: int) -> None:
    token = token_007(sizes_of_content()[index])
    survive(token)
    with pytest.raises(MalformedTokenError):
        read(token)


def test_a_bomb_costs_no_more_than_64_kib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream would give 64 MiB; the inflater is asked for no more than the limit."""
    asked: list[int] = []
    make = zlib.decompressobj

    class Inflater:
        def __init__(self) -> None:
            self._inflater = make()

        def decompress(self, data: bytes, limit: int) -> bytes:
            asked.append(limit)
            return self._inflater.decompress(data, limit)

    bomb = token_007(bytes(1 << 26))
    monkeypatch.setattr(zlib, "decompressobj", Inflater)
    with pytest.raises(MalformedTokenError, match="more than 65536 bytes"):
        read(bomb)
    assert asked == [decoding.MAX_CONTENT + 1]


def test_the_largest_content_is_read() -> None:
    text = "x" * 0xFE00
    room = 65536 - len(header_007(1)) - 6 - len(text)
    assert room > 0
    service = b"\x02\0\0\0" + struct.pack("<H", len(text)) + text.encode()
    info = read(token_007(header_007(1) + service))
    assert info.user == text
    survive(token_007(header_007(1) + service))


@pytest.mark.parametrize("prefix", ["007", "006", "x", " ", "%2B"])
def test_what_is_too_long_is_not_looked_at(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a token that is too long was decoded")

    monkeypatch.setattr(parsing, "open_006", never)
    monkeypatch.setattr(parsing, "open_007", never)
    with pytest.raises(MalformedTokenError, match="no token has more than"):
        read(prefix + "A" * parsing.MAX_TOKEN_LENGTH)
    diagnosis = explain(prefix * 10 * parsing.MAX_TOKEN_LENGTH, CERTIFICATE)
    assert not diagnosis.valid


@pytest.mark.parametrize(
    "unit",
    [
        b"\x04\0\0\0",  # empty services
        b"\x08\0\0\0\0\0\0\0",  # RTM without permissions
        b"\x02\0\x01\0\x01\0\0\0\0\0\0\0",
    ],
)
def test_the_work_is_linear_in_the_content(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts what the reader takes: no more than once for every byte, however often it is asked."""
    taken = 0
    take = cursor.Cursor.take

    def counting(self: cursor.Cursor, length: int, what: str) -> bytes:
        nonlocal taken
        taken += 1
        return take(self, length, what)

    monkeypatch.setattr(cursor.Cursor, "take", counting)
    for count in (10, 100, MAX_SERVICES):
        taken = 0
        content = header_007(count) + unit * count
        assert len(read(token_007(content)).services) == count
        assert taken <= len(content)


@pytest.mark.parametrize("count", [MAX_SERVICES + 1, 16_000])
def test_more_services_than_any_token_has(count: int) -> None:
    token = token_007(header_007(count) + b"\x04\0\0\0" * count)
    with pytest.raises(MalformedTokenError, match=f"{count} services; no token has more than"):
        read(token)


@pytest.mark.parametrize("text", ["", "008", "x"])
def test_unknown_beginnings(text: str) -> None:
    error = UnsupportedVersionError if text else MalformedTokenError
    with pytest.raises(error):
        read(text)
