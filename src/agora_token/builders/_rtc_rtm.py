"""RTC and RTM as a backend takes them: the services that several builders begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..privileges import JOIN_AND_PUBLISH, JOIN_ONLY

if TYPE_CHECKING:
    from .._wire.values import PackedService

RTC: Final = 1
RTM: Final = 2
LOGIN: Final = (1,)


def rtc_and_rtm(
    channel_name: str,
    rtc_account: int | str,
    rtc_role: int,
    join_channel_privilege_expire: int,
    pub_audio_privilege_expire: int,
    pub_video_privilege_expire: int,
    pub_data_stream_privilege_expire: int,
    rtm_user_id: str,
    rtm_token_expire: int,
) -> tuple[PackedService, PackedService]:
    """RTC for a channel, with the publisher's privileges for role 1, and RTM's login."""
    privileges: tuple[int, ...] = JOIN_ONLY
    expiries: tuple[int, ...] = (join_channel_privilege_expire,)
    if rtc_role == 1:
        privileges = JOIN_AND_PUBLISH
        expiries += (
            pub_audio_privilege_expire,
            pub_video_privilege_expire,
            pub_data_stream_privilege_expire,
        )
    return (
        (RTC, privileges, expiries, (channel_name, rtc_account), b""),
        (RTM, LOGIN, rtm_token_expire, (rtm_user_id,), b""),
    )
