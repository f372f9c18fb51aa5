"""``agora-token verify --batch``: files of tokens, counted by reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from .common import show


def verify_files(
    files: Sequence[str], certificates: list[str], asked: dict[str, Any], as_json: bool
) -> bool:
    """Shows how many tokens there are of each kind; whether all are valid."""
    from ..batch.progress import progress_for
    from ..batch.verify_job import VerifyJob, verify_file

    for name in ("channel", "uid", "user_id"):
        if asked.pop(name) is not None:
            raise click.UsageError(f"with --batch, the {name} is a column of the files")
    summary = verify_file(VerifyJob(files, **asked), certificates, progress_for())
    if as_json:
        click.echo(json.dumps(summary.to_dict()))
        return summary.valid == summary.rows
    counts = {reason.name.lower().replace("_", " "): n for reason, n in summary.reasons.items()}
    if summary.unreadable:
        counts["unreadable"] = summary.unreadable
    width = max((len(f"{count:,}") for count in counts.values()), default=0)
    for name, count in counts.items():
        show((f"{count:{width},} ", ""), (name, "bold green" if name == "valid" else "bold red"))
    for each in summary.first_refused:
        show((f"  {each.place}: {each.reason}", "dim"))
    return summary.valid == summary.rows
