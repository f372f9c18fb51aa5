"""Rosters as programs write them: numbers, gaps, separators, encodings, headers, arrays."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token.batch.files import sources
from agora_token.batch.job import Job, Request, Summary, run
from agora_token.batch.rows import BatchError
from agora_token.batch.whole_numbers import is_empty, whole_number, whole_numbers
from helpers.batch import ISSUER, NOW, read_csv
from helpers.needs import need_module

FIXED: dict[str, Any] = {"issued_at": NOW, "salt": 7}


def issue(source: Path, target: Path, request: dict[str, Any] | None = None, **job: Any) -> Summary:
    return run(Job([str(source)], str(target), Request(**FIXED, **(request or {})), **job), ISSUER)


def tokens(path: Path) -> list[str]:
    return [row["token"] for row in read_csv(path)]


USERS: list[int | str] = [1, 4294967295, "ann"]
EXPECTED = [ISSUER.rtc("lobby", user, **FIXED) for user in USERS]
GAPS: dict[str, list[Any]] = {
    "channel": ["lobby"] * 3,
    "uid": [1, 4294967295, None],
    "account": [None, None, "ann"],
}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json", "parquet", "csv.gz", "csv.zst"])
def test_pandas(suffix: str, tmp_path: Path) -> None:
    df = need_module("pandas").DataFrame(GAPS)
    path = tmp_path / f"r.{suffix}"
    if suffix == "parquet":
        df.to_parquet(path)
    elif suffix == "jsonl":
        df.to_json(path, orient="records", lines=True)
    elif suffix == "json":
        df.to_json(path, orient="records", indent=2)
    elif suffix == "csv.zst":
        df.to_csv(tmp_path / "r.csv", index=False)
        with pa.output_stream(path, compression="zstd") as file:
            file.write((tmp_path / "r.csv").read_bytes())
    else:
        df.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    assert issue(path, tmp_path / "o.csv").rejects == 0
    assert tokens(tmp_path / "o.csv") == EXPECTED


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
def test_polars(suffix: str, tmp_path: Path) -> None:
    polars = need_module("polars")
    df = polars.DataFrame(GAPS).with_columns(polars.col("uid").cast(polars.Float64))
    path = tmp_path / f"r.{suffix}"
    getattr(df, f"write_{suffix}")(path)
    assert issue(path, tmp_path / "o.csv").rejects == 0
    assert tokens(tmp_path / "o.csv") == EXPECTED


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("csv", ""),
        ("csv", "(DELIMITER ';', QUOTE '\"', FORCE_QUOTE *)"),
        ("csv", "(NULLSTR 'NULL')"),
        ("json", "(FORMAT JSON, ARRAY true)"),
        ("jsonl", "(FORMAT JSON)"),
        ("parquet", ""),
        ("csv.gz", "(FORMAT CSV, COMPRESSION gzip)"),
    ],
)
def test_duckdb(suffix: str, options: str, tmp_path: Path) -> None:
    duckdb = need_module("duckdb")
    path = tmp_path / f"r.{suffix}"
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE r AS SELECT 'lobby' AS channel, CAST(uid AS DECIMAL(12, 2)) AS uid, "
            "nullif(account, '') AS account "
            "FROM (VALUES (1, ''), (4294967295, ''), (NULL, 'ann')) t(uid, account)"
        )
        db.execute(f"COPY (SELECT * FROM r) TO '{path}' {options}")
    delimiter = ";" if ";" in options else None
    rejects = issue(path, tmp_path / "o.csv", delimiter=delimiter).rejects
    if "NULLSTR" in options:  # an account may be called NULL
        assert rejects == 2
        return
    assert rejects == 0
    assert tokens(tmp_path / "o.csv") == EXPECTED


def test_libreoffice(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:  # what it writes is among the SPREADSHEETS too
        pytest.skip("needs the program soffice")
    (tmp_path / "r.csv").write_text(
        "channel,uid,account\nlobby,1,\nlobby,4294967295,\nlobby,,ann\n"
    )
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command, to = [office, home, "--headless", "--convert-to"], ["--outdir", str(tmp_path / "out")]
    subprocess.run([*command, "xlsx", *to, str(tmp_path / "r.csv")], check=True, timeout=120)
    subprocess.run(
        [*command, "csv", *to, str(tmp_path / "out" / "r.xlsx")], check=True, timeout=120
    )
    assert issue(tmp_path / "out" / "r.csv", tmp_path / "o.csv").rejects == 0
    assert tokens(tmp_path / "o.csv") == EXPECTED


SPREADSHEETS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "Excel, CSV UTF-8": (
        b"\xef\xbb\xbfChannel,UID,Account\r\nlobby,1,\r\nlobby,4294967295,\r\nlobby,,ann\r\n",
        {},
    ),
    "Excel, CSV, German": (
        b"Channel;UID;Account\r\nlobby;1;\r\nlobby;4294967295;\r\nlobby;;ann\r\n",
        {"delimiter": ";", "encoding": "cp1252"},
    ),
    "Excel, Unicode text": (
        "channel\tuid\taccount\r\nlobby\t1\t\r\nlobby\t4294967295\t\r\nlobby\t\tann\r\n".encode(
            "utf-16"
        ),
        {"delimiter": "tab", "encoding": "utf-16"},
    ),
    "Google Sheets": (b"channel,uid,account\r\nlobby,1,\r\nlobby,4294967295,\r\nlobby,,ann", {}),
    "by hand": (
        b' Channel , "UID",account \nlobby, 1 ,\n lobby,4294967295 , \nlobby,, ann\n'.replace(
            b', "UID"', b',"UID "'
        ),
        {},
    ),
    "every value quoted": (
        b'"channel","uid","account"\n"lobby","1",""\n"lobby","4294967295",""\n"lobby","","ann"\n',
        {},
    ),
    "all digits of an exponent": (
        b"channel,uid,account\nlobby,1E+00,\nlobby,4.294967295E+09,\nlobby,,ann\n",
        {},
    ),
}


@pytest.mark.parametrize("program", SPREADSHEETS)
def test_spreadsheets(program: str, tmp_path: Path) -> None:
    data, options = SPREADSHEETS[program]
    (tmp_path / "r.csv").write_bytes(data)
    assert issue(tmp_path / "r.csv", tmp_path / "o.csv", **options).rejects == 0
    assert tokens(tmp_path / "o.csv") == EXPECTED


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        ("1.5", "is not a whole number of 0 to 4294967295; write whole numbers .*Int64"),
        ("4.29E+09", "with an exponent, and digits are lost; .*without decimals"),
        ("1E+09", "with an exponent, and digits are lost"),
        ("4294967296", "is out of range"),
        ("4294967296.0", "is out of range"),
        ("-1", "is out of range"),
        ("9" * 40, "is out of range"),
        ("1,000", "is not a number"),
        ("1_000", "is not a whole number"),
        ("+5", "is not a whole number"),
        ("inf", "is not a whole number"),
        ("ann", "an account has a column of its own"),
        ("", "uid is missing"),
        ("NaN", "uid is missing"),
        ("NULL", "uid is missing"),
    ],
)
def test_what_is_no_uid_is_refused_for_its_row(uid: str, reason: str, tmp_path: Path) -> None:
    quoted = f'"{uid}"' if "," in uid else uid
    (tmp_path / "r.csv").write_text(f"channel,uid\nlobby,1\n\nlobby,{quoted}\n")
    summary = issue(tmp_path / "r.csv", tmp_path / "o.csv")
    assert (summary.tokens, summary.rejects) == (1, 1)
    reject = summary.first_rejects[0]
    assert (reject.row, reject.line, reject.column) == (2, 4, "uid")
    assert re.search(reason, reject.reason), reject.reason


def test_numbers_of_every_type(tmp_path: Path) -> None:
    kinds: list[tuple[pa.DataType, list[Any]]] = [
        (pa.float64(), [43.0, 43.5, None, float("nan"), 2.0**33, -1.0]),
        (pa.float32(), [43.0, 43.5, None, float("nan"), 2.0**25, -1.0]),
        (pa.decimal128(12, 2), [Decimal("43.00"), Decimal("43.50"), None, None, 2**33, -1]),
        (pa.uint64(), [43, 2**63, None, None, 2**33, 2**64 - 1]),
        (pa.int8(), [43, -43, None, None, -2, -1]),
    ]
    for kind, values in kinds:
        table = pa.table({"channel": ["lobby"] * 6, "uid": pa.array(values, kind)})
        pq.write_table(table, tmp_path / "r.parquet")
        summary = issue(tmp_path / "r.parquet", tmp_path / "o.csv", overwrite=True)
        assert summary.tokens == 1, kind
        assert tokens(tmp_path / "o.csv") == [ISSUER.rtc("lobby", 43, **FIXED)]
        assert {each.line for each in summary.first_rejects} == {None}


def test_terms_as_floats_and_as_people_write_them(tmp_path: Path) -> None:
    rows = [
        {"channel": "a", "uid": 1, "role": 2.0, "expires_in": 60.0},
        {"channel": "a", "uid": 2, "role": "Subscriber", "expires_in": "1m"},
        {"channel": "a", "uid": "3.0", "role": None, "expires_in": "24h"},
        {"channel": "a", "uid": 4, "role": "2.0", "expires_in": "60.0"},
        {"channel": "a", "uid": 5, "role": "", "expires_in": "1.5h"},
    ]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    summary = issue(tmp_path / "r.json", tmp_path / "o.csv", {"role": "ADMIN"})
    assert tokens(tmp_path / "o.csv") == [
        ISSUER.rtc("a", 1, role=2, expires_in=60, **FIXED),
        ISSUER.rtc("a", 2, role=2, expires_in=60, **FIXED),
        ISSUER.rtc("a", 3, role=101, expires_in=86400, **FIXED),
        ISSUER.rtc("a", 4, role=2, expires_in=60, **FIXED),
    ]
    assert "90m or 24h" in summary.first_rejects[0].reason


def test_one_user_for_rtc_and_rtm_by_number(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("channel,uid,account\nlobby,42,\nlobby,,ann\nlobby,0,\n")
    summary = issue(tmp_path / "r.csv", tmp_path / "o.csv", {"service": "rtc-rtm"})
    assert tokens(tmp_path / "o.csv") == [
        ISSUER.rtc_rtm("lobby", user, **FIXED) for user in (42, "ann")
    ]
    assert "0 is anybody" in summary.first_rejects[0].reason


@pytest.mark.parametrize(("separator", "named"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_the_separator_that_is_seen_is_named(separator: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"channel{separator}uid\nlobby{separator}1\n")
    with pytest.raises(BatchError) as caught:
        issue(tmp_path / "r.csv", tmp_path / "o.csv")
    assert f"--delimiter {named}" in str(caught.value)
    issue(tmp_path / "r.csv", tmp_path / "o.csv", delimiter=named.strip("'"))


@pytest.mark.parametrize("delimiter", ["", "ab", "é", "a", '"', "\n"])
def test_what_is_no_delimiter(delimiter: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("channel,uid\nlobby,1\n")
    with pytest.raises(BatchError, match="delimiter"):
        issue(tmp_path / "r.csv", tmp_path / "o.csv", delimiter=delimiter)


def test_columns_in_another_order_in_the_second_file(tmp_path: Path) -> None:
    (tmp_path / "r1.csv").write_text("channel,uid\nlobby,1\n")
    (tmp_path / "r2.csv").write_text("UID, Channel\n2,stage\n")
    pq.write_table(pa.table({"uid": [3.0], "channel": ["hall"]}), tmp_path / "r3.parquet")
    paths = [str(tmp_path / name) for name in ("r1.csv", "r2.csv", "r3.parquet")]
    run(Job(paths, str(tmp_path / "o.csv"), Request(**FIXED)), ISSUER)
    assert tokens(tmp_path / "o.csv") == [
        ISSUER.rtc(room, uid, **FIXED) for room, uid in (("lobby", 1), ("stage", 2), ("hall", 3))
    ]
    assert [list(row)[:2] for row in read_csv(tmp_path / "o.csv")] == [["channel", "uid"]] * 3


def test_headers_that_may_be_two(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("channel,UID,Uid\nlobby,1,2\n")
    with pytest.raises(BatchError, match="may both be 'uid'"):
        issue(tmp_path / "r.csv", tmp_path / "o.csv")
    issue(tmp_path / "r.csv", tmp_path / "o.csv", {"columns": {"uid": "UID"}})
    assert tokens(tmp_path / "o.csv") == EXPECTED[:1]


def test_encodings(tmp_path: Path) -> None:
    text = "channel,account,note\nlobby,ann,Müller\nlobby,bob,Ж\n"
    for encoding in ("utf-16-le", "utf-8-sig", "gb18030", "cp1251"):
        data = text.encode(encoding, "ignore")
        (tmp_path / "r.csv").write_bytes(data)
        issue(tmp_path / "r.csv", tmp_path / "o.csv", encoding=encoding, overwrite=True)
        notes = [row["note"] for row in read_csv(tmp_path / "o.csv")]
        assert notes == [row["note"] for row in read_csv_text(data.decode(encoding))]
    (tmp_path / "r.csv").write_bytes(b"channel,uid,note\na,1,ok\na,2,\x81\na,3,ok\n")
    summary = issue(tmp_path / "r.csv", tmp_path / "p.csv", encoding="cp1252")
    assert (summary.tokens, summary.first_rejects[0].row) == (2, 2)
    for name in ("klingon", "hex"):
        with pytest.raises(BatchError, match="encoding"):
            issue(tmp_path / "r.csv", tmp_path / "q.csv", encoding=name)


def read_csv_text(text: str) -> list[dict[str, str]]:
    import csv

    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("size", [7, 64, 1 << 19])
@pytest.mark.parametrize("indent", [None, 1])
def test_arrays_of_json(
    size: int, indent: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", size)
    rows = [
        {"channel": "a\n]", "account": f'"{index}]', "n": [1, {"x": index}]} for index in range(40)
    ]
    rows = [{**row, "channel": "a]", "account": f"u{index}]"} for index, row in enumerate(rows)]
    (tmp_path / "r.json").write_text("\ufeff \n" + json.dumps(rows, indent=indent))
    job = Job([str(tmp_path / "r.json")], str(tmp_path / "o.jsonl"), Request(**FIXED), part_rows=9)
    run(job, ISSUER)
    written = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [{**row, "token": None} for row in written] == [{**row, "token": None} for row in rows]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not JSON, or does not end"),
        ('[{"channel":"a","uid":1}', "does not end"),
        ('[{"channel":"a","uid":1},{"channel":', "element 2 .* does not end"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is empty"),
    ],
)
def test_arrays_that_are_none(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(BatchError, match=rf"r\.json: .*{message}"):
        issue(tmp_path / "r.json", tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


spelled = (
    st.from_regex(r"\A\s?[0-9]{1,22}(\.0*)?(e\+?[0-9]{1,2})?\s?\Z")
    | st.sampled_from(["", "nan", "1.5", "-3", "1e5", "1.50000e5", "٣", "0x1", "1 0", "9" * 19])
    | st.text(max_size=4)
)


@given(st.lists(st.none() | spelled))
def test_columns_of_texts_equal_single_ones(values: list[str | None]) -> None:
    try:
        cells = pa.array(values, pa.string())
    except UnicodeEncodeError:
        return
    expected = [None if is_empty(each) else whole_number(each) for each in values]
    limit = 1 << 63
    assert whole_numbers(cells).to_pylist() == [
        each if each is not None and each < limit else None for each in expected
    ]


@given(st.lists(st.none() | st.floats() | st.integers(-(2**60), 2**60).map(float)))
def test_columns_of_floats_equal_single_ones(values: list[float | None]) -> None:
    expected = [None if is_empty(each) else whole_number(each) for each in values]
    assert whole_numbers(pa.array(values, pa.float64())).to_pylist() == expected
