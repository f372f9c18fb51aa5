"""The token functions of the vendor's SDK for agents (``agora_agent.agentkit.token``).

They check the project's App ID and certificate and raise :class:`InvalidInputError` for bad ones;
all other values are written as they are given, as the builders do.
"""

from __future__ import annotations

from .._checks import check_app_id, check_certificate
from .._wording import shown
from ..builders import Role_Publisher, Role_Subscriber
from ..builders.rtc007 import RtcTokenBuilder
from ..errors import InvalidUserError
from ..privileges import MAX_LIFETIME

__all__ = [
    "DEFAULT_EXPIRY_SECONDS",
    "MAX_EXPIRY_SECONDS",
    "ROLE_PUBLISHER",
    "ROLE_SUBSCRIBER",
    "generate_convo_ai_token",
    "generate_rtc_token",
]

DEFAULT_EXPIRY_SECONDS = MAX_EXPIRY_SECONDS = MAX_LIFETIME
ROLE_PUBLISHER = Role_Publisher
ROLE_SUBSCRIBER = Role_Subscriber


def generate_convo_ai_token(
    app_id: str,
    app_certificate: str,
    channel_name: str,
    uid: int | None = None,
    token_expire: int = DEFAULT_EXPIRY_SECONDS,
    privilege_expire: int = 0,
    *,
    account: str | None = None,
) -> str:
    """A version 007 token for RTC and RTM, as a conversational agent and its REST API take it.

    ``uid`` is the integer of a user, an agent or an avatar; earlier versions of the SDK call it
    ``account`` and take its text.  ``token_expire`` is in seconds from now; ``privilege_expire``
    too, 0 standing for the same.  See :meth:`agora_token.Issuer.authorization` for the header.
    """
    check_app_id(app_id)
    check_certificate(app_certificate)
    given = uid if account is None else account
    if given is None or isinstance(given, (bool, bytes, float)):
        raise InvalidUserError(f"uid is {shown(given)}; it must be an integer, or account a string")
    return RtcTokenBuilder.build_token_with_rtm(
        app_id,
        app_certificate,
        channel_name,
        str(given),  # "0" too: RTM has no user for anybody
        Role_Publisher,
        token_expire,
        privilege_expire or token_expire,
    )


def generate_rtc_token(
    app_id: str,
    app_certificate: str,
    channel: str,
    uid: int,
    role: int = ROLE_PUBLISHER,
    expiry_seconds: int = DEFAULT_EXPIRY_SECONDS,
) -> str:
    """A version 007 token to join a channel, and to publish, for the role of a publisher."""
    check_app_id(app_id)
    check_certificate(app_certificate)
    return RtcTokenBuilder.build_token_with_uid(
        app_id, app_certificate, channel, uid, role, expiry_seconds, expiry_seconds
    )
