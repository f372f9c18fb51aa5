"""Native equals pure: the same bytes, and the same errors in the same words."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token import Issuer, _core, _fields, _pure
from agora_token._columns import Column, Constant, Integers, Objects, Strings
from agora_token._demands import Demands
from agora_token._products import PRODUCTS, Grant
from agora_token.errors import AgoraTokenError, ColumnError, PackingError
from helpers.backends import using
from helpers.project import APP_ID, CERTIFICATE

NOW = 1_700_000_000

u32 = st.integers(0, 0xFFFFFFFF)
anything = st.one_of(
    st.integers(-5, 1 << 33),
    st.text(max_size=40),
    st.text(alphabet=_fields.CHANNEL_CHARACTERS.decode(), max_size=300),
    st.sampled_from([None, True, False, 0.0, 1.5, "0", "*", "x" * 65_536, "\ud800", 1 << 200]),
)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or the error that it raises, to be compared."""
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


@given(
    channel=anything,
    uid=anything,
    privileges=st.lists(st.tuples(st.integers(-1, 70_000) | st.just("7"), anything), max_size=5),
    ts=u32 | st.none() | anything,
    salt=u32 | anything.filter(lambda value: value is not None),
    app_id=st.just(APP_ID) | st.text(max_size=40),
    certificate=st.just(CERTIFICATE) | st.text(max_size=100),
)
def test_build006(
    channel: Any, uid: Any, privileges: list[Any], ts: Any, salt: Any, app_id: Any, certificate: Any
) -> None:
    if ts is None:
        ts = NOW
    numbers = tuple(number for number, _ in privileges)
    expiries = tuple(expiry for _, expiry in privileges)
    arguments = (app_id, certificate, channel, uid, numbers, expiries, ts, salt)
    assert outcome(lambda: _core.build006(*arguments)) == outcome(
        lambda: _pure.build006(*arguments)
    )


services = st.lists(
    st.tuples(
        st.integers(0, 20) | anything,
        st.just((1, 2)),
        u32 | anything | st.tuples(u32, anything),
        st.lists(anything, max_size=3).map(tuple),
        st.binary(max_size=20),
    ),
    max_size=4,
).map(tuple)


@given(
    services=services,
    expire=u32 | anything,
    issue_ts=u32,
    salt=u32,
    app_id=st.just(APP_ID) | st.text(alphabet="0123456789abcdefABCDEF xé", max_size=33),
)
def test_build007(services: Any, expire: Any, issue_ts: int, salt: int, app_id: str) -> None:
    arguments = (app_id, CERTIFICATE, services, expire, issue_ts, salt)
    assert outcome(lambda: _core.build007(*arguments)) == outcome(
        lambda: _pure.build007(*arguments)
    )


@pytest.mark.parametrize("backend", [_core, _pure], ids=["native", "pure"])
def test_what_does_not_fit_is_a_struct_error_too(backend: Any) -> None:
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
        arguments = (APP_ID, CERTIFICATE, services[:size], 1, NOW, 1)
        assert _core.build007(*arguments) == _pure.build007(*arguments)


@given(data=st.binary(max_size=5000))
def test_compress(data: bytes) -> None:
    assert _core.compress(data) == _pure.compress(data)


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
        calls = [
            lambda plan=plan, row=row, given_values=given_values: plan.one(
                given_values, row % 3, NOW, row
            )
            for plan in (native, pure)
        ]
        assert outcome(calls[0]) == outcome(calls[1])
    assert outcome(lambda: native.many(columns, 3, 200, NOW, variants, salts)) == outcome(
        lambda: pure.many(columns, 3, 200, NOW, variants, salts)
    )
    rejects = [bytearray(197), bytearray(197)]
    tokens = [
        plan.column(columns, 3, 200, NOW, variants, salts, rejects=refused)
        for plan, refused in zip((native, pure), rejects, strict=True)
    ]
    assert rejects[0] == rejects[1]
    assert [bytes(part) for part in tokens[0]] == [bytes(part) for part in tokens[1]]
    offsets = memoryview(tokens[0][0]).cast("B").cast("i")
    data = bytes(tokens[0][1])
    for row in range(197):
        if not rejects[0][row] and fields:
            one = native.one(rows[3 + row], (3 + row) % 3, NOW, 3 + row)
            assert data[offsets[row] : offsets[row + 1]].decode() == one


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
    return [results(module, columns, rows) for module in (_core, _pure)]


def results(module: Any, columns: tuple[Column, ...], rows: int) -> tuple[Any, Any, bytes]:
    fields = (_fields.CHANNEL, _fields.USER)
    plan = module.Plan006(APP_ID.encode(), CERTIFICATE.encode(), fields, [((1,), (60,))])
    rejects = bytearray(rows)

    def column() -> tuple[bytes, ...]:
        parts = plan.column(columns, 0, rows, NOW, None, 1, rejects)
        return tuple(bytes(part) for part in parts)

    many = outcome(lambda: plan.many(columns, 0, rows, NOW, None, 1))
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
    numbers=st.lists(u32, min_size=1, max_size=40),
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
    for module in (_core, _pure):
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


@pytest.mark.parametrize("module", [_core, _pure])
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


@pytest.mark.parametrize("module", [_core, _pure])
@pytest.mark.parametrize("fields", [(), (_fields.CHANNEL, _fields.USER, _fields.USER)])
def test_a_version_006_plan_has_a_channel_and_at_most_a_user(module: Any, fields: Any) -> None:
    with pytest.raises(ValueError, match=f"not {len(fields)} fields"):
        module.Plan006(APP_ID.encode(), b"k", fields, [((1,), (60,))])


def test_what_follows_the_strings_must_be_bytes() -> None:
    service: Any = (1, (1,), 60, ("room", 1), None)
    for module in (_core, _pure):
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
        for module in (_core, _pure)
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
    for module in (_core, _pure):
        plan = module.Plan006(
            APP_ID.encode(), b"k", (_fields.USER,), [((1,), (60,)), ((1, 2), (60, 60))]
        )
        variants[0] = 0
        tokens = plan.many(columns, 0, 1, NOW, variants, 7)
        assert variants[0] == 1
        assert tokens == [plan.one(("alice",), 0, NOW, 7)]


def test_a_list_that_changes_while_it_is_read_is_safe() -> None:
    """Rows are copied by blocks: what another thread does to the list cannot free them."""
    import threading

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
        with pytest.raises((ColumnError, AgoraTokenError)):
            plan.many((Objects(values),), 0, len(values) + 1, NOW)
    finally:
        done.set()
        thread.join()
