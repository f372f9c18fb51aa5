"""Batch jobs: every format, every product, the right token for each row, and the rejects."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agora_token import Issuer, Role, verify
from agora_token._products import FOR_EACH_USER
from agora_token.batch.files import sources
from agora_token.batch.job import Job, Request, Summary, run
from agora_token.batch.rows import BatchError
from agora_token.errors import InvalidLifetimeError, InvalidPrivilegeError, InvalidRoleError
from helpers.batch import ISSUER, NOW, read_csv, roster, write_csv
from helpers.project import CERTIFICATE

pytestmark = pytest.mark.usefixtures("backend")

SALT = 7


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows make several blocks, and several parts."""
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 40)


FIXED: dict[str, Any] = {"issued_at": NOW, "salt": SALT}


def issue(
    sources: list[Path] | Path, target: Path, request: dict[str, Any] | None = None, **job: Any
) -> Summary:
    paths = [str(each) for each in (sources if isinstance(sources, list) else [sources])]
    return run(Job(paths, str(target), Request(**FIXED, **(request or {})), **job), ISSUER)


def rtc(row: dict[str, Any], **options: Any) -> str:
    """The token that a row of :func:`roster` must have."""
    uid = int(row["uid"]) if row["uid"] else row["account"]
    role = Role[row["role"].upper()]
    return ISSUER.rtc(row["channel"], uid, role=role, **FIXED, **options)


def read_rows(path: Path) -> list[dict[str, Any]]:
    name = path.name
    if ".parquet" in name:
        return list(pq.read_table(path).to_pylist())
    with pa.input_stream(path, compression="detect") as file:
        text = file.read().decode()
    if ".jsonl" in name:
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str, int], Path]:
    """Makes a roster in any format."""

    def make(suffix: str, rows: int) -> Path:
        plain = roster(tmp_path / "plain.csv", rows)
        path = tmp_path / f"roster.{suffix}"
        table = read_csv(plain)
        if suffix == "parquet":
            pq.write_table(pa.Table.from_pylist(table), path, row_group_size=70)
            return path
        lines = plain.read_text()
        if "jsonl" in suffix:
            lines = "".join(json.dumps(row) + "\n" for row in table)
        with pa.output_stream(path, compression="detect") as file:
            file.write(lines.encode())
        return path

    return make


@pytest.mark.parametrize("target", ["csv", "csv.gz", "jsonl", "jsonl.zst", "parquet", "csv.bz2"])
@pytest.mark.parametrize("origin", ["csv", "csv.zst", "jsonl", "jsonl.gz", "parquet"])
def test_every_format(
    origin: str, target: str, source: Callable[[str, int], Path], tmp_path: Path
) -> None:
    path = source(origin, 300)
    summary = issue(path, tmp_path / f"out.{target}", part_rows=90)
    assert (summary.rows, summary.tokens, summary.rejects) == (300, 300, 0)
    rows = read_rows(tmp_path / f"out.{target}")
    assert list(rows[0]) == ["channel", "uid", "account", "role", "token"]
    expected = read_csv(tmp_path / "plain.csv")
    assert [{**row, "token": None} for row in rows] == [{**row, "token": None} for row in expected]
    assert [row["token"] for row in rows] == [rtc(row) for row in expected]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        ["plain.csv", path.name, f"out.{target}", f"out.{target}.job.json"]
    )


def test_version_006(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 50)
    issue(path, tmp_path / "o.csv", {"version": "006", "expires_in": 60})
    for row in read_csv(tmp_path / "o.csv"):
        assert row["token"] == rtc(row, version="006", expires_in=60)


def test_tokens_are_of_now_and_differ(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("a", 1)] * 3)
    run(Job([str(path)], str(tmp_path / "o.csv")), ISSUER)
    tokens = {row["token"] for row in read_csv(tmp_path / "o.csv")}
    assert len(tokens) == 3
    for token in tokens:
        verify(token, CERTIFICATE, channel="a", uid=1)


METHODS: dict[str, Callable[..., str]] = {
    "rtc": ISSUER.rtc,
    "rtm": ISSUER.rtm,
    "rtc-rtm": ISSUER.rtc_rtm,
    "chat-user": ISSUER.chat_user,
    "apaas-room-user": ISSUER.apaas_room_user,
    "apaas-user": ISSUER.apaas_user,
    "education-room-user": ISSUER.education_room_user,
    "education-user": ISSUER.education_user,
    "streaming": ISSUER.streaming,
    "fcdn": ISSUER.fcdn,
    "convoai": ISSUER.convoai,
    "stt": ISSUER.stt,
}
VALUES = {
    "channel": "room",
    "uid": 42,
    "account": "alice",
    "user_id": "alice",
    "room_uuid": "r-1",
    "user_uuid": "u-1",
}


@pytest.mark.parametrize("service", FOR_EACH_USER)
def test_every_product(service: str, tmp_path: Path) -> None:
    from agora_token._products import PRODUCTS

    names = PRODUCTS[service].parameters
    values = [VALUES[name] for name in names]
    role = {"role": 2} if "room-user" in service else {}
    path = write_csv(tmp_path / "r.csv", names, [values])
    issue(
        path,
        tmp_path / "o.csv",
        {"service": service, **({"role": "2"} if role else {}), "expires_in": 60},
    )
    expected = METHODS[service](*values, expires_in=60, **role, **FIXED)
    assert [row["token"] for row in read_csv(tmp_path / "o.csv")] == [expected]
    assert set(METHODS) == set(FOR_EACH_USER)


def test_terms_from_columns_and_options(tmp_path: Path) -> None:
    rows = [
        ("a", 1, "subscriber", 60, ""),
        ("a", 2, "2", "", ""),
        ("a", 3, "", 90, "publish_audio_stream=30 join_channel=60"),
        ("a", 4, "ADMIN", "", "3=40;4=50"),
    ]
    header = ("channel", "uid", "role", "expires_in", "privileges")
    path = write_csv(tmp_path / "r.csv", header, rows)
    request = {"role": "attendee", "expires_in": 120, "privileges": "publish_data_stream=10"}
    issue(path, tmp_path / "o.csv", request)
    assert [row["token"] for row in read_csv(tmp_path / "o.csv")] == [
        ISSUER.rtc("a", 1, role=2, expires_in=60, privileges={4: 10}, **FIXED),
        ISSUER.rtc("a", 2, role=2, expires_in=120, privileges={4: 10}, **FIXED),
        ISSUER.rtc("a", 3, role=0, expires_in=90, privileges={2: 30, 1: 60}, **FIXED),
        ISSUER.rtc("a", 4, role=101, expires_in=120, privileges={3: 40, 4: 50}, **FIXED),
    ]


def test_numbers_and_accounts(tmp_path: Path) -> None:
    rows = [
        ("a", "0", ""),
        ("a", "007", ""),
        ("a", "", "0"),
        ("a", "", "42"),
        ("a", "4294967295", ""),
    ]
    users: list[int | str] = [0, 7, "0", "42", 4294967295]
    path = write_csv(tmp_path / "r.csv", ("channel", "uid", "account"), rows)
    issue(path, tmp_path / "o.csv")
    assert [row["token"] for row in read_csv(tmp_path / "o.csv")] == [
        ISSUER.rtc("a", user, **FIXED) for user in users
    ]
    assert [row["uid"] for row in read_csv(tmp_path / "o.csv")] == [row[1] for row in rows]


def test_json_numbers_and_texts_in_one_column(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(
        '{"channel":"a","uid":1,"more":[1,2]}\n{"channel":"a","uid":"2","more":null}\n'
        '{"channel":5,"uid":3,"more":1.5}\n'
    )
    issue(path, tmp_path / "o.jsonl")
    rows = read_rows(tmp_path / "o.jsonl")
    assert [(row["channel"], row["uid"], row["more"]) for row in rows] == [
        ("a", 1, [1, 2]),
        ("a", "2", None),
        (5, 3, 1.5),
    ]
    assert [row["token"] for row in rows] == [
        ISSUER.rtc(channel, uid, **FIXED) for channel, uid in (("a", 1), ("a", 2), ("5", 3))
    ]


def test_values_come_out_as_they_went_in(tmp_path: Path) -> None:
    strange = ["007", "1e5", "2024-01-01", "", "NA", "null", "TRUE", ' " ', "x,y", "é\nü", "9" * 30]
    rows = [("a", index, value) for index, value in enumerate(strange)]
    path = write_csv(tmp_path / "r.csv", ("channel", "uid", "note"), rows)
    for target in ("csv", "jsonl", "parquet"):
        issue(path, tmp_path / f"o.{target}")
    assert [row["note"] for row in read_csv(tmp_path / "o.csv")] == strange
    for target in ("jsonl", "parquet"):
        assert [row["note"] for row in read_rows(tmp_path / f"o.{target}")] == strange


def test_parquet_types_are_kept(tmp_path: Path) -> None:
    table = pa.table(
        {
            "channel": pa.array(["a", "b"]).dictionary_encode(),
            "uid": pa.array([1, 2], pa.int64()),
            "when": pa.array([1, 2], pa.timestamp("us", "UTC")),
            "tags": [["x"], []],
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    issue(tmp_path / "r.parquet", tmp_path / "o.parquet")
    written = pq.read_table(tmp_path / "o.parquet")
    assert written.drop_columns(["token"]).to_pylist() == table.to_pylist()
    assert written.schema.types[1:4] == table.schema.types[1:]
    issue(tmp_path / "r.parquet", tmp_path / "o.jsonl")
    assert read_rows(tmp_path / "o.jsonl")[0]["tags"] == ["x"]


def test_columns_are_chosen_and_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("room", "user", "token"), [("a", "5", "old")])
    names = {"channel": "room", "uid": "user", "token": "new"}
    issue(path, tmp_path / "o.csv", {"columns": names}, target_columns=["new", "user"])
    assert read_csv(tmp_path / "o.csv") == [{"new": ISSUER.rtc("a", 5, **FIXED), "user": "5"}]


def test_several_files_in_order(tmp_path: Path) -> None:
    header = ("channel", "uid")
    uids = {0: range(5), 1: range(0), 2: range(20, 25)}
    paths = [
        write_csv(tmp_path / f"r{part}.csv", header, [("a", uid) for uid in uids[part]])
        for part in uids
    ]
    issue([tmp_path / "r*.csv"], tmp_path / "o.csv", part_rows=2)
    expected = [str(uid) for part in uids.values() for uid in part]
    assert [row["uid"] for row in read_csv(tmp_path / "o.csv")] == expected
    bad = write_csv(tmp_path / "r3.csv", ("channel", "user"), [])
    with pytest.raises(BatchError, match=r"r3\.csv: its columns"):
        issue([*paths, bad], tmp_path / "p.csv")


REJECTED = [
    ("a", "1", "", "publisher", "60", ""),
    ("", "1", "", "", "", "channel"),
    ("a" * 65, "1", "", "", "", "channel"),
    ("a\tb", "1", "", "", "", "channel"),
    ("a", "", "", "", "", "uid"),
    ("a", "x", "", "", "", "uid"),
    ("a", "0x1F", "", "", "", "uid"),
    ("a", "-1", "", "", "", "uid"),
    ("a", "+1", "", "", "", "uid"),
    ("a", "4294967296", "", "", "", "uid"),
    ("a", "9" * 40, "", "", "", "uid"),
    ("a", "1", "b", "", "", "uid"),
    ("a", "", "é", "", "", "uid"),
    ("*", "0", "", "", "", "uid"),
    ("a", "1", "", "king", "", "role"),
    ("a", "1", "", "9", "", "role"),
    ("a", "1", "", "", "0", "expires_in"),
    ("a", "1", "", "", "86401", "expires_in"),
    ("a", "1", "", "", "soon", "expires_in"),
    ("*", "5", "", "2", "", ""),
]


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_rejects(target: str, tmp_path: Path) -> None:
    header = ("channel", "uid", "account", "role", "expires_in")
    path = write_csv(tmp_path / "r.csv", header, [row[:5] for row in REJECTED])
    rejects = tmp_path / f"rejects.{target}"
    summary = issue(path, tmp_path / "o.csv", rejects=str(rejects), part_rows=4)
    assert (summary.rows, summary.tokens) == (len(REJECTED), 2)
    assert [row["channel"] for row in read_csv(tmp_path / "o.csv")] == ["a", "*"]
    rows = read_rows(rejects)
    assert list(rows[0]) == ["source", "row", "line", "column", "value", "reason"]
    expected = [(number, row[5]) for number, row in enumerate(REJECTED, 1) if row[5]]
    assert [(int(row["row"]), row["column"]) for row in rows] == expected
    assert {row["source"] for row in rows} == {str(path)}
    assert all(row["reason"] for row in rows)
    by_row = {int(row["row"]): row for row in rows}
    assert by_row[6]["value"] == "x"
    assert "'account'" in by_row[6]["reason"]
    assert summary.first_rejects[0].row == 2


def test_a_bad_row_may_stop_the_job(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("a", 1), ("a", "x"), ("a", 3)])
    with pytest.raises(BatchError, match=r"r\.csv row 2 \(line 3\): uid 'x'"):
        issue(path, tmp_path / "o.csv", on_error="stop")
    assert [each.name for each in tmp_path.iterdir()] == ["r.csv"]


def test_roster_with_a_header_alone(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [])
    for target in ("csv", "jsonl", "parquet", "csv.gz"):
        assert issue(path, tmp_path / f"o.{target}").rows == 0
    assert (tmp_path / "o.csv").read_text() == "channel,uid,token\n"
    assert pq.read_table(tmp_path / "o.parquet").schema.names == ["channel", "uid", "token"]


def test_parts_are_kept(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 100)
    for target in ("csv", "parquet"):
        directory = tmp_path / f"parts.{target}"
        issue(path, directory, keep_parts=True, part_rows=30, target_format=target)
        files = sorted(each for each in directory.iterdir() if each.name.startswith("part"))
        assert len(files) > 1
        rows = [row for each in files for row in read_rows(each)]
        assert [row["token"] for row in rows] == [rtc(row) for row in read_csv(path)]
        manifest = json.loads((directory / "manifest.json").read_text())
        assert sum(part["rows"] for part in manifest["parts"]) == 100
        assert CERTIFICATE not in json.dumps(manifest)


@pytest.mark.parametrize(
    ("request_options", "error", "message"),
    [
        ({"service": "fpa"}, BatchError, "has no rosters"),
        ({"role": "king"}, InvalidRoleError, "king"),
        ({"expires_in": 0}, InvalidLifetimeError, "0 seconds"),
        ({"privileges": "fly=1"}, InvalidPrivilegeError, "fly"),
        ({"columns": {"channel": "nope"}}, BatchError, "no column 'nope'"),
        ({"columns": {"color": "channel"}}, BatchError, "no 'color'"),
        ({"columns": {"token": "channel"}}, BatchError, "'channel' already"),
        ({"service": "rtm"}, BatchError, "no column 'user_id'"),
    ],
)
def test_wrong_requests(
    request_options: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("a", 1)])
    with pytest.raises(error, match=message):
        issue(path, tmp_path / "o.csv", request_options)
    assert [each.name for each in tmp_path.iterdir()] == ["r.csv"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_columns": ["nope"]}, "no column 'nope'"),
        ({"on_error": "pray"}, "on_error"),
        ({"part_rows": 0}, "part_rows"),
        ({"rejects": "{o}"}, "cannot go to one file"),
        ({"target": "{r}"}, "is a source"),
        ({"target": "{dir}"}, "is a directory"),
        ({"target": "{dir}/nowhere/o.csv"}, "no such directory"),
        ({"target": "{dir}/o"}, "no ending that names a format"),
        ({"target": "{dir}/o.parquet.gz"}, "compressed inside"),
        ({"sources": ["{dir}/none-*.csv"]}, "no file matches"),
        ({"sources": ["{dir}/none.csv"]}, "No such file"),
    ],
)
def test_wrong_jobs(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("a", 1)])
    places = {"r": path, "o": tmp_path / "o.csv", "dir": tmp_path}

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(each) for each in value]
        return value.format(**places) if isinstance(value, str) else value

    job: dict[str, Any] = {"sources": [str(path)], "target": str(tmp_path / "o.csv")}
    job.update({name: placed(value) for name, value in options.items()})
    with pytest.raises(BatchError, match=message):
        run(Job(**job), ISSUER)
    assert [each.name for each in tmp_path.iterdir()] == ["r.csv"]
    assert len(path.read_text().splitlines()) == 2


def test_summary_says_what_was_done(tmp_path: Path, backend: Any) -> None:
    summary = issue(roster(tmp_path / "r.csv", 30), tmp_path / "o.csv")
    said = summary.to_dict()
    assert said["backend"] == backend.NAME
    assert said["rows"] == said["tokens"] == 30
    assert set(said["cpu_seconds"]) == {"reading", "signing", "writing"}
    json.dumps(said)


def test_issuer_is_another_projects(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 3)
    run(Job([str(path)], str(tmp_path / "o.csv")), Issuer("0" * 32, "1" * 32))
    for row in read_csv(tmp_path / "o.csv"):
        verify(row["token"], "1" * 32, app_id="0" * 32)
