"""Services as a backend takes them, for the builders: numbers, privileges and the empty ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias

from .. import _backend
from ..privileges import JOIN_AND_PUBLISH, JOIN_ONLY
from ..services import (
    ApaasPrivilege,
    ApaasService,
    ChatPrivilege,
    ChatService,
    FpaPrivilege,
    FpaService,
    RtcService,
    Rtm2Service,
    RtmPrivilege,
    RtmService,
    Service,
)
from ._roles import Role_Publisher

if TYPE_CHECKING:
    from .._wire.values import PackedService

P = ParamSpec("P")

Request: TypeAlias = "tuple[str, str, tuple[PackedService, ...], int]"
"""What ``build007`` takes: App ID, certificate, services and the life of the token."""

RTC: Final = RtcService.type
RTM: Final = RtmService.type
RTM2: Final = Rtm2Service.type
CHAT: Final = ChatService.type
APAAS: Final = ApaasService.type

# Privileges as tuples, made once.
LOGIN: Final = (RtmPrivilege.LOGIN.value,)
CHAT_USER: Final = (ChatPrivilege.USER.value,)
CHAT_APP: Final = (ChatPrivilege.APP.value,)
ROOM_USER: Final = (ApaasPrivilege.ROOM_USER.value,)
APAAS_USER: Final = (ApaasPrivilege.USER.value,)
APAAS_APP: Final = (ApaasPrivilege.APP.value,)

FPA: Final = (FpaService.type, (FpaPrivilege.LOGIN.value,), 0, (), b"")
"""The whole service: it logs in, with the expiry 0."""


def rtc_and_rtm(
    app_id: str,
    app_certificate: str,
    channel_name: str,
    rtc_account: int | str,
    rtc_role: int,
    rtc_token_expire: int,
    join_channel_privilege_expire: int,
    pub_audio_privilege_expire: int,
    pub_video_privilege_expire: int,
    pub_data_stream_privilege_expire: int,
    rtm_user_id: str,
    rtm_token_expire: int,
) -> Request:
    """RTC for a channel, with the publisher's privileges for that role, and RTM's login."""
    privileges: tuple[int, ...] = JOIN_ONLY
    expiries: tuple[int, ...] = (join_channel_privilege_expire,)
    if rtc_role == Role_Publisher:
        privileges = JOIN_AND_PUBLISH
        expiries += (
            pub_audio_privilege_expire,
            pub_video_privilege_expire,
            pub_data_stream_privilege_expire,
        )
    return (
        app_id,
        app_certificate,
        (
            (RTC, privileges, expiries, (channel_name, rtc_account), b""),
            (RTM, LOGIN, rtm_token_expire, (rtm_user_id,), b""),
        ),
        rtc_token_expire,
    )


def built_with(service: type[Service], request: Callable[P, Request]) -> Callable[P, str]:
    """A function that builds the token of a request, with a service beside those in it."""
    empty: PackedService = (service.type, (), 0, (), b"")

    @wraps(request)
    def build_token(*args: P.args, **kwargs: P.kwargs) -> str:
        app_id, app_certificate, services, expire = request(*args, **kwargs)
        return _backend.build007(app_id, app_certificate, (*services, empty), expire)

    build_token.__name__ = build_token.__qualname__ = "build_token"
    build_token.__doc__ = f"As RtcTokenBuilder.build_token_with_rtm2, with {service.__name__} too."
    return build_token
