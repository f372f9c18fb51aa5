"""What makes a job the same job: it goes on or is complete, and any other one is refused."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agora_token import Issuer
from agora_token.batch.files import sources
from agora_token.batch.job import Job, Request, run
from agora_token.batch.parts import manifest
from agora_token.batch.rows import BatchError
from helpers.batch import COMMAND, ISSUER, NOW, batch, environment, roster
from helpers.project import APP_ID, CERTIFICATE

REQUEST = Request(issued_at=NOW, salt=7)
OTHER = Issuer(APP_ID, CERTIFICATE[::-1])


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that failed after some parts, to be resumed."""
    roster(tmp_path / "r.csv", 300)
    job = Job([str(tmp_path / "r.csv")], str(tmp_path / "o.csv"), REQUEST, part_rows=50)
    real = manifest.Manifest.save

    def save(self: manifest.Manifest, path: str) -> None:
        if len(self.parts) == 4:
            raise OSError(28, os.strerror(28))
        real(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(manifest.Manifest, "save", save)
        with pytest.raises(BatchError, match="No space left"):
            run(job, ISSUER)
    return Job(**{**vars(job), "resume": True})


def everything(directory: str | Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(Path(directory).iterdir())}


def test_another_certificate_does_not_go_on(unfinished: Job) -> None:
    before = everything(unfinished.directory)
    with pytest.raises(BatchError, match=r"another App Certificate.*--overwrite in place of"):
        run(unfinished, OTHER)
    assert everything(unfinished.directory) == before
    assert run(unfinished, ISSUER).rows == 300


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "end": lambda content: content["parts"][-1].update(end=["a", "b", "c", "d"]),
    "row count": lambda content: content["parts"][0].update(rows=1),
    "a part": lambda content: content["parts"].pop(),
    "no part": lambda content: content.update(parts=[]),
    "complete": lambda content: content.update(outputs=content["sources"]),
    "joined": lambda content: content.update(joined=True),
    "a file outside": lambda content: content["parts"][0]["files"]["tokens"].update(
        name="../r.csv"
    ),
    "options": lambda content: content["options"].update(salt=8),
    "types": lambda content: content.update(options=[], parts="x", sources=7),
    "digest": lambda content: content.update(digest="0" * 64),
    "seal": lambda content: content.update(seal=None),
    "both": lambda content: (content.pop("digest"), content.pop("seal")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_manifest_that_was_edited(change: str, unfinished: Job) -> None:
    path = Path(unfinished.directory) / "manifest.json"
    text = path.read_text()
    content = json.loads(text)
    CHANGES[change](content)
    path.write_text(json.dumps(content))
    before = everything(unfinished.directory)
    with pytest.raises(BatchError, match=r"changed since|another App Certificate"):
        run(unfinished, ISSUER)
    assert everything(unfinished.directory) == before
    assert not os.path.exists(unfinished.target)
    path.write_text(text)
    assert run(unfinished, ISSUER).rows == 300


def test_a_forged_manifest(unfinished: Job) -> None:
    """Whoever has no certificate cannot seal what he has changed."""
    path = Path(unfinished.directory) / "manifest.json"
    content = json.loads(path.read_text())
    content["parts"] = []
    rest = {name: value for name, value in content.items() if name not in ("digest", "seal")}
    content["digest"] = manifest._digest(rest)
    path.write_text(json.dumps(content))
    with pytest.raises(BatchError, match="another App Certificate"):
        run(unfinished, ISSUER)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "[]", "7", '{"format": "2"}', '{"format": 3}', "\xff", "\0"]
)
def test_a_manifest_that_is_none(text: str, unfinished: Job) -> None:
    path = Path(unfinished.directory) / "manifest.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BatchError, match=r"manifest\.json: is (not the manifest|of another)"):
        run(unfinished, ISSUER)


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("rejects", [False, True])
def test_complete_is_complete(parts: bool, rejects: bool, tmp_path: Path) -> None:
    source = roster(tmp_path / "r.csv", 300)
    if rejects:
        source.write_text(source.read_text() + "room,x,,\n")
    job = Job(
        [str(source)],
        str(tmp_path / "o"),
        REQUEST,
        target_format="csv",
        rejects=str(tmp_path / "rejects.csv"),
        keep_parts=parts,
        part_rows=50,
        resume=True,
    )
    first = run(job, ISSUER)
    target = tmp_path / "o"
    before = everything(target) if parts else target.read_bytes()
    times = target.stat().st_mtime_ns
    for _ in range(2):
        again = run(job, ISSUER)
        assert (again.rows, again.tokens, again.rejects) == (first.rows, 300, int(rejects))
        assert again.resumed_rows == first.rows
        assert again.first_rejects == first.first_rejects
        assert (everything(target) if parts else target.read_bytes()) == before
        assert target.stat().st_mtime_ns == times
    if parts:
        assert not list(target.glob("*.rejects.*"))
        with pytest.raises(BatchError, match="is there already"):
            run(Job(**{**vars(job), "resume": False}), ISSUER)


@pytest.mark.parametrize("change", ["certificate", "option", "source", "target", "record"])
def test_complete_is_of_one_job(change: str, tmp_path: Path) -> None:
    source = roster(tmp_path / "r.csv", 300)
    job = Job([str(source)], str(tmp_path / "o.csv"), REQUEST, resume=True)
    run(job, ISSUER)
    issuer, target = ISSUER, tmp_path / "o.csv"
    if change == "certificate":
        issuer = OTHER
    elif change == "option":
        job = Job([str(source)], str(target), Request(issued_at=NOW, salt=8), resume=True)
    elif change == "source":
        roster(source, 301)
    elif change == "target":
        target.write_text(target.read_text() + "\n")
    else:
        (tmp_path / "o.csv.job.json").unlink()
    left = target.read_bytes()
    with pytest.raises(BatchError, match="overwrite"):
        run(job, issuer)
    assert target.read_bytes() == left
    replaced = run(Job(**{**vars(job), "overwrite": True}), issuer)
    assert replaced.resumed_rows == 0


def test_a_target_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    job = Job([str(roster(tmp_path / "r.csv", 30))], str(tmp_path / "o.csv"), REQUEST, resume=True)
    run(job, ISSUER)
    data = (tmp_path / "o.csv").read_bytes()
    (tmp_path / "o.csv").unlink()
    assert run(job, ISSUER).resumed_rows == 0
    assert (tmp_path / "o.csv").read_bytes() == data


def test_a_restart_loop_ends(tmp_path: Path) -> None:
    source = roster(tmp_path / "r.csv", 30)
    source.write_text(source.read_text() + "room,x,,\n")
    for _ in range(3):
        done = batch(source, "-o", tmp_path / "o.csv", "--resume", "--json")
        assert done.returncode == 3
        said = json.loads(done.stdout)
        assert (said["tokens"], said["rejects"]) == (30, 1)
        assert said["first_rejects"][0]["line"] == 32


def test_killed_and_changed(tmp_path: Path) -> None:
    """Twenty kills at random moments: whoever changes something is refused, else it goes on."""
    source = roster(tmp_path / "r.csv", 100_000)
    fixed = ["-q", "--part-rows", "20000", "--issued-at", str(NOW), "--salt", "7"]
    whole = batch(source, "-o", tmp_path / "whole.csv", *fixed)
    assert whole.returncode == 0
    expected = (tmp_path / "whole.csv").read_bytes()
    text = source.read_bytes()
    changes = ["certificate", "source", "option"] * 3 + ["certificate"] + ["none"] * 10
    for number, change in enumerate(changes):
        target = tmp_path / f"{number}.csv"
        path = Path(f"{target}.parts") / "manifest.json"
        command = [*COMMAND, str(source), "-o", str(target), *fixed, "--threads", "1"]
        with subprocess.Popen(command, env=environment()) as process:
            while process.poll() is None:  # until there is something to go on with
                if path.exists() and b'"rows"' in path.read_bytes():
                    break
                time.sleep(0.002)
            time.sleep(random.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        if target.exists():
            continue  # it was faster
        options, env = [*fixed, "--resume"], environment()
        if change == "certificate":
            env = environment(AGORA_APP_CERTIFICATE=CERTIFICATE[::-1])
        elif change == "source":
            source.write_bytes(text + b"a,1,,\n")
        elif change == "option":
            options += ["--role", "attendee"]
        done = batch(source, "-o", target, *options, env=env)
        if change != "none":
            assert done.returncode == 1, done.stderr
            assert not target.exists()
            source.write_bytes(text)
            os.utime(source, ns=(0, json.loads(path.read_text())["sources"][0]["mtime_ns"]))
            done = batch(source, "-o", target, *fixed, "--resume")
        assert done.returncode == 0, done.stderr
        assert target.read_bytes() == expected
        target.unlink()
