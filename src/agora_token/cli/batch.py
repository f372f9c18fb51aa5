"""``agora-token batch``: issue the tokens of a roster."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from .._products import FOR_EACH_USER
from .failures import CommandFailed
from .options import FORMATS, columns_option, file_options, lifetime, moment
from .statuses import Status

if TYPE_CHECKING:
    from ..batch.job import Job, Summary


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", "target", required=True, metavar="TARGET", help="File, URI, or -.")
@click.option("--service", type=click.Choice(FOR_EACH_USER), default="rtc", show_default=True)
@click.option(
    "--token-version", type=click.Choice(["007", "006"]), default="007", show_default=True
)
@click.option("--role", help="Name or number, for rows with none in a column 'role'.")
@click.option(
    "--expires-in",
    callback=lifetime,
    default="3600",
    show_default=True,
    metavar="TIME",
    help="Seconds, or 90m or 24h, for rows with none in a column 'expires_in'.",
)
@click.option(
    "--privilege",
    "privileges",
    multiple=True,
    metavar="NAME=TIME",
    help="A privilege with a lifetime of its own, for rows with none in a column 'privileges'.",
)
@columns_option("What a column is called in the sources (or 'token' in the target).")
@click.option("--columns", metavar="NAME,...", help="The columns of the target, in order.")
@file_options
@click.option("--output-format", "target_format", type=click.Choice(FORMATS))
@click.option("--rejects", metavar="FILE", help="Where rows go that cannot have a token.")
@click.option("--rejects-format", type=click.Choice(FORMATS))
@click.option(
    "--on-error",
    type=click.Choice(["reject", "stop"]),
    default="reject",
    show_default=True,
    help="What such a row does to the job.",
)
@click.option(
    "--max-rejects",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="Stop when there are more such rows.",
)
@click.option("--resume", is_flag=True, help="Go on with a job that ended early, or begin it.")
@click.option("--overwrite", is_flag=True, help="Replace the target, or unfinished parts of it.")
@click.option("--parts", "keep_parts", is_flag=True, help="Make TARGET a directory of parts.")
@click.option(
    "--part-rows",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help="Rows a part: what a job that ends early may have to do again.",
)
@click.option("--threads", type=click.IntRange(min=1), help="By default one a processor.")
@click.option(
    "--issued-at",
    callback=moment,
    metavar="TIME",
    help="Unix time or ISO 8601, for reproducible output.",
)
@click.option("--salt", type=int, help="Likewise; not for tokens that are used.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def batch(
    ctx: click.Context,
    /,
    service: str,
    token_version: str,
    role: str | None,
    expires_in: int,
    privileges: tuple[str, ...],
    names: dict[str, str],
    columns: str | None,
    threads: int | None,
    issued_at: Any,
    salt: int | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Issue the tokens of rosters: files of CSV, JSON or Parquet, also compressed, or -.

    A roster of RTC has the columns channel, uid (numbers) or account (text) or both, and maybe
    role, expires_in and privileges.  The target has the columns of the roster and 'token', and its
    rows in their order.  The project is that of AGORA_APP_ID and AGORA_APP_CERTIFICATE.

    The exit status is 0 when every row has a token, 3 when some were rejected, 1 when the job
    failed, 2 for wrong usage or a missing certificate, 130 after Ctrl-C and 143 after SIGTERM.
    """
    from .._checks import check_issued_at
    from ..batch.job import Job, Request, run
    from ..batch.progress import Silent, progress_for
    from ..batch.rows import BatchError
    from ..issuer import Issuer

    request = Request(
        service,
        token_version,
        role,
        expires_in,
        " ".join(privileges),
        names,
        check_issued_at(issued_at),
        salt,
    )
    job = Job(
        target_columns=columns.split(",") if columns else None,
        request=request,
        threads=threads or os.cpu_count() or 1,
        **options,
    )
    try:
        summary = run(job, Issuer.from_env(), Silent() if quiet else progress_for())
    except BatchError as error:
        raise CommandFailed(str(error), json_to_stderr=job.target == "-") from error
    except KeyboardInterrupt as stopped:
        if job.is_direct or not os.path.isdir(job.directory):
            raise
        kept = f"finished parts are kept in {job.directory}, --resume goes on"
        raise type(stopped)(kept) from None
    # Standard output is the tokens' where they go there.
    text = json.dumps(summary.to_dict()) if as_json else _described(job, summary)
    click.echo(text, err=job.is_direct or not as_json)
    ctx.exit(Status.REJECTS if summary.rejects else Status.COMPLETE)


def _described(job: Job, summary: Summary) -> str:
    kernels = ", ".join(f"{key} {value}" for key, value in summary.kernels.items())
    lines = [
        f"{summary.rows:,} rows, {summary.tokens:,} tokens, {summary.rejects:,} rejects"
        + (f" ({summary.resumed_rows:,} rows by earlier runs)" if summary.resumed_rows else ""),
        f"{summary.seconds:.1f} s, {summary.tokens_per_second:,.0f} tokens/s, "
        f"backend {summary.backend} ({kernels})",
    ]
    busy = sum(summary.cpu_seconds.values())
    if busy:
        shares = (f"{stage} {used / busy:.0%}" for stage, used in summary.cpu_seconds.items())
        lines.append(f"processor time {busy:.1f} s: {', '.join(shares)}")
    for reject in summary.first_rejects:
        lines.append(f"  {reject.place}: {reject.reason}")
    if summary.rejects > len(summary.first_rejects):
        where = f"all of them are in {job.rejects}" if job.rejects else "--rejects FILE keeps them"
        lines.append(f"  and {summary.rejects - len(summary.first_rejects):,} more; {where}")
    return "\n".join(lines)
