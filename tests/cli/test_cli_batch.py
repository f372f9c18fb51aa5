"""The commands over files: what they are told, and what they tell programs and shells."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agora_token import Issuer
from helpers.batch import COMMAND, batch, environment, read_csv, roster, write_csv
from helpers.command_line import Agora
from helpers.needs import need_program
from helpers.project import APP_ID, CERTIFICATE


def command(
    *arguments: Any, given: bytes = b"", **changes: str | None
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "agora_token", *map(str, arguments)],
        input=given,
        env=environment(**changes),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return roster(tmp_path / "r.csv", 30)


@pytest.mark.parametrize("target", ["o.csv", "o.jsonl.gz", "o.parquet", "d"])
def test_verify_takes_what_batch_writes(target: str, source: Path, tmp_path: Path) -> None:
    options = ["--parts", "--output-format", "csv"] if target == "d" else []
    wrote = batch(
        source, "-o", tmp_path / target, "-q", "--column", "token=jwt", "--column",
        "channel=channel", *options,
    )  # fmt: skip
    assert wrote.returncode == 0, wrote.stderr
    done = command("verify", "--batch", tmp_path / target, "--column", "token=jwt")
    assert (done.returncode, done.stdout) == (0, b"30 valid\n")
    refused = command("verify", "--batch", tmp_path / target)
    assert refused.returncode == 2
    assert b"--column token=NAME" in refused.stderr


def test_verify_takes_standard_input_and_separators(source: Path, tmp_path: Path) -> None:
    batch(source, "-o", tmp_path / "o.csv", "-q")
    data = (tmp_path / "o.csv").read_bytes()
    done = command("verify", "--batch", "-", "--format", "csv", given=data)
    assert (done.returncode, done.stdout) == (0, b"30 valid\n")
    text = data.decode().replace(",", ";").encode("utf-16")
    options = ("--format", "csv", "--delimiter", ";", "--encoding", "utf-16")
    done = command("verify", "--batch", "-", *options, given=text)
    assert (done.returncode, done.stdout) == (0, b"30 valid\n")
    assert command("verify", "a token", "--format", "csv").returncode == 2


def test_lifetimes_times_and_roles_are_spelled_alike(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), [("room", 1)])
    moment = "2023-11-14T22:13:20Z"
    made = batch(
        path, "-o", tmp_path / "o.csv", "-q", "--expires-in", "90m", "--role", "Subscriber",
        "--issued-at", moment, "--salt", "7", "--privilege", "join-channel=10m",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    expected = Issuer(APP_ID, CERTIFICATE).rtc(
        "room", 1, role=2, expires_in=5400, issued_at=1_700_000_000, salt=7, privileges={1: 600}
    )
    assert read_csv(tmp_path / "o.csv")[0]["token"] == expected
    done = command("verify", "--batch", tmp_path / "o.csv", "--at", moment, "--leeway", "5m")
    assert done.returncode == 0
    done = command("verify", expected, "--at", "2023-11-14T22:18:20+00:00", "--leeway", "1h")
    assert done.returncode == 0
    issued = command(
        "issue", "rtc", "--channel=a", "--uid=1", "--role=SUBSCRIBER", "--expires-in=1H"
    )
    assert issued.returncode == 0
    for option in ("--expires-in=soon", "--issued-at=tomorrow"):
        done = command("batch", path, "-o", tmp_path / "p.csv", option)
        assert done.returncode == 2
        assert b"90m or 24h" in done.stderr or b"ISO 8601" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["batch", "none.csv", "-o", "o.csv"], 1, "Batch"),
        (["batch", "r.csv", "-o", "o.txt"], 1, "Batch"),
        (["batch", "r.csv"], 2, "MissingParameter"),
        (["batch", "r.csv", "-o", "o.csv", "--expires-in", "25h"], 2, "InvalidLifetime"),
        (["verify", "--batch", "none.csv"], 2, "Batch"),
        (["verify"], 2, "UsageError"),
        (["read", "--no"], 2, "NoSuchOption"),
    ],
)
def test_json_on_failure(
    arguments: list[str], status: int, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "r.csv", ("channel", "uid"), [("room", 1)])
    monkeypatch.chdir(tmp_path)
    done = command(*arguments, "--json")
    assert done.returncode == status
    said = json.loads(done.stdout)
    assert (said["status"], said["error"]) == (status, error.removesuffix("Error"))
    assert said["message"]
    assert said["message"].encode() in done.stderr


def test_json_of_a_job_that_writes_to_standard_output(source: Path) -> None:
    source.write_text("channel\nroom\n")
    done = command("batch", source, "-o", "-", "--json")
    assert done.returncode == 1
    assert done.stdout == b""
    assert json.loads(done.stderr.splitlines()[-1])["error"] == "Batch"


def test_a_missing_certificate_is_json_too(source: Path, tmp_path: Path) -> None:
    done = command("batch", source, "-o", tmp_path / "o.csv", "--json", AGORA_APP_CERTIFICATE=None)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "Configuration"


def test_max_rejects(tmp_path: Path) -> None:
    rows = [("room", "x" if row % 10 == 9 else row) for row in range(100)]
    path = write_csv(tmp_path / "r.csv", ("channel", "uid"), rows)
    done = batch(path, "-o", tmp_path / "o.csv", "--max-rejects", "9")
    assert done.returncode == 1
    assert "more than 9 rows are rejected" in done.stderr
    assert "r.csv row 10 (line 11): uid 'x'" in done.stderr
    assert not (tmp_path / "o.csv").exists()
    assert batch(path, "-o", tmp_path / "o.csv", "--max-rejects", "10").returncode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals(number: int, status: int, tmp_path: Path) -> None:
    path = roster(tmp_path / "r.csv", 300_000)
    parts = tmp_path / "o.csv.parts"
    command = [*COMMAND, str(path), "-o", str(tmp_path / "o.csv"), "--part-rows", "1000", "--json"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while len(list(parts.glob("part-*.csv"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        out, message = process.communicate(timeout=60)
    assert process.returncode == status
    assert f"finished parts are kept in {parts}, --resume goes on" in message
    assert json.loads(out)["status"] == status
    assert not list(parts.glob("*.tmp"))
    assert batch(path, "-o", tmp_path / "o.csv", "--resume", "-q").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["isue"], "issue"),
        (["Verfy"], "verify"),
        (["issue", "rtcrtm"], "rtc-rtm"),
        (["batch", "r.csv", "--outptu", "o.csv"], "--output"),
        (["verify", "--certificate-fil", "x"], "--certificate-file"),
    ],
)
def test_what_was_meant_is_named(agora: Agora, arguments: list[str], meant: str) -> None:
    result = agora(*arguments)
    assert result.status == 2
    assert "Did you mean" in result.err
    assert meant in result.err.partition("Did you mean")[2]


COMPLETIONS = {
    "agora-token is": {"issue"},
    "agora-token batch --out": {"--output", "--output-format"},
    "agora-token batch --service rt": {"rtc", "rtm", "rtc-rtm"},
    "agora-token issue apaas-u": {"apaas-user"},
    "agora-token issue rtc --role sub": {"subscriber"},
}


@pytest.mark.parametrize("line", COMPLETIONS)
def test_bash_completes(line: str, tmp_path: Path) -> None:
    """The script that README has the shell evaluate, evaluated, and a line completed by it."""
    bash = need_program("bash")
    program = tmp_path / "agora-token"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m agora_token "$@"\n')
    program.chmod(0o755)
    script = f"""
eval "$(_AGORA_TOKEN_COMPLETE=bash_source agora-token)"
complete -p agora-token >/dev/null || exit 3
COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_agora_token_completion agora-token
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        env=environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == COMPLETIONS[line], done.stderr
