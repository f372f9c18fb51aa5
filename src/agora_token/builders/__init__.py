"""The vendor's builders, by their own names and signatures, straight over the backends.

They check as little as the vendor's do and return what those return: a version 007 builder gives
``""`` for an App ID or certificate that is not 32 hex digits, a role that does not exist silently
means to join only.  :class:`agora_token.Issuer` refuses such values and says why.

In camelCase are the methods of version 006, whose privileges end at a time in seconds since 1970;
in snake_case those of 007, where every expiry is in seconds from now.  ``rtc006``, ``rtc007``,
``rtm006`` and ``rtm007`` have one generation each, :mod:`agora_token.compat` has them under the
vendor's module names.
"""

from ._roles import (
    Role_Admin,
    Role_Attendee,
    Role_Publisher,
    Role_Rtm_User,
    Role_Subscriber,
    RtcRole,
)
from .apaas import ApaasTokenBuilder
from .both import RtcTokenBuilder, RtmTokenBuilder
from .chat import ChatTokenBuilder
from .convoai import ConvoAITokenBuilder
from .education import EducationTokenBuilder
from .fpa import FpaTokenBuilder
from .stt import SttTokenBuilder

__all__ = [
    "ApaasTokenBuilder",
    "ChatTokenBuilder",
    "ConvoAITokenBuilder",
    "EducationTokenBuilder",
    "FpaTokenBuilder",
    "Role_Admin",
    "Role_Attendee",
    "Role_Publisher",
    "Role_Rtm_User",
    "Role_Subscriber",
    "RtcRole",
    "RtcTokenBuilder",
    "RtmTokenBuilder",
    "SttTokenBuilder",
]
