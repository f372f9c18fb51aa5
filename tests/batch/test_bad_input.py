"""Everything that can be wrong around a job: a message, an exit status, and nothing half-done."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agora_token.batch.files import sources
from agora_token.batch.job import Job, run
from agora_token.batch.rows import BatchError
from helpers.batch import (
    COMMAND,
    ISSUER,
    batch,
    environment,
    read_csv,
    roster,
    small_disk,
    write_csv,
)
from helpers.needs import skip_or_fail

COMPLETE, FAILED, USAGE, REJECTS, INTERRUPTED = 0, 1, 2, 3, 130


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return roster(tmp_path / "r.csv", 20)


def only(directory: Path, *names: str) -> None:
    assert sorted(each.name for each in directory.iterdir()) == sorted(names)


@pytest.mark.parametrize("name", ["AGORA_APP_ID", "AGORA_APP_CERTIFICATE"])
def test_missing_secret(name: str, source: Path, tmp_path: Path) -> None:
    done = batch(source, "-o", tmp_path / "o.csv", env=environment(**{name: None}))
    assert done.returncode == USAGE
    assert f"{name} is not set" in done.stderr
    only(tmp_path, "r.csv")


def test_wrong_secret(source: Path, tmp_path: Path) -> None:
    done = batch(source, "-o", tmp_path / "o.csv", env=environment(AGORA_APP_CERTIFICATE="secret!"))
    assert done.returncode == USAGE
    assert "32 hex digits" in done.stderr
    assert "secret!" not in done.stderr


def test_wrong_usage(source: Path, tmp_path: Path) -> None:
    for arguments in (
        [source],
        ["-o", tmp_path / "o.csv"],
        [source, "-o", tmp_path / "o.csv", "--service", "fax"],
        [source, "-o", tmp_path / "o.csv", "--column", "channel"],
        [source, "-o", tmp_path / "o.csv", "--certificate", "5CFd"],
    ):
        assert batch(*arguments).returncode == USAGE
    only(tmp_path, "r.csv")


def test_roster_without_the_columns(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("room", "uid"), [("a", 1)])
    done = batch(path, "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "r.csv: there is no column 'channel'; the columns are room, uid" in done.stderr
    assert "--column channel=NAME" in done.stderr
    only(tmp_path, "r.csv")


def test_bad_uid_is_a_reject(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("a", 1), ("a", "x"), ("a", 3)])
    done = batch(path, "-o", tmp_path / "o.csv", "--json")
    assert done.returncode == REJECTS
    assert [row["uid"] for row in read_csv(tmp_path / "o.csv")] == ["1", "3"]
    done = batch(path, "-o", tmp_path / "o.csv", "--overwrite")
    assert "r.csv row 2 (line 3): uid 'x' is not a number" in done.stderr
    done = batch(path, "-o", tmp_path / "p.csv", "--on-error", "stop")
    assert done.returncode == FAILED
    assert "r.csv row 2 (line 3): uid 'x' is not a number" in done.stderr
    only(tmp_path, "r.csv", "o.csv", "o.csv.job.json")


def test_full_disk(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 30_000)
    with small_disk(tmp_path / "disk", "size=3m") as disk:
        for suffix in ("csv", "jsonl", "parquet"):
            done = batch(path, "-o", disk / f"o.{suffix}", "--part-rows", "3000")
            kept = (disk / f"o.{suffix}.parts").exists()
            assert done.returncode == FAILED
            assert f"o.{suffix}: cannot be written: No space left on device" in done.stderr
            assert not (disk / f"o.{suffix}").exists()
            assert kept == ("--resume" in done.stderr)
            subprocess.run(["rm", "-rf", disk / f"o.{suffix}.parts"], check=True)


def test_full_disk_of_parquet(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 30_000)
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        done = batch(path, "-o", disk / "o.parquet")
        assert done.returncode == FAILED
        assert "No space left on device" in done.stderr
        assert "ignored" not in done.stderr
        only(disk)


def test_read_only_disk(tmp_path: Path, source: Path) -> None:
    with small_disk(tmp_path / "disk", "ro") as disk:
        done = batch(source, "-o", disk / "o.csv")
        assert done.returncode == FAILED
        assert "o.csv: cannot be written: Read-only file system" in done.stderr


def test_read_only_directory(tmp_path: Path, source: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write to any directory; a read-only disk is another test")
    closed = tmp_path / "closed"
    closed.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    done = batch(source, "-o", closed / "o.csv")
    assert done.returncode == FAILED
    assert "Permission denied" in done.stderr


def test_full_device(source: Path) -> None:
    if not os.path.exists("/dev/full"):
        skip_or_fail("needs /dev/full")
    done = batch(source, "-o", "/dev/full", "--output-format", "csv")
    assert done.returncode == FAILED
    assert "/dev/full: cannot be written: No space left on device" in done.stderr
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_pipes(source: Path) -> None:
    done = batch("-", "-o", "-", "--format", "csv", input=source.read_text())
    assert done.returncode == COMPLETE
    assert done.stdout.startswith("channel,uid,account,role,token\nroom-0,,user-0,publisher,007")
    assert len(done.stdout.splitlines()) == 21
    assert "20 rows" in done.stderr


def test_closed_pipe(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 50_000)
    process = subprocess.Popen(
        [*COMMAND, str(path), "-o", "-", "--output-format", "csv"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.read(100)
    process.stdout.close()
    with process.stderr:
        message = process.stderr.read().decode()
    assert process.wait(60) == FAILED
    assert "standard output was closed" in message
    assert "Traceback" not in message
    assert "Exception ignored" not in message


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c(tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 300_000)
    parts = tmp_path / "o.csv.parts"
    command = [*COMMAND, str(path), "-o", str(tmp_path / "o.csv"), "--part-rows", "1000"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        # With the second part there, the first one is in the manifest.
        while len(list(parts.glob("part-*.csv"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert f"interrupted; finished parts are kept in {parts}, --resume goes on" in message
    assert "Traceback" not in message
    assert not (tmp_path / "o.csv").exists()
    assert not list(parts.glob("*.tmp"))
    assert batch(path, "-o", tmp_path / "o.csv", "--resume").returncode == COMPLETE


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_while_a_pipe_is_read(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    command = [*COMMAND, "-", "-o", str(tmp_path / "o.csv"), "--format", "csv"]
    with (
        subprocess.Popen(
            command, env=environment(), stdin=reader, stderr=subprocess.PIPE, text=True
        ) as process,
        os.fdopen(writer, "w") as pipe,
    ):
        os.close(reader)
        pipe.write("channel,uid\n" + "".join(f"room,{uid}\n" for uid in range(200_000)))
        pipe.flush()
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("o.csv.parts/*.tmp")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert message.strip().endswith("agora-token: interrupted")
    only(tmp_path)


@pytest.mark.parametrize("change", ["grows", "is replaced", "disappears"])
def test_file_that_changes_while_it_is_read(
    change: str, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 100)
    target = tmp_path / "o.csv"

    class Changing:
        """Changes the file at the first sign of progress."""

        def __enter__(self) -> Changing:
            return self

        def __exit__(self, *_: object) -> None: ...

        def update(self, rows: int, refused: int, share: float | None) -> None:
            if not source.exists():
                return
            if change == "grows":
                with source.open("a") as file:
                    file.write("a,1,,\n")
            elif change == "is replaced":
                text = source.read_text().replace("room-2", "room-9")
                source.unlink()
                source.write_text(text)
            else:
                source.unlink()

    with pytest.raises(BatchError, match=r"r\.csv: .*(since the job began|when the job began)"):
        run(Job([str(source)], str(target)), ISSUER, Changing())
    assert not target.exists()
    assert not Path(f"{target}.parts").exists()


def test_source_that_is_not_there(tmp_path: Path, source: Path) -> None:
    done = batch(tmp_path / "none.csv", "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "none.csv: cannot be read: No such file or directory" in done.stderr
    source.with_name("second.csv").mkdir()
    done = batch(source, source.with_name("second.csv"), "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "second.csv: cannot be read: Is a directory" in done.stderr


def parquet(path: Path, rows: int = 1000) -> Path:
    table = pa.table({"channel": ["a"] * rows, "uid": list(range(rows))})
    pq.write_table(table, path, row_group_size=100, compression="none")
    return path


@pytest.mark.parametrize("cut", [0, 3, 4, 500, -1, -8])
def test_truncated_parquet(cut: int, tmp_path: Path) -> None:
    path = parquet(tmp_path / "r.parquet")
    path.write_bytes(path.read_bytes()[:cut])
    done = batch(path, "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "r.parquet: " in done.stderr
    only(tmp_path, "r.parquet")


def test_damaged_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "r.parquet")
    data = bytearray(path.read_bytes())
    data[2000:2400] = bytes(400)
    path.write_bytes(data)
    done = batch(path, "-o", tmp_path / "o.csv", "--quiet")
    if done.returncode != COMPLETE:
        assert "r.parquet" in done.stderr
        assert not (tmp_path / "o.csv").exists()


def test_truncated_gzip(tmp_path: Path, source: Path) -> None:
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(source.read_bytes())[:-20])
    done = batch(path, "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "r.csv.gz: " in done.stderr
    assert not (tmp_path / "o.csv").exists()


def test_invalid_utf8(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"channel,uid,note\na,1,ok\na,2,caf\xe9\n\xff\xfe,3,ok\na,4,ok\n")
    done = batch(path, "-o", tmp_path / "o.csv", "--rejects", tmp_path / "rejects.csv")
    assert done.returncode == REJECTS
    assert [row["uid"] for row in read_csv(tmp_path / "o.csv")] == ["1", "4"]
    rejects = read_csv(tmp_path / "rejects.csv")
    assert [(row["row"], row["column"]) for row in rejects] == [("2", "note"), ("3", "channel")]
    assert "byte 0xe9 at 3" in rejects[0]["reason"]
    path.write_bytes("channel,uid\na,1\n".encode("utf-16"))
    done = batch(path, "-o", tmp_path / "p.csv")
    assert done.returncode == FAILED
    assert "not UTF-8" in done.stderr


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_line_of_10_megabytes(suffix: str, tmp_path: Path) -> None:
    long = "x" * 10_000_000
    path = tmp_path / f"r.{suffix}"
    if suffix == "csv":
        path.write_text(f"channel,uid\na,1\n{long},2\na,3\n")
    else:
        path.write_text(
            f'{{"channel":"a","uid":1}}\n{{"channel":"{long}","uid":2}}\n{{"channel":"a","uid":3}}\n'
        )
    done = batch(path, "-o", tmp_path / "o.csv", "--rejects", tmp_path / "rejects.csv")
    assert done.returncode == REJECTS
    line = 3 if suffix == "csv" else 2  # the header is one
    assert f"row 2 (line {line}): channel" in done.stderr
    assert len(done.stderr) < 5000
    assert (tmp_path / "rejects.csv").stat().st_size < 2000
    assert [row["uid"] for row in read_csv(tmp_path / "o.csv")] == ["1", "3"]


def test_quote_that_is_not_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(sources, "MAX_ROW_BYTES", 10_000)
    path = tmp_path / "r.csv"
    path.write_text('channel,uid\n"a,1\n' + "a,2\n" * 5000)
    with pytest.raises(BatchError, match=r"r\.csv: a row has more than .* it begins with b'\"a,1"):
        run(Job([str(path)], str(tmp_path / "o.csv")), ISSUER)
    only(tmp_path, "r.csv")


def test_mixed_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(
        "".join(f'{{"channel":"a","uid":{row},"n":{row}}}\n' for row in range(100))
        + '{"channel":"a","uid":"7","n":"text"}\n'
    )
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    with pytest.raises(BatchError, match=r"column 'uid' is of mixed types, int64 .* string"):
        run(Job([str(path)], str(tmp_path / "o.parquet")), ISSUER)
    only(tmp_path, "r.jsonl")
    assert run(Job([str(path)], str(tmp_path / "o.jsonl")), ISSUER).tokens == 101


def test_columns_of_wrong_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"channel": ["a"], "uid": [True]}), tmp_path / "r.parquet")
    done = batch(tmp_path / "r.parquet", "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "r.parquet: column 'uid' is of type bool" in done.stderr
    only(tmp_path, "r.parquet")


def test_target_that_exists(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "o.csv"
    target.write_text("mine")
    for options in ((), ("--resume",)):
        done = batch(source, "-o", target, *options)
        assert done.returncode == FAILED
        assert "o.csv: is there already" in done.stderr
        assert "--overwrite replaces it" in done.stderr
        assert target.read_text() == "mine"
    done = batch(source, "-o", tmp_path / "p.csv", "--rejects", target)
    assert done.returncode == FAILED
    assert target.read_text() == "mine"
    assert batch(source, "-o", target, "--overwrite").returncode == COMPLETE
    assert len(read_csv(target)) == 20


def test_empty_sources(tmp_path: Path) -> None:
    for name in ("r.csv", "r.jsonl"):
        (tmp_path / name).write_bytes(b"")
        done = batch(tmp_path / name, "-o", tmp_path / "o.csv")
        assert done.returncode == FAILED
        assert f"{name}: is empty" in done.stderr
    write_csv(tmp_path / "r.csv", ("channel", "uid", "uid"), [("a", 1, 2)])
    done = batch(tmp_path / "r.csv", "-o", tmp_path / "o.csv")
    assert done.returncode == FAILED
    assert "two columns 'uid'" in done.stderr


def test_reports(tmp_path: Path, source: Path) -> None:
    import json

    done = batch(source, "-o", tmp_path / "o.csv", "--json")
    assert done.returncode == COMPLETE
    summary: dict[str, Any] = json.loads(done.stdout)
    assert summary["rows"] == summary["tokens"] == 20
    assert done.stderr == ""
