"""The vendor's ``RtcTokenBuilder2``: version 007."""

from ..builders import Role_Publisher, Role_Subscriber
from ..builders import RtcRole as RtcRole
from ..builders.rtc007 import RtcTokenBuilder
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["Role_Publisher", "Role_Subscriber", "RtcTokenBuilder", "RtcTokenBuilder2"]
__all__ += _access_token2.__all__

RtcTokenBuilder2 = RtcTokenBuilder
"""What ``agoraiotools`` calls it."""
