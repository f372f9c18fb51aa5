"""The products tokens are issued for, as tables: fields, services, privileges, layout.

A product and a :class:`Grant` become a backend's plan here; nothing else knows both.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import _backend
from ._columns import Column, Constant, Objects
from ._fields import (
    ACCOUNT,
    CHANNEL,
    CHANNEL_OR_WILDCARD,
    ROOM_UUID,
    USER,
    USER_ID,
    USER_UUID,
    Field,
)
from .errors import InvalidInputError, InvalidPrivilegeError, InvalidRoleError
from .privileges import ROLE_PRIVILEGES, Privilege, Role

if TYPE_CHECKING:
    from ._core import Plan006, Plan007, Variant006, Variant007

VERSIONS: Final = ("006", "007")


class Grant(NamedTuple):
    """What a token permits, and for how long."""

    role: int = Role.PUBLISHER
    expires_in: int = 3600
    """Seconds from the time of issue."""
    privileges: tuple[tuple[int, int], ...] = ()
    """Privileges with an expiry of their own, in seconds from the time of issue (0: none)."""


class _Service(NamedTuple):
    kind: int
    privileges: Callable[[int], tuple[int, ...]]
    """The privileges of a role."""
    payload: tuple[int | bytes, ...]
    """An integer is the index of a field, written as a string; bytes are written as they are."""


class Product(NamedTuple):
    """A kind of token."""

    name: str
    parameters: tuple[str, ...]
    fields: tuple[Field, ...]
    services: Callable[[int], tuple[_Service, ...]]
    """The services of a version 007 token for a role; the first is the one that privileges name."""
    fields_006: tuple[Field, ...] = ()
    """The fields of version 006; empty where the product has no such tokens."""

    @property
    def versions(self) -> tuple[str, ...]:
        return VERSIONS if self.fields_006 else VERSIONS[1:]

    def privileges_006(self, role: int) -> tuple[int, ...]:
        return rtc_privileges(role) if self.name == "rtc" else (Privilege.RTM_LOGIN,)

    def plan(
        self, app_id: bytes, certificate: bytes, grants: Sequence[Grant], version: str
    ) -> Plan006 | Plan007:
        """The backend's plan for this product; its variants are ``grants``."""
        if version not in self.versions:
            raise InvalidInputError(
                f"version {version!r} is not one that {self.name} tokens have: "
                f"{' or '.join(self.versions)}"
            )
        if version == "006":
            variants = [self._variant_006(grant) for grant in grants]
            return _backend.backend.Plan006(app_id, certificate, self.fields_006, variants)
        fields = self.fields
        plan: Any = _backend.backend.Plan007
        if self.name in _WITH_CHAT_USER:
            fields += (_CHAT_USER,)
            plan = _ChatUserPlan
        made: Plan007 = plan(app_id, certificate, fields, [self._variant_007(g) for g in grants])
        return made

    def _variant_006(self, grant: Grant) -> Variant006:
        granted = dict.fromkeys(self.privileges_006(grant.role), grant.expires_in)
        _give(granted, grant, frozenset(Privilege))
        return tuple(sorted(granted)), tuple(granted[key] for key in sorted(granted))

    def _variant_007(self, grant: Grant) -> Variant007:
        primary, *_ = services = self.services(grant.role)
        literals = [bytearray(struct.pack("<H", len(services)))]
        slots: list[int] = []
        for service in sorted(services, key=lambda service: service.kind):
            granted = dict.fromkeys(service.privileges(grant.role), grant.expires_in)
            if service is primary:
                _give(granted, grant, frozenset(service.privileges(Role.PUBLISHER)))
            literals[-1] += struct.pack("<HH", service.kind, len(granted))
            for privilege in sorted(granted):
                literals[-1] += struct.pack("<HI", privilege, granted[privilege])
            for part in service.payload:
                if isinstance(part, bytes):
                    literals[-1] += part
                else:
                    slots.append(part)
                    literals.append(bytearray())
        return grant.expires_in, tuple(bytes(literal) for literal in literals), tuple(slots)


def _give(granted: dict[int, int], grant: Grant, allowed: frozenset[int]) -> None:
    """Adds the privileges that have an expiry of their own."""
    for privilege, expiry in grant.privileges:
        if privilege not in allowed:
            known = ", ".join(str(int(each)) for each in sorted(allowed)) or "none"
            raise InvalidPrivilegeError(
                f"privilege {privilege!r} is not one of this product's: {known}"
            )
        granted[privilege] = expiry


def rtc_privileges(role: int) -> tuple[int, ...]:
    """What an RTC token grants to a role."""
    try:
        return ROLE_PRIVILEGES[role]
    except (KeyError, TypeError):
        allowed = ", ".join(f"{each.name} ({each.value})" for each in Role)
        raise InvalidRoleError(f"role {role!r} does not exist; it must be {allowed}") from None


def _always(*privileges: int) -> Callable[[int], tuple[int, ...]]:
    return lambda role: privileges


def _fcdn_privileges(role: int) -> tuple[int, ...]:
    return (1, 2) if len(rtc_privileges(role)) > 1 else (2,)


_RTC = _Service(1, rtc_privileges, (0, 1))


def _apaas(role: int) -> bytes:
    try:
        return struct.pack("<h", role)
    except struct.error:
        raise InvalidRoleError(
            f"role {role!r} of a classroom does not fit; it must be an integer of -32768 to 32767"
        ) from None


def _room_user(role: int) -> tuple[_Service, ...]:
    room = _Service(7, _always(1), (0, 1, _apaas(role)))
    return room, _Service(2, _always(1), (1,)), _Service(5, _always(1), (2,))


def _only(*services: _Service) -> Callable[[int], tuple[_Service, ...]]:
    return lambda role: services


_EMPTY: Final = b"\0\0"
_NO_ROLE: Final = struct.pack("<h", -1)
_CHAT_USER: Final = Field("chat user", USER_ID.error, max_bytes=32, characters=USER_ID.characters)

_ROOM = ("room_uuid", "user_uuid"), (ROOM_UUID, USER_UUID), _room_user
_USER = ("user_uuid",), (USER_UUID,), _only(_Service(7, _always(2), (_EMPTY, 0, _NO_ROLE)))
_APP = (), (), _only(_Service(7, _always(3), (_EMPTY, _EMPTY, _NO_ROLE)))
_WITH_CHAT_USER: Final = frozenset({"apaas-room-user", "education-room-user"})
_AGENT = ("channel", "uid", "user_id"), (CHANNEL_OR_WILDCARD, USER, USER_ID)
_RTM_OF_AGENT = _Service(2, _always(1), (2,))

PRODUCTS: Final[dict[str, Product]] = {
    product.name: product
    for product in (
        Product(
            "rtc",
            ("channel", "uid"),
            (CHANNEL_OR_WILDCARD, USER),
            _only(_RTC),
            (CHANNEL, USER),
        ),
        Product("rtm", ("user_id",), (USER_ID,), _only(_Service(2, _always(1), (0,))), (USER_ID,)),
        Product(
            "rtc-rtm",
            ("channel", "account"),
            (CHANNEL_OR_WILDCARD, ACCOUNT),
            _only(_RTC, _Service(2, _always(1), (1,))),
        ),
        Product("chat-user", ("user_id",), (USER_ID,), _only(_Service(5, _always(1), (0,)))),
        Product("chat-app", (), (), _only(_Service(5, _always(2), (_EMPTY,)))),
        Product("apaas-room-user", *_ROOM),
        Product("apaas-user", *_USER),
        Product("apaas-app", *_APP),
        Product("education-room-user", *_ROOM),
        Product("education-user", *_USER),
        Product("education-app", *_APP),
        Product("fpa", (), (), _only(_Service(4, _always(1), ()))),
        Product(
            "streaming",
            ("channel", "uid"),
            (CHANNEL, USER),
            _only(_Service(3, _always(1, 2), (0, 1))),
        ),
        Product(
            "fcdn",
            ("channel", "uid"),
            (CHANNEL, USER),
            _only(_Service(6, _fcdn_privileges, (0, 1))),
        ),
        Product("convoai", *_AGENT, _only(_RTC, _RTM_OF_AGENT, _Service(9, _always(), ()))),
        Product("stt", *_AGENT, _only(_RTC, _RTM_OF_AGENT, _Service(10, _always(), ()))),
    )
}


class _ChatUserPlan:
    """A plan with one more field: the chat user, which is the MD5 of the last one."""

    def __init__(self, *arguments: Any) -> None:
        self._plan = _backend.backend.Plan007(*arguments)

    def one(self, values: tuple[object, ...], *rest: Any) -> str:
        return self._plan.one((*values, _md5_hex(values[-1])), *rest)

    def many(self, columns: tuple[Column, ...], start: int, stop: int, *rest: Any) -> Any:
        return self._plan.many(_with_chat_user(columns, start, stop), start, stop, *rest)

    def column(
        self, columns: tuple[Column, ...], start: int, stop: int, *rest: Any, **named: Any
    ) -> Any:
        extended = _with_chat_user(columns, start, stop)
        return self._plan.column(extended, start, stop, *rest, **named)


def _with_chat_user(columns: tuple[Column, ...], start: int, stop: int) -> tuple[Column, ...]:
    users = columns[-1]
    if isinstance(users, Constant):
        return (*columns, Constant(_md5_hex(users.value)))
    from ._pure import column_values  # the pure backend reads any column

    hashed = [_md5_hex(user) for user in column_values(users, start, stop)]
    return (*columns, Objects([""] * start + hashed if start else hashed))


def _md5_hex(user: object) -> str:
    from hashlib import md5  # loads OpenSSL

    # The protocol's choice of hash, not a matter of security.  A bad user is refused by its field.
    data = user.encode(errors="replace") if isinstance(user, str) else b""
    return md5(data, usedforsecurity=False).hexdigest()
