"""The vendor's ``RtcTokenBuilder``: version 006."""

from __future__ import annotations

import os
import sys

from .. import _backend
from ..builders import Role_Admin, Role_Attendee, Role_Publisher, Role_Subscriber, rtc006
from ..builders import RtcRole as RtcRole
from ..privileges import JOIN_AND_PUBLISH
from . import AccessToken as _access_token
from .AccessToken import *

__all__ = [
    "Role_Admin",
    "Role_Attendee",
    "Role_Publisher",
    "Role_Subscriber",
    "RtcTokenBuilder",
    "os",
    "sys",
]
__all__ += _access_token.__all__


class RtcTokenBuilder(rtc006.RtcTokenBuilder):
    """With the two methods that the newest generation of version 006 has besides."""

    @staticmethod
    def buildTokenWithUserAccountAndPrivilege(
        appId: str,
        appCertificate: str,
        channelName: str,
        account: int | str,
        joinChannelPrivilegeExpiredTs: int,
        pubAudioPrivilegeExpiredTs: int,
        pubVideoPrivilegeExpiredTs: int,
        pubDataStreamPrivilegeExpiredTs: int,
    ) -> str:
        """A version 006 token to join and publish, each until its own time (since 1970)."""
        expiries = (
            joinChannelPrivilegeExpiredTs,
            pubAudioPrivilegeExpiredTs,
            pubVideoPrivilegeExpiredTs,
            pubDataStreamPrivilegeExpiredTs,
        )
        return _backend.build006(
            appId, appCertificate, channelName, account, JOIN_AND_PUBLISH, expiries
        )

    @staticmethod
    def buildTokenWithUidAndPrivilege(
        appId: str,
        appCertificate: str,
        channelName: str,
        uid: int | str,
        joinChannelPrivilegeExpiredTs: int,
        pubAudioPrivilegeExpiredTs: int,
        pubVideoPrivilegeExpiredTs: int,
        pubDataStreamPrivilegeExpiredTs: int,
    ) -> str:
        """As :meth:`buildTokenWithUserAccountAndPrivilege`, for a uid; 0 stands for anybody."""
        expiries = (
            joinChannelPrivilegeExpiredTs,
            pubAudioPrivilegeExpiredTs,
            pubVideoPrivilegeExpiredTs,
            pubDataStreamPrivilegeExpiredTs,
        )
        return _backend.build006(
            appId, appCertificate, channelName, uid, JOIN_AND_PUBLISH, expiries
        )
