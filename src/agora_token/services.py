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
from typing import ClassVar, Final, TypeAlias

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
)
from ._wording import shown
from .errors import (
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
)

Privileges: TypeAlias = Mapping[int, int]
"""Privilege to its expiry, in seconds after the time of issue (0 to 2**32-1)."""

Rtm2Permissions: TypeAlias = Mapping[int, Mapping[int, Sequence[str]]]
""":class:`Rtm2Resource` to :class:`Rtm2Permission` to the names of what it is given for."""

MAX_EXPIRY: Final = 0xFFFFFFFF
"""The largest expiry that a privilege can have in a token."""

_PrivilegeType: TypeAlias = type[IntEnum]
_RESOURCE_NAME: Final = Field(
    "resource name",
    InvalidChannelError,
    max_bytes=0xFFFF,
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

    strings: ClassVar[tuple[tuple[str, Field], ...]] = ()
    """The strings that follow the privileges in a token: the attribute and its rule."""
    place: ClassVar[str | None] = None
    """Which of them is the channel or room, if any."""
    holder: ClassVar[str | None] = None
    """Which of them is the user, if any."""
    _needed_for: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    """Strings that may be empty unless one of these privileges is granted."""

    privileges: Privileges

    def check(self) -> None:
        """Raises the :class:`InvalidInputError` of the first value that may not be issued."""
        _check_mapping(self.privileges, "privileges")
        written = [rule.encode(value) for value, rule in self._checked_strings()]
        if self.strings and self.strings[0][1].wildcard:
            refuse_open_wildcard(*written)
        for privilege, expire in self.privileges.items():
            self._check_privilege(privilege, expire)

    def _checked_strings(self) -> Iterator[tuple[object, Field]]:
        for name, rule in self.strings:
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
        if not _fits(expire, 0, MAX_EXPIRY):
            raise InvalidLifetimeError(
                f"the expiry of privilege {int(privilege)} is {shown(expire)}; it must be 0 to "
                f"{MAX_EXPIRY} seconds after the time of issue"
            )


@dataclass(frozen=True, slots=True)
class RtcService(Service):
    """Joins and publishes in a channel of RTC (audio and video).

    ``channel`` is 1 to 64 bytes of 89 characters, or ``*`` for every channel; ``uid`` an integer of
    0 (anybody) to 2**32-1, or an account of 1 to 255 bytes.
    """

    type = 1
    Privilege = RtcPrivilege
    strings = (("channel", CHANNEL_OR_WILDCARD), ("uid", USER))
    place = "channel"
    holder = "uid"

    channel: str
    uid: int | str = 0
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RtmService(Service):
    """Logs in to RTM (messaging) as ``user_id``, 1 to 64 bytes."""

    type = 2
    Privilege = RtmPrivilege
    strings = (("user_id", USER_ID),)
    holder = "user_id"

    user_id: str
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamingService(Service):
    """Publishes to a channel through Streaming; channel and account are those of RTC."""

    type = 3
    Privilege = StreamingPrivilege
    strings = (("channel", CHANNEL), ("account", USER))
    place = "channel"
    holder = "account"

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
    strings = (("user_id", USER_ID),)
    holder = "user_id"
    _needed_for: ClassVar = {"user_id": (ChatPrivilege.USER,)}

    user_id: str = ""
    privileges: Privileges = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FCdnService(Service):
    """Publishes and plays through Fusion CDN; channel and account are those of RTC."""

    type = 6
    Privilege = FCdnPrivilege
    strings = (("channel", CHANNEL), ("account", USER))
    place = "channel"
    holder = "account"

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
    strings = (("room_uuid", ROOM_UUID), ("user_uuid", USER_UUID))
    place = "room_uuid"
    holder = "user_uuid"
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


@dataclass(frozen=True, slots=True)
class Rtm2Service(Service):
    """Logs in to RTM as ``user_id``, 1 to 64 bytes, with permissions for single resources."""

    type = 8
    Privilege = Rtm2Privilege
    strings = (("user_id", USER_ID),)
    holder = "user_id"

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


def service_name(number: int) -> str:
    """``rtc`` for 1, and so on."""
    known = SERVICES.get(number)
    return known.__name__.removesuffix("Service").lower() if known else f"service {number}"


def channel_and_user(service: Service) -> tuple[str | None, str | None]:
    """The channel (or room) and the user of a service, as text; None where its kind has none."""
    return (
        getattr(service, service.place) if service.place else None,
        str(getattr(service, service.holder) or "") if service.holder else None,
    )


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
