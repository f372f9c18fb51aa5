"""The services of version 007, written and read."""

from __future__ import annotations

import struct

import pytest

from agora_token._wire.cursor import Cursor
from agora_token._wire.services import pack_service, unpack_services
from agora_token.errors import MalformedTokenError
from agora_token.services import ApaasService, ConvoAIService, RtcService, Rtm2Service


def test_privileges_are_sorted() -> None:
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
