"""Version 006: ``AccessToken`` and ``SimpleTokenBuilder``, in the vendor's spelling.

The values are written as they are given; :class:`~agora_token.Issuer` is what checks them.
"""

from __future__ import annotations

import time
from typing import Final

from .. import _backend
from ..errors import TokenError
from ..privileges import MAX_LIFETIME, SIMPLE_BUILDER_PRIVILEGES, Privilege

kJoinChannel: Final = Privilege.JOIN_CHANNEL.value
kPublishAudioStream: Final = Privilege.PUBLISH_AUDIO_STREAM.value
kPublishVideoStream: Final = Privilege.PUBLISH_VIDEO_STREAM.value
kPublishDataStream: Final = Privilege.PUBLISH_DATA_STREAM.value
kPublishAudiocdn: Final = Privilege.PUBLISH_AUDIO_CDN.value
kPublishVideoCdn: Final = Privilege.PUBLISH_VIDEO_CDN.value
kRequestPublishAudioStream: Final = Privilege.REQUEST_PUBLISH_AUDIO_STREAM.value
kRequestPublishVideoStream: Final = Privilege.REQUEST_PUBLISH_VIDEO_STREAM.value
kRequestPublishDataStream: Final = Privilege.REQUEST_PUBLISH_DATA_STREAM.value
kInvitePublishAudioStream: Final = Privilege.INVITE_PUBLISH_AUDIO_STREAM.value
kInvitePublishVideoStream: Final = Privilege.INVITE_PUBLISH_VIDEO_STREAM.value
kInvitePublishDataStream: Final = Privilege.INVITE_PUBLISH_DATA_STREAM.value
kAdministrateChannel: Final = Privilege.ADMINISTRATE_CHANNEL.value
kRtmLogin: Final = Privilege.RTM_LOGIN.value


class AccessToken:
    """A version 006 token to be built, or one that was read.

    ``uid`` is an integer, of which 0 stands for anybody, or an account.
    """

    def __init__(
        self,
        appID: str = "",
        appCertificate: str = "",
        channelName: str = "",
        uid: int | str = "",
    ) -> None:
        self.appID = appID
        self.appCertificate = appCertificate
        self.channelName = channelName
        self.uidStr = "" if uid == 0 else str(uid)
        self.ts = int(time.time()) + MAX_LIFETIME
        """When the token ends, in seconds since 1970."""
        self.salt = _backend.random_salt()
        self.messages: dict[int, int] = {}
        """Privileges and the times they end, in seconds since 1970; 0 is the end of the token."""

    def __repr__(self) -> str:
        return (
            f"AccessToken(appID={self.appID!r}, channelName={self.channelName!r}, "
            f"uidStr={self.uidStr!r}, ts={self.ts!r}, messages={self.messages!r})"
        )

    def addPrivilege(self, privilege: int, expireTimestamp: int) -> None:
        """Grants a privilege until ``expireTimestamp``, in seconds since 1970."""
        self.messages[privilege] = expireTimestamp

    def fromString(self, originToken: str) -> bool:
        """Takes over App ID, salt, ts and privileges of a token.

        Certificate, channel and uid stay, since a token carries checksums of them at most.  False,
        with nothing changed, for what is not a version 006 token.
        """
        # Reading brings in much that building does without, and token servers start often.
        from .._wire.parsing import parse
        from .._wire.token006 import Token006

        try:
            origin = parse(originToken)
        except TokenError:
            return False
        if not isinstance(origin, Token006):
            return False
        self.appID = origin.app_id
        self.salt = origin.salt
        self.ts = origin.ts
        self.messages = origin.privileges
        return True

    def build(self) -> str:
        """The token.  :class:`PackingError` for what does not fit its place."""
        granted = sorted(self.messages.items(), key=_number)
        return _backend.build006(
            self.appID,
            self.appCertificate,
            self.channelName,
            self.uidStr,
            tuple(privilege for privilege, _ in granted),
            tuple(expire for _, expire in granted),
            self.ts,
            self.salt,
        )


class Outcome(int):
    """What a :class:`SimpleTokenBuilder` answers, for callers of both conventions.

    The documents promise 0 for success and a negative number for failure; the vendor's code gave
    True and False.  So ``SUCCESS`` is a true 0 and ``FAILURE`` a false -1: both ``if result:`` and
    ``if result < 0:`` tell them apart, ``SUCCESS`` equals 0 and True, ``FAILURE`` equals -1 and
    False.  (``result is True`` cannot be had, nor can ``True == result`` with the literal first.)
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return self >= 0

    def __eq__(self, other: object) -> bool:
        return bool(self) is other if isinstance(other, bool) else int.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__

    def __repr__(self) -> str:
        return "SUCCESS" if self else "FAILURE"


SUCCESS: Final = Outcome(0)
FAILURE: Final = Outcome(-1)


class SimpleTokenBuilder:
    """Builds a version 006 token for a role, or from another token (documents 000 to 002)."""

    def __init__(self, appID: str, appCertificate: str, channelName: str, uid: int | str) -> None:
        self.token = AccessToken(appID, appCertificate, channelName, uid)

    def initPrivileges(self, role: int) -> Outcome:
        """Replaces the privileges by those of a role, none of which ends before the token.

        ``FAILURE``, with nothing changed, for a role other than 0, 1, 2 and 101.
        """
        privileges = SIMPLE_BUILDER_PRIVILEGES.get(role)
        if privileges is None:
            return FAILURE
        self.token.messages = dict.fromkeys(privileges, 0)
        return SUCCESS

    def initTokenBuilder(self, originToken: str) -> Outcome:
        """Takes over a token's App ID, salt, ts and privileges; see :meth:`AccessToken.fromString`.

        ``FAILURE``, with nothing changed, for what is not a version 006 token.
        """
        return SUCCESS if self.token.fromString(originToken) else FAILURE

    def setPrivilege(self, privilege: int, expireTimestamp: int) -> None:
        """Grants a privilege until ``expireTimestamp``, in seconds since 1970."""
        self.token.addPrivilege(privilege, expireTimestamp)

    def removePrivilege(self, privilege: int) -> Outcome:
        """Takes a privilege away; ``FAILURE`` if it was not granted."""
        return FAILURE if self.token.messages.pop(privilege, None) is None else SUCCESS

    def buildToken(self) -> str:
        """The token; see :meth:`AccessToken.build`."""
        return self.token.build()

    initPrivilige = initPrivileges
    removePriviledge = removePrivilege


def _number(entry: tuple[int, int]) -> int:
    return int(entry[0])
