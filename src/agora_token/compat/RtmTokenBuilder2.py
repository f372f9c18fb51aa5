"""The vendor's ``RtmTokenBuilder2``: version 007."""

from ..builders.rtm007 import RtmTokenBuilder
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["RtmTokenBuilder", "RtmTokenBuilder2"]
__all__ += _access_token2.__all__

RtmTokenBuilder2 = RtmTokenBuilder
"""What ``agoraiotools`` calls it."""
