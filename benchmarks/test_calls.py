"""One call of each builder and of each method of Issuer: native, pure, and the package on PyPI.

A run makes 200 calls, with another user each, and keeps the tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import agora_token
from agora_token import RtcService, TokenInfo

from .samples import (
    APP_ID,
    CERTIFICATE,
    CHANNEL,
    SECONDS,
    backend,
    expect_same,
    issuer,
    package,
    uids,
)

CALLS: Final = 200
UID: Final = object()  # stands for another uid in each call
USER: Final = object()  # and this for another account

UNTIL: Final = int(time.time()) + SECONDS
EACH: Final = (SECONDS,) * 4
BOTH: Final = (CHANNEL, UID, 1, SECONDS, *EACH, USER, SECONDS)

BUILDERS: Final[dict[str, tuple[object, ...]]] = {
    "RtcTokenBuilder.buildTokenWithUid": (CHANNEL, UID, 1, UNTIL),
    "RtcTokenBuilder.buildTokenWithAccount": (CHANNEL, USER, 1, UNTIL),
    "RtcTokenBuilder.build_token_with_uid": (CHANNEL, UID, 1, SECONDS, SECONDS),
    "RtcTokenBuilder.build_token_with_user_account": (CHANNEL, USER, 1, SECONDS, SECONDS),
    "RtcTokenBuilder.build_token_with_uid_and_privilege": (CHANNEL, UID, SECONDS, *EACH),
    "RtcTokenBuilder.build_token_with_user_account_and_privilege": (CHANNEL, USER, SECONDS, *EACH),
    "RtcTokenBuilder.build_token_with_rtm": (CHANNEL, USER, 1, SECONDS, SECONDS),
    "RtcTokenBuilder.build_token_with_rtm2": BOTH,
    "RtmTokenBuilder.buildToken": (USER, 1, UNTIL),
    "RtmTokenBuilder.build_token": (USER, SECONDS),
    "RtmTokenBuilder.build_token_with_permissions": (USER, {1: {1: ["lobby"]}}, SECONDS),
    "ChatTokenBuilder.build_user_token": (USER, SECONDS),
    "ChatTokenBuilder.build_app_token": (SECONDS,),
    "ApaasTokenBuilder.build_room_user_token": (CHANNEL, USER, 1, SECONDS),
    "ApaasTokenBuilder.build_user_token": (USER, SECONDS),
    "ApaasTokenBuilder.build_app_token": (SECONDS,),
    "EducationTokenBuilder.build_room_user_token": (CHANNEL, USER, 1, SECONDS),
    "EducationTokenBuilder.build_user_token": (USER, SECONDS),
    "EducationTokenBuilder.build_app_token": (SECONDS,),
    "FpaTokenBuilder.build_token": (),
    "ConvoAITokenBuilder.build_token": BOTH,
    "SttTokenBuilder.build_token": BOTH,
}

BROKEN: Final = "build_token_with_uid_and_privilege"  # raises AttributeError in agoraiotools

ISSUERS: Final[dict[str, tuple[tuple[object, ...], dict[str, object]]]] = {
    "rtc": ((CHANNEL, UID), {}),
    "rtc, version 006": ((CHANNEL, UID), {"version": "006"}),
    "rtm": ((USER,), {}),
    "rtm, version 006": ((USER,), {"version": "006"}),
    "rtc_rtm": ((CHANNEL, USER), {}),
    "chat_user": ((USER,), {}),
    "chat_app": ((), {}),
    "apaas_room_user": ((CHANNEL, USER), {"role": 1}),
    "apaas_user": ((USER,), {}),
    "apaas_app": ((), {}),
    "fpa": ((), {}),
    "streaming": ((CHANNEL, UID), {}),
    "fcdn": ((CHANNEL, UID), {}),
    "rtm2": ((USER, {}), {}),
    "convoai": ((CHANNEL, UID, USER), {}),
    "stt": ((CHANNEL, UID, USER), {}),
    "token": ((RtcService(CHANNEL, 1, {1: SECONDS}),), {}),
}


def ours(name: str) -> Callable[..., str]:
    builder, _, method = name.partition(".")
    found: Callable[..., str] = getattr(getattr(agora_token, builder), method)
    return found


def theirs(name: str) -> Callable[..., str] | None:
    """The builder's method in the package on PyPI, if it has one."""
    builder, _, method = name.partition(".")
    names = package("007" if "_" in method else "006")
    owner = getattr(names, f"{builder}2", getattr(names, builder, None))
    return None if method == BROKEN else getattr(owner, method, None)


def each_user(arguments: tuple[object, ...]) -> list[tuple[object, ...]]:
    """The arguments of every call."""
    return [
        tuple(uid if each is UID else str(uid) if each is USER else each for each in arguments)
        for uid in uids(CALLS)
    ]


@pytest.mark.parametrize(
    ("name", "by"),
    [
        (name, by)
        for name in BUILDERS
        for by in ("native", "pure", "pypi")
        if by != "pypi" or theirs(name)
    ],
)
def test_builder(benchmark: BenchmarkFixture, name: str, by: str) -> None:
    own, rival = ours(name), theirs(name) or ours(name)
    build, other = (rival, own) if by == "pypi" else (own, rival)
    calls = [(APP_ID, CERTIFICATE, *rest) for rest in each_user(BUILDERS[name])]

    def rebuild(arguments: tuple[object, ...], info: TokenInfo) -> str:
        with backend("pure"):
            return other(*arguments)

    def run() -> list[str]:
        return [build(*arguments) for arguments in calls]

    benchmark.group = f"{CALLS} times {name}"
    with backend("pure" if by == "pure" else "native"):
        expect_same(run(), calls, rebuild)
        benchmark(run)


@pytest.mark.parametrize("by", ["native", "pure"])
@pytest.mark.parametrize("name", ISSUERS)
def test_issuer(benchmark: BenchmarkFixture, name: str, by: str) -> None:
    method = name.partition(",")[0]
    arguments, terms = ISSUERS[name]
    calls = each_user(arguments)
    issue, issue_other = getattr(issuer(), method), getattr(issuer(), method)

    def rebuild(arguments: tuple[Any, ...], info: TokenInfo) -> str:
        with backend("native" if by == "pure" else "pure"):
            return str(issue_other(*arguments, **terms, issued_at=info.issue_ts, salt=info.salt))

    def run() -> list[str]:
        return [issue(*arguments, **terms) for arguments in calls]

    benchmark.group = f"{CALLS} times Issuer.{name}"
    with backend(by):
        expect_same(run(), calls, rebuild)
        benchmark(run)
