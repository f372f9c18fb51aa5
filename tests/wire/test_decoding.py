"""From text to bytes: base64 and zlib, strictly and within bounds."""

from __future__ import annotations

import base64
import re
import tracemalloc
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agora_token._wire.decoding import MAX_CONTENT, decode_006, decode_007
from agora_token.errors import MalformedTokenError, UnsupportedVersionError
from helpers.vectors import load

TOKEN_006 = load("006")[1]["token"]
TOKEN_007 = load("007")[1]["token"]


def packed(compressed: bytes) -> str:
    return f"007{base64.b64encode(compressed).decode()}"


def test_vectors_are_canonical() -> None:
    assert all(decode_006(vector["token"])[2] for vector in load("006"))
    assert all(decode_007(vector["token"])[1] for vector in load("007"))


def test_unused_bits_at_the_end_are_noticed() -> None:
    token = next(vector["token"] for vector in load("007") if vector["token"].endswith("="))
    end = token.rstrip("=")
    content, canonical = decode_007(token)
    assert canonical
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    successor = alphabet[alphabet.index(end[-1]) + 1]
    assert decode_007(end[:-1] + successor + token[len(end) :]) == (content, False)


@pytest.mark.parametrize("length", range(len(TOKEN_007)))
def test_a_token_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises((MalformedTokenError, UnsupportedVersionError)):
        decode_007(TOKEN_007[:length])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TOKEN_007 + "\n", "position"),
        (TOKEN_007[:50] + " " + TOKEN_007[51:], "' ' at position 50"),
        (TOKEN_007[:50] + "é" + TOKEN_007[51:], "'é' at position 50"),
        (TOKEN_007[:50] + "=" + TOKEN_007[51:], "'=' at position 50"),
        (TOKEN_007[:50] + "\ud800" + TOKEN_007[51:], "'\\ud800' at position 50"),
        (TOKEN_007.rstrip("=") + "=====", "5 of them padding"),
        ("007", "ends at position 3"),
        ("007====", "ends at position 3"),
        ("007AAAAA", "5 characters"),
    ],
)
def test_what_is_not_base64_is_refused(text: str, message: str) -> None:
    with pytest.raises(MalformedTokenError) as caught:
        decode_007(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("compressed", "message"),
    [
        (b"junk, not zlib", "cannot be decompressed"),
        (zlib.compress(b"x" * 99)[:-1], "cut short"),
        (zlib.compress(b"x" * 99)[:-4], "cut short"),
        (zlib.compress(b"x" * 99)[:-1] + b"\0", "cannot be decompressed"),
        (zlib.compress(b"x" * 99) + b"\0", "1 bytes after"),
        (zlib.compress(b"x" * 99) * 2, "bytes after"),
        (zlib.compress(bytes(MAX_CONTENT + 1)), "more than 65536 bytes"),
        (zlib.compress(bytes(1 << 24), 9), "more than 65536 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_zlib_did_not_write_whole_is_refused(compressed: bytes, message: str) -> None:
    with pytest.raises(MalformedTokenError, match=message):
        decode_007(packed(compressed))


def test_the_largest_content_is_read() -> None:
    assert decode_007(packed(zlib.compress(bytes(MAX_CONTENT)))) == (bytes(MAX_CONTENT), True)


def test_a_bomb_costs_little_memory() -> None:
    bomb = packed(zlib.compress(bytes(64 << 20), 9))
    tracemalloc.start()
    try:
        with pytest.raises(MalformedTokenError):
            decode_007(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(bomb) + 4 * MAX_CONTENT


@pytest.mark.parametrize("value", [None, 7, b"007AAAA", ["007"]])
def test_what_is_no_string_is_refused(value: object) -> None:
    for decode in (decode_006, decode_007):
        with pytest.raises(MalformedTokenError, match=type(value).__name__):
            decode(value)  # type: ignore[arg-type]


def test_another_version_is_refused() -> None:
    with pytest.raises(UnsupportedVersionError, match="'007'"):
        decode_006(TOKEN_007)
    with pytest.raises(UnsupportedVersionError, match="'006'"):
        decode_007(TOKEN_006)


def test_an_app_id_beyond_ascii_is_refused() -> None:
    with pytest.raises(MalformedTokenError, match="not ASCII"):
        decode_006("006" + "é" * 32 + TOKEN_006[35:])


@given(st.binary())
def test_base64_and_zlib_round_trip(content: bytes) -> None:
    assert decode_007(packed(zlib.compress(content))) == (content, True)


@given(st.text(alphabet="AB+/=7\n é", max_size=40))
@example("")
@example("AA==AAAA")
@example("AAA=====")
def test_accepts_base64_with_its_padding_and_nothing_else(text: str) -> None:
    well_formed = re.fullmatch(r"(?:[AB+/7]{4})*(?:[AB+/7]{4}|[AB+/7]{3}=|[AB+/7]{2}==)", text)
    try:
        _, content, _ = decode_006("006" + "a" * 32 + text)
    except MalformedTokenError:
        assert not well_formed
    else:
        assert well_formed
        assert content == base64.b64decode(text)
