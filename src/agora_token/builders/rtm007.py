"""RTM (messaging), version 007: tokens to log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .. import _backend
from .._wire.values import pack_permissions
from ._packed import LOGIN, RTM, RTM2

if TYPE_CHECKING:
    from ..services import Rtm2Permissions


class HasDetails(Protocol):
    """The vendor's way to hold permissions."""

    @property
    def details(self) -> Rtm2Permissions: ...


class RtmTokenBuilder:
    """Version 007 tokens for RTM, in which every expiry is in seconds from now."""

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
            app_id, app_certificate, ((RTM2, LOGIN, expire, (user_id,), rest),), expire
        )
