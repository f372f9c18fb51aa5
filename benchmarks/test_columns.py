"""Whole columns: tokens issued as a list and as an Arrow column, and verified.

Each in sizes from a handful up, native, pure, and with the package on PyPI in a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from agora_token import Issuer, Reason, TokenInfo, verify_many
from agora_token.batch.arrow import chat_user_column, rtc_column, rtm_column, verify_column

from .samples import (
    CERTIFICATE,
    CHANNEL,
    SECONDS,
    accounts,
    backend,
    expect_same,
    issuer,
    rtc_calls,
    uids,
)

SIZES: Final = (10, 1_000, 100_000)
BY: Final = ("native", "pure")

Columns = Callable[[Issuer, Any], pa.ChunkedArray]
COLUMNS: Final[dict[str, Columns]] = {
    "rtc_column": lambda issuer, users: rtc_column(issuer, CHANNEL, users),
    "rtm_column": rtm_column,
    "chat_user_column": chat_user_column,
}


def timed(benchmark: BenchmarkFixture, run: Callable[[], Any], size: int) -> None:
    """Times a run; large ones a few times only."""
    if size < max(SIZES):
        benchmark(run)
    else:
        benchmark.pedantic(run, rounds=5)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", [*BY, "pypi"])
@pytest.mark.parametrize("version", ["006", "007"])
def test_rtc_many(benchmark: BenchmarkFixture, version: str, by: str, size: int) -> None:
    users, ours = uids(size), issuer()
    pairs = [(CHANNEL, uid) for uid in users]
    rtc = rtc_calls(version)

    def run() -> list[str]:
        if by == "pypi":
            return rtc.each(rtc.theirs, pairs)
        return ours.rtc_many(CHANNEL, users, version=version, expires_in=SECONDS)

    def rebuild(pair: tuple[str, int], info: TokenInfo) -> str:
        if by != "pypi":
            return rtc.rebuild(pair, info)
        expiry = info.services[0].privileges[0].expire
        if version == "006":
            expiry -= info.issue_ts or 0
        return ours.rtc(
            *pair, version=version, expires_in=expiry, issued_at=info.issue_ts, salt=info.salt
        )

    benchmark.group = f"{size} tokens, RTC {version}, a list"
    with backend("pure" if by == "pure" else "native"):
        expect_same(run(), pairs, rebuild)
        timed(benchmark, run, size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("name", COLUMNS)
def test_column(benchmark: BenchmarkFixture, name: str, by: str, size: int) -> None:
    users = pa.array(uids(size), pa.uint32()) if name == "rtc_column" else pa.array(accounts(size))
    ours, other = issuer(), issuer()

    def run() -> pa.ChunkedArray:
        return COLUMNS[name](ours, users)

    def rebuild(user: int | str, info: TokenInfo) -> str:
        with backend("native" if by == "pure" else "pure"):
            if name == "rtc_column":
                return other.rtc(CHANNEL, user, issued_at=info.issue_ts, salt=info.salt)
            issue = other.rtm if name == "rtm_column" else other.chat_user
            return issue(str(user), issued_at=info.issue_ts, salt=info.salt)

    benchmark.group = f"{size} tokens, {name}"
    with backend(by):
        expect_same(run().to_pylist(), users.to_pylist(), rebuild)
        timed(benchmark, run, size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize("name", ["verify_many", "verify_column"])
def test_verify(benchmark: BenchmarkFixture, name: str, version: str, by: str, size: int) -> None:
    users = uids(size)
    tokens = issuer().rtc_many(CHANNEL, users, version=version)
    tokens[-1] = issuer().rtc("another", users[-1], version=version)
    expected = [Reason.VALID] * (size - 1) + [Reason.WRONG_CHANNEL]
    column, numbers = pa.array(tokens), pa.array(users, pa.uint32())

    def run() -> bytes | pa.ChunkedArray:
        if name == "verify_many":
            return verify_many(tokens, CERTIFICATE, channels=CHANNEL, uids=users)
        return verify_column(column, CERTIFICATE, channels=CHANNEL, uids=numbers)

    benchmark.group = f"{size} tokens, RTC {version}, {name}"
    with backend(by):
        reasons = run()
        assert (list(reasons) if isinstance(reasons, bytes) else reasons.to_pylist()) == expected
        timed(benchmark, run, size)
