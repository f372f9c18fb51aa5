"""The services of a version 007 token, written and read as ``services.py`` describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MalformedTokenError
from ..services import SERVICES, ApaasService, Rtm2Service, Service
from .cursor import Cursor
from .values import pack_i16, pack_permissions

if TYPE_CHECKING:
    from .values import PackedService


def pack_service(service: Service) -> PackedService:
    """A service as a backend takes it, its privileges in ascending order."""
    granted = sorted(service.privileges.items())
    return (
        service.type,
        tuple(privilege for privilege, _ in granted),
        tuple(expire for _, expire in granted),
        tuple(getattr(service, name) for name, _ in service.strings),
        _pack_rest(service),
    )


def unpack_services(cursor: Cursor) -> tuple[list[Service], int | None]:
    """Reads the services of a token, to its end.

    A service of unknown type, whose length cannot be known, ends the list: the second result is
    that type, or None where everything was read.  Raises :class:`MalformedTokenError`.
    """
    services: list[Service] = []
    for _ in range(cursor.u16("the count of services")):
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
    values: dict[str, Any] = {"privileges": cursor.map(f"privileges of {kind.__name__}")}
    for name, rule in kind.strings:
        text = cursor.text(f"{name} of {kind.__name__}")
        values[name] = 0 if rule.integers and not text else text
    if kind is ApaasService:
        values["role"] = cursor.i16("role of ApaasService")
    elif kind is Rtm2Service:
        values["permissions"] = _unpack_permissions(cursor)
    return kind(**values)


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
