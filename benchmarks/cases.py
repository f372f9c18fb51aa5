"""The rows of the table: what is timed, beside whom, and how its output is compared."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa

from agora_token import Reason, TokenInfo, read, verify_many
from agora_token._columns import Constant, Objects
from agora_token._products import Grant
from agora_token.batch.arrow import chat_user_column, rtc_column, rtm_column, verify_column

from .samples import (
    APP_ID,
    CERTIFICATE,
    CHANNEL,
    PACKAGES,
    SECONDS,
    accounts,
    expect_same,
    issuer,
    package,
    rtc_calls,
    uids,
)

HELD_TO: Final = {
    "006": {"builder": 15, "one": 20, "list": 40, "column": 60, "pure": 1.5, "verify": 15},
    "007": {"builder": 8, "one": 9, "list": 10, "column": 12, "pure": 1.3, "verify": 8},
}
TWO_CORES: Final = 1.8


@dataclass(frozen=True, eq=False)
class Case:
    """One row."""

    token: str
    what: str
    run: Callable[[], Any]
    count: int
    """Tokens that a run issues or verifies."""
    by: str = "native"
    """``native``, ``pure``, or a package on PyPI."""
    against: Case | None = None
    """The row that this one is compared with."""
    held_to: float | None = None
    """What the ratio to that row shall be."""
    cores: int = 1


@dataclass(frozen=True)
class Group:
    """Rows that do the same work, measured in turn."""

    cases: list[Case]
    check: Callable[[Case, Any], None]
    """Raises AssertionError where a run's result is not what it must be."""
    compressions: int
    """Of SHA-256, that a token takes where the states of the key are kept."""


def groups(calls: int, rows: int) -> list[Group]:
    """All rows: those of single calls make ``calls`` tokens a run, those in bulk ``rows``."""
    return [
        _rtc("006", calls, rows),
        _rtc("007", calls, rows),
        _rooms("006", calls, rows // 4),
        _rooms("007", calls, rows // 4),
        _rtm(calls, rows // 4),
        _chat(calls, rows // 4),
        _rtc_rtm(calls, rows // 4),
        _verify("006", calls, rows // 4),
        _verify("007", calls, rows // 4),
    ]


def _rtc(version: str, calls: int, rows: int) -> Group:
    """All ways to issue, for one channel."""
    # To start threads takes as long as thousands of tokens, so they have more to do.
    longer = uids(4 * rows)
    many, numbers, column = longer[:rows], array("I", longer[:rows]), uint32_column(longer[:rows])
    some = many[:calls]
    pairs = [(CHANNEL, uid) for uid in longer]
    rtc = rtc_calls(version)
    theirs = partial(rtc.each, rtc.theirs, pairs[:calls])
    ours = partial(rtc.each, rtc.ours, pairs[:calls])

    native, pure = issuer(), issuer()
    as_list = partial(native.rtc_many, CHANNEL, version=version)
    as_list_pure = partial(pure.rtc_many, CHANNEL, some, version=version)
    as_column = partial(rtc_column, native, CHANNEL, version=version)

    held_to = HELD_TO[version]
    pypi = Case(f"RTC {version}", "its builder", theirs, calls, PACKAGES[version])
    row = partial(Case, pypi.token, against=pypi)
    one_list = row("rtc_many, a list", partial(as_list, many), rows, held_to=held_to["list"])
    one_column = row(
        "rtc_column, Arrow", partial(as_column, column), rows, held_to=held_to["column"]
    )
    two = partial(row, count=len(longer), held_to=TWO_CORES, cores=2)
    list_by_two = partial(as_list, longer, threads=2)
    column_by_two = partial(as_column, uint32_column(longer), threads=2)
    cases = [
        pypi,
        row("a drop-in builder", ours, calls, held_to=held_to["builder"]),
        row("Issuer.rtc", _one_by_one(version, pairs[:calls]), calls, held_to=held_to["one"]),
        one_list,
        row("rtc_many, a list from an array", partial(as_list, numbers), rows),
        one_column,
        two("rtc_many, two threads", list_by_two, against=one_list),
        two("rtc_column, two threads", column_by_two, against=one_column),
        row("a drop-in builder, pure", ours, calls, "pure", held_to=held_to["pure"]),
        row("rtc_many, a list, pure", as_list_pure, calls, "pure"),
    ]
    return _issuing(cases, pairs, rtc.rebuild, hashed_006=len(CHANNEL) + 10)


def uint32_column(numbers: list[int]) -> pa.Array:
    return pa.array(numbers, pa.uint32())


def _rooms(version: str, calls: int, rows: int) -> Group:
    """Another channel in each row, with a short name, as in a roster of many small rooms."""
    users, rooms, native = uids(rows), [f"room-{row % 5003}" for row in range(rows)], issuer()
    pairs = list(zip(rooms, users, strict=True))
    columns = pa.array(rooms), pa.array(users, pa.uint32())
    rtc = rtc_calls(version)
    theirs = partial(rtc.each, rtc.theirs, pairs[:calls])
    pypi = Case(f"RTC {version}, rooms", "its builder", theirs, calls, PACKAGES[version])
    row = partial(Case, pypi.token, against=pypi)
    cases = [
        pypi,
        row("a drop-in builder", partial(rtc.each, rtc.ours, pairs[:calls]), calls),
        row("Issuer.rtc", _one_by_one(version, pairs[:calls]), calls),
        row("rtc_many, a list", partial(native.rtc_many, rooms, users, version=version), rows),
        row("rtc_column, Arrow", partial(rtc_column, native, *columns, version=version), rows),
    ]
    return _issuing(cases, pairs, rtc.rebuild, hashed_006=len(rooms[0]) + 10)


def _one_by_one(version: str, pairs: Sequence[tuple[str, int]]) -> Callable[[], list[str]]:
    issue = issuer().rtc
    return lambda: [
        issue(channel, uid, expires_in=SECONDS, version=version) for channel, uid in pairs
    ]


def _rtm(calls: int, rows: int) -> Group:
    build = package("007").RtmTokenBuilder2.build_token
    users, native = accounts(rows), issuer()
    return _users(
        "RTM 007",
        calls,
        users,
        lambda user: str(build(APP_ID, CERTIFICATE, user, SECONDS)),
        ("rtm_many, a list", partial(native.rtm_many, users)),
        ("rtm_column, Arrow", partial(rtm_column, native, pa.array(users))),
    )


def _chat(calls: int, rows: int) -> Group:
    build = package("007").ChatTokenBuilder.build_user_token
    users, native = accounts(rows), issuer()
    return _users(
        "Chat 007",
        calls,
        users,
        lambda user: str(build(APP_ID, CERTIFICATE, user, SECONDS)),
        ("chat_user_many, a list", partial(native.chat_user_many, users)),
        ("chat_user_column, Arrow", partial(chat_user_column, native, pa.array(users))),
    )


def _rtc_rtm(calls: int, rows: int) -> Group:
    build = package("007").RtcTokenBuilder2.build_token_with_rtm
    users = accounts(rows)
    plan = issuer().plan("rtc-rtm", [Grant(expires_in=SECONDS)])
    columns = Constant(CHANNEL), Objects(users)
    return _users(
        "RTC and RTM 007",
        calls,
        users,
        lambda user: str(build(APP_ID, CERTIFICATE, CHANNEL, user, 1, SECONDS, SECONDS)),
        ("a plan, a list", lambda: plan.many(columns, 0, rows, int(time.time()))),
    )


def _users(
    token: str,
    calls: int,
    users: Sequence[str],
    theirs: Callable[[str], str],
    *ours: tuple[str, Callable[[], Any]],
) -> Group:
    """Tokens that differ in a user, by a method of a package on PyPI and in bulk."""
    some = users[:calls]
    pypi = Case(
        token, "its builder", lambda: [theirs(user) for user in some], calls, PACKAGES["007"]
    )
    cases = [Case(token, what, run, len(users), against=pypi) for what, run in ours]
    return _issuing([pypi, *cases], users, lambda user, info: theirs(user))


def _issuing(
    cases: list[Case],
    values: Sequence[Any],
    rebuild: Callable[[Any, TokenInfo], str],
    hashed_006: int = 0,
) -> Group:
    def check(case: Case, tokens: Any) -> None:
        listed = tokens if isinstance(tokens, list) else tokens.to_pylist()
        expect_same(listed, values[: case.count], rebuild)

    info = read(cases[0].run()[0])
    return Group(cases, check, _compressions(info, hashed_006))


def _verify(version: str, calls: int, rows: int) -> Group:
    users = uids(rows)
    tokens = issuer().rtc_many(CHANNEL, users, version=version)
    some = partial(verify_many, tokens[:calls], CERTIFICATE, channels=CHANNEL, uids=users[:calls])
    many = partial(verify_many, tokens, CERTIFICATE, channels=CHANNEL, uids=users)
    columns = {"channels": CHANNEL, "uids": pa.array(users, pa.uint32())}
    column = partial(verify_column, pa.array(tokens), CERTIFICATE, **columns)

    def check(case: Case, reasons: Any) -> None:
        listed = reasons if isinstance(reasons, bytes) else bytes(reasons.to_pylist())
        if listed != bytes([Reason.VALID]) * case.count:
            raise AssertionError(f"{case.what}: some tokens are refused")

    pure = Case(f"RTC {version}", "verify_many, pure", some, calls, "pure")
    row = partial(Case, pure.token, count=rows, against=pure)
    one = row("verify_many", many, held_to=HELD_TO[version]["verify"])
    cases = [
        pure,
        one,
        row("verify_many, two threads", partial(many, threads=2), against=one, cores=2),
        row("verify_column, Arrow", column),
    ]
    return Group(cases, check, _compressions(read(tokens[0]), len(CHANNEL) + 10))


def _compressions(info: TokenInfo, names_006: int) -> int:
    """Blocks of SHA-256 of a token; ``names_006`` are the bytes of channel and user."""

    def padded(size: int) -> int:
        return (size + 9 + 63) // 64

    if info.version == "006":  # signed: App ID, channel, user, and the content's last string
        return padded(32 + names_006 + info.content_length - 44) + 1
    # Two blocks of key, message and outer hash: for the salt, and for all behind the signature.
    return 4 + 2 + padded(info.content_length - 34) + 1
