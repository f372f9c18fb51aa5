"""RTM (messaging), version 006: tokens to log in."""

from __future__ import annotations

from typing import Final

from .. import _backend
from ..privileges import Privilege

_LOGIN: Final = (Privilege.RTM_LOGIN.value,)


class RtmTokenBuilder:
    """Version 006 tokens for RTM, whose login ends at a time in seconds since 1970."""

    @staticmethod
    def buildToken(
        appId: str, appCertificate: str, userAccount: str, role: int, privilegeExpiredTs: int
    ) -> str:
        """A version 006 token to log in as ``userAccount``; ``role`` makes no difference.

        ``privilegeExpiredTs`` is in seconds since 1970, 0 the end of the token, 24 hours from now.
        """
        return _backend.build006(appId, appCertificate, userAccount, "", _LOGIN, privilegeExpiredTs)
