"""Salts: in range, from the CSPRNG, without bias, never the same in a child or another thread."""

from __future__ import annotations

import os
import threading
from types import ModuleType

import pytest

from agora_token import Issuer, read
from helpers.project import APP_ID, CERTIFICATE

MAX_SALT = 99_999_999


def salts_of(tokens: list[str]) -> list[int]:
    return [salt for token in tokens if (salt := read(token).salt) is not None]


def test_the_range_and_its_ends(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    # The numbers that the system gives: the ends of a period, the last one that is taken, and
    # those above it, which would make small salts likelier.
    numbers = [0, MAX_SALT - 1, MAX_SALT, 42 * MAX_SALT - 1, 42 * MAX_SALT, 0xFFFFFFFF]
    block = b"".join(number.to_bytes(4, "little") for number in numbers)
    drain(backend, monkeypatch)
    monkeypatch.setattr(os, "urandom", lambda size: (block * size)[:size])
    taken = {backend.random_salt() for _ in range(100)}
    assert taken == {1, MAX_SALT}
    drain(backend, monkeypatch)


def drain(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uses up what is pooled, by having a child's fork forget it."""
    if backend.NAME == "native":
        backend._forget_pool()
    else:
        backend.salts._pool._forget()


def test_salts_are_spread_evenly(backend: ModuleType) -> None:
    count, parts = 60_000, 10
    found = [0] * parts
    for _ in range(count):
        salt = backend.random_salt()
        assert 1 <= salt <= MAX_SALT
        found[(salt - 1) * parts // MAX_SALT] += 1
    # Seven standard deviations on either side: once in 10**11 runs by chance.
    assert all(abs(number - count / parts) < 7 * (count / parts) ** 0.5 for number in found)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("version", ["006", "007"])
def test_every_token_of_a_column_has_a_salt_of_its_own(version: str) -> None:
    tokens = Issuer(APP_ID, CERTIFICATE).rtc_many("room", [7] * 3000, version=version, threads=2)
    salts = salts_of(tokens)
    assert len(salts) == 3000
    assert all(1 <= salt <= MAX_SALT for salt in salts)
    # 3,000 of 10**8: a repetition is expected 0.045 times, five of them never.
    assert len(set(salts)) > 2995


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_does_not_repeat_its_parents_salts(backend: ModuleType) -> None:
    backend.random_salt()  # fills the pool that the child inherits
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        os.write(writable, b"".join(backend.random_salt().to_bytes(4, "little") for _ in range(64)))
        os._exit(0)
    os.close(writable)
    os.waitpid(child, 0)
    with os.fdopen(readable, "rb") as pipe:
        given = pipe.read()
    theirs = {int.from_bytes(given[at : at + 4], "little") for at in range(0, len(given), 4)}
    ours = {backend.random_salt() for _ in range(64)}
    assert len(theirs) > 60
    assert len(theirs & ours) < 3


def test_what_another_thread_took_meanwhile_is_not_given_again(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.urandom
    calls = 0
    inner: list[int] = []

    def urandom(size: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 1:  # half of it may not be used, so that more is asked for
            return real(size // 2) + b"\xff" * (size - size // 2)
        if calls == 2:  # as a thread would that runs while this one waits for the system
            inner.extend(backend.random_salt() for _ in range(256))
        return real(size)

    drain(backend, monkeypatch)
    monkeypatch.setattr(os, "urandom", urandom)
    outer = [backend.random_salt() for _ in range(256)]
    assert len(inner) == 256
    assert len(set(outer) & set(inner)) < 3


def test_threads_do_not_share_salts(backend: ModuleType) -> None:
    taken: list[list[int]] = [[] for _ in range(4)]

    def take(into: list[int]) -> None:
        into.extend(backend.random_salt() for _ in range(2000))

    threads = [threading.Thread(target=take, args=(into,)) for into in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    salts = [salt for into in taken for salt in into]
    assert len(salts) == 8000
    # A repetition is expected 0.3 times; a block taken twice would give 256.
    assert len(set(salts)) > 7985
