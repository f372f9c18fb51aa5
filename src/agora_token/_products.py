"""The products that tokens are issued for, put together from the services of ``services.py``.

A product and a :class:`Grant` give a variant of a backend's plan.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from ._checks import check_role
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
from .errors import InvalidPrivilegeError, InvalidRoleError
from .privileges import ROLE_PRIVILEGES, Privilege, Role
from .services import (
    ApaasPrivilege,
    ApaasService,
    ChatPrivilege,
    ChatService,
    ConvoAIService,
    FCdnPrivilege,
    FCdnService,
    FpaPrivilege,
    FpaService,
    RtcService,
    RtmPrivilege,
    RtmService,
    Service,
    StreamingPrivilege,
    StreamingService,
    SttService,
    publishes,
)

Variant006 = tuple[tuple[int, ...], tuple[int, ...]]
"""Privileges in ascending order, and the seconds from the time of issue to the expiry of each."""

Variant007 = tuple[int, tuple[bytes, ...], tuple[int, ...]]
"""Token lifetime, and the services: literal parts, and between each two the index of a field."""

VERSIONS: Final = ("006", "007")


class Grant(NamedTuple):
    """What a token permits, and for how long."""

    role: int = Role.PUBLISHER
    expires_in: int = 3600
    """Seconds from the time of issue."""
    privileges: tuple[tuple[int, int], ...] = ()
    """Privileges with an expiry of their own, in seconds from the time of issue (0: none)."""


class _Part(NamedTuple):
    """A service of a product's tokens."""

    service: type[Service]
    privileges: Callable[[int], tuple[int, ...]]
    """The privileges of a role."""
    payload: tuple[int | bytes, ...]
    """An integer is the index of a field, written as a string; bytes are written as they are."""


class Product(NamedTuple):
    """A kind of token."""

    name: str
    parameters: tuple[str, ...]
    fields: tuple[Field, ...]
    parts: Callable[[int], tuple[_Part, ...]]
    """The services of a version 007 token for a role; the first is the one that privileges name."""
    fields_006: tuple[Field, ...] = ()
    """The fields of version 006; empty where the product has no such tokens."""

    @property
    def versions(self) -> tuple[str, ...]:
        return VERSIONS if self.fields_006 else VERSIONS[1:]

    def privileges_006(self, role: int) -> tuple[int, ...]:
        return rtc_privileges(role) if self.name == "rtc" else (Privilege.RTM_LOGIN,)

    def variant_006(self, grant: Grant) -> Variant006:
        granted = dict.fromkeys(self.privileges_006(grant.role), grant.expires_in)
        _give(granted, grant, frozenset(Privilege))
        return tuple(sorted(granted)), tuple(granted[key] for key in sorted(granted))

    def variant_007(self, grant: Grant) -> Variant007:
        primary, *_ = parts = self.parts(grant.role)
        literals = [bytearray(struct.pack("<H", len(parts)))]
        slots: list[int] = []
        for part in sorted(parts, key=lambda part: part.service.type):
            granted = dict.fromkeys(part.privileges(grant.role), grant.expires_in)
            if part is primary:
                _give(granted, grant, frozenset(part.privileges(Role.PUBLISHER)))
            literals[-1] += struct.pack("<HH", part.service.type, len(granted))
            for privilege in sorted(granted):
                literals[-1] += struct.pack("<HI", privilege, granted[privilege])
            for each in part.payload:
                if isinstance(each, bytes):
                    literals[-1] += each
                else:
                    slots.append(each)
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
    return ROLE_PRIVILEGES[check_role(role)]


def _always(*privileges: int) -> Callable[[int], tuple[int, ...]]:
    return lambda role: privileges


def _fcdn_privileges(role: int) -> tuple[int, ...]:
    return tuple(FCdnPrivilege) if publishes(role) else (FCdnPrivilege.PLAY,)


def _apaas_role(role: int) -> bytes:
    try:
        return struct.pack("<h", role)
    except struct.error:
        raise InvalidRoleError(
            f"role {role!r} of a classroom does not fit; it must be an integer of -32768 to 32767"
        ) from None


def _rtm(field: int) -> _Part:
    return _Part(RtmService, _always(RtmPrivilege.LOGIN), (field,))


def _chat_user(field: int) -> _Part:
    return _Part(ChatService, _always(ChatPrivilege.USER), (field,))


def _room_user(role: int) -> tuple[_Part, ...]:
    payload = (0, 1, _apaas_role(role))
    room = _Part(ApaasService, _always(ApaasPrivilege.ROOM_USER), payload)
    return room, _rtm(1), _chat_user(2)


def _only(*parts: _Part) -> Callable[[int], tuple[_Part, ...]]:
    return lambda role: parts


_EMPTY: Final = b"\0\0"
_NO_ROLE: Final = _apaas_role(-1)

_RTC: Final = _Part(RtcService, rtc_privileges, (0, 1))
_ROOM = ("room_uuid", "user_uuid"), (ROOM_UUID, USER_UUID), _room_user
_USER = (
    ("user_uuid",),
    (USER_UUID,),
    _only(_Part(ApaasService, _always(ApaasPrivilege.USER), (_EMPTY, 0, _NO_ROLE))),
)
_APP = (
    (),
    (),
    _only(_Part(ApaasService, _always(ApaasPrivilege.APP), (_EMPTY, _EMPTY, _NO_ROLE))),
)
_AGENT = ("channel", "uid", "user_id"), (CHANNEL_OR_WILDCARD, USER, USER_ID)

WITH_CHAT_USER: Final = frozenset({"apaas-room-user", "education-room-user"})
"""The products whose tokens have one more field than is given: :data:`CHAT_USER`."""

CHAT_USER: Final = Field("chat user", USER_ID.error, max_bytes=32, characters=USER_ID.characters)
"""The user's ID in Chat: the MD5 of the room user's, in hex."""

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
        Product("rtm", ("user_id",), (USER_ID,), _only(_rtm(0)), (USER_ID,)),
        Product(
            "rtc-rtm",
            ("channel", "account"),
            (CHANNEL_OR_WILDCARD, ACCOUNT),
            _only(_RTC, _rtm(1)),
        ),
        Product("chat-user", ("user_id",), (USER_ID,), _only(_chat_user(0))),
        Product(
            "chat-app",
            (),
            (),
            _only(_Part(ChatService, _always(ChatPrivilege.APP), (_EMPTY,))),
        ),
        Product("apaas-room-user", *_ROOM),
        Product("apaas-user", *_USER),
        Product("apaas-app", *_APP),
        Product("education-room-user", *_ROOM),
        Product("education-user", *_USER),
        Product("education-app", *_APP),
        Product("fpa", (), (), _only(_Part(FpaService, _always(FpaPrivilege.LOGIN), ()))),
        Product(
            "streaming",
            ("channel", "uid"),
            (CHANNEL, USER),
            _only(_Part(StreamingService, _always(*StreamingPrivilege), (0, 1))),
        ),
        Product(
            "fcdn",
            ("channel", "uid"),
            (CHANNEL, USER),
            _only(_Part(FCdnService, _fcdn_privileges, (0, 1))),
        ),
        Product("convoai", *_AGENT, _only(_RTC, _rtm(2), _Part(ConvoAIService, _always(), ()))),
        Product("stt", *_AGENT, _only(_RTC, _rtm(2), _Part(SttService, _always(), ()))),
    )
}

FOR_EACH_USER: Final = tuple(name for name, product in PRODUCTS.items() if product.parameters)
"""The products that have a token of their own for each row of a roster."""

WITH_ROLE: Final = frozenset({"rtc", "rtc-rtm", "fcdn", "convoai", "stt"})
"""The products whose tokens have a :class:`~agora_token.Role`."""

WITH_ROOM_ROLE: Final = WITH_CHAT_USER
"""The products whose tokens have a role of the room's own numbering."""
