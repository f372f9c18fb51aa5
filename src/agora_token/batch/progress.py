"""What a person sees of a job that runs: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Protocol, TextIO

_LINE_SECONDS: Final = 5.0


class Progress(Protocol):
    """Is told how far a job is."""

    def __enter__(self) -> Progress: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def update(self, rows: int, refused: int, share: float | None) -> None:
        """``share`` is how much of the sources is done, 0 to 1; None where it is not known."""


class Silent:
    """Says nothing."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, rows: int, refused: int, share: float | None) -> None: ...


class Lines(Silent):
    """Writes a line every few seconds."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._begin = self._last = time.monotonic()
        self._first_rows: int | None = None
        self._first_share = 0.0

    def update(self, rows: int, refused: int, share: float | None) -> None:
        now = time.monotonic()
        if self._first_rows is None:  # a job that goes on did not do those before in this time
            self._first_rows, self._first_share = rows, share or 0.0
        if now - self._last < _LINE_SECONDS:
            return
        self._last = now
        seconds = now - self._begin
        rate = (rows - self._first_rows) / seconds
        left = ""
        if share and share > self._first_share:
            left = f", {_clock(seconds * (1 - share) / (share - self._first_share))} left"
            left = f" ({share:.0%}{left})"
        print(
            f"{rows:,} rows{left}, {refused:,} rejects, {rate:,.0f} rows/s",
            file=self._output,
            flush=True,
        )


class Bar(Silent):
    """A bar with rows, rate and the time that is left."""

    def __init__(self, output: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        console = Console(file=output)
        # Each with the width from which there is space for it.
        columns = (
            (0, TextColumn("{task.fields[rows]:,} rows")),
            (80, BarColumn(bar_width=None)),
            (0, TaskProgressColumn()),
            (60, TextColumn("{task.fields[rate]:,.0f} rows/s")),
            (80, TextColumn("{task.fields[refused]:,} rejects")),
            (40, TimeRemainingColumn()),
        )
        fitting = [column for width, column in columns if console.width >= width]
        self._progress = RichProgress(*fitting, console=console)
        self._task = self._progress.add_task("", total=None, rows=0, rate=0.0, refused=0)
        self._begin = time.monotonic()
        self._first_rows: int | None = None

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, rows: int, refused: int, share: float | None) -> None:
        if self._first_rows is None:
            self._first_rows = rows
        seconds = max(time.monotonic() - self._begin, 1e-9)
        self._progress.update(
            self._task,
            total=1.0 if share is not None else None,
            completed=share or 0.0,
            rows=rows,
            refused=refused,
            rate=(rows - self._first_rows) / seconds,
        )


def progress_for(output: TextIO | None = None) -> Progress:
    """A bar where ``output`` (standard error by default) is a terminal, lines otherwise."""
    output = output or sys.stderr
    return Bar(output) if output.isatty() else Lines(output)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
