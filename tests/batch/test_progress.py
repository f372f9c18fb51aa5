"""What a job says while it runs."""

from __future__ import annotations

import io
import re
import time

import pytest

from agora_token.batch import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    output = io.StringIO()
    with progress.progress_for(output) as shown:
        for rows in range(0, 1200, 100):
            shown.update(rows, 3, rows / 1200)
            now += 1
    lines = output.getvalue().splitlines()
    assert lines == [
        "500 rows (42%, 0:00:07 left), 3 rejects, 100 rows/s",
        "1,000 rows (83%, 0:00:02 left), 3 rejects, 100 rows/s",
    ]


def test_the_rate_is_that_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    output = io.StringIO()
    with progress.progress_for(output) as shown:
        shown.update(10_000, 0, None)
        now += 10
        shown.update(11_000, 0, None)
    assert output.getvalue() == "11,000 rows, 0 rejects, 100 rows/s\n"


@pytest.mark.parametrize("width", [30, 40, 60, 79, 80, 120, 200])
def test_a_bar_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    output = Terminal()
    with progress.progress_for(output) as shown:
        shown.update(0, 0, 0.0)
        time.sleep(0.01)
        shown.update(123_456_789, 1_234_567, 0.5)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.getvalue())
    last = text.rstrip().splitlines()[-1]
    assert len(last) <= width
    assert "…" not in last
    assert "123,456,789 rows" in last
    assert "50%" in last


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    output = Terminal()
    with progress.progress_for(output) as shown:
        shown.update(0, 0, 0.0)
        time.sleep(0.01)
        shown.update(12_345, 6, 0.5)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.getvalue())
    assert "12,345 rows" in text
    assert "50%" in text
    assert "6 rejects" in text
    assert "rows/s" in text
