"""How a command fails: a message for people, and JSON for programs that asked for it."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from .statuses import Status


class CommandFailed(click.ClickException):
    """The command could not do its work."""

    exit_code = Status.FAILED

    def __init__(self, message: str, json_to_stderr: bool = False) -> None:
        super().__init__(message)
        self.json_to_stderr = json_to_stderr
        """Whether standard output belongs to something else."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"agora-token: {self.message}", file, err=True)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does, but for its status."""


def show_json(kind: str, message: str, status: int, to_stderr: bool = False) -> None:
    """What went wrong, as one object."""
    text = json.dumps({"error": kind, "message": message, "status": int(status)})
    click.echo(text, err=to_stderr)
