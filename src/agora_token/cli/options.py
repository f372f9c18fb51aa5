"""Options that several commands have, and what is spelled in them: times, lifetimes, columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .._spelling import spelled_lifetime, spelled_moment
from ..errors import AgoraTokenError
from ..privileges import Privilege

if TYPE_CHECKING:
    from datetime import datetime

    from .common import Command

FORMATS = ("csv", "jsonl", "parquet")


def lifetime(ctx: click.Context, parameter: click.Parameter, value: str) -> int:
    """A length of time such as 3600, 90m or 24h, in seconds."""
    seconds: int = _spelled(spelled_lifetime, value, parameter)
    return seconds


def moment(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> int | datetime | None:
    """A Unix time or ISO 8601."""
    return None if value is None else _spelled(spelled_moment, value, parameter)


def _spelled(read: Callable[[str, str], Any], value: str, parameter: click.Parameter) -> Any:
    try:
        return read(value, parameter.opts[0])
    except AgoraTokenError as error:
        raise click.BadParameter(str(error)) from None


def privileges(ctx: click.Context, parameter: click.Parameter, values: Any) -> list[int]:
    """Names of privileges, in any case, and numbers."""
    numbers = []
    for value in values:
        name = value.upper().replace("-", "_")
        if value.isascii() and value.isdecimal():
            numbers.append(int(value))
        elif name in Privilege.__members__:
            numbers.append(Privilege[name])
        else:
            known = ", ".join(each.name.lower().replace("_", "-") for each in Privilege)
            raise click.BadParameter(f"{value!r} is not one of {known}, or a number")
    return numbers


def _columns(ctx: click.Context, parameter: click.Parameter, values: Any) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if not all(equals for _, equals, _ in pairs):
        raise click.BadParameter("give it as COLUMN=NAME, such as channel=room")
    return {key: name for key, _, name in pairs}


def columns_option(about: str) -> Callable[[Command], Command]:
    return click.option(
        "--column", "names", multiple=True, metavar="COLUMN=NAME", callback=_columns, help=about
    )


def file_options(command: Command) -> Command:
    """How the files are written that are read."""
    for option in (
        click.option("--encoding", metavar="NAME", help="Of CSV and JSON, such as cp1252."),
        click.option(
            "--delimiter", metavar="CHARACTER", help="Between the values of CSV: ';' or tab."
        ),
        click.option(
            "--format", "source_format", type=click.Choice(FORMATS), help="Of the files read."
        ),
    ):
        command = option(command)
    return command
