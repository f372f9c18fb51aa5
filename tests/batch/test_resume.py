"""A job that is ended at any moment goes on, and its output is what it would have been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agora_token.batch.files import sources
from agora_token.batch.job import Job, Request, run
from agora_token.batch.parts import manifest
from agora_token.batch.rows import BatchError
from helpers.batch import COMMAND, ISSUER, NOW, environment, roster
from helpers.project import CERTIFICATE

REQUEST = Request(issued_at=NOW, salt=7)
FIXED = ("--issued-at", NOW, "--salt", 7)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 40)


def with_bad_rows(path: Path, rows: int) -> Path:
    roster(path, rows)
    lines = path.read_text().splitlines()
    lines[7::50] = ["room,x,,"] * len(lines[7::50])
    path.write_text("\n".join(lines) + "\n")
    return path


def job(tmp_path: Path, target: str, **options: Any) -> Job:
    return Job(
        [str(tmp_path / "r.csv")],
        str(tmp_path / target),
        REQUEST,
        rejects=str(tmp_path / f"rejects-{target}"),
        part_rows=100,
        **options,
    )


CRASHING = """
import os, shutil, sys
from agora_token.batch.files import sources
from agora_token.cli.batch import batch

sources.BLOCK_BYTES = 1000
left = int(sys.argv.pop(1))

def crashing(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if not left:
            os._exit(9)
        return function(*arguments, **options)
    return call

os.replace, os.fsync, shutil.rmtree = map(crashing, (os.replace, os.fsync, shutil.rmtree))
batch()
"""


@pytest.mark.parametrize("first_step", [1, 4, 8])
@pytest.mark.parametrize("target", ["o.csv", "o.parquet"])
def test_ended_at_any_step(target: str, first_step: int, tmp_path: Path) -> None:
    """The process ends without warning just before one of the steps that make a part safe."""
    source = with_bad_rows(tmp_path / "r.csv", 350)
    whole = job(tmp_path, f"whole-{target}")
    summary = run(whole, ISSUER)
    steps = 0
    for step in range(first_step, 200, 11):
        wanted = job(tmp_path, f"{step}-{target}", resume=True)
        command = [sys.executable, "-c", CRASHING, step, source, "-o", wanted.target, "-q", *FIXED]
        command += ["--rejects", wanted.rejects, "--part-rows", wanted.part_rows]
        ended = subprocess.run(list(map(str, command)), env=environment(), check=False)
        if ended.returncode != 9:
            assert ended.returncode == 3
            break
        steps += 1
        resumed = run(wanted, ISSUER)
        assert (resumed.rows, resumed.rejects) == (summary.rows, summary.rejects)
        assert resumed.first_rejects == summary.first_rejects
        assert_same(wanted, whole)
    assert steps >= 3


def assert_same(one: Job, other: Job) -> None:
    assert not os.path.exists(one.directory)
    for mine, its in ((one.target, other.target), (one.rejects, other.rejects)):
        assert mine
        assert its
        if mine.endswith("parquet"):
            table = pq.read_table(mine)
            table.validate(full=True)
            assert table.equals(pq.read_table(its))
        else:
            assert Path(mine).read_bytes() == Path(its).read_bytes()


def start(*arguments: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], env=environment(), stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_killed_at_random_moments(suffix: str, tmp_path: Path) -> None:
    source = roster(tmp_path / "r.csv", 150_000)
    options = ("-q", "--part-rows", 20_000, *FIXED)
    start(source, "-o", tmp_path / f"whole.{suffix}", *options).wait(120)
    target = tmp_path / f"o.{suffix}"
    first = start(source, "-o", target, "--resume", *options)
    while not Path(f"{target}.parts").exists():  # so it is killed at least once before its end
        assert first.poll() is None
        time.sleep(0.001)
    first.kill()
    first.wait()
    for attempt in range(40):
        process = start(source, "-o", target, "--resume", *options)
        try:  # the more it was killed, the longer it may run, so that it ends
            status = process.wait(random.uniform(0.3, 1.2) + attempt * 0.1)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            if target.exists() and not Path(f"{target}.parts").exists():
                break  # it was done, but for the end of the process
        else:
            assert status == 0
            break
    if suffix == "csv":
        assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    else:
        assert pq.read_table(target).equals(pq.read_table(tmp_path / "whole.parquet"))


def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str = "o.csv") -> Job:
    """A job that failed after two parts."""
    with_bad_rows(tmp_path / "r.csv", 350)
    real, parts = manifest.Manifest.save, 0

    def save(self: manifest.Manifest, path: str) -> None:
        nonlocal parts
        if len(self.parts) == 3:
            raise OSError(28, os.strerror(28))
        real(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(manifest.Manifest, "save", save)
        with pytest.raises(
            BatchError, match=r"No space left.*the first \d+ rows are done.*--resume"
        ):
            run(job(tmp_path, target), ISSUER)
    assert not (tmp_path / target).exists()
    return job(tmp_path, target, resume=True)


def test_a_full_disk_and_then_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = interrupted(tmp_path, monkeypatch)
    summary = run(again, ISSUER)
    assert 0 < summary.resumed_rows < summary.rows == 350
    whole = job(tmp_path, "whole.csv")
    run(whole, ISSUER)
    assert_same(again, whole)


def test_a_job_not_yet_begun_is_begun(tmp_path: Path) -> None:
    with_bad_rows(tmp_path / "r.csv", 350)
    assert run(job(tmp_path, "o.csv", resume=True), ISSUER).resumed_rows == 0


def test_an_unfinished_job_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    with pytest.raises(BatchError, match="unfinished job"):
        run(job(tmp_path, "o.csv"), ISSUER)
    assert run(job(tmp_path, "o.csv", overwrite=True), ISSUER).resumed_rows == 0
    assert not os.path.exists(again.directory)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"request": Request(issued_at=NOW, salt=8)}, "salt = 7, this one has 8"),
        ({"request": Request(issued_at=NOW, salt=7, role="2")}, "role"),
        ({"target_columns": ["token"]}, "target_columns"),
        ({"rejects": None}, "rejects"),
        ({"keep_parts": True}, "parts"),
        ({"sources": ["{r}", "{r}"]}, "reads"),
    ],
)
def test_another_job_does_not_go_on(
    change: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    if "sources" in change:
        change = {"sources": [again.sources[0]] * 2}
    options = {**vars(again), **change}
    with pytest.raises(BatchError, match=message):
        run(Job(**options), ISSUER)
    run(again, ISSUER)


def test_another_project_does_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = interrupted(tmp_path, monkeypatch)
    with pytest.raises(BatchError, match="app_id"):
        run(again, type(ISSUER)("0" * 32, CERTIFICATE))


@pytest.mark.parametrize("change", ["longer", "same size", "touched", "gone"])
def test_a_changed_source_does_not_go_on(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    source = tmp_path / "r.csv"
    status = source.stat()
    if change == "longer":
        source.write_text(source.read_text() + "a,1,,\n")
    elif change == "same size":
        source.write_text(source.read_text().replace("room-30", "room-31"))
        os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "touched":
        os.utime(source)
    else:
        source.unlink()
    with pytest.raises(BatchError, match=r"r\.csv.*(changed since|No such file)"):
        run(again, ISSUER)
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("damage", ["shorter", "altered", "gone"])
def test_a_damaged_part_is_noticed(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    part = Path(again.directory) / "part-00001.tokens.csv"
    data = part.read_bytes()
    if damage == "shorter":
        part.write_bytes(data[:-1])
    elif damage == "altered":
        part.write_bytes(data[:100] + b"?" + data[101:])
    else:
        part.unlink()
    with pytest.raises(BatchError, match="part-00001"):
        run(again, ISSUER)


def test_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="locks are POSIX's")
    again = interrupted(tmp_path, monkeypatch)
    descriptor = os.open(again.directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another job is at work"):
            run(again, ISSUER)
    finally:
        os.close(descriptor)
    run(again, ISSUER)


def test_the_manifest_is_complete_and_has_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    text = (Path(again.directory) / "manifest.json").read_text()
    assert CERTIFICATE not in text
    content = json.loads(text)
    assert content["options"]["app_id"] == ISSUER.app_id
    assert content["sources"][0]["size"] == (tmp_path / "r.csv").stat().st_size
    for part in content["parts"]:
        for file in part["files"].values():
            path = os.path.join(again.directory, file["name"])
            assert os.path.getsize(path) == file["size"]
            assert len(file["sha256"]) == 64


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 2}'])
def test_a_manifest_that_is_none(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = interrupted(tmp_path, monkeypatch)
    (Path(again.directory) / "manifest.json").write_text(text)
    with pytest.raises(BatchError, match=r"manifest\.json"):
        run(again, ISSUER)


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    with_bad_rows(tmp_path / "r.csv", 10)
    wanted = job(tmp_path, "o.csv", overwrite=True)
    precious = Path(wanted.directory) / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    with pytest.raises(BatchError, match=r"precious\.txt"):
        run(wanted, ISSUER)
    assert precious.read_text() == "mine"


def test_a_target_that_came_into_being(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = interrupted(tmp_path, monkeypatch)
    (tmp_path / "o.csv").write_text("mine")
    with pytest.raises(BatchError, match="has come into being"):
        run(again, ISSUER)
    assert (tmp_path / "o.csv").read_text() == "mine"
