"""Native equals pure: the same bytes, and the same errors in the same words."""

from __future__ import annotations

import struct
import threading
from array import array
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token import Issuer, _core, _fields, _pure
from agora_token._columns import Column, Constant, Integers, Objects, Strings
from agora_token._demands import Demands
from agora_token._products import PRODUCTS, Grant
from agora_token.errors import ColumnError, PackingError
from helpers.backends import using
from helpers.project import APP_ID, CERTIFICATE, NOW

BACKENDS: tuple[Any, Any] = (_core, _pure)


def outcome(call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call gives, or the error that it raises, to be compared."""
    try:
        return call(*arguments)
    except Exception as error:
        return type(error), str(error)


def same(function: str, *arguments: Any) -> bool:
    """Whether both backends give the same, or refuse it in the same words."""
    native, pure = (outcome(getattr(module, function), *arguments) for module in BACKENDS)
    return bool(native == pure)


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
    st.text(max_size=100),
    st.sampled_from([" " * 32, "é" * 32, "g" * 32]),
)
any_text = st.one_of(
    st.text(max_size=300),
    st.text(_fields.CHANNEL_CHARACTERS.decode(), max_size=300),
    st.sampled_from(["", "*", "x" * 65_535, "x" * 65_536, "é" * 32_768, "\ud800", "\0"]),
)
whole = st.one_of(
    st.integers(0, (1 << 32) - 1),
    st.sampled_from([-1, 1 << 16, 1 << 32, 1 << 63, 1 << 64, 1 << 200, True, "600", " 7 ", 600.9]),
    st.sampled_from(["", "room", "\ud800", b"7", 0.0]),
)
user = st.one_of(
    any_text,
    whole,
    st.sampled_from([None, False, 0.0, Zero(), b"alice", bytearray(b"b"), ("t",), -5]),
)
privilege_maps = st.dictionaries(whole, whole | st.none(), max_size=6).map(
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


@given(identifier, identifier, any_text | user, user, privileges, whole, whole)
def test_build006(
    app_id: str,
    certificate: str,
    channel: object,
    uid: object,
    granted: tuple[object, object],
    ts: int,
    salt: int,
) -> None:
    assert same("build006", app_id, certificate, channel, uid, *granted, ts, salt)


@given(identifier, identifier, services, whole, whole, whole)
def test_build007(
    app_id: str, certificate: str, services: object, expire: int, issue_ts: int, salt: int
) -> None:
    assert same("build007", app_id, certificate, services, expire, issue_ts, salt)


@given(services)
def test_build007_of_a_project(services: object) -> None:
    assert same("build007", APP_ID, CERTIFICATE, services, 600, 1111111, 1)


@pytest.mark.parametrize("value", [None, 7, 1.5, b"room", [], object])
@pytest.mark.parametrize("position", range(3))
def test_values_of_other_types(position: int, value: object) -> None:
    texts: list[object] = [APP_ID, CERTIFICATE, "room"]
    texts[position] = value
    assert same("build006", *texts, 1, (1,), 0, 5, 6)
    assert same("build007", *texts[:2], ((1, (1,), 600, (texts[2], 1), b""),), 600, 5, 6)


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


def test_what_does_not_fit_is_a_struct_error_too(backend: ModuleType) -> None:
    with pytest.raises(PackingError, match="channel has 65536 bytes") as caught:
        backend.build006(APP_ID, CERTIFICATE, "x" * 65_536, 1, (1,), 0)
    assert isinstance(caught.value, struct.error)
    with pytest.raises(PackingError, match="privilege expiry -1 does not fit"):
        backend.build006(APP_ID, CERTIFICATE, "room", 1, (1,), -1)
    with pytest.raises(PackingError, match="message has 66010 bytes"):
        backend.build006(APP_ID, CERTIFICATE, "room", 1, tuple(range(11_000)), 0)


def test_contents_beyond_the_small_deflate_go_to_zlib() -> None:
    services = tuple((1, (), 0, ("room " * 12_000,), b"") for _ in range(3))
    for size in (1, 3):
        assert same("build007", APP_ID, CERTIFICATE, services[:size], 1, NOW, 1)


@given(data=st.binary(max_size=5000))
def test_compress(data: bytes) -> None:
    assert same("compress", data)


GRANTS = [Grant(1, 3600), Grant(2, 60), Grant(1, 7)]
CASES = [(name, version) for name, product in PRODUCTS.items() for version in product.versions]


def plans(name: str, version: str) -> list[Any]:
    """The same plan of both backends."""
    made = []
    for backend in ("native", "pure"):
        with using(backend):
            made.append(Issuer(APP_ID, CERTIFICATE).plan(name, GRANTS, version))
    return made


@pytest.mark.parametrize(("name", "version"), CASES)
def test_plans(name: str, version: str) -> None:
    """Rows of every kind, the refused ones too: one by one, as a list and as a column."""
    values = [
        "room",
        "room",
        "Zimmer 1",
        42,
        0,
        4294967295,
        "*",
        "x" * 64,
        "zoë",
        "",
        "x" * 300,
        "bad\n",
        -1,
        None,
        "\ud800",
        "0",
    ]
    fields = len(PRODUCTS[name].parameters)
    rows = [
        tuple(values[(row * step + row // 16) % len(values)] for step in (1, 3, 7)[:fields])
        for row in range(256)
    ]
    columns = tuple(Objects(list(column)) for column in zip(*rows, strict=True))
    variants = array("i", [row % 3 for row in range(256)])
    salts = array("I", range(256))
    native, pure = plans(name, version)

    for row, given_values in enumerate(rows):
        one = (given_values, row % 3, NOW, row)
        assert outcome(native.one, *one) == outcome(pure.one, *one)
    some = (columns, 3, 200, NOW, variants, salts)
    assert outcome(native.many, *some) == outcome(pure.many, *some)
    rejects = [bytearray(197), bytearray(197)]
    tokens = [
        plan.column(*some, rejects=refused)
        for plan, refused in zip((native, pure), rejects, strict=True)
    ]
    assert rejects[0] == rejects[1]
    assert [bytes(part) for part in tokens[0]] == [bytes(part) for part in tokens[1]]
    offsets = memoryview(tokens[0][0]).cast("B").cast("i")
    data = bytes(tokens[0][1])
    for row in range(197):
        if not rejects[0][row] and fields:
            token = native.one(rows[3 + row], (3 + row) % 3, NOW, 3 + row)
            assert data[offsets[row] : offsets[row + 1]].decode() == token


def strings(texts: list[str | None], wide: bool = False, start: int = 0) -> Strings:
    """A column in Arrow's layout, ``start`` elements of something else before its first."""
    encoded = [b"other"] * start + [(text or "").encode(errors="surrogateescape") for text in texts]
    offsets = array("q" if wide else "i", [0])
    for text in encoded:
        offsets.append(offsets[-1] + len(text))
    bits = bytearray((len(encoded) + 7) // 8)
    for index in range(len(encoded)):
        if index < start or texts[index - start] is not None:
            bits[index >> 3] |= 1 << (index & 7)
    return Strings(offsets, b"".join(encoded), start, wide, bytes(bits))


def both(columns: tuple[Column, ...], rows: int) -> list[Any]:
    """What each backend makes of the columns of an RTC plan, and of their rejected rows."""
    return [results(module, columns, rows) for module in BACKENDS]


def results(module: Any, columns: tuple[Column, ...], rows: int) -> tuple[Any, Any, bytes]:
    fields = (_fields.CHANNEL, _fields.USER)
    plan = module.Plan006(APP_ID.encode(), CERTIFICATE.encode(), fields, [((1,), (60,))])
    rejects = bytearray(rows)

    def column() -> tuple[bytes, ...]:
        parts = plan.column(columns, 0, rows, NOW, None, 1, rejects)
        return tuple(bytes(part) for part in parts)

    many = outcome(plan.many, columns, 0, rows, NOW, None, 1)
    return many, outcome(column), bytes(rejects)


@given(
    texts=st.lists(st.none() | st.text(max_size=70) | st.sampled_from(["room", "b", "\udcff"])),
    wide=st.booleans(),
    start=st.integers(0, 9),
)
def test_string_columns(texts: list[str | None], wide: bool, start: int) -> None:
    columns = (strings(texts, wide, start), Constant(7))
    native, pure = both(columns, len(texts))
    assert native == pure


@given(
    numbers=st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=40),
    start=st.integers(0, 9),
    nulls=st.binary(min_size=7),
)
def test_integer_columns(numbers: list[int], start: int, nulls: bytes) -> None:
    values = array("I", [99] * start + numbers)
    for validity in (None, nulls):
        columns = (Constant("room"), Integers(values, start, validity))
        native, pure = both(columns, len(numbers))
        assert native == pure


def test_constants_that_are_refused_name_the_first_row() -> None:
    native, pure = both((Constant("no*"), Constant(1)), 3)
    assert native == pure
    assert "row 0" in native[0][1]
    assert native[2] == b"\1\1\1"


@pytest.mark.parametrize("rejects", [None, bytearray(2)])
@pytest.mark.parametrize(
    "offsets", [[0, 99, 4], [0, -1, 4], [-4, 2, 4], [3, 1, 4], [0, 2, 1 << 30]]
)
def test_offsets_outside_of_the_data_are_refused(
    offsets: list[int], rejects: bytearray | None
) -> None:
    """Even where rows may be rejected: the column itself is broken."""
    column = Strings(array("i", offsets), b"room", 0, False, None)
    for module in BACKENDS:
        plan = module.Plan006(APP_ID.encode(), b"k", (_fields.CHANNEL,), [((1,), (60,))])
        with pytest.raises(ColumnError, match=r"row [01]: .* do not lie within its data"):
            plan.column((column,), 0, 2, NOW, rejects=rejects)


def test_buffers_that_are_too_short_are_refused() -> None:
    plan = _core.Plan006(APP_ID.encode(), b"k", (_fields.USER,), [((1,), (60,))])
    short = Integers(array("I", [1, 2]))
    good = Integers(array("I", range(9)))
    for columns, more in (
        ((short,), {}),
        ((Integers(array("I", range(9)), 0, b""),), {}),
        ((Objects([1, 2]),), {}),
        ((strings(["a", "b"]),), {}),
        ((good,), {"variants": array("i", [0])}),
        ((good,), {"salts": array("I", [0])}),
    ):
        with pytest.raises(ColumnError):
            plan.many(columns, 0, 9, NOW, **more)
    with pytest.raises(ColumnError):
        plan.column((good,), 0, 9, NOW, rejects=bytearray(3))
    with pytest.raises(IndexError, match="row 4: there is no variant 1"):
        plan.many((good,), 0, 9, NOW, variants=array("i", [0, 0, 0, 0, 1, 0, 0, 0, 0]))
    assert len(plan.many((good,), 9, 9, NOW)) == 0


@pytest.mark.parametrize("module", BACKENDS)
@pytest.mark.parametrize(
    "short", [{"variants": array("i", [0])}, {"salts": array("I", [0])}], ids=["variants", "salts"]
)
def test_no_row_is_left_out_for_want_of_a_salt_or_variant(module: Any, short: Any) -> None:
    plan = module.Plan006(APP_ID.encode(), b"k", (_fields.USER,), [((1,), (60,))])
    with pytest.raises(ColumnError, match="4 bytes is too short"):
        plan.many((Constant(1),), 0, 2, NOW, **short)


def test_rows_that_no_buffer_has_are_refused() -> None:
    plan = _core.Plan006(APP_ID.encode(), b"k", (_fields.USER,), [((1,), (60,))])
    before = Integers(array("I", range(9)), -4)
    with pytest.raises(ColumnError, match="no row -4"):
        plan.many((before,), 0, 4, NOW)
    with pytest.raises(ColumnError, match="no row"):  # its offsets' size overflows
        plan.column((Constant(1),), 0, 1 << 62, NOW)
    reasons = bytearray(9)
    for start, stop in ((-1, 1), (9, 0), (1, 0)):
        with pytest.raises(ValueError, match=f"no rows {start} to {stop}"):
            _core.verify(
                Constant(""),
                start,
                stop,
                (b"k" * 32,),
                Demands(NOW),
                None,
                Constant(4_294_967_295),
                None,
                reasons,
            )


@pytest.mark.parametrize("module", BACKENDS)
@pytest.mark.parametrize("fields", [(), (_fields.CHANNEL, _fields.USER, _fields.USER)])
def test_a_version_006_plan_has_a_channel_and_at_most_a_user(module: Any, fields: Any) -> None:
    with pytest.raises(ValueError, match=f"not {len(fields)} fields"):
        module.Plan006(APP_ID.encode(), b"k", fields, [((1,), (60,))])


def test_what_follows_the_strings_must_be_bytes() -> None:
    service: Any = (1, (1,), 60, ("room", 1), None)
    for module in BACKENDS:
        with pytest.raises(TypeError):
            module.build007(APP_ID, CERTIFICATE, (service,), 60)


def test_buffers_need_not_be_aligned() -> None:
    """Which the sanitizers check."""
    numbers = b"." + array("I", [0, 4]).tobytes()
    wide = b"." + array("q", [0, 2, 4]).tobytes()
    columns = (Strings(memoryview(wide)[1:], b"abcd", 0, True), Integers(memoryview(numbers)[1:]))
    more = {"variants": memoryview(bytes(9))[1:], "salts": memoryview(numbers)[1:]}
    native, pure = (
        module.Plan006(
            APP_ID.encode(), b"k", (_fields.CHANNEL, _fields.USER), [((1,), (60,))]
        ).many(columns, 0, 2, NOW, **more)
        for module in BACKENDS
    )
    assert native == pure


def test_variants_that_change_after_they_were_checked_do_no_harm() -> None:
    """Here by a value that is asked about; or by another thread, as the rows are signed."""
    variants = array("i", [0])

    class Account(str):
        __slots__ = ()

        def encode(self, *arguments: Any) -> bytes:
            variants[0] = 1
            return str.encode(self, *arguments)

    columns = (Objects([Account("alice")]),)
    for module in BACKENDS:
        plan = module.Plan006(
            APP_ID.encode(), b"k", (_fields.USER,), [((1,), (60,)), ((1, 2), (60, 60))]
        )
        variants[0] = 0
        tokens = plan.many(columns, 0, 1, NOW, variants, 7)
        assert variants[0] == 1
        assert tokens == [plan.one(("alice",), 0, NOW, 7)]


def test_a_list_that_changes_while_it_is_read_is_safe() -> None:
    """Rows are copied by blocks: what another thread does to the list cannot free them."""
    plan = _core.Plan006(APP_ID.encode(), b"k", (_fields.CHANNEL,), [((1,), (60,))])
    values = [f"room {number}" for number in range(200_000)]
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            for index in range(0, len(values), 7):
                values[index] = f"other {index}"

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        assert len(plan.many((Objects(values),), 0, len(values), NOW)) == len(values)
        with pytest.raises(ColumnError):
            plan.many((Objects(values),), 0, len(values) + 1, NOW)
    finally:
        done.set()
        thread.join()
