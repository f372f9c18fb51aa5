"""``issue``: one token, a subcommand for each product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .._products import PRODUCTS, WITH_ROLE, WITH_ROOM_ROLE, Product
from ..issuer import Issuer
from ..privileges import MAX_LIFETIME, Role
from .common import account_option, one_user, uid_option
from .groups import SuggestingGroup
from .options import lifetime

_ROLES = {role.name.lower(): role for role in Role}

_OPTIONS: dict[str, list[Callable[..., Any]]] = {
    "channel": [click.option("--channel", required=True, help="1 to 64 bytes, or * in 007.")],
    "uid": [uid_option, account_option],
    "account": [uid_option, account_option],
    "user_id": [click.option("--user-id", required=True, help="1 to 64 bytes.")],
    "room_uuid": [click.option("--room-uuid", required=True, help="1 to 64 bytes.")],
    "user_uuid": [click.option("--user-uuid", required=True, help="1 to 64 bytes.")],
}


@click.group(cls=SuggestingGroup)
def issue() -> None:
    """Issue one token, and print it.

    The project comes from AGORA_APP_ID and AGORA_APP_CERTIFICATE.
    """


def _command(product: Product) -> click.Command:
    """The subcommand of a product, with the options that its tokens have."""

    def run(**options: Any) -> None:
        version = options.pop("token_version", None)
        if version is not None:
            options["version"] = version
        if product.name in WITH_ROLE:
            options["role"] = _ROLES[options["role"]]
        for name in {"uid", "account"} & set(product.parameters):
            user = one_user(options.pop("uid"), options.pop("account"))
            if user is None:
                raise click.UsageError("give --uid (a number) or --account (text)")
            options[name] = user
        issuer = Issuer.from_env()
        click.echo(getattr(issuer, product.name.replace("-", "_"))(**options))

    options = [option for name in product.parameters for option in _OPTIONS[name]]
    if product.name in WITH_ROLE:
        role = click.Choice(list(_ROLES), case_sensitive=False)
        options.append(click.option("--role", type=role, default="publisher", show_default=True))
    if product.name in WITH_ROOM_ROLE:
        numbers = click.IntRange(-0x8000, 0x7FFF)
        options.append(
            click.option("--role", type=numbers, required=True, help="The room's own numbering.")
        )
    if len(product.versions) > 1:
        versions = click.Choice(product.versions)
        options.append(
            click.option("--token-version", type=versions, default="007", show_default=True)
        )
    options.append(
        click.option(
            "--expires-in",
            callback=lifetime,
            default=str(MAX_LIFETIME if product.name == "fpa" else 3600),
            show_default=True,
            metavar="TIME",
            help="The life of the token: seconds, or 90m or 24h, which is the longest.",
        )
    )
    for option in reversed(options):
        run = option(run)
    about = getattr(Issuer, product.name.replace("-", "_")).__doc__.splitlines()[0]
    return click.command(product.name, help=about.replace("``", ""))(run)


for _product in PRODUCTS.values():
    issue.add_command(_command(_product))
