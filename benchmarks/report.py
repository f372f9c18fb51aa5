"""What was measured, as a table for people (which is Markdown) and as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from agora_token import __version__, backend_info

from .cases import Case, Group
from .measure import Run
from .samples import BACKENDS, PACKAGES

HEAD = ("token", "issued by", "µs a token", "ratio", "to", "held to", "floors", "kernel")
NUMBERS = (2, 3, 5, 6)
MARK = "<!-- python -m benchmarks -->"


def table(run: Run) -> str:
    """The table, with what it was measured on above and what to doubt below."""
    rows = [HEAD, *(_row(run, group, case) for group in run.groups for case in group.cases)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    rule = (f"{'-' * (w - 1)}{':' if i in NUMBERS else '-'}" for i, w in enumerate(widths))
    lines.insert(1, f"| {' | '.join(rule)} |")
    notes = [f"WARNING: {warning}" for warning in run.warnings] or ["The machine was quiet."]
    return "\n\n".join([*_about(run), "\n".join(lines), *notes])


def replace_table(file: Path, text: str) -> None:
    """Puts the table in the place of the one in a document, between the first and last mark."""
    before, mark, rest = file.read_text(encoding="utf-8").partition(MARK)
    _, _, after = rest.rpartition(MARK)
    if not after:
        raise SystemExit(f"{file} does not have {MARK!r} twice")
    file.write_text(f"{before}{mark}\n{text}\n{mark}{after}", encoding="utf-8")


def as_json(run: Run) -> str:
    """All of it, with each row's rounds."""
    return json.dumps(
        {
            "python": sys.version,
            "machine": _processor(),
            "core": run.core,
            "packages": _versions(),
            "kernels": backend_info().kernels,
            "compression_ns": {k: 1e9 * times.best for k, times in run.compression.items()},
            "warnings": run.warnings,
            "rows": [
                {
                    "token": case.token,
                    "what": case.what,
                    "by": case.by,
                    "cores": case.cores,
                    "us_a_token": 1e6 * run.times[case].best,
                    "us_median": 1e6 * median(run.times[case].rounds),
                    "us_rounds": [1e6 * seconds for seconds in run.times[case].rounds],
                    "ratio": run.ratio(case),
                    "held_to": case.held_to,
                    "floors": _floors(run, group, case),
                    "kernel": _kernel(case),
                }
                for group in run.groups
                for case in group.cases
            ],
        },
        indent=2,
    )


def _about(run: Run) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    compressions = ", ".join(
        f"{kernel} {1e9 * times.best:.1f}" for kernel, times in run.compression.items()
    )
    pinned = "on any core" if run.core is None else f"on core {run.core}"
    rounds = len(next(iter(run.times.values())).rounds)
    return [
        f"{_processor()}, {platform.python_implementation()} {platform.python_version()} "
        f"({platform.python_compiler()}), zlib {zlib.ZLIB_RUNTIME_VERSION}",
        f"{versions}; the best of {rounds} rounds {pinned}",
        f"ns a SHA-256 compression: {compressions}; the floor is {run.floor_kernel}",
    ]


def _row(run: Run, group: Group, case: Case) -> tuple[str, ...]:
    ratio = run.ratio(case)
    return (
        case.token,
        case.what if case.by in BACKENDS else f"{case.by}, {case.what}",
        f"{1e6 * run.times[case].best:.3f}",
        "" if ratio is None else f"{ratio:.{2 if case.cores > 1 else 1}f}",
        _rival(case),
        _held_to(case, ratio),
        f"{_floors(run, group, case):.1f}",
        _kernel(case),
    )


def _rival(case: Case) -> str:
    if case.against is None:
        return ""
    if case.against.by in PACKAGES.values():
        return "PyPI"
    return "one core" if case.cores > 1 else case.against.by


def _held_to(case: Case, ratio: float | None) -> str:
    if case.held_to is None or ratio is None:
        return ""
    return f"{case.held_to:g}{'' if ratio >= case.held_to else ' (missed)'}"


def _floors(run: Run, group: Group, case: Case) -> float:
    """How many times the floor's processor time a token takes."""
    return min(run.times[case].processor) / (group.compressions * run.floor)


def _kernel(case: Case) -> str:
    return backend_info().kernels["sha256"] if case.by == "native" else "hashlib"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if i in NUMBERS else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(padded)} |"


def _versions() -> dict[str, str]:
    others = {name: importlib.metadata.version(name) for name in PACKAGES.values()}
    return {"agora_token": __version__, **others}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.partition(":")[2].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
