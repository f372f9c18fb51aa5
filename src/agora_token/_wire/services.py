"""The services of a version 007 token, written and read as ``services.py`` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._fields import Field
from ..errors import MalformedTokenError
from ..services import SERVICES, ApaasService, Rtm2Service, Service
from .cursor import Cursor
from .values import pack_i16, pack_permissions

if TYPE_CHECKING:
    from .values import PackedService


MAX_SERVICES: Final = 256
"""The most services that are read: many times as many as there are kinds."""


def pack_service(service: Service, privileges: Mapping[int, int]) -> PackedService:
    """A service as a backend takes it, its privileges in ascending order."""
    granted = sorted(privileges.items())
    return (
        service.type,
        tuple(privilege for privilege, _ in granted),
        tuple(expire for _, expire in granted),
        tuple(getattr(service, name) for name, _ in service.strings),
        _pack_rest(service),
    )


def count_services(cursor: Cursor) -> int:
    """Reads how many services there are; raises :class:`MalformedTokenError` for too many."""
    count = cursor.u16("the count of services")
    if count > MAX_SERVICES:
        raise MalformedTokenError(
            f"the token claims to have {count} services; no token has more than {MAX_SERVICES}"
        )
    return count


def unpack_services(cursor: Cursor) -> tuple[list[Service], int | None]:
    """Reads the services of a token, to its end.

    A service of unknown type, whose length cannot be known, ends the list: the second result is
    that type, or None where everything was read.  Raises :class:`MalformedTokenError`.
    """
    services: list[Service] = []
    for _ in range(count_services(cursor)):
        number = cursor.u16("the type of a service")
        service = SERVICES.get(number)
        if service is None:
            return services, number
        services.append(unpack_service(service, cursor))
    cursor.finish()
    return services, None


def unpack_service(kind: type[Service], cursor: Cursor) -> Service:
    """Reads what follows a service's type; raises :class:`MalformedTokenError`.

    A uid comes as the text that the token carries, and as 0 where that is empty.
    """
    called = kind.__name__
    values: dict[str, Any] = {"privileges": cursor.map(f"privileges of {called}")}
    for name, rule in kind.strings:
        text = cursor.text(f"{name} of {called}")
        values[name] = 0 if rule.integers and not text else text
    if kind is ApaasService:
        values["role"] = cursor.i16("role of ApaasService")
    elif kind is Rtm2Service:
        values["permissions"] = _unpack_permissions(cursor)
    return kind(**values)


class Layout(NamedTuple):
    """A service as the native backend reads it in tokens of usual form."""

    type: int
    place: Field | None
    holder: Field | None
    place_needed_for: tuple[int, ...] | None
    """The privileges without which the channel or room may be empty; None if it never may."""
    holder_needed_for: tuple[int, ...] | None
    """Likewise for the user."""
    ways_in: tuple[tuple[int, ...], ...]
    """``Service.way_in`` with neither, with a user, with a place, and with both."""
    rest: int
    """How many bytes follow the strings."""


def layouts() -> list[Layout]:
    """The layouts of the services whose length is known without reading their rest."""
    found = []
    for number, service in SERVICES.items():
        if service is Rtm2Service:
            continue
        rules = dict(service.strings)
        place, holder = service.place or "", service.holder or ""
        ways_in = tuple(
            service.way_in(place=at, holder=by) for at in (False, True) for by in (False, True)
        )
        found.append(
            Layout(
                number,
                rules.get(place),
                rules.get(holder),
                service.needed_for.get(place),
                service.needed_for.get(holder),
                ways_in,
                2 if service is ApaasService else 0,
            )
        )
    return found


def _pack_rest(service: Service) -> bytes:
    """What follows the strings of the services that have more."""
    if isinstance(service, ApaasService):
        return pack_i16(service.role, "role")
    if isinstance(service, Rtm2Service):
        return pack_permissions(service.permissions)
    return b""


def _unpack_permissions(cursor: Cursor) -> dict[int, dict[int, list[str]]]:
    permissions: dict[int, dict[int, list[str]]] = {}
    for _ in range(cursor.u16("the count of resources")):
        resource = cursor.u16("a resource")
        granted: dict[int, list[str]] = {}
        for _ in range(cursor.u16("the count of permissions")):
            permission = cursor.u16("a permission")
            names = [
                cursor.text("a resource name") for _ in range(cursor.u16("the count of names"))
            ]
            _add_once(granted, permission, names, cursor)
        _add_once(permissions, resource, granted, cursor)
    return permissions


def _add_once(entries: dict[int, Any], key: int, value: object, cursor: Cursor) -> None:
    if key in entries:
        raise MalformedTokenError(
            f"the permissions before byte {cursor.offset} of the token name {key} twice"
        )
    entries[key] = value
