"""RTC (audio and video): tokens to join a channel, alone or with RTM."""

from __future__ import annotations

from typing import Final

from .. import _backend
from ..privileges import JOIN_AND_PUBLISH, JOIN_ONLY, Role
from ._rtc_rtm import LOGIN, RTC, RTM, rtc_and_rtm

Role_Attendee: Final = Role.ATTENDEE.value
Role_Publisher: Final = Role.PUBLISHER.value
Role_Subscriber: Final = Role.SUBSCRIBER.value
Role_Admin: Final = Role.ADMIN.value

# Every method is one call of a backend, with no object or function on the way: this is what token
# servers run.


class RtcTokenBuilder:
    """Tokens for RTC: version 006 in camelCase, version 007 in snake_case."""

    @staticmethod
    def buildTokenWithUid(
        appId: str,
        appCertificate: str,
        channelName: str,
        uid: int | str,
        role: int,
        privilegeExpiredTs: int,
    ) -> str:
        """A version 006 token to join; and to publish, unless the role is the subscriber's.

        ``uid`` 0 stands for anybody.  ``privilegeExpiredTs`` is in seconds since 1970, 0 the end of
        the token, 24 hours from now.
        """
        return _backend.build006(
            appId,
            appCertificate,
            channelName,
            uid,
            JOIN_AND_PUBLISH if role in (0, 1, 101) else JOIN_ONLY,
            privilegeExpiredTs,
        )

    @staticmethod
    def buildTokenWithAccount(
        appId: str,
        appCertificate: str,
        channelName: str,
        account: int | str,
        role: int,
        privilegeExpiredTs: int,
    ) -> str:
        """As :meth:`buildTokenWithUid`, for a user account."""
        return _backend.build006(
            appId,
            appCertificate,
            channelName,
            account,
            JOIN_AND_PUBLISH if role in (0, 1, 101) else JOIN_ONLY,
            privilegeExpiredTs,
        )

    buildTokenWithUserAccount = buildTokenWithAccount

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
                    JOIN_AND_PUBLISH if role == 1 else JOIN_ONLY,
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
                    JOIN_AND_PUBLISH if role == 1 else JOIN_ONLY,
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
                    JOIN_AND_PUBLISH if role == 1 else JOIN_ONLY,
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
            app_id,
            app_certificate,
            rtc_and_rtm(
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
            rtc_token_expire,
        )
