"""RTC (audio and video), version 006: tokens to join a channel."""

from __future__ import annotations

from typing import Final

from .. import _backend
from ..privileges import JOIN_AND_PUBLISH, JOIN_ONLY
from ._roles import Role_Admin, Role_Attendee, Role_Publisher, Roles

PUBLISHING: Final = (Role_Attendee, Role_Publisher, Role_Admin)
"""The roles that may publish; any other value means to join only."""

# Every method is one call of a backend, with no object or function on the way: this is what token
# servers run.


class RtcTokenBuilder(metaclass=Roles):
    """Version 006 tokens for RTC, whose privileges end at a time in seconds since 1970."""

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
            JOIN_AND_PUBLISH if role in PUBLISHING else JOIN_ONLY,
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
            JOIN_AND_PUBLISH if role in PUBLISHING else JOIN_ONLY,
            privilegeExpiredTs,
        )
