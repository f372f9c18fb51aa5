"""The package agora-token-builder of PyPI, version 006: its modules, and classes with its methods.

Roles can be imported here as well, as much code tries to.
"""

from ...builders import Role_Admin, Role_Attendee, Role_Publisher, Role_Rtm_User, Role_Subscriber
from ...builders import RtcRole as RtcRole
from .RtcTokenBuilder import RtcTokenBuilder
from .RtmTokenBuilder import RtmTokenBuilder

__all__ = [
    "Role_Admin",
    "Role_Attendee",
    "Role_Publisher",
    "Role_Rtm_User",
    "Role_Subscriber",
    "RtcRole",
    "RtcTokenBuilder",
    "RtmTokenBuilder",
]
