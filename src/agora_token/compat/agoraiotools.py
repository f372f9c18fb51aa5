"""The package agoraiotools of PyPI: both versions, and the dynamic keys."""

from ..builders import ApaasTokenBuilder, EducationTokenBuilder, FpaTokenBuilder, rtm007
from ..builders.rtc006 import RtcTokenBuilder
from ..builders.rtc007 import RtcTokenBuilder as RtcTokenBuilder2
from ..builders.rtm006 import RtmTokenBuilder
from .ChatTokenBuilder2 import *
from .ChatTokenBuilder2 import AccessToken as AccessToken  # the package's is that of 007, too
from .ChatTokenBuilder2 import AccessToken2
from .DynamicKey3 import *
from .DynamicKey5 import *
from .SignalingToken import *
from .utils import *

__all__ = [
    "AccessToken",
    "AccessToken2",
    "ApaasTokenBuilder",
    "EducationTokenBuilder",
    "FpaTokenBuilder",
    "RtcTokenBuilder",
    "RtcTokenBuilder2",
    "RtmTokenBuilder",
    "RtmTokenBuilder2",
]


class RtmTokenBuilder2:
    """Version 007 tokens for RTM: the one method that agoraiotools has."""

    build_token = staticmethod(rtm007.RtmTokenBuilder.build_token)
