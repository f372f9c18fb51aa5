"""The ten services of version 007 tokens: what each grants, to whom, and how it is written.

A service is a plain value.  Its ``privileges`` map a privilege to the seconds, from the token's
time of issue, after which it ends.  Making a service checks nothing, since a token that is read may
hold anything; :meth:`Service.check` applies the rules for tokens that are to be issued.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from ._fields import (
    CHANNEL,
    CHANNEL_OR_WILDCARD,
    PRINTABLE_CHARACTERS,
    ROOM_UUID,
    USER,
    USER_ID,
    USER_UUID,
    Field,
    refuse_open_wildcard,
    shown,
)
from ._packing import MAX_U16, MAX_U32, pack_i16, pack_permissions
from ._reader import Reader
from .errors import (
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    MalformedTokenError,
)

if TYPE_CHECKING:
    from ._core import Service as ServiceSpec

Privileges: TypeAlias = Mapping[int, int]
"""Privilege to its expiry, in seconds after the time of issue (0 to 2**32-1)."""

Rtm2Permissions: TypeAlias = Mapping[int, Mapping[int, Sequence[str]]]
""":class:`Rtm2Resource` to :class:`Rtm2Permission` to the names of what it is given for."""

_PrivilegeType: TypeAlias = type[IntEnum]
_RESOURCE_NAME: Final = Field(
    "resource name",
    InvalidChannelError,
    max_bytes=MAX_U16,
    characters=PRINTABLE_CHARACTERS,
    unicode=True,
)


class RtcPrivilege(IntEnum):
    """What a token permits in an RTC channel."""

    JOIN_CHANNEL = 1
    PUBLISH_AUDIO_STREAM = 2
    PUBLISH_VIDEO_STREAM = 3
    PUBLISH_DATA_STREAM = 4


class RtmPrivilege(IntEnum):
    """What a token permits in RTM (messaging)."""

    LOGIN = 1


class StreamingPrivilege(IntEnum):
    """What a token permits in Streaming."""

    PUBLISH_MIX_STREAM = 1
    PUBLISH_RAW_STREAM = 2


class FpaPrivilege(IntEnum):
    """What a token permits in FPA (network acceleration)."""

    LOGIN = 1


class ChatPrivilege(IntEnum):
    """Whom a Chat token speaks for: one user, or the app and its REST API."""

    USER = 1
    APP = 2


class FCdnPrivilege(IntEnum):
    """What a token permits in Fusion CDN."""

    PUBLISH = 1
    PLAY = 2


class ApaasPrivilege(IntEnum):
    """Whom an aPaaS token speaks for: a user in a room, a user, or the app."""

    ROOM_USER = 1
    USER = 2
    APP = 3


class Rtm2Privilege(IntEnum):
    """What an RTM token with permissions for single resources permits besides them."""

    LOGIN = 1


class Rtm2Resource(IntEnum):
    """The kinds of resources that RTM permissions are given for."""

    MESSAGE_CHANNELS = 0
    STREAM_CHANNELS = 1
    GROUP_CHANNELS = 2
    SERVER_GROUPS = 3
    USERS = 4


class Rtm2Permission(IntEnum):
    """What may be done with a resource."""

    READ = 0
    WRITE = 1


class Service:
    """What the ten services have in common."""

    __slots__ = ()

    type: ClassVar[int]
    """The service's number in a token."""
    Privilege: ClassVar[_PrivilegeType | None] = None
    """Its privileges; None where it has none."""

    _strings: ClassVar[tuple[tuple[str, Field], ...]] = ()
    """The strings that follow the privileges: the attribute and its rule."""
    _needed_for: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    """Strings that may be empty unless one of these privileges is granted."""

    privileges: Privileges

    def spec(self) -> ServiceSpec:
        """The service as a backend takes it, its privileges in ascending order."""
        granted = sorted(self.privileges.items())
        return (
            self.type,
            tuple(privilege for privilege, _ in granted),
            tuple(expire for _, expire in granted),
            tuple(getattr(self, name) for name, _ in self._strings),
            self._pack_rest(),
        )

    def check(self) -> None:
        """Raises the :class:`InvalidInputError` of the first value that may not be issued."""
        _check_mapping(self.privileges, "privileges")
        written = [rule.encode(value) for value, rule in self._checked_strings()]
        if self._strings and self._strings[0][1].wildcard:
            refuse_open_wildcard(*written)
        for privilege, expire in self.privileges.items():
            self._check_privilege(privilege, expire)

    @classmethod
    def unpack(cls, reader: Reader) -> Service:
        """Reads what follows the service's type; raises :class:`MalformedTokenError`.

        A uid comes as the text that the token carries, and as 0 where that is empty.
        """
        values: dict[str, Any] = {"privileges": reader.map(f"privileges of {cls.__name__}")}
        for name, rule in cls._strings:
            text = reader.text(f"{name} of {cls.__name__}")
            values[name] = 0 if rule.integers and not text else text
        return cls(**values, **cls._unpack_rest(reader))

    def _checked_strings(self) -> Iterator[tuple[object, Field]]:
        for name, rule in self._strings:
            value, needed_for = getattr(self, name), self._needed_for.get(name)
            if needed_for is None or value != "" or self.privileges.keys() & needed_for:
                yield value, rule

    def _check_privilege(self, privilege: int, expire: int) -> None:
        known = () if self.Privilege is None else tuple(self.Privilege)
        if privilege not in known:
            names = ", ".join(f"{each.value} {each.name}" for each in known) or "no privileges"
            raise InvalidPrivilegeError(
                f"{self.__class__.__name__} has no privilege {shown(privilege)}; it has {names}"
            )
        if not _fits(expire, 0, MAX_U32):
            raise InvalidLifetimeError(
                f"the expiry of privilege {int(privilege)} is {shown(expire)}; it must be 0 to "
                f"{MAX_U32} seconds after the time of issue"
            )

    def _pack_rest(self) -> bytes:
        """What follows the strings, for the services that have more."""
        return b""

    @classmethod
    def _unpack_rest(cls, reader: Reader) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class RtcService(Service):
    """Joins and publishes in a channel of RTC (audio and video).

    ``channel`` is 1 to 64 bytes of 89 characters, or ``*`` for every channel; ``uid`` an integer of
    0 (anybody) to 2**32-1, or an account of 1 to 255 bytes.
    """

    type = 1
    Privilege = RtcPrivilege
    _strings = (("channel", CHANNEL_OR_WILDCARD), ("uid", USER))

    channel: str
    uid: int | str = 0
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RtmService(Service):
    """Logs in to RTM (messaging) as ``user_id``, 1 to 64 bytes."""

    type = 2
    Privilege = RtmPrivilege
    _strings = (("user_id", USER_ID),)

    user_id: str
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamingService(Service):
    """Publishes to a channel through Streaming; channel and account are those of RTC."""

    type = 3
    Privilege = StreamingPrivilege
    _strings = (("channel", CHANNEL), ("account", USER))

    channel: str
    account: int | str
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FpaService(Service):
    """Logs in to FPA (network acceleration)."""

    type = 4
    Privilege = FpaPrivilege

    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatService(Service):
    """Speaks to Chat as ``user_id``, 1 to 64 bytes, or as the app, where it is empty."""

    type = 5
    Privilege = ChatPrivilege
    _strings = (("user_id", USER_ID),)
    _needed_for: ClassVar = {"user_id": (ChatPrivilege.USER,)}

    user_id: str = ""
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FCdnService(Service):
    """Publishes and plays through Fusion CDN; channel and account are those of RTC."""

    type = 6
    Privilege = FCdnPrivilege
    _strings = (("channel", CHANNEL), ("account", USER))

    channel: str
    account: int | str
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApaasService(Service):
    """Speaks to aPaaS as a user in a room, as a user (no room), or as the app (neither).

    ``room_uuid`` and ``user_uuid`` are up to 64 bytes, ``role`` is -32768 to 32767, -1 for none.
    """

    type = 7
    Privilege = ApaasPrivilege
    _strings = (("room_uuid", ROOM_UUID), ("user_uuid", USER_UUID))
    _needed_for: ClassVar = {
        "room_uuid": (ApaasPrivilege.ROOM_USER,),
        "user_uuid": (ApaasPrivilege.ROOM_USER, ApaasPrivilege.USER),
    }

    room_uuid: str = ""
    user_uuid: str = ""
    role: int = -1
    privileges: Privileges = field(default_factory=dict)

    def check(self) -> None:
        Service.check(self)
        if not _fits(self.role, -0x8000, 0x7FFF):
            raise InvalidRoleError(f"role is {shown(self.role)}; it must be -32768 to 32767")

    def _pack_rest(self) -> bytes:
        return pack_i16(self.role, "role")

    @classmethod
    def _unpack_rest(cls, reader: Reader) -> dict[str, Any]:
        return {"role": reader.i16("role of ApaasService")}


@dataclass(frozen=True, slots=True)
class Rtm2Service(Service):
    """Logs in to RTM as ``user_id``, 1 to 64 bytes, with permissions for single resources."""

    type = 8
    Privilege = Rtm2Privilege
    _strings = (("user_id", USER_ID),)

    user_id: str
    permissions: Rtm2Permissions = field(default_factory=dict)
    privileges: Privileges = field(default_factory=dict)

    def check(self) -> None:
        Service.check(self)
        _check_mapping(self.permissions, "permissions")
        for resource, permissions in self.permissions.items():
            _check_member(Rtm2Resource, resource, "resource")
            _check_mapping(permissions, f"the permissions of resource {int(resource)}")
            for permission, names in permissions.items():
                _check_member(Rtm2Permission, permission, "permission")
                # A string would be taken apart into its characters.
                if isinstance(names, (str, bytes)) or not isinstance(names, Collection):
                    raise InvalidInputError(
                        f"the names of resource {int(resource)} are {shown(names)}; they must be a "
                        "sequence of strings"
                    )
                for name in names:
                    _RESOURCE_NAME.encode(name)

    def _pack_rest(self) -> bytes:
        return pack_permissions(self.permissions)

    @classmethod
    def _unpack_rest(cls, reader: Reader) -> dict[str, Any]:
        return {"permissions": _unpack_permissions(reader)}


@dataclass(frozen=True, slots=True)
class ConvoAIService(Service):
    """Takes part in Conversational AI, beside the RTC and RTM services of the same token."""

    type = 9

    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SttService(Service):
    """Uses Speech-to-Text, beside the RTC and RTM services of the same token."""

    type = 10

    privileges: Privileges = field(default_factory=dict)


SERVICES: Final[dict[int, type[Service]]] = {
    service.type: service
    for service in (
        RtcService,
        RtmService,
        StreamingService,
        FpaService,
        ChatService,
        FCdnService,
        ApaasService,
        Rtm2Service,
        ConvoAIService,
        SttService,
    )
}
"""The services by their number in a token."""


def unpack_services(reader: Reader) -> tuple[list[Service], int | None]:
    """Reads the services of a token, to its end.

    A service of unknown type, whose length cannot be known, ends the list: the second result is
    that type, or None where everything was read.  Raises :class:`MalformedTokenError`.
    """
    services: list[Service] = []
    for _ in range(reader.u16("the count of services")):
        number = reader.u16("the type of a service")
        service = SERVICES.get(number)
        if service is None:
            return services, number
        services.append(service.unpack(reader))
    reader.finish()
    return services, None


def _unpack_permissions(reader: Reader) -> dict[int, dict[int, list[str]]]:
    permissions: dict[int, dict[int, list[str]]] = {}
    for _ in range(reader.u16("the count of resources")):
        resource = reader.u16("a resource")
        granted: dict[int, list[str]] = {}
        for _ in range(reader.u16("the count of permissions")):
            permission = reader.u16("a permission")
            names = [
                reader.text("a resource name") for _ in range(reader.u16("the count of names"))
            ]
            _add_once(granted, permission, names, reader)
        _add_once(permissions, resource, granted, reader)
    return permissions


def _add_once(entries: dict[int, Any], key: int, value: object, reader: Reader) -> None:
    if key in entries:
        raise MalformedTokenError(
            f"the permissions before byte {reader.offset} of the token name {key} twice"
        )
    entries[key] = value


def _check_mapping(value: object, name: str) -> None:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{name}: {shown(value)} is not a mapping")


def _check_member(enum: type[IntEnum], value: int, name: str) -> None:
    if value not in tuple(enum):
        allowed = ", ".join(f"{member.value} {member.name}" for member in enum)
        raise InvalidPrivilegeError(f"there is no {name} {shown(value)}; there are {allowed}")


def _fits(value: object, low: int, high: int) -> bool:
    """Whether it is an integer, not a bool, within the bounds."""
    if isinstance(value, bool):
        return False
    try:
        return low <= operator.index(value) <= high  # type: ignore[arg-type]
    except TypeError:
        return False
