"""RTM (messaging): tokens to log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from .. import _backend
from .._wire.values import pack_permissions
from ._rtc_rtm import LOGIN, RTM

if TYPE_CHECKING:
    from ..services import Rtm2Permissions

Role_Rtm_User: Final = 1

_RTM2: Final = 8
_RTM_LOGIN: Final = (1000,)


class HasDetails(Protocol):
    """The vendor's way to hold permissions."""

    @property
    def details(self) -> Rtm2Permissions: ...


class RtmTokenBuilder:
    """Tokens for RTM: version 006 in camelCase, version 007 in snake_case."""

    @staticmethod
    def buildToken(
        appId: str, appCertificate: str, userAccount: str, role: int, privilegeExpiredTs: int
    ) -> str:
        """A version 006 token to log in as ``userAccount``; ``role`` makes no difference.

        ``privilegeExpiredTs`` is in seconds since 1970, 0 the end of the token, 24 hours from now.
        """
        return _backend.build006(
            appId, appCertificate, userAccount, "", _RTM_LOGIN, privilegeExpiredTs
        )

    @staticmethod
    def build_token(app_id: str, app_certificate: str, user_id: str, expire: int) -> str:
        """A version 007 token to log in as ``user_id`` that lives ``expire`` seconds."""
        return _backend.build007(
            app_id, app_certificate, ((RTM, LOGIN, expire, (user_id,), b""),), expire
        )

    @staticmethod
    def build_token_with_permissions(
        app_id: str,
        app_certificate: str,
        user_id: str,
        permissions: Rtm2Permissions | HasDetails | None,
        expire: int = 0,
    ) -> str:
        """A version 007 token to log in as ``user_id``, with permissions for single resources.

        ``permissions`` is a mapping, or an object that has it as ``details``, as the vendor's
        ``ServiceRtm2.Permissions`` does.
        """
        details: Any = getattr(permissions, "details", permissions)
        rest = pack_permissions(details or {})
        return _backend.build007(
            app_id, app_certificate, ((_RTM2, LOGIN, expire, (user_id,), rest),), expire
        )
