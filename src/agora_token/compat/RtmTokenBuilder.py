"""The vendor's ``RtmTokenBuilder``: version 006."""

import os
import sys

from ..builders import Role_Rtm_User
from ..builders.rtm006 import RtmTokenBuilder
from . import AccessToken as _access_token
from .AccessToken import *

__all__ = ["Role_Rtm_User", "RtmTokenBuilder", "os", "sys"]
__all__ += _access_token.__all__
