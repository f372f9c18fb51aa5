"""A million tokens from a roster: ``make demo``.

Writes a roster of a realistic shape, issues its tokens by the batch job, issues a sample of them
again with the other implementation and fixed salts, verifies a sample, and says what it did.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.csv

from agora_token import Issuer, Reason, backend_info, verify_many
from agora_token.batch import rtc_column

APP_ID = "970CA35de60c44645bbae8a215061b33"  # an example's, from the documentation
CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
SAMPLE = 20_000


def main() -> None:
    os.environ.update(AGORA_APP_ID=APP_ID, AGORA_APP_CERTIFICATE=CERTIFICATE)
    info = backend_info()
    kernels = ", ".join(f"{name} {kernel}" for name, kernel in info.kernels.items())
    print(f"Implementation: {info.name} ({info.reason}); {kernels}")
    with tempfile.TemporaryDirectory(prefix="agora-token-demo-") as directory:
        roster = Path(directory, "roster.csv")
        tokens = Path(directory, "tokens.csv")
        rejects = Path(directory, "rejects.csv")
        step(f"Writing a roster of {ROWS:,} rows")
        write_roster(roster)
        print(f"{roster.stat().st_size / 1e6:.0f} MB: {first_lines(roster, 4)}")

        step("Issuing its tokens: agora-token batch roster.csv -o tokens.csv --rejects rejects.csv")
        command = [sys.executable, "-m", "agora_token", "batch", str(roster), "-o", str(tokens)]
        done = subprocess.run([*command, "--rejects", str(rejects)], check=False)
        if done.returncode != 3:  # complete, with rejects: there are bad rows in the roster
            sys.exit(f"the batch job ended with status {done.returncode}")
        print(f"{tokens.stat().st_size / 1e6:.0f} MB: {first_lines(tokens, 2)}")

        table = pyarrow.csv.read_csv(tokens).slice(0, SAMPLE)
        compare_backends(table["channel"].to_pylist())
        verify_sample(table)


def step(what: str) -> None:
    print(f"\n{what}", flush=True)


def write_roster(path: Path) -> None:
    """Many small rooms and a few very large ones, numbers and accounts, and some bad rows."""
    chance = random.Random(2024)
    room = left = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("channel,uid,account,role\n")
        for row in range(ROWS):
            if not left:
                room += 1
                left = 50_000 if chance.random() < 0.00003 else chance.choice((2, 2, 3, 4, 8, 30))
            left -= 1
            role = "publisher" if chance.random() < 0.2 else "subscriber"
            if row == ROWS // 2:
                file.write(f"room*{room},1,,{role}\n")
            elif chance.random() < 0.0001:
                bad = chance.choice(("4294967296", "-1", "12a4", ""))
                file.write(f"room-{room},{bad},,{role}\n")
            elif chance.random() < 0.3:
                file.write(f"room-{room},,user-{chance.randrange(10**7)},{role}\n")
            else:
                file.write(f"room-{room},{chance.randrange(1, 2**32)},,{role}\n")


def first_lines(path: Path, count: int) -> str:
    with path.open(encoding="utf-8") as file:
        return "".join(f"\n    {next(file).rstrip()}" for _ in range(count))


def issue_sample(rooms: list[str]) -> list[str]:
    """Tokens with fixed salts and time, so that anybody gets the same."""
    issuer = Issuer(APP_ID, CERTIFICATE)
    uids, salts = range(1, len(rooms) + 1), range(1, len(rooms) + 1)
    tokens: list[str] = []
    for version in ("006", "007"):
        column = rtc_column(
            issuer, rooms, uids, version=version, issued_at=1_700_000_000, salts=salts
        )
        tokens += column.to_pylist()
    return tokens


def compare_backends(rooms: list[str]) -> None:
    other = "pure" if backend_info().name == "native" else "native"
    step(f"Issuing {len(rooms):,} tokens of each version, fixed salts, with both implementations")
    mine = issue_sample(rooms)
    code = (
        "import sys; sys.argv = ['']; import demo; "
        "print('\\n'.join(demo.issue_sample(sys.stdin.read().split('\\n'))))"
    )
    theirs = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "AGORA_TOKEN_BACKEND": other},
        input="\n".join(rooms),
        capture_output=True,
        text=True,
        check=False,
    )
    if theirs.returncode:
        print(f"The {other} implementation is not there: {theirs.stderr.strip().splitlines()[-1]}")
        return
    if theirs.stdout.split() != mine:
        sys.exit("the two implementations give different tokens")
    print(f"{backend_info().name} and {other} give the same bytes")


def verify_sample(table: pyarrow.Table) -> None:
    step(f"Verifying the first {len(table):,} tokens of the job")
    rows = table.select(["channel", "uid", "account"]).to_pylist()
    reasons = verify_many(
        table["token"].to_pylist(),
        CERTIFICATE,
        channels=[row["channel"] for row in rows],
        uids=[row["account"] or row["uid"] for row in rows],
    )
    valid = reasons.count(Reason.VALID)
    if valid < len(table):
        sys.exit(f"only {valid:,} of them are valid")
    print(f"All {valid:,} are valid for their channel and user")


if __name__ == "__main__":
    main()
