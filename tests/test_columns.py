"""Columns of every shape, through the methods of Issuer that issue a whole one."""

from __future__ import annotations

from array import array
from types import ModuleType
from typing import Any

import pytest

from agora_token import Issuer
from agora_token._columns import Constant, Objects
from agora_token._products import Grant
from agora_token.errors import (
    ColumnError,
    InvalidChannelError,
    InvalidSaltError,
    InvalidUserError,
)
from helpers.needs import need_module
from helpers.project import NOW

pytestmark = pytest.mark.usefixtures("backend")


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_column_is_its_single_tokens(issuer: Issuer, version: str, threads: int) -> None:
    channels = [f"room-{number % 3}" for number in range(500)]
    uids: list[int | str] = [number if number % 2 else f"user {number}" for number in range(500)]
    tokens = issuer.rtc_many(
        channels, uids, version=version, issued_at=NOW, salts=range(500), threads=threads
    )
    assert tokens == [
        issuer.rtc(channel, uid, version=version, issued_at=NOW, salt=salt)
        for salt, (channel, uid) in enumerate(zip(channels, uids, strict=True))
    ]


def test_the_other_columns(issuer: Issuer) -> None:
    users = ["alice", "bob", "zoë"]
    salts = array("I", [1, 2, 3])
    for many, one in (
        (issuer.rtm_many, issuer.rtm),
        (issuer.chat_user_many, issuer.chat_user),
    ):
        assert many(users, issued_at=NOW, salts=salts) == [
            one(user, issued_at=NOW, salt=salt) for user, salt in zip(users, salts, strict=True)
        ]


def test_uids_are_read_from_a_buffer(issuer: Issuer) -> None:
    uids = array("I", [0, 1, 4294967295])
    tokens = issuer.rtc_many("room", uids, issued_at=NOW, salts=[7, 7, 7])
    assert tokens == [issuer.rtc("room", uid, issued_at=NOW, salt=7) for uid in uids]
    assert issuer.rtc_many("room", memoryview(uids)[1:], issued_at=NOW, salts=[7, 7]) == tokens[1:]


def test_arrays_of_other_numbers_are_checked(issuer: Issuer) -> None:
    assert len(issuer.rtc_many("room", array("q", [1, 2]))) == 2
    with pytest.raises(InvalidUserError, match="row 1: uid -2 is out of range"):
        issuer.rtc_many("room", array("q", [1, -2]))


def test_arrow_arrays_are_columns(issuer: Issuer) -> None:
    pa = need_module("pyarrow")
    expected = issuer.rtc_many("room", [5, 6], issued_at=NOW, salts=[7, 7])
    uids = pa.array([4, 5, 6], pa.uint32())[1:]
    assert issuer.rtc_many("room", uids, issued_at=NOW, salts=[7, 7]) == expected
    wide = pa.array([5, 6], pa.int64())
    assert issuer.rtc_many("room", wide, issued_at=NOW, salts=[7, 7]) == expected
    with pytest.raises(InvalidUserError, match="row 1: uid is missing"):
        issuer.rtc_many("room", pa.array([4, None], pa.uint32()))


def test_what_is_no_column(issuer: Issuer) -> None:
    for uids in (b"abc", {1, 2}, {1: 2}, iter([1]), None):
        values: Any = uids
        with pytest.raises(ColumnError, match=f"not {type(uids).__name__}"):
            issuer.rtc_many("room", values)


def test_an_error_in_a_column_names_the_row(issuer: Issuer, backend: ModuleType) -> None:
    uids: list[Any] = list(range(3000))
    uids[2500] = -7
    with pytest.raises(InvalidUserError, match="row 2500: uid -7 is out of range") as caught:
        issuer.rtc_many("room", uids)
    assert caught.value.row == 2500
    with pytest.raises(InvalidChannelError, match="row 0: channel"):
        issuer.rtc_many("no*", [1, 2])


def test_columns_that_do_not_fit(issuer: Issuer) -> None:
    with pytest.raises(ColumnError, match="2 and 3 rows"):
        issuer.rtc_many(["a", "b"], [1, 2, 3])
    with pytest.raises(ColumnError, match="at least one as a sequence"):
        issuer.rtc_many("room", 42)
    with pytest.raises(ColumnError, match="not bytes"):
        issuer.rtc_many("room", b"abc")
    with pytest.raises(InvalidSaltError, match="2 rows, but 1 salts"):
        issuer.rtc_many("room", [1, 2], salts=[1])
    with pytest.raises(InvalidSaltError, match="sequence of integers"):
        issuer.rtc_many("room", [1, 2], salts=[1, -1])
    with pytest.raises(InvalidSaltError, match="sequence of integers"):
        issuer.rtc_many("room", [1, 2], salts=b"12345")
    for threads in (0, -1):
        with pytest.raises(ColumnError, match="must be 1 or more"):
            issuer.rtc_many("room", [1, 2], threads=threads)
    assert issuer.rtc_many("room", []) == []


@pytest.mark.parametrize("channels", ["*", ["*", "*"]])
@pytest.mark.parametrize("uids", [[42, 0], array("I", [42, 0])])
def test_no_row_of_a_column_opens_every_channel_to_anybody(
    issuer: Issuer, channels: str | list[str], uids: Any
) -> None:
    with pytest.raises(InvalidUserError, match=r"row 1: .*every channel"):
        issuer.rtc_many(channels, uids)
    with pytest.raises(InvalidUserError, match=r"row 0: .*every channel"):
        issuer.rtc_many("*", [0])
    assert len(issuer.rtc_many(channels, [42, 43])) == 2


def test_rejects_name_the_user_of_an_open_wildcard(issuer: Issuer) -> None:
    plan = issuer.plan("rtc", [Grant()])
    rejects = bytearray(2)
    plan.column((Constant("*"), Objects([0, 42])), 0, 2, NOW, rejects=rejects)
    assert rejects == b"\2\0"
