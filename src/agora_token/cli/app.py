"""The commands, each imported when it is used, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NamedTuple

import click

from .. import __version__
from ..errors import AgoraTokenError
from .statuses import Status


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


class _Commands(click.Group):
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
    try:
        # Not cli.main(), which ends the process for a closed pipe without a word.
        with cli.make_context("agora-token", sys.argv[1:]) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _say("interrupted", Status.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # What is still to be written would fail once more when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _say("the output was closed before everything was written", Status.FAILED)
    except AgoraTokenError as error:
        return _say(str(error), Status.USAGE)
    except ModuleNotFoundError as error:
        return _say(_missing(error), Status.FAILED)
    except (OSError, MemoryError) as error:
        return _say(str(error) or "out of memory", Status.FAILED)
    return 0


def _missing(error: ModuleNotFoundError) -> str:
    return f"this command needs {error.name}; install it with: pip install 'agora-token[batch]'"


def _say(message: str, status: int) -> int:
    click.echo(f"agora-token: {message}", err=True)
    return status
