"""aPaaS (Flexible Classroom): tokens for a user in a room, a user, or the app."""

from __future__ import annotations

from hashlib import md5
from typing import Final

from .. import _backend
from .._wire.values import pack_i16
from ..services import ApaasService
from ._packed import APAAS, APAAS_APP, APAAS_USER, CHAT, CHAT_USER, LOGIN, ROOM_USER, RTM

_NO_ROLE: Final = pack_i16(ApaasService().role, "role")


class ApaasTokenBuilder:
    """Version 007 tokens for aPaaS."""

    @staticmethod
    def build_room_user_token(
        app_id: str, app_certificate: str, room_uuid: str, user_uuid: str, role: int, expire: int
    ) -> str:
        """A token for a user in a room, for RTM and for Chat, that lives ``expire`` seconds.

        ``role`` is -32768 to 32767.  In Chat the user's ID is the MD5 of ``user_uuid`` in hex.
        """
        chat_user_id = md5(user_uuid.encode(), usedforsecurity=False).hexdigest()
        return _backend.build007(
            app_id,
            app_certificate,
            (
                # In the order of the types, which is that of the token.
                (RTM, LOGIN, expire, (user_uuid,), b""),
                (CHAT, CHAT_USER, expire, (chat_user_id,), b""),
                (APAAS, ROOM_USER, expire, (room_uuid, user_uuid), pack_i16(role, "role")),
            ),
            expire,
        )

    @staticmethod
    def build_user_token(app_id: str, app_certificate: str, user_uuid: str, expire: int) -> str:
        """A token for a user that lives ``expire`` seconds."""
        return _backend.build007(
            app_id,
            app_certificate,
            # The sum refuses what is not text, which a backend would take for a user.
            ((APAAS, APAAS_USER, expire, ("", "" + user_uuid), _NO_ROLE),),
            expire,
        )

    @staticmethod
    def build_app_token(app_id: str, app_certificate: str, expire: int) -> str:
        """A token for the app itself that lives ``expire`` seconds."""
        return _backend.build007(
            app_id, app_certificate, ((APAAS, APAAS_APP, expire, ("", ""), _NO_ROLE),), expire
        )
