"""Chat: tokens for a user, or for a server that calls the REST API."""

from __future__ import annotations

from .. import _backend
from ._packed import CHAT, CHAT_APP, CHAT_USER


class ChatTokenBuilder:
    """Version 007 tokens for Chat."""

    @staticmethod
    def build_user_token(app_id: str, app_certificate: str, user_id: str, expire: int) -> str:
        """A token for the user ``user_id`` that lives ``expire`` seconds."""
        return _backend.build007(
            app_id, app_certificate, ((CHAT, CHAT_USER, expire, (user_id,), b""),), expire
        )

    @staticmethod
    def build_app_token(app_id: str, app_certificate: str, expire: int) -> str:
        """A token for the app itself that lives ``expire`` seconds."""
        return _backend.build007(
            app_id, app_certificate, ((CHAT, CHAT_APP, expire, ("",), b""),), expire
        )
