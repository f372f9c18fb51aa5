"""The vendor's ``ChatTokenBuilder2``: version 007."""

from ..builders import ChatTokenBuilder
from . import AccessToken2 as _access_token2
from .AccessToken2 import *

__all__ = ["ChatTokenBuilder", "ChatTokenBuilder2"]
__all__ += _access_token2.__all__

ChatTokenBuilder2 = ChatTokenBuilder
"""What ``agoraiotools`` calls it."""
