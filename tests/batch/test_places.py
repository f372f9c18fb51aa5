"""Files: no source is written to, no link is followed but a target, and modes are kept."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from agora_token.batch.job import Job, Request, run
from agora_token.batch.rows import BatchError
from helpers.batch import ISSUER, NOW, batch, read_csv, roster, small_disk

REQUEST = Request(issued_at=NOW, salt=7)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return roster(tmp_path / "r.csv", 20)


def issue(source: str | Path, target: str | Path, **options: Any) -> None:
    run(Job([str(source)], str(target), REQUEST, **options), ISSUER)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("where", ["target", "rejects"])
@pytest.mark.parametrize("how", ["pattern", "relative", "link", "hard link", "of parts"])
def test_a_source_is_never_written(
    how: str, where: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name, given = str(source), str(source)
    if how == "pattern":
        given = str(tmp_path / "*.csv")
    elif how == "relative":
        name = "./sub/../r.csv"
        (tmp_path / "sub").mkdir()
    elif how == "link":
        name = "link.csv"
        os.symlink("r.csv", name)
    elif how == "hard link":
        name = "other.csv"
        os.link("r.csv", name)
    text = source.read_bytes()
    options: dict[str, Any] = {"overwrite": True}
    if how == "of parts":
        issue(source, "d", keep_parts=True, target_format="csv")
        given, name = "d", "d" if where == "target" else "d/rejects.csv"
        options |= {"keep_parts": True, "target_format": "csv"}
        if where == "target":
            options |= {"keep_parts": True, "target_format": "csv"}
        else:
            name = "d/rejects.csv"
            options |= {"keep_parts": True, "target_format": "csv"}
    target = name
    if where == "rejects":
        target = "d" if how == "of parts" else "o.csv"
        options["rejects"] = name
    with pytest.raises(BatchError, match=r"is a source of the job|is among the parts"):
        issue(given, target, **options)
    assert source.read_bytes() == text


def test_the_record_and_the_parts_are_no_sources(source: Path, tmp_path: Path) -> None:
    for options in ({"rejects": str(tmp_path / "o.csv.job.json"), "rejects_format": "csv"},):
        with pytest.raises(BatchError, match="cannot go to one file"):
            issue(source, tmp_path / "o.csv", **options)
    precious = tmp_path / "o.csv.job.json"
    precious.write_text("mine")
    with pytest.raises(BatchError, match="is not of a job"):
        issue(source, tmp_path / "o.csv")
    assert precious.read_text() == "mine"


def test_links_beside_the_target_are_not_followed(source: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "rejects"
    folder.mkdir()
    for name in ("r.csv.tmp", ".r.csv.tmp"):
        (folder / name).symlink_to(victim)
    (tmp_path / "o.csv.job.json.tmp").symlink_to(victim)
    issue(source, tmp_path / "o.csv", rejects=str(folder / "r.csv"))
    assert victim.read_text() == "precious"
    assert (folder / "r.csv.tmp").is_symlink()
    (tmp_path / "p.csv.parts").symlink_to(folder)
    with pytest.raises(BatchError, match="is a link"):
        issue(source, tmp_path / "p.csv", overwrite=True)


def test_modes(source: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        target, rejects = tmp_path / "o.csv", tmp_path / "rejects.csv"
        issue(source, target, rejects=str(rejects))
        for path in (target, rejects, tmp_path / "o.csv.job.json"):
            assert mode(path) == 0o600
        for wanted in (0o600, 0o640, 0o664):
            target.chmod(wanted)
            rejects.chmod(wanted)
            issue(source, target, rejects=str(rejects), overwrite=True)
            assert mode(target) == mode(rejects) == wanted
        parts = tmp_path / "d"
        issue(source, parts, keep_parts=True, target_format="csv")
        assert mode(parts) == 0o700
        assert {mode(each) for each in parts.iterdir()} == {0o600}
        parts.chmod(0o750)
        issue(source, parts, keep_parts=True, target_format="csv", overwrite=True)
        assert mode(parts) == 0o750
    finally:
        os.umask(before)


def test_a_target_that_is_a_link_is_written_through(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "real.csv").write_text("old")
    (folder / "real.csv").chmod(0o644)
    link = tmp_path / "link.csv"
    link.symlink_to("d/real.csv")
    with pytest.raises(BatchError, match="is there already"):
        issue(source, link)
    issue(source, link, overwrite=True)
    assert link.is_symlink()
    assert len(read_csv(folder / "real.csv")) == 20
    assert mode(folder / "real.csv") == 0o644
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to("nowhere.csv")
    with pytest.raises(BatchError, match=r"is a link to .*nowhere"):
        issue(source, dangling)
    assert not (tmp_path / "nowhere.csv").exists()


@pytest.mark.parametrize("where", ["target", "rejects"])
def test_a_fifo_is_written_to(where: str, source: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.csv"
    os.mkfifo(fifo)
    source.write_text(source.read_text() + "room,x,,\n")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    if where == "target":
        issue(source, fifo)
    else:
        issue(source, tmp_path / "o.csv", rejects=str(fifo))
    reader.join(30)
    assert len(read[0].splitlines()) == (21 if where == "target" else 2)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_rejects_to_a_device_and_to_standard_output(source: Path, tmp_path: Path) -> None:
    source.write_text(source.read_text() + "room,x,,\n")
    done = batch(source, "-o", tmp_path / "o.csv", "--rejects", "/dev/null")
    assert done.returncode == 1
    assert "--rejects-format" in done.stderr
    for rejects in ("/dev/null", "-"):
        done = batch(
            source, "-o", tmp_path / "o.csv", "--rejects", rejects, "--rejects-format", "csv",
            "--overwrite",
        )  # fmt: skip
        assert done.returncode == 3
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert ",21,22,uid,x," in done.stdout.splitlines()[1]


def test_what_others_have_in_the_directories_stays(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "d"
    options: dict[str, Any] = {"keep_parts": True, "target_format": "csv"}
    issue(source, target, **options)
    (target / "notes.txt").write_text("mine")
    with pytest.raises(BatchError, match=r"notes\.txt"):
        issue(source, target, overwrite=True, **options)
    assert (target / "notes.txt").read_text() == "mine"
    assert list(target.glob("part-*"))
    unknown = tmp_path / "p.csv.parts"
    unknown.mkdir()
    (unknown / "part-00000.tokens.csv").write_text("mine")
    with pytest.raises(BatchError, match="which no job has written"):
        issue(source, tmp_path / "p.csv", overwrite=True)
    assert (unknown / "part-00000.tokens.csv").read_text() == "mine"


@pytest.mark.parametrize("parts", ["3000", "1000000"])
def test_a_disk_that_is_full_when_the_parts_are_joined(parts: str, tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 20_000)
    with small_disk(tmp_path / "disk", "size=7m") as disk:
        target = disk / "o.csv"
        done = batch(path, "-o", target, "--part-rows", parts)
        if parts == "1000000":  # the one part is the target
            assert done.returncode == 0
            return
        assert done.returncode == 1
        assert "No space left on device; all 20,000 rows are done and kept" in done.stderr
        assert "--resume" in done.stderr
        assert not target.exists()
        assert sorted(each.name for each in disk.iterdir()) == ["o.csv.parts"]
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert batch(path, "-o", target, "--part-rows", parts, "--resume").returncode == 0
        assert len(read_csv(target)) == 20_000
