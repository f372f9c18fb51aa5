"""``info``: what is in use."""

from __future__ import annotations

import json
import platform

import click

from .. import __version__, backend_info
from .common import json_option, show


@click.command()
@json_option
def info(as_json: bool) -> None:
    """Show the version, the backend and its kernels."""
    backend = backend_info()
    if as_json:
        python = {"version": __version__, "python": platform.python_version()}
        click.echo(json.dumps({**python, **backend._asdict()}))
        return
    rows = [
        ("agora-token", __version__),
        ("python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("backend", f"{backend.name} ({backend.reason})"),
        *backend.kernels.items(),
    ]
    for label, value in rows:
        show((f"{label:12}", "dim"), value)
