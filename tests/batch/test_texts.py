"""CSV and JSON Lines as text: what is read is what was written, wherever blocks are cut."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token.batch.files import json_text, sources
from agora_token.batch.files.csv_text import Csv
from agora_token.batch.files.sources import Position, Sources
from agora_token.batch.rows import BatchError, Rows
from helpers.batch import write_csv

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.text(
    '",\n\r a0', max_size=6
)
tables = st.lists(st.tuples(cells, cells), max_size=12)


def python_csv(rows: list[tuple[str, str]], line_end: str = "\n") -> bytes:
    text = io.StringIO()
    # Some versions of Python leave a lone carriage return without quotes.
    every = "\\r" in repr(rows)
    csv.writer(
        text, lineterminator=line_end, quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    ).writerows(rows)
    return text.getvalue().encode()


def table_of(rows: Rows) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in rows.batch.columns), strict=True))


def decode_csv(data: bytes) -> list[tuple[Any, ...]]:
    rows = Csv().decode(data, ("a", "b")) if data else None
    assert rows is None or not rows.refused
    return table_of(rows) if rows else []


@given(tables, st.sampled_from(["\n", "\r\n"]))
def test_csv_is_read_as_python_wrote_it(rows: list[tuple[str, str]], line_end: str) -> None:
    assert decode_csv(python_csv(rows, line_end)) == rows


@given(tables)
def test_csv_is_written_as_it_is_read(rows: list[tuple[str, str]]) -> None:
    strings = pa.schema([("a", pa.string()), ("b", pa.string())])
    batch = pa.RecordBatch.from_pylist([dict(zip("ab", row, strict=True)) for row in rows], strings)
    data = Csv().encode(batch).to_pybytes()
    assert [tuple(row) for row in csv.reader(io.StringIO(data.decode(), newline=""))] == rows
    assert decode_csv(data) == rows


@given(tables, st.integers(0, 200))
def test_csv_is_cut_between_rows(rows: list[tuple[str, str]], length: int) -> None:
    data = python_csv(rows)
    end = Csv().end_of_rows(data[:length])
    assert decode_csv(data[:end]) + decode_csv(data[end:]) == rows


def test_csv_only_what_needs_quotes_has_them() -> None:
    batch = pa.record_batch({"a": ["x", "y,z", None], "b": [1, None, 3]})
    assert Csv().encode(batch).to_pybytes() == b'x,1\n"y,z",\n,3\n'
    plain = pa.record_batch({"a": ["x", None], "b": [True, None]})
    assert Csv().encode(plain).to_pybytes() == b"x,true\n,\n"
    with pytest.raises(BatchError, match="cannot be written as text"):
        Csv().encode(pa.record_batch({"a": [{"k": 1}]}))


def test_csv_rows_that_cannot_be_read_are_refused() -> None:
    data = b"a,1\nb\nc,d,e\n\xff,2\nf,\xc3\xa9\n"
    rows = Csv().decode(data, ("x", "y"))
    assert table_of(rows) == [("a", "1"), ("f", "é")]
    assert (rows.total, list(rows.numbers or ())) == (5, [0, 4])
    assert [(each.row, each.column) for each in rows.refused] == [(1, ""), (2, ""), (3, "x")]
    assert "0xff" in rows.refused[2].reason


@pytest.mark.parametrize(
    ("data", "names", "end"),
    [
        (b"a,b\n1,2\n", ("a", "b"), 4),
        (b"\xef\xbb\xbfa,b\r\n1,2\n", ("a", "b"), 8),
        (b'"a\nx",b\n1,2\n', ("a\nx", "b"), 8),
        (b"\n\na\n", ("a",), 4),
        (b"a,b", ("a", "b"), 3),
        (b"", (), 0),
    ],
)
def test_csv_header(data: bytes, names: tuple[str, ...], end: int) -> None:
    assert Csv().read_names(data) == (names, end)


@pytest.mark.parametrize("data", [b"\xff\xfea\0,\0b\0\n\0", b'"a"b\n', b'"a\n'])
def test_csv_header_that_is_none(data: bytes) -> None:
    with pytest.raises(BatchError, match="header"):
        Csv().read_names(data)


json_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.lists(st.integers(), max_size=2)
)


def is_whole(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.lists(st.fixed_dictionaries({"a": json_values, "b": json_values}), max_size=8))
def test_json_values_are_left_as_they_are(rows: list[dict[str, Any]]) -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    decoded = json_text.decode(data, ("a", "b"))
    text = json_text.encode(decoded.batch).to_pybytes().decode()
    kept = [row for row in rows if is_whole(row)]
    assert [json.loads(line) for line in text.split("\n") if line] == kept
    assert decoded.total == len(rows)
    assert len(decoded.refused) == len(rows) - len(kept)


def test_json_lines_that_cannot_be_read_are_refused() -> None:
    data = b'{"a":1}\nnope\n[1]\n\n{"a":"\xff"}\n{"a":"\\ud800"}\n1],[2\n{"a":2}\n'
    rows = json_text.decode(data, ("a",))
    assert table_of(rows) == [(1,), (2,)]
    assert [each.row for each in rows.refused] == [1, 2, 3, 4, 5]
    assert (rows.total, rows.numbers) == (7, [0, 6])


def test_json_types() -> None:
    data = b'{"a":1,"b":"x","c":1.5,"d":true,"e":1,"f":null}\n{"a":2,"e":"y"}\n'
    batch = json_text.decode(data, tuple("abcdef")).batch
    assert list(map(str, batch.schema.types)) == [
        "int64",
        "string",
        "double",
        "bool",
        "string",
        "string",
    ]
    assert json_text.is_json(batch.schema.field("e"))
    assert json_text.strings_of(batch.column("e")).to_pylist() == ["1", "y"]
    assert not json_text.is_json(batch.schema.field("b"))


def test_json_field_that_comes_late() -> None:
    with pytest.raises(BatchError, match="'b' comes up only after"):
        json_text.decode(b'{"a":1,"b":2}\n', ("a",))


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
def test_blocks_of_any_size(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"room\n{index}" if index % 3 else "a,b", str(index)) for index in range(50)]
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), rows)
    monkeypatch.setattr(sources, "BLOCK_BYTES", size)
    position, read = Position(), []
    for each in Sources([str(path)]).blocks(Position()):
        decoded = each.decode()
        read += table_of(decoded)
        position = each.end._replace(row=position.row + decoded.total)
        rest = [
            row
            for later in Sources([str(path)]).blocks(position)
            for row in table_of(later.decode())
        ]
        assert read + rest == rows
    assert read == rows


@pytest.mark.parametrize("suffix", ["csv.gz", "csv.zst", "csv.bz2"])
def test_compressed_sources(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"room-{index}", str(index)) for index in range(500)]
    path = tmp_path / f"r.{suffix}"
    with pa.output_stream(path, compression="detect") as file:
        file.write(b"channel,uid\n" + python_csv(rows))
    monkeypatch.setattr(sources, "BLOCK_BYTES", 100)
    blocks = list(Sources([str(path)]).blocks(Position()))
    assert [row for each in blocks for row in table_of(each.decode())] == rows
    later = Sources([str(path)]).blocks(blocks[3].end)
    assert next(later).end == blocks[4].end
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BatchError, match=suffix):
        list(Sources([str(path)]).blocks(Position()))
