"""The memory of a job is bounded: four times the rows need no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.batch import environment, roster
from helpers.needs import skip_or_fail

MEASURED = """
import resource, sys
from agora_token.cli.batch import batch
try:
    batch()
except SystemExit as end:
    assert end.code == 0, end.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(source: Path, target: Path) -> float:
    """The most memory that the job had, in MiB."""
    command = [sys.executable, "-c", MEASURED, source, "-o", target, "--quiet", "--overwrite"]
    done = subprocess.run(
        list(map(str, command)),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    kilobytes = int(done.stdout.split()[-1])
    return kilobytes / (1024 if sys.platform != "darwin" else 1 << 20)


@pytest.mark.parametrize(
    ("source", "target"), [("csv", "csv"), ("csv", "parquet"), ("parquet", "parquet")]
)
def test_memory_is_bounded(source: str, target: str, tmp_path: Path) -> None:
    if sys.platform == "win32":
        skip_or_fail("needs getrusage")
    rows = 500_000
    path = roster(tmp_path / "r.csv", rows)
    if source == "parquet":
        import pyarrow.csv
        import pyarrow.parquet

        table = pyarrow.csv.read_csv(path)
        pyarrow.parquet.write_table(table, tmp_path / "r.parquet", row_group_size=100_000)
        path = tmp_path / "r.parquet"
    few = peak(path, tmp_path / f"few.{target}")
    for part in range(4):
        (tmp_path / f"{part}-{path.name}").hardlink_to(path)
    many = peak(tmp_path / f"?-{path.name}", tmp_path / f"many.{target}")
    assert many < few * 1.25 + 16
    assert many < 400
