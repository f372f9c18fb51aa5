"""What the commands share: where tokens and certificates come from, and how results are shown."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TextIO, TypeVar

import click
from rich.console import Console
from rich.text import Text

from .. import _environment
from ..errors import ConfigurationError

Command = TypeVar("Command", bound=Callable[..., Any])

# No option of the same name shows the value: the process list is there for everybody to read.
certificate_file_option = click.option(
    "--certificate-file",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    help=f"File with one certificate a line, in place of {_environment.CERTIFICATE}, which may "
    "hold several, separated by commas.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")


uid_option = click.option(
    "--uid",
    type=click.IntRange(0, 0xFFFFFFFF),
    metavar="NUMBER",
    help="The user, as a number: 0 is anybody.",
)
account_option = click.option(
    "--account",
    metavar="TEXT",
    help="The user, as text: --account 0 is the user named 0, not anybody.",
)


def one_user(uid: int | None, account: str | None) -> int | str | None:
    """The one of both that is given."""
    if uid is not None and account is not None:
        raise click.UsageError("give --uid (a number) or --account (text), not both")
    return account if uid is None else uid


def token_arguments(command: Command) -> Command:
    """Tokens as arguments, from standard input (``-``) or from a file."""
    command = click.option(
        "-f", "--file", type=click.File("rb"), help="File with one token a line; - is the input."
    )(command)
    return click.argument("tokens", nargs=-1, metavar="TOKEN...|-")(command)


def given_tokens(tokens: Sequence[str], file: BinaryIO | None) -> Iterator[str]:
    """The tokens one by one, as they come; lines that are empty are left out."""
    if not tokens and file is None:
        raise click.UsageError("give a token, - for standard input, or --file FILE")
    for token in tokens:
        if token == "-":
            yield from _lines(sys.stdin.buffer)
        else:
            yield token
    if file is not None:
        yield from _lines(file)


def _lines(stream: BinaryIO) -> Iterator[str]:
    for line in stream:
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        if text:
            yield text


def find_certificates(path: str | None) -> list[str]:
    """The certificates of the file or the environment, unchecked; none is an empty list."""
    return _environment.certificates() if path is None else _environment.certificates_in(path)


def need_certificates(path: str | None) -> list[str]:
    """As :func:`find_certificates`; raises where there is none."""
    certificates = find_certificates(path)
    if not certificates:
        raise ConfigurationError(
            f"no certificate: set {_environment.CERTIFICATE}, or name a file with "
            f"{_environment.CERTIFICATE}_FILE or --certificate-file"
        )
    return certificates


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would end the process without a word


@functools.lru_cache(maxsize=1)
def _console(stream: TextIO) -> Console:
    # soft_wrap: a line is a line, however narrow the terminal, and in a pipe above all.
    return _Console(file=stream, highlight=False, soft_wrap=True)


def show(*parts: str | tuple[str, str]) -> None:
    """Prints a line of text and (text, style); the styles are for terminals alone."""
    _console(sys.stdout).print(Text.assemble(*parts))
