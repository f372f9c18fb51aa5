"""From bytes to values: whatever the bytes say, the cursor stays within them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token._wire.cursor import Cursor
from agora_token.errors import MalformedTokenError


def test_values() -> None:
    cursor = Cursor(b"\1\2" + b"\xff\xff\xff\xff" + b"\xff\xff" + b"\2\0\xc3\xa9" + b"\0\0")
    assert cursor.u16("a") == 0x0201
    assert cursor.u32("b") == 0xFFFFFFFF
    assert cursor.i16("c") == -1
    assert cursor.text("d") == "é"
    assert cursor.map("e") == {}
    cursor.finish()


@pytest.mark.parametrize(
    ("data", "method", "message"),
    [
        (b"\1", "u16", "byte 0: it takes 2 bytes, 1 are left"),
        (b"\1\2\3", "u32", "byte 0: it takes 4 bytes, 3 are left"),
        (b"", "i16", "byte 0: it takes 2 bytes, 0 are left"),
        (b"\3\0ab", "string", "byte 2: it takes 3 bytes, 2 are left"),
        (b"\3\0ab\xff", "text", "it is not UTF-8 at byte 4"),
        (b"\2\0" + bytes(11), "map", "byte 2: it takes 12 bytes, 11 are left"),
        (b"\xff\xff", "map", "it at byte 0 are 65535; no token has more than 256"),
        (b"\2\0" + b"\1\0\0\0\0\0" * 2, "map", "it at byte 0 have the same number twice"),
    ],
)
def test_what_cannot_be_is_refused(data: bytes, method: str, message: str) -> None:
    with pytest.raises(MalformedTokenError) as caught:
        getattr(Cursor(data), method)("it")
    assert message in str(caught.value)


def test_what_is_left_is_refused() -> None:
    cursor = Cursor(b"\0\0\0")
    cursor.u16("a")
    with pytest.raises(MalformedTokenError, match="1 bytes at byte 2, after its end"):
        cursor.finish()


@given(st.binary(max_size=64), st.lists(st.sampled_from(["u16", "u32", "i16", "text", "map"])))
def test_it_never_leaves_its_bytes(data: bytes, methods: list[str]) -> None:
    cursor = Cursor(data)
    for method in methods:
        with suppress(MalformedTokenError):
            getattr(cursor, method)("it")
        assert 0 <= cursor.offset <= len(data)
