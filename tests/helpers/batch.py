"""What the tests of batch jobs share: a project, rosters, the command, a small disk."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agora_token import Issuer
from helpers.needs import need_program, skip_or_fail
from helpers.project import APP_ID, CERTIFICATE

NOW = 1_700_000_000
ISSUER = Issuer(APP_ID, CERTIFICATE)

COMMAND = [sys.executable, "-m", "agora_token", "batch"]


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment with the project, and with changes (None removes)."""
    wanted: dict[str, str | None] = {
        "AGORA_APP_ID": APP_ID,
        "AGORA_APP_CERTIFICATE": CERTIFICATE,
        **changes,
    }
    return {name: value for name, value in {**os.environ, **wanted}.items() if value is not None}


def batch(
    *arguments: Any, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs ``agora-token batch``; its errors must be messages."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert CERTIFICATE not in done.stderr + done.stdout
    return done


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def roster(path: Path, rows: int) -> Path:
    """Rooms of a few users, numbers and accounts, two roles."""
    return write_csv(
        path,
        ("channel", "uid", "account", "role"),
        [
            (
                f"room-{index // 7}",
                index * 2654435761 % 2**32 if index % 3 else "",
                "" if index % 3 else f"user-{index}",
                "publisher" if index % 5 == 0 else "subscriber",
            )
            for index in range(rows)
        ],
    )


@contextmanager
def small_disk(path: Path, options: str) -> Iterator[Path]:
    """A file system of its own at ``path``, with mount's options; needs root."""
    path.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        skip_or_fail("needs root to mount a file system")
    mount, unmount = need_program("mount"), need_program("umount")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, check=False
    )
    if made.returncode:
        skip_or_fail(f"cannot mount a tmpfs: {made.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run([unmount, path], check=True)
