"""Conversational AI: tokens for it, for RTC and for RTM in one."""

from __future__ import annotations

from typing import Final

from .. import _backend
from ._rtc_rtm import rtc_and_rtm

_CONVO_AI: Final = (9, (), 0, (), b"")


class ConvoAITokenBuilder:
    """Version 007 tokens for Conversational AI."""

    @staticmethod
    def build_token(
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
    ) -> str:
        """The token of :meth:`RtcTokenBuilder.build_token_with_rtm2`, for Conversational AI too."""
        return _backend.build007(
            app_id,
            app_certificate,
            (
                *rtc_and_rtm(
                    channel_name,
                    rtc_account,
                    rtc_role,
                    join_channel_privilege_expire,
                    pub_audio_privilege_expire,
                    pub_video_privilege_expire,
                    pub_data_stream_privilege_expire,
                    rtm_user_id,
                    rtm_token_expire,
                ),
                _CONVO_AI,
            ),
            rtc_token_expire,
        )
