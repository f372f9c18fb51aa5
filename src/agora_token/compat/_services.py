"""The services of the vendor's ``AccessToken2``.

They keep their values in the vendor's attributes, under the mangled names by which users reach
them, such as ``_ServiceRtc__channel_name``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from .. import services
from .._wire.values import pack_permissions
from .Packer import (
    pack_int16,
    pack_map_uint32,
    pack_string,
    pack_uint16,
    unpack_int16,
    unpack_map_uint32,
    unpack_string,
    unpack_uint16,
)

__all__ = [
    "Service",
    "ServiceApaas",
    "ServiceChat",
    "ServiceConvoAI",
    "ServiceFCdn",
    "ServiceFpa",
    "ServiceRtc",
    "ServiceRtm",
    "ServiceRtm2",
    "ServiceStreaming",
    "ServiceStt",
]

_NO_ROLE = services.ApaasService().role


class Service:
    """What a token grants for one product.  Users may derive their own and override all of it."""

    _strings: ClassVar[tuple[str, ...]] = ()
    """The attributes with the strings that follow the privileges in a token."""

    def __init__(self, service_type: int) -> None:
        self.__type = service_type
        self.__privileges: dict[int, int] = {}

    def add_privilege(self, privilege: int, expire: int) -> None:
        """Grants a privilege, for ``expire`` seconds from the token's time of issue on."""
        self.__privileges[privilege] = expire

    def service_type(self) -> int:
        return self.__type

    def pack(self) -> bytes:
        privileges = dict(sorted(self.__privileges.items(), key=lambda entry: int(entry[0])))
        packed = pack_uint16(self.__type) + pack_map_uint32(privileges)
        return packed + b"".join(pack_string(getattr(self, name)) for name in self._strings)

    def unpack(self, buffer: bytes) -> bytes:
        """Reads what follows the service's type, and gives what is left."""
        self.__privileges, buffer = unpack_map_uint32(buffer)
        for name in self._strings:
            value, buffer = unpack_string(buffer)
            setattr(self, name, value)
        return buffer


def _user_bytes(user: object) -> bytes:
    return b"" if user == 0 else str(user).encode()


class ServiceRtc(Service):
    kServiceType = services.RtcService.type

    kPrivilegeJoinChannel = services.RtcPrivilege.JOIN_CHANNEL.value
    kPrivilegePublishAudioStream = services.RtcPrivilege.PUBLISH_AUDIO_STREAM.value
    kPrivilegePublishVideoStream = services.RtcPrivilege.PUBLISH_VIDEO_STREAM.value
    kPrivilegePublishDataStream = services.RtcPrivilege.PUBLISH_DATA_STREAM.value

    _strings = ("_ServiceRtc__channel_name", "_ServiceRtc__uid")

    def __init__(self, channel_name: str = "", uid: object = 0) -> None:
        super().__init__(ServiceRtc.kServiceType)
        self.__channel_name = channel_name.encode()
        self.__uid = _user_bytes(uid)


class ServiceRtm(Service):
    kServiceType = services.RtmService.type

    kPrivilegeLogin = services.RtmPrivilege.LOGIN.value

    _strings = ("_ServiceRtm__user_id",)

    def __init__(self, user_id: str = "") -> None:
        super().__init__(ServiceRtm.kServiceType)
        self.__user_id = user_id.encode()


class ServiceStreaming(Service):
    kServiceType = services.StreamingService.type

    kPrivilegePublishMixStream = services.StreamingPrivilege.PUBLISH_MIX_STREAM.value
    kPrivilegePublishRawStream = services.StreamingPrivilege.PUBLISH_RAW_STREAM.value

    _strings = ("_ServiceStreaming__channel_name", "_ServiceStreaming__account")

    def __init__(self, channel_name: str = "", account: object = "") -> None:
        super().__init__(ServiceStreaming.kServiceType)
        self.__channel_name = channel_name.encode()
        self.__account = _user_bytes(account)


class ServiceFpa(Service):
    kServiceType = services.FpaService.type

    kPrivilegeLogin = services.FpaPrivilege.LOGIN.value

    def __init__(self) -> None:
        super().__init__(ServiceFpa.kServiceType)


class ServiceChat(Service):
    kServiceType = services.ChatService.type

    kPrivilegeUser = services.ChatPrivilege.USER.value
    kPrivilegeApp = services.ChatPrivilege.APP.value

    _strings = ("_ServiceChat__user_id",)

    def __init__(self, user_id: str = "") -> None:
        super().__init__(ServiceChat.kServiceType)
        self.__user_id = user_id.encode()


class ServiceFCdn(Service):
    kServiceType = services.FCdnService.type

    kPrivilegePublish = services.FCdnPrivilege.PUBLISH.value
    kPrivilegePlay = services.FCdnPrivilege.PLAY.value

    _strings = ("_ServiceFCdn__channel_name", "_ServiceFCdn__account")

    def __init__(self, channel_name: str = "", account: object = "") -> None:
        super().__init__(ServiceFCdn.kServiceType)
        self.__channel_name = channel_name.encode()
        self.__account = _user_bytes(account)


class ServiceApaas(Service):
    kServiceType = services.ApaasService.type

    kPrivilegeRoomUser = services.ApaasPrivilege.ROOM_USER.value
    kPrivilegeUser = services.ApaasPrivilege.USER.value
    kPrivilegeApp = services.ApaasPrivilege.APP.value

    _strings = ("_ServiceApaas__room_uuid", "_ServiceApaas__user_uuid")

    def __init__(self, room_uuid: str = "", user_uuid: str = "", role: int = _NO_ROLE) -> None:
        super().__init__(ServiceApaas.kServiceType)
        self.__room_uuid = room_uuid.encode()
        self.__user_uuid = user_uuid.encode()
        self.__role = role

    def pack(self) -> bytes:
        return super().pack() + pack_int16(self.__role)

    def unpack(self, buffer: bytes) -> bytes:
        self.__role, buffer = unpack_int16(super().unpack(buffer))
        return buffer


class ServiceRtm2(Service):
    kServiceType = services.Rtm2Service.type

    kPrivilegeLogin = services.Rtm2Privilege.LOGIN.value

    _strings = ("_ServiceRtm2__user_id",)

    class Permissions:
        """Who may do what: ``details`` maps resource to permission to a list of names."""

        kMessageChannels = services.Rtm2Resource.MESSAGE_CHANNELS.value
        kStreamChannels = services.Rtm2Resource.STREAM_CHANNELS.value
        kGroupChannels = services.Rtm2Resource.GROUP_CHANNELS.value
        kServerGroups = services.Rtm2Resource.SERVER_GROUPS.value
        kUsers = services.Rtm2Resource.USERS.value

        kRead = services.Rtm2Permission.READ.value
        kWrite = services.Rtm2Permission.WRITE.value

        def __init__(self) -> None:
            self.details: dict[int, dict[int, list[str]]] = {}

        def add(self, resource_type: int, permission_type: int, resources: Iterable[str]) -> None:
            """Sets the names for a resource and permission, in place of earlier ones."""
            self.details.setdefault(resource_type, {})[permission_type] = list(resources)

    def __init__(self, user_id: str = "", permissions: Permissions | None = None) -> None:
        super().__init__(ServiceRtm2.kServiceType)
        self.__user_id = user_id.encode()
        self.__permissions = ServiceRtm2.Permissions() if permissions is None else permissions

    def get_user_id(self) -> str:
        return self.__user_id.decode()

    def get_permissions(self) -> Permissions:
        return self.__permissions

    def pack(self) -> bytes:
        return super().pack() + pack_permissions(self.__permissions.details)

    def unpack(self, buffer: bytes) -> bytes:
        buffer = super().unpack(buffer)
        self.__permissions = ServiceRtm2.Permissions()
        resource_count, buffer = unpack_uint16(buffer)
        for _ in range(resource_count):
            resource_type, buffer = unpack_uint16(buffer)
            permission_count, buffer = unpack_uint16(buffer)
            for _ in range(permission_count):
                permission_type, buffer = unpack_uint16(buffer)
                name_count, buffer = unpack_uint16(buffer)
                names = []
                for _ in range(name_count):
                    name, buffer = unpack_string(buffer)
                    names.append(name.decode())
                self.__permissions.add(resource_type, permission_type, names)
        return buffer


class ServiceConvoAI(Service):
    kServiceType = services.ConvoAIService.type

    def __init__(self) -> None:
        super().__init__(ServiceConvoAI.kServiceType)


class ServiceStt(Service):
    kServiceType = services.SttService.type

    def __init__(self) -> None:
        super().__init__(ServiceStt.kServiceType)
