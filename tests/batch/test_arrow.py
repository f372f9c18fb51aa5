"""Arrow columns: every kind of column in, the tokens of the Issuer out, errors with their row."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token import AgoraTokenError, Reason, Role
from agora_token._columns import Strings
from agora_token.batch import (
    chat_user_column,
    rtc_column,
    rtc_rtm_column,
    rtm_column,
    verify_column,
)
from agora_token.batch.columns import backend_column
from agora_token.errors import (
    ColumnError,
    InvalidChannelError,
    InvalidLifetimeError,
    InvalidRoleError,
    InvalidSaltError,
    InvalidUserError,
)
from helpers.batch import ISSUER, NOW
from helpers.needs import need_module
from helpers.project import CERTIFICATE

pytestmark = pytest.mark.usefixtures("backend")
FIXED: dict[str, Any] = {"issued_at": NOW, "salts": 7}
ROOMS = ["a", "b", "c"]


def expected(version: str = "007") -> list[str]:
    return list(ISSUER.rtc_many(ROOMS, [1, 2, 3], version=version, issued_at=NOW, salts=[7] * 3))


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize(
    "channels",
    [
        ROOMS,
        pa.array(ROOMS),
        pa.array(ROOMS, pa.large_string()),
        pa.array(["x", *ROOMS, "y"]).slice(1, 3),
        pa.array(["x", *ROOMS], pa.large_string())[1:],
        pa.array(ROOMS).dictionary_encode(),
        pa.array(["x", *ROOMS]).dictionary_encode()[1:],
        pa.chunked_array([["a"], [], ["b", "c"]]),
        pa.chunked_array([pa.array(part).dictionary_encode() for part in (["a"], ["b", "c"])]),
        pa.table({"channel": ROOMS}),
    ],
    ids=lambda values: str(getattr(values, "type", type(values).__name__)),
)
@pytest.mark.parametrize(
    "uids",
    [
        pa.array([1, 2, 3], pa.uint32()),
        pa.array([9, 1, 2, 3], pa.uint32())[1:],
        pa.array([1, 2, 3], pa.int8()),
        pa.array([1, 2, 3], pa.uint64()),
        pa.chunked_array([[1, 2], [3]]),
        pa.array([1, 2, 3]).dictionary_encode(),
        pa.array(["1", "2", "3"]),
    ],
    ids=lambda values: str(values.type),
)
def test_kinds_of_columns(channels: Any, uids: Any, version: str) -> None:
    tokens = rtc_column(ISSUER, channels, uids, version=version, **FIXED)
    assert tokens.type == pa.string()
    tokens.validate(full=True)
    assert tokens.to_pylist() == expected(version)


def test_string_views() -> None:
    if not hasattr(pa, "string_view"):
        pytest.skip("this pyarrow has no string views")
    views = pa.array(ROOMS, pa.string_view())
    assert rtc_column(ISSUER, views, [1, 2, 3], **FIXED).to_pylist() == expected()


def polars(values: list[Any]) -> Any:
    return need_module("polars").Series(values)


def polars_categories(values: list[Any]) -> Any:
    module = need_module("polars")
    return module.Series(values, dtype=module.Categorical if isinstance(values[0], str) else None)


def pandas(values: list[Any]) -> Any:
    return need_module("pandas").Series(values)


def numpy(values: list[Any]) -> Any:
    return need_module("numpy").array(values)


def duckdb(values: list[Any]) -> Any:
    module = need_module("duckdb")
    return module.sql(f"select unnest({values!r}) as value")


@pytest.mark.parametrize("library", [polars, polars_categories, pandas, numpy, duckdb])
def test_columns_of_other_libraries(library: Callable[[list[Any]], Any]) -> None:
    tokens = rtc_column(ISSUER, library(ROOMS), library([1, 2, 3]), **FIXED)
    assert tokens.to_pylist() == expected()


def test_constants_and_empty_columns() -> None:
    assert rtc_column(ISSUER, "a", pa.array([1]), **FIXED).to_pylist() == expected()[:1]
    assert rtc_column(ISSUER, pa.array(["a"]), 1, **FIXED).to_pylist() == expected()[:1]
    for kind in (pa.int64(), pa.string(), pa.null()):
        assert len(rtc_column(ISSUER, "a", pa.array([], kind))) == 0
        tokens = rtc_column(ISSUER, "a", pa.chunked_array([], kind))
        assert (tokens.type, len(tokens)) == (pa.string(), 0)


@pytest.mark.parametrize("threads", [1, 3])
def test_windows_meet_chunks(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agora_token.batch.arrow.CHUNK_ROWS", 4)
    channels = pa.chunked_array([["a"] * 3, ["b"] * 6, [], ["c"] * 4])
    uids = pa.chunked_array([range(5), range(5, 13)])
    tokens = rtc_column(ISSUER, channels, uids, issued_at=NOW, salts=range(13), threads=threads)
    assert [len(chunk) for chunk in tokens.chunks] == [4, 4, 4, 1]
    rows = list(zip(channels.to_pylist(), range(13), strict=True))
    assert tokens.to_pylist() == [
        ISSUER.rtc(channel, uid, issued_at=NOW, salt=uid) for channel, uid in rows
    ]


def test_roles_and_lifetimes_in_columns() -> None:
    roles, lifetimes = [1, 2, 1, 101], [60, 60, 90, 60]
    tokens = rtc_column(
        ISSUER, "a", [5, 6, 7, 8], role=pa.array(roles), expires_in=lifetimes, **FIXED
    )
    assert tokens.to_pylist() == [
        ISSUER.rtc("a", uid, role=role, expires_in=lifetime, issued_at=NOW, salt=7)
        for uid, role, lifetime in zip([5, 6, 7, 8], roles, lifetimes, strict=True)
    ]
    own = rtc_column(ISSUER, "a", [5], role=pa.array([2]), privileges={2: 30}, **FIXED)
    assert own.to_pylist() == [
        ISSUER.rtc("a", 5, role=Role.SUBSCRIBER, privileges={2: 30}, issued_at=NOW, salt=7)
    ]


@pytest.mark.parametrize("kind", [pa.uint32(), pa.int64(), pa.float64(), pa.string()])
def test_one_user_for_rtc_and_rtm(kind: pa.DataType) -> None:
    users = pa.array(["42", "7", "42"]).cast(kind)
    tokens = rtc_rtm_column(ISSUER, "a", users, role=2, **FIXED).to_pylist()
    assert tokens == ISSUER.rtc_rtm_many(
        "a", [42, "7", 42], role=2, issued_at=NOW, salts=[7] * 3, threads=2
    )
    assert tokens[0] == ISSUER.rtc_rtm("a", "42", role=2, issued_at=NOW, salt=7)
    anybody = pa.array([42, 0], pa.uint32())
    for refuse in (
        lambda: rtc_rtm_column(ISSUER, "a", anybody),
        lambda: ISSUER.rtc_rtm_many("a", [42, 0]),
    ):
        with pytest.raises(InvalidUserError, match="row 1: account 0 is anybody"):
            refuse()
    with pytest.raises(InvalidUserError, match="integer account is 1 to 4294967295"):
        ISSUER.rtc_rtm("a", -1)


@pytest.mark.parametrize("threads", [1, 2])
def test_refused_rows_may_be_null(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agora_token.batch.arrow.CHUNK_ROWS", 3)
    users = pa.array([1, None, 2**33, 4, 5, 6, -1])
    roles = pa.array([1, 1, 1, 9, 2, None, 1])
    tokens = rtc_column(ISSUER, "a", users, role=roles, on_error="null", threads=threads, **FIXED)
    tokens.validate(full=True)
    good = {0: (1, 1), 4: (5, 2)}
    assert tokens.to_pylist() == [
        ISSUER.rtc("a", good[row][0], role=good[row][1], issued_at=NOW, salt=7)
        if row in good
        else None
        for row in range(7)
    ]
    for column in (rtm_column, chat_user_column):
        names = pa.array(["ann", "", None, "b" * 65])
        found = column(ISSUER, names, on_error="null")
        assert found.is_null().to_pylist() == [False, True, True, True]
    with pytest.raises(InvalidRoleError):  # the same for every row
        rtc_column(ISSUER, "a", users, role=9, on_error="null")
    with pytest.raises(ColumnError, match="on_error is 'skip'"):
        rtc_column(ISSUER, "a", users, on_error="skip")


def test_numbers_as_floats_and_decimals() -> None:
    for kind in (pa.float64(), pa.float32(), pa.decimal128(22, 2)):
        users = pa.array([1, 2, 3]).cast(kind)
        assert rtc_column(ISSUER, pa.array(ROOMS), users, **FIXED).to_pylist() == expected()
    frame = need_module("pandas").DataFrame({"uid": [1, None, 1.5]})
    tokens = rtc_column(ISSUER, "a", frame["uid"], on_error="null")
    assert tokens.is_null().to_pylist() == [False, True, True]


def test_other_products() -> None:
    users = pa.array(["alice", "bob"])
    for version in ("006", "007"):
        assert rtm_column(ISSUER, users, version=version, **FIXED).to_pylist() == [
            ISSUER.rtm(user, version=version, issued_at=NOW, salt=7) for user in ("alice", "bob")
        ]
    assert chat_user_column(ISSUER, users, expires_in=60, **FIXED).to_pylist() == [
        ISSUER.chat_user(user, expires_in=60, issued_at=NOW, salt=7) for user in ("alice", "bob")
    ]


LONG = pa.chunked_array([list(range(70_000)), [2**33]])


@pytest.mark.parametrize(
    ("channels", "uids", "options", "error", "row"),
    [
        ("a", pa.array([1, None]), {}, InvalidUserError, 1),
        ("a", pa.array([1, None, 2])[1:], {}, InvalidUserError, 0),
        ("a", pa.array(["x", None]), {}, InvalidUserError, 1),
        ("a", pa.array(["x", ""]), {}, InvalidUserError, 1),
        ("a", pa.array(["x", "y*"]), {}, InvalidUserError, 1),
        ("a", pa.array([1, -1]), {}, InvalidUserError, 1),
        ("a", LONG, {}, InvalidUserError, 70_000),
        (pa.array(["a", None]), 1, {}, InvalidChannelError, 1),
        (pa.nulls(2), 1, {}, InvalidChannelError, 0),
        ("a", pa.array([1, 2]), {"role": pa.array([1, 7])}, InvalidRoleError, 1),
        ("a", pa.array([-1, 2]), {"role": pa.array([1, 7])}, InvalidUserError, 0),
        (pa.array(["a", "*b", "c"]), pa.array([1, 2, -1]), {}, InvalidChannelError, 1),
        ("a", pa.array([1, 2]), {"role": pa.array([1, None])}, InvalidRoleError, 1),
        ("a", pa.array([1, 2]), {"expires_in": [60, 90_000]}, InvalidLifetimeError, 1),
        ("a", pa.array([1, 2]), {"role": 7}, InvalidRoleError, None),
        ("a", pa.array([1, 2]), {"expires_in": 0}, InvalidLifetimeError, None),
        ("a", pa.array([1, 2]), {"role": pa.array(["1", "2"])}, ColumnError, None),
        ("a", pa.array([1, 2]), {"salts": [1, -1]}, InvalidSaltError, None),
        ("a", pa.array([1, 2]), {"salts": [1, 2, 3]}, ColumnError, None),
        ("a", pa.array([1, 2]), {"threads": 0}, ColumnError, None),
        (pa.array(["a", "b"]), pa.array([1]), {}, ColumnError, None),
        (pa.array([1]), 1, {}, ColumnError, None),
        ("a", pa.array([1, 1.5]), {}, InvalidUserError, 1),
        ("a", pa.array([1.0, None]), {}, InvalidUserError, 1),
        ("a", pa.array([True]), {}, ColumnError, None),
        ("a", pa.array([b"x"]), {}, ColumnError, None),
        ("a", object(), {}, ColumnError, None),
        ("a", 1, {}, ColumnError, None),
        (pa.table({"a": ["x"], "b": ["y"]}), 1, {}, ColumnError, None),
    ],
)
def test_refusals_name_the_row(
    channels: Any, uids: Any, options: dict[str, Any], error: type[AgoraTokenError], row: int | None
) -> None:
    with pytest.raises(error) as caught:
        rtc_column(ISSUER, channels, uids, **{**FIXED, **options})
    assert caught.value.row == row
    if row is not None:
        assert str(caught.value).startswith(f"row {row}: ")
        assert str(caught.value).count("row ") == 1


@given(
    st.lists(
        st.tuples(st.text("ab-*", min_size=1, max_size=5), st.integers(-1, 2**32)), max_size=20
    )
)
def test_columns_equal_lists(rows: list[tuple[str, int]]) -> None:
    channels, uids = [row[0] for row in rows], [row[1] for row in rows]
    if not rows:
        return
    outcome: Any
    try:
        outcome = ISSUER.rtc_many(channels, uids, issued_at=NOW, salts=[7] * len(rows))
    except AgoraTokenError as error:
        outcome = error
    if isinstance(outcome, AgoraTokenError):
        with pytest.raises(type(outcome)) as caught:
            rtc_column(ISSUER, pa.array(channels), pa.array(uids), **FIXED)
        assert str(caught.value) == str(outcome)
    else:
        column = rtc_column(ISSUER, pa.array(channels), pa.array(uids), **FIXED)
        assert column.to_pylist() == outcome


def test_verified_column() -> None:
    tokens = rtc_column(ISSUER, "a", pa.array([1, 2, 3]), issued_at=NOW)
    reasons = verify_column(
        tokens, CERTIFICATE, channels="a", uids=pa.array([1, 9, None]), at=NOW + 60
    )
    assert reasons.type == pa.uint8()
    assert reasons.to_pylist() == [Reason.VALID, Reason.WRONG_USER, Reason.VALID]
    late = verify_column(tokens, CERTIFICATE, at=NOW + 4000, threads=2)
    assert late.to_pylist() == [Reason.EXPIRED] * 3
    junk = pa.array([None, "junk", "", tokens[0].as_py()])
    assert verify_column(junk, CERTIFICATE, at=NOW).to_pylist() == [
        Reason.MALFORMED,
        Reason.UNSUPPORTED_VERSION,
        Reason.MALFORMED,
        Reason.VALID,
    ]
    with pytest.raises(ColumnError):
        verify_column(tokens, CERTIFICATE, channels=pa.array(["a"]))
    with pytest.raises(ColumnError):
        verify_column(pa.array([1]), CERTIFICATE)


def test_large_offsets_are_read_in_place() -> None:
    array = pa.array(ROOMS, pa.large_string())
    column = backend_column(array, "channel", False)
    assert isinstance(column, Strings)
    assert column.wide
    assert column.data.address == array.buffers()[2].address


def test_strings_that_lie_beyond_2_gib() -> None:
    size = (1 << 31) + 64
    memory = mmap.mmap(-1, size)  # pages that nobody touches take no memory
    memory[size - 8 :] = b"roomroom"
    offsets = pa.py_buffer(array("q", [size - 8, size - 4, size]))
    channels = pa.LargeStringArray.from_buffers(2, offsets, pa.py_buffer(memory))
    tokens = rtc_column(ISSUER, channels, [1, 2], **FIXED)
    assert tokens.equals(rtc_column(ISSUER, "room", [1, 2], **FIXED))
