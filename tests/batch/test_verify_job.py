"""A file of tokens verified: the counts are right, and what cannot be read is counted too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agora_token import Reason
from agora_token.batch.files import sources
from agora_token.batch.job import Job, Request, run
from agora_token.batch.rows import BatchError
from agora_token.batch.verify_job import VerifyJob, verify_file
from helpers.batch import ISSUER, NOW, environment, roster, write_csv
from helpers.project import CERTIFICATE

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(sources, "BLOCK_ROWS", 40)


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "csv.gz"])
def test_a_jobs_tokens_are_valid(suffix: str, version: str, tmp_path: Path) -> None:
    source, target = roster(tmp_path / "r.csv", 300), str(tmp_path / f"o.{suffix}")
    run(Job([str(source)], target, Request(version=version)), ISSUER)
    summary = verify_file(VerifyJob([target], app_id=ISSUER.app_id), [CERTIFICATE])
    assert (summary.rows, summary.valid, summary.unreadable) == (300, 300, 0)
    assert summary.reasons == {Reason.VALID: 300}
    wrong = verify_file(VerifyJob([target]), CERTIFICATE[::-1])
    assert wrong.reasons == {Reason.BAD_SIGNATURE: 300}
    assert [each.row for each in wrong.first_refused] == [1, 2, 3, 4, 5]


def test_every_row_is_counted_once(tmp_path: Path) -> None:
    token = ISSUER.rtc("a", 1, issued_at=NOW, expires_in=600)
    rows: list[tuple[Any, ...]] = [
        (token, "a", "1", ""),
        (token, "", "", ""),  # what is empty is not looked at
        (token, "b", "1", ""),
        (token, "a", "2", ""),
        (token, "a", "", "1"),
        (token, "a", "x", ""),
        (token, "a", "1", "bob"),
        ("", "a", "1", ""),
        (token[:-9], "a", "1", ""),
        (ISSUER.rtc("a", 1, issued_at=NOW - 700, expires_in=600), "a", "1", ""),
        (ISSUER.rtc("a", 0, issued_at=NOW), "a", "0", ""),
    ]
    path = write_csv(tmp_path / "t.csv", ("token", "channel", "uid", "account"), rows)
    with path.open("ab") as file:
        file.write(b"too,few\n\xff,a,1,\n")
    job = VerifyJob([str(path)], at=NOW + 60)
    summary = verify_file(job, CERTIFICATE)
    assert summary.rows == 13
    assert summary.reasons == {
        Reason.VALID: 4,
        Reason.MALFORMED: 2,
        Reason.WRONG_CHANNEL: 1,
        Reason.WRONG_USER: 1,
        Reason.EXPIRED: 1,
    }
    assert summary.unreadable == 4
    assert [each.row for each in summary.first_refused] == [3, 4, 6, 7, 8]
    said = summary.to_dict()
    assert (said["valid"], said["refused"]) == (4, 9)
    json.dumps(said)


def test_columns_by_other_names_and_left_out(tmp_path: Path) -> None:
    token = ISSUER.rtm("alice")
    path = write_csv(tmp_path / "t.csv", ("jwt", "uid", "user_id"), [(token, "7", "alice")])
    with pytest.raises(BatchError, match=r"t\.csv: there is no column 'token'"):
        verify_file(VerifyJob([str(path)]), CERTIFICATE)
    with pytest.raises(BatchError, match="'color' is not one of the columns"):
        verify_file(VerifyJob([str(path)], columns={"token": "jwt", "color": "uid"}), CERTIFICATE)
    named = VerifyJob([str(path)], columns={"token": "jwt"})
    assert verify_file(named, CERTIFICATE).reasons == {Reason.MISSING_SERVICE: 1}
    named = VerifyJob([str(path)], columns={"token": "jwt", "uid": ""})
    assert verify_file(named, CERTIFICATE).valid == 1


def command(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agora_token", "verify", "--batch", *map(str, arguments)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(tmp_path: Path) -> None:
    source, target = roster(tmp_path / "r.csv", 30), tmp_path / "o.csv"
    run(Job([str(source)], str(target)), ISSUER)
    done = command(target)
    assert (done.returncode, done.stdout) == (0, "30 valid\n")
    text = target.read_text().replace("room-2,", "room-9,")
    target.write_text(text)
    done = command(target)
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == ["23 valid", " 7 wrong channel"]
    assert "o.csv row 15 (line 16): wrong channel" in done.stdout
    done = command("--json", target)
    assert json.loads(done.stdout)["reasons"] == {"valid": 23, "wrong_channel": 7}
    assert command("--channel", "a", target).returncode == 2
    assert command().returncode == 2
    missing = command(tmp_path / "none.csv")
    assert missing.returncode == 2  # not 1, which says that a token is refused
    assert "none.csv" in missing.stderr
    assert "Traceback" not in missing.stderr
