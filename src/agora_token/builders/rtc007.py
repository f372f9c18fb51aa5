"""RTC (audio and video), version 007: tokens to join a channel, alone or with RTM."""

from __future__ import annotations

from .. import _backend
from ..privileges import JOIN_AND_PUBLISH, JOIN_ONLY
from ._packed import LOGIN, RTC, RTM, rtc_and_rtm
from ._roles import Role_Publisher, Roles

# Every method is one call of a backend, with no object or function on the way: this is what token
# servers run.


class RtcTokenBuilder(metaclass=Roles):
    """Version 007 tokens for RTC, in which every expiry is in seconds from now."""

    @staticmethod
    def build_token_with_uid(
        app_id: str,
        app_certificate: str,
        channel_name: str,
        uid: int | str,
        role: int,
        token_expire: int,
        privilege_expire: int = 0,
    ) -> str:
        """A version 007 token to join; and to publish, for the role 1.

        ``uid`` 0 stands for anybody.  The token lives ``token_expire`` seconds, its privileges
        ``privilege_expire`` seconds.
        """
        return _backend.build007(
            app_id,
            app_certificate,
            (
                (
                    RTC,
                    JOIN_AND_PUBLISH if role == Role_Publisher else JOIN_ONLY,
                    privilege_expire,
                    (channel_name, uid),
                    b"",
                ),
            ),
            token_expire,
        )

    @staticmethod
    def build_token_with_user_account(
        app_id: str,
        app_certificate: str,
        channel_name: str,
        account: int | str,
        role: int,
        token_expire: int,
        privilege_expire: int = 0,
    ) -> str:
        """As :meth:`build_token_with_uid`, for a user account."""
        return _backend.build007(
            app_id,
            app_certificate,
            (
                (
                    RTC,
                    JOIN_AND_PUBLISH if role == Role_Publisher else JOIN_ONLY,
                    privilege_expire,
                    (channel_name, account),
                    b"",
                ),
            ),
            token_expire,
        )

    @staticmethod
    def build_token_with_uid_and_privilege(
        app_id: str,
        app_certificate: str,
        channel_name: str,
        uid: int | str,
        token_expire: int,
        join_channel_privilege_expire: int,
        pub_audio_privilege_expire: int,
        pub_video_privilege_expire: int,
        pub_data_stream_privilege_expire: int,
    ) -> str:
        """A version 007 token to join and publish, each for its own number of seconds."""
        expiries = (
            join_channel_privilege_expire,
            pub_audio_privilege_expire,
            pub_video_privilege_expire,
            pub_data_stream_privilege_expire,
        )
        return _backend.build007(
            app_id,
            app_certificate,
            ((RTC, JOIN_AND_PUBLISH, expiries, (channel_name, uid), b""),),
            token_expire,
        )

    @staticmethod
    def build_token_with_user_account_and_privilege(
        app_id: str,
        app_certificate: str,
        channel_name: str,
        account: int | str,
        token_expire: int,
        join_channel_privilege_expire: int,
        pub_audio_privilege_expire: int,
        pub_video_privilege_expire: int,
        pub_data_stream_privilege_expire: int,
    ) -> str:
        """As :meth:`build_token_with_uid_and_privilege`, for a user account."""
        expiries = (
            join_channel_privilege_expire,
            pub_audio_privilege_expire,
            pub_video_privilege_expire,
            pub_data_stream_privilege_expire,
        )
        return _backend.build007(
            app_id,
            app_certificate,
            ((RTC, JOIN_AND_PUBLISH, expiries, (channel_name, account), b""),),
            token_expire,
        )

    @staticmethod
    def build_token_with_rtm(
        app_id: str,
        app_certificate: str,
        channel_name: str,
        account: str,
        role: int,
        token_expire: int,
        privilege_expire: int = 0,
    ) -> str:
        """A version 007 token for RTC and RTM, as the same account.

        The login to RTM lasts as long as the token.
        """
        return _backend.build007(
            app_id,
            app_certificate,
            (
                (
                    RTC,
                    JOIN_AND_PUBLISH if role == Role_Publisher else JOIN_ONLY,
                    privilege_expire,
                    (channel_name, account),
                    b"",
                ),
                (RTM, LOGIN, token_expire, (account,), b""),
            ),
            token_expire,
        )

    @staticmethod
    def build_token_with_rtm2(
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
        """A version 007 token for RTC and RTM, each with its own user and its own expiries.

        The token lives ``rtc_token_expire`` seconds; ``rtm_token_expire`` is that of RTM's login.
        """
        return _backend.build007(
            *rtc_and_rtm(
                app_id,
                app_certificate,
                channel_name,
                rtc_account,
                rtc_role,
                rtc_token_expire,
                join_channel_privilege_expire,
                pub_audio_privilege_expire,
                pub_video_privilege_expire,
                pub_data_stream_privilege_expire,
                rtm_user_id,
                rtm_token_expire,
            )
        )
