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

from ._checks import check_own_expiries, check_role
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
    InvalidPrivilegeError,
    InvalidRoleError,
)
from .privileges import ROLE_PRIVILEGES, Role

if TYPE_CHECKING:
    from ._checks import Seconds

Privileges: TypeAlias = "Mapping[int, Seconds]"
"""Privilege to its expiry: seconds after the time of issue, or a timedelta (0: with the token)."""

Rtm2Permissions: TypeAlias = Mapping[int, Mapping[int, Sequence[str]]]
""":class:`Rtm2Resource` to :class:`Rtm2Permission` to the names of what it is given for."""

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
    needed_for: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    """Strings that may be empty unless one of these privileges is granted."""

    issued_by: ClassVar[str]
    """The method of Issuer that grants what it needs."""

    privileges: Privileges | None
    """None grants what the service needs, for as long as the token lives."""

    @classmethod
    def way_in(cls, *, place: bool, holder: bool) -> tuple[int, ...]:
        """The privileges of which any one lets the holder in; none where the token alone does.

        ``place`` and ``holder`` are whether the token names a channel or room, and a user.
        """
        return tuple(cls.Privilege or ())

    def usual_privileges(self) -> tuple[int, ...]:
        """What is granted where the privileges are None; raises for a role that does not exist."""
        place, holder = channel_and_user(self)
        return self.way_in(place=bool(place), holder=bool(holder))

    def granted(self, lifetime: int) -> Mapping[int, Any]:
        """The privileges as they are written into a token that lives ``lifetime`` seconds."""
        if self.privileges is None:
            return dict.fromkeys(self.usual_privileges(), lifetime)
        return self.privileges

    def check_names(self) -> None:
        """Raises the :class:`InvalidInputError` of the first name that the service cannot have."""
        written = [rule.encode(value) for value, rule in self._needed_strings()]
        if written and written[0] == b"*" and self.strings[0][1].wildcard:
            refuse_open_wildcard(*written)

    def check(self, lifetime: int) -> dict[int, int]:
        """The privileges and their expiries, for a token of ``lifetime`` seconds that is issued.

        Raises the :class:`InvalidInputError` of the first value that may not be issued.
        """
        name = type(self).__name__
        if self.privileges is not None and not isinstance(self.privileges, Mapping):
            raise InvalidInputError(f"privileges: {shown(self.privileges)} is not a mapping")
        if self.privileges is not None and not self.privileges and self.Privilege is not None:
            raise InvalidPrivilegeError(
                f"{name} is given no privileges, and so lets nobody in; leave privileges out to "
                f"grant what the service needs, or name them, such as "
                f"{{{self.Privilege.__name__}.{next(iter(self.Privilege)).name}: 3600}}"
            )
        self.check_names()
        known = tuple(self.Privilege or ())
        for privilege in self.granted(lifetime):
            if privilege not in known:
                names = ", ".join(f"{each.value} {each.name}" for each in known)
                raise InvalidPrivilegeError(
                    f"{name} has no privilege {shown(privilege)}; it has {names or 'no privileges'}"
                )
        return dict(check_own_expiries(self.granted(lifetime)))

    def _needed_strings(self) -> Iterator[tuple[object, Field]]:
        for name, rule in self.strings:
            value, needed_for = getattr(self, name), self.needed_for.get(name)
            if needed_for is None or value != "" or self.granted(0).keys() & needed_for:
                yield value, rule


class _WithRole(Service):
    """A service whose role says what it grants, unless privileges are given."""

    __slots__ = ()

    role: int | str | None

    def check(self, lifetime: int) -> dict[int, int]:
        if self.role is not None and self.privileges is not None:
            raise InvalidRoleError(
                f"{type(self).__name__} is given a role and privileges; give one of them"
            )
        return Service.check(self, lifetime)

    def may_publish(self) -> bool:
        return publishes(Role.PUBLISHER if self.role is None else self.role)


@dataclass(frozen=True, slots=True)
class RtcService(_WithRole):
    """Joins and publishes in a channel of RTC (audio and video).

    ``channel`` is 1 to 64 bytes of 89 characters, or ``*`` for every channel; ``uid`` an integer of
    0 (anybody) to 2**32-1, or an account of 1 to 255 bytes.
    """

    type = 1
    issued_by = "Issuer.rtc"
    Privilege = RtcPrivilege
    strings = (("channel", CHANNEL_OR_WILDCARD), ("uid", USER))
    place = "channel"
    holder = "uid"

    channel: str
    uid: int | str = 0
    privileges: Privileges | None = None
    role: int | str | None = field(default=None, kw_only=True, compare=False)
    """The role that says what is granted where ``privileges`` is None: a publisher, if None."""

    @classmethod
    def way_in(cls, *, place: bool, holder: bool) -> tuple[int, ...]:
        return (RtcPrivilege.JOIN_CHANNEL,)

    def usual_privileges(self) -> tuple[int, ...]:
        return tuple(RtcPrivilege) if self.may_publish() else (RtcPrivilege.JOIN_CHANNEL,)


@dataclass(frozen=True, slots=True)
class RtmService(Service):
    """Logs in to RTM (messaging) as ``user_id``, 1 to 64 bytes."""

    type = 2
    issued_by = "Issuer.rtm"
    Privilege = RtmPrivilege
    strings = (("user_id", USER_ID),)
    holder = "user_id"

    user_id: str
    privileges: Privileges | None = None


@dataclass(frozen=True, slots=True)
class StreamingService(Service):
    """Publishes to a channel through Streaming; channel and account are those of RTC."""

    type = 3
    issued_by = "Issuer.streaming"
    Privilege = StreamingPrivilege
    strings = (("channel", CHANNEL), ("account", USER))
    place = "channel"
    holder = "account"

    channel: str
    account: int | str
    privileges: Privileges | None = None


@dataclass(frozen=True, slots=True)
class FpaService(Service):
    """Logs in to FPA (network acceleration)."""

    type = 4
    issued_by = "Issuer.fpa"
    Privilege = FpaPrivilege

    privileges: Privileges | None = None


@dataclass(frozen=True, slots=True)
class ChatService(Service):
    """Speaks to Chat as ``user_id``, 1 to 64 bytes, or as the app, where it is empty."""

    type = 5
    issued_by = "Issuer.chat_user"
    Privilege = ChatPrivilege
    strings = (("user_id", USER_ID),)
    holder = "user_id"
    needed_for: ClassVar = {"user_id": (ChatPrivilege.USER,)}

    user_id: str = ""
    privileges: Privileges | None = None

    @classmethod
    def way_in(cls, *, place: bool, holder: bool) -> tuple[int, ...]:
        return (ChatPrivilege.USER if holder else ChatPrivilege.APP,)


@dataclass(frozen=True, slots=True)
class FCdnService(_WithRole):
    """Publishes and plays through Fusion CDN; channel and account are those of RTC."""

    type = 6
    issued_by = "Issuer.fcdn"
    Privilege = FCdnPrivilege
    strings = (("channel", CHANNEL), ("account", USER))
    place = "channel"
    holder = "account"

    channel: str
    account: int | str
    privileges: Privileges | None = None
    role: int | str | None = field(default=None, kw_only=True, compare=False)
    """The role that says what is granted where ``privileges`` is None: a publisher, if None."""

    def usual_privileges(self) -> tuple[int, ...]:
        return tuple(FCdnPrivilege) if self.may_publish() else (FCdnPrivilege.PLAY,)


@dataclass(frozen=True, slots=True)
class ApaasService(Service):
    """Speaks to aPaaS as a user in a room, as a user (no room), or as the app (neither).

    ``room_uuid`` and ``user_uuid`` are up to 64 bytes, ``role`` is -32768 to 32767, -1 for none.
    """

    type = 7
    issued_by = "Issuer.apaas_room_user"
    Privilege = ApaasPrivilege
    strings = (("room_uuid", ROOM_UUID), ("user_uuid", USER_UUID))
    place = "room_uuid"
    holder = "user_uuid"
    needed_for: ClassVar = {
        "room_uuid": (ApaasPrivilege.ROOM_USER,),
        "user_uuid": (ApaasPrivilege.ROOM_USER, ApaasPrivilege.USER),
    }

    room_uuid: str = ""
    user_uuid: str = ""
    role: int = -1
    privileges: Privileges | None = None

    def check(self, lifetime: int) -> dict[int, int]:
        if not _fits(self.role, -0x8000, 0x7FFF):
            raise InvalidRoleError(f"role is {shown(self.role)}; it must be -32768 to 32767")
        return Service.check(self, lifetime)

    @classmethod
    def way_in(cls, *, place: bool, holder: bool) -> tuple[int, ...]:
        if place:
            return (ApaasPrivilege.ROOM_USER,)
        return (ApaasPrivilege.USER if holder else ApaasPrivilege.APP,)


@dataclass(frozen=True, slots=True)
class Rtm2Service(Service):
    """Logs in to RTM as ``user_id``, 1 to 64 bytes, with permissions for single resources."""

    type = 8
    issued_by = "Issuer.rtm2"
    Privilege = Rtm2Privilege
    strings = (("user_id", USER_ID),)
    holder = "user_id"

    user_id: str
    permissions: Rtm2Permissions = field(default_factory=dict)
    privileges: Privileges | None = None

    def check_names(self) -> None:
        Service.check_names(self)
        _check_mapping(self.permissions, "permissions")
        for resource, permissions in self.permissions.items():
            _check_member(Rtm2Resource, resource, "resource")
            _check_mapping(permissions, f"the permissions of resource {int(resource)}")
            for permission, names in permissions.items():
                _check_member(Rtm2Permission, permission, "permission")
                # A string is a sequence of its characters.
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
    issued_by = "Issuer.convoai"

    privileges: Privileges | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SttService(Service):
    """Uses Speech-to-Text, beside the RTC and RTM services of the same token."""

    type = 10
    issued_by = "Issuer.stt"

    privileges: Privileges | None = field(default_factory=dict)


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


def publishes(role: int | str) -> bool:
    """Whether a role may publish; raises :class:`InvalidRoleError` if there is no such role."""
    return len(ROLE_PRIVILEGES[check_role(role)]) > 1


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
