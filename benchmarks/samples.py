"""What the benchmarks issue, whom they are compared with, and how outputs are compared.

A channel's name is 32 characters, as a UUID's hex digits are, and a uid has ten digits, so that an
RTC token of version 007 has 156 bytes to compress.  The users differ from token to token.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from agora_token import Issuer, RtcTokenBuilder, TokenInfo, _backend, read

APP_ID: Final = "2b4f76c05ad94e1c9f0d8377a6be1542"
CERTIFICATE: Final = "e8d1f03c6a7249b5b3c9275d0a64f18e"
CHANNEL: Final = "7c9e66792f084d4fa3a1d0b6e51c8f42"
SECONDS: Final = 3600

CHECKED: Final = 200
"""Tokens of each output that are compared."""

BACKENDS: Final = {"native": "agora_token._core", "pure": "agora_token._pure"}
PACKAGES: Final = {"006": "agora_token_builder", "007": "agoraiotools"}
"""The packages on PyPI that carry the vendor's Python, by token version."""


def uids(count: int) -> list[int]:
    """Different uids of ten digits."""
    return [1_000_000_000 + 2_654_435_761 * i % 3_000_000_017 for i in range(count)]


def accounts(count: int) -> list[str]:
    """Different accounts, of as many characters."""
    return [str(uid) for uid in uids(count)]


def issuer() -> Issuer:
    return Issuer(APP_ID, CERTIFICATE)


def package(version: str) -> Any:
    """The package on PyPI for a token version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of parts that are not measured
        return importlib.import_module(PACKAGES[version])


class RtcCalls(NamedTuple):
    """A publisher's tokens from the builders of one version."""

    ours: Callable[..., str]
    theirs: Callable[..., str]
    each: Callable[[Callable[..., str], Sequence[tuple[str, int]]], list[str]]
    """A builder's tokens for pairs of channel and uid, which live an hour."""
    rebuild: Callable[[tuple[str, int], TokenInfo], str]
    """Their token for such a pair, with the expiry that another token has."""


def rtc_calls(version: str) -> RtcCalls:
    """The builders of a version, ours and the one on PyPI."""
    # Written out for each version: a call through a tuple of arguments takes longer.
    if version == "006":
        ours = RtcTokenBuilder.buildTokenWithUid
        theirs = package("006").RtcTokenBuilder.buildTokenWithUid
        until = int(time.time()) + SECONDS
        return RtcCalls(
            ours,
            theirs,
            lambda build, pairs: [
                build(APP_ID, CERTIFICATE, channel, uid, 1, until) for channel, uid in pairs
            ],
            lambda pair, info: theirs(APP_ID, CERTIFICATE, *pair, 1, _expiry(info)),
        )
    theirs = package("007").RtcTokenBuilder2.build_token_with_uid
    return RtcCalls(
        RtcTokenBuilder.build_token_with_uid,
        theirs,
        lambda build, pairs: [
            build(APP_ID, CERTIFICATE, channel, uid, 1, SECONDS, SECONDS) for channel, uid in pairs
        ],
        lambda pair, info: theirs(APP_ID, CERTIFICATE, *pair, 1, info.expire, _expiry(info)),
    )


def _expiry(info: TokenInfo) -> int:
    return info.services[0].privileges[0].expire


@contextmanager
def backend(name: str) -> Iterator[ModuleType]:
    """Puts a backend in the place of the one that was chosen at import."""
    chosen, wanted = (importlib.import_module(BACKENDS[each]) for each in (_backend.NAME, name))
    _backend.use(wanted)
    try:
        yield wanted
    finally:
        _backend.use(chosen)


@contextmanager
def fixed(now: int, salt: int) -> Iterator[None]:
    """Stops the clock and the salts of the pure backend and of the packages on PyPI."""
    random = SimpleNamespace(randint=lambda first, last: salt)
    with (
        patch.object(time, "time", lambda: float(now)),
        patch("secrets.SystemRandom", lambda: random),
        patch("agora_token._pure.build.random_salt", lambda: salt),
    ):
        yield


def expect_same(
    tokens: Sequence[str], values: Sequence[Any], rebuild: Callable[[Any, TokenInfo], str]
) -> None:
    """Compares tokens with what ``rebuild`` makes of their values, their times and their salts."""
    different = len(set(map(repr, values)))
    if len(tokens) != len(values) or len(set(tokens)) < different:
        raise AssertionError("there must be one token for each value, different where values are")
    for row in range(0, len(tokens), -(-len(tokens) // CHECKED)):
        info = read(tokens[row])
        if info.issue_ts is None or info.salt is None:
            raise AssertionError(f"row {row}: {tokens[row]} has no time or no salt")
        with fixed(info.issue_ts, info.salt):
            expected = rebuild(values[row], info)
        if tokens[row] != expected:
            raise AssertionError(f"row {row}: {tokens[row]} is not {expected}")
