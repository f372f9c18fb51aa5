"""The commands, each imported when it is used, and what becomes of their errors."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import NamedTuple, NoReturn

import click
from click.shell_completion import shell_complete

from .. import __version__
from ..errors import AgoraTokenError
from .failures import CommandFailed, Terminated, show_json
from .groups import SuggestingGroup
from .statuses import Status

_COMPLETE = "_AGORA_TOKEN_COMPLETE"
"""The variable that a shell asks for completions with."""


class _Entry(NamedTuple):
    module: str
    help: str


_COMMANDS = {
    "issue": _Entry("issue", "Issue one token."),
    "read": _Entry("inspect", "Show what tokens say, without any key."),
    "verify": _Entry("inspect", "Check tokens against a certificate."),
    "explain": _Entry("inspect", "Find out why tokens are refused, and what to do."),
    "batch": _Entry("batch", "Issue the tokens of a roster: CSV, JSON Lines or Parquet."),
    "info": _Entry("info", "Show the version, the backend and its kernels."),
}


class _Commands(SuggestingGroup):
    """Commands by name, so that `read` starts without what `batch` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            module = import_module(f".{entry.module}", __package__)
        except ModuleNotFoundError as error:
            raise click.ClickException(_missing(error)) from error
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="agora-token")
def cli() -> None:
    """Issue, read, verify and explain Agora tokens.

    The App ID and the certificate come from the environment (AGORA_APP_ID,
    AGORA_APP_CERTIFICATE) or from a file, never from an option's value, which every user of the
    machine could see.
    """


def run() -> int:
    """Runs a command; returns its exit status.  No error ends in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a token may hold any character
    arguments = sys.argv[1:]
    with _sigterm_as_ctrl_c():
        try:
            return _run(arguments)
        except click.exceptions.Exit as end:
            return end.exit_code
        except BaseException as error:
            found = _failure(error)
            if found is None:
                raise
            failure, status = found
            failure.show()
            if "--json" in arguments:
                cause = error.__cause__ if isinstance(error, CommandFailed) else None
                show_json(
                    _kind(cause or error),
                    failure.format_message(),
                    status,
                    isinstance(failure, CommandFailed) and failure.json_to_stderr,
                )
            return status


def _run(arguments: list[str]) -> int:
    shell = os.environ.get(_COMPLETE)
    if shell is not None:
        return shell_complete(cli, {}, "agora-token", _COMPLETE, shell)
    # Not cli.main(), which ends the process for a closed pipe without a word.
    with cli.make_context("agora-token", arguments) as context:
        cli.invoke(context)
    sys.stdout.flush()
    return Status.COMPLETE


def _failure(error: BaseException) -> tuple[click.ClickException, int] | None:
    """How an error is shown, and its status; None for a defect of the program."""
    if isinstance(error, click.ClickException):
        return error, error.exit_code
    if isinstance(error, (KeyboardInterrupt, click.exceptions.Abort)):
        ended = isinstance(error, Terminated)
        how = "terminated" if ended else "interrupted"
        status = Status.TERMINATED if ended else Status.INTERRUPTED
        return CommandFailed("; ".join([how, *map(str, error.args)])), status
    if isinstance(error, BrokenPipeError):
        # What is still to be written would fail once more when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CommandFailed("the output was closed before everything was written"), Status.FAILED
    if isinstance(error, AgoraTokenError):
        return CommandFailed(str(error)), Status.USAGE
    if isinstance(error, ModuleNotFoundError):
        return CommandFailed(_missing(error)), Status.FAILED
    if isinstance(error, (OSError, MemoryError)):
        return CommandFailed(str(error) or "out of memory"), Status.FAILED
    return None


def _kind(error: BaseException) -> str:
    return type(error).__name__.removesuffix("Error")


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    def terminate(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield  # where no handler can be set
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _missing(error: ModuleNotFoundError) -> str:
    return f"this command needs {error.name}; install it with: pip install 'agora-token[batch]'"
