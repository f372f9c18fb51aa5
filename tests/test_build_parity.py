"""``build006`` and ``build007``: the same bytes and the same refusals from both backends."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token import _pure
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE

native = need_module("agora_token._core")


class Zero:
    """Equals 0, as a uid may."""

    def __eq__(self, other: object) -> bool:
        return other == 0

    __hash__ = None  # type: ignore[assignment]


hex32 = st.text("0123456789abcdefABCDEF", min_size=32, max_size=32)
identifier = st.one_of(
    hex32,
    hex32.map(lambda text: "  " + text[2:]),
    hex32.map(lambda text: text[:31]),
    st.text(max_size=40),
    st.sampled_from([" " * 32, "é" * 32, "g" * 32]),
)
any_text = st.one_of(
    st.text(max_size=300),
    st.sampled_from(["", "*", "x" * 65_535, "x" * 65_536, "é" * 32_768, "\ud800", "\0"]),
)
whole = st.one_of(
    st.integers(0, (1 << 32) - 1),
    st.sampled_from([-1, 1 << 16, 1 << 32, 1 << 63, 1 << 64, 1 << 200, True, "600", " 7 ", 600.9]),
)
user = st.one_of(
    any_text,
    whole,
    st.sampled_from([None, False, 0.0, Zero(), b"alice", bytearray(b"b"), ("t",), -5]),
)
privilege_maps = st.dictionaries(whole, whole, max_size=6).map(
    lambda granted: (tuple(granted), tuple(granted.values()))
)
single_expiry = st.tuples(st.lists(whole, max_size=4).map(tuple), whole)
privileges = st.one_of(privilege_maps, single_expiry)
services = st.lists(
    st.builds(
        lambda kind, granted, strings, rest: (kind, *granted, strings, rest),
        st.one_of(st.integers(0, 20), whole),
        privileges,
        st.one_of(
            st.just(()),
            st.tuples(any_text),
            st.tuples(any_text, user),
            st.tuples(any_text, user, user),
        ),
        st.binary(max_size=20),
    ),
    max_size=4,
).map(tuple)


def result(backend: ModuleType, function: str, arguments: tuple[object, ...]) -> object:
    try:
        return getattr(backend, function)(*arguments)
    except Exception as error:
        return type(error), str(error)


@given(identifier, identifier, any_text, user, privileges, whole, whole)
def test_006(
    app_id: str,
    certificate: str,
    channel: str,
    uid: object,
    granted: tuple[object, object],
    ts: int,
    salt: int,
) -> None:
    arguments = (app_id, certificate, channel, uid, *granted, ts, salt)
    assert result(native, "build006", arguments) == result(_pure, "build006", arguments)


@given(identifier, identifier, services, whole, whole, whole)
def test_007(
    app_id: str, certificate: str, services: object, expire: int, issue_ts: int, salt: int
) -> None:
    arguments = (app_id, certificate, services, expire, issue_ts, salt)
    assert result(native, "build007", arguments) == result(_pure, "build007", arguments)


@given(services)
def test_007_of_a_project(services: object) -> None:
    arguments = (APP_ID, CERTIFICATE, services, 600, 1111111, 1)
    assert result(native, "build007", arguments) == result(_pure, "build007", arguments)


@pytest.mark.parametrize("value", [None, 7, 1.5, b"room", [], object])
@pytest.mark.parametrize("position", range(3))
def test_values_of_other_types(position: int, value: object) -> None:
    arguments: list[object] = [APP_ID, CERTIFICATE, "room", 1, (1,), 0, 5, 6]
    arguments[position] = value
    assert result(native, "build006", tuple(arguments)) == result(
        _pure, "build006", tuple(arguments)
    )
    text: list[object] = [APP_ID, CERTIFICATE, "room"]
    text[position] = value
    services = ((1, (1,), 600, (text[2], 1), b""),)
    assert result(native, "build007", (*text[:2], services, 600, 5, 6)) == result(
        _pure, "build007", (*text[:2], services, 600, 5, 6)
    )


def test_bytes_for_a_user_are_written_as_the_text_that_the_vendor_writes(
    backend: ModuleType,
) -> None:
    """Written as they are, bytes could carry services of their own."""
    forged = b"\0\0\2\0"

    def build(user: object) -> str:
        return str(
            backend.build007(APP_ID, CERTIFICATE, ((1, (1,), 600, ("room", user), b""),), 600, 5, 6)
        )

    assert build(forged) == build(str(forged))
