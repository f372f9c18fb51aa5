"""``read``, ``verify`` and ``explain``: exit status 0 valid, 1 refused, 2 usage."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from .. import _environment
from ..errors import TokenError
from ..explaining import Diagnosis
from ..explaining import explain as explain_token
from ..reading import read as read_token
from ..services import SERVICES, service_name
from ..token_info import TokenInfo
from ..verifying import verify as verify_token
from .common import (
    Command,
    account_option,
    certificate_file_option,
    find_certificates,
    given_tokens,
    json_option,
    need_certificates,
    one_user,
    show,
    token_arguments,
    uid_option,
)
from .options import columns_option, file_options, lifetime, moment, privileges
from .statuses import Status

_SERVICES = {service_name(number): number for number in SERVICES}


@click.command()
@token_arguments
@json_option
@click.pass_context
def read(
    ctx: click.Context, /, tokens: tuple[str, ...], file: BinaryIO | None, as_json: bool
) -> None:
    """Show what tokens say of themselves, without any key.

    Nothing is verified.  Every version is read; the status is 1 where a text is no token.
    """

    def one(token: str) -> bool:
        try:
            info = read_token(token)
        except TokenError as error:
            _show_error(error, as_json)
            return False
        if as_json:
            _show_json({"error": None, **info.to_dict()})
        else:
            _show_info(info)
        return True

    _each(ctx, tokens, file, one)


def _conditions(command: Command) -> Command:
    """What a token may be held against, for ``verify`` and ``explain``."""
    for option in reversed(
        (
            click.option("--channel", help="The channel (or room) it must be for."),
            uid_option,
            account_option,
            click.option("--user-id", help="The RTM or Chat user it must be for."),
            click.option(
                "--app-id",
                callback=lambda ctx, parameter, value: value or _environment.app_id(),
                help=f"The App ID it must be of, in place of {_environment.APP_ID}.",
            ),
            click.option(
                "--service", type=click.Choice(list(_SERVICES)), help="A service it must open."
            ),
            click.option(
                "--privilege",
                "privileges",
                multiple=True,
                callback=privileges,
                metavar="NAME|NUMBER",
                help="A privilege it must grant, such as publish-audio-stream; may be repeated.",
            ),
            click.option(
                "--at",
                callback=moment,
                metavar="TIME",
                help="When it must be valid: a Unix time or ISO 8601 (UTC if it has no offset); "
                "now by default.",
            ),
            click.option(
                "--leeway",
                callback=lifetime,
                default="0",
                metavar="TIME",
                help="By how much clocks may differ: seconds, or 5m.",
            ),
            click.option(
                "--anybody/--no-anybody",
                default=True,
                help="Whether a token for anybody (uid 0) or for every channel (*) is one for this "
                "user and channel, as Agora's service has it (it is, by default).",
            ),
            certificate_file_option,
            json_option,
        )
    ):
        command = option(command)
    return token_arguments(command)


@click.command()
@_conditions
@click.option(
    "--batch",
    is_flag=True,
    help="The arguments are files with a column 'token': count them by reason.",
)
@columns_option("With --batch: what a column is called in the files; NAME empty leaves it out.")
@file_options
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    tokens: tuple[str, ...],
    file: BinaryIO | None,
    certificate_file: str | None,
    as_json: bool,
    batch: bool,
    names: dict[str, str],
    source_format: str | None,
    delimiter: str | None,
    encoding: str | None,
    **conditions: Any,
) -> None:
    """Check tokens against a certificate and what is asked of them.

    Version 006 needs --channel and --uid or --account (or --user-id, for an RTM token), since its
    signature covers them and it does not carry them.  The status is 1 where a token is refused.

    With --batch the arguments are files as the command batch writes them, directories of parts, or
    - with --format; what stands in their columns channel, uid, account and user_id must fit the
    token.  The status is 2 where a file cannot be read.
    """
    certificates = need_certificates(certificate_file)
    asked = _asked(conditions)
    if batch:
        from .verify_batch import verify_files

        if not tokens or file is not None:
            raise click.UsageError("with --batch, give files as arguments")
        asked |= {"columns": names, "source_format": source_format}
        asked |= {"delimiter": delimiter, "encoding": encoding}
        if not verify_files(tokens, certificates, asked, as_json):
            ctx.exit(Status.FAILED)
        return
    if names or source_format or delimiter or encoding:
        raise click.UsageError("--column, --format, --delimiter and --encoding are for --batch")

    def one(token: str) -> bool:
        try:
            info = verify_token(token, certificates, **asked)
        except TokenError as error:
            _show_error(error, as_json)
            return False
        if as_json:
            _show_json({"valid": True, "error": None, "message": None, "info": info.to_dict()})
        else:
            show(("valid", "bold green"), f", signed with {_which(info, certificates)}")
        return True

    _each(ctx, tokens, file, one)


def _which(info: TokenInfo, certificates: list[str]) -> str:
    if len(certificates) == 1 or info.certificate_index is None:
        return "the certificate"
    return f"certificate {info.certificate_index + 1} of {len(certificates)}"


@click.command()
@_conditions
@click.pass_context
def explain(
    ctx: click.Context,
    /,
    tokens: tuple[str, ...],
    file: BinaryIO | None,
    certificate_file: str | None,
    as_json: bool,
    **conditions: Any,
) -> None:
    """Find out why tokens are refused, and what to do.

    Without a certificate all is looked at but the signature.  The status is 1 where something was
    found for which a token is refused.
    """
    certificates = find_certificates(certificate_file) or None
    asked = _asked(conditions)

    def one(token: str) -> bool:
        diagnosis = explain_token(token, certificates, **asked)
        if as_json:
            _show_json(diagnosis.to_dict())
        else:
            _show_diagnosis(diagnosis)
        return diagnosis.valid

    _each(ctx, tokens, file, one)


def _asked(conditions: dict[str, Any]) -> dict[str, Any]:
    """The options as the functions' arguments."""
    uid, account = conditions.pop("uid"), conditions.pop("account")
    service = conditions.pop("service")
    return {
        **conditions,
        "uid": one_user(uid, account),
        "service": None if service is None else _SERVICES[service],
    }


def _each(
    ctx: click.Context,
    tokens: tuple[str, ...],
    file: BinaryIO | None,
    one: Callable[[str], bool],
) -> None:
    """Shows the tokens one by one; exits with 1 if one of them is refused, or none is there."""
    results = Counter(one(token) for token in given_tokens(tokens, file))
    if not results:
        raise click.UsageError("there is no token in the input")
    if results[False]:
        ctx.exit(Status.FAILED)


def _show_info(info: TokenInfo) -> None:
    rows = info.rows()
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        show((f"{label:{width}}  ", "dim"), (value, "bold" if label == "service" else ""))


def _show_error(error: TokenError, as_json: bool) -> None:
    kind = type(error).__name__.removesuffix("Error")
    if as_json:
        info = None if error.info is None else error.info.to_dict()
        _show_json({"valid": False, "error": kind, "message": str(error), "info": info})
    else:
        show(("refused", "bold red"), ": ", str(error))


def _show_diagnosis(diagnosis: Diagnosis) -> None:
    heading, *rest = str(diagnosis).splitlines()
    show((heading, "bold green" if diagnosis.valid else "bold red"))
    for line in rest:
        style = "cyan" if line.startswith("   remedy: ") else "" if line[0] == " " else "bold"
        show((line, style))


def _show_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value))
