"""``agora_token_builder.RtcTokenBuilder``."""

import os
import sys

from ...builders import Role_Admin, Role_Attendee, Role_Publisher, Role_Subscriber
from ...builders import RtcRole as RtcRole
from ...builders.rtc006 import RtcTokenBuilder
from .. import AccessToken as _access_token
from ..AccessToken import *

__all__ = [
    "Role_Admin",
    "Role_Attendee",
    "Role_Publisher",
    "Role_Subscriber",
    "RtcTokenBuilder",
    "os",
    "sys",
]
__all__ += _access_token.__all__
