"""Agora access tokens: issued, read and verified.

Begin with :class:`Issuer`; :func:`read`, :func:`verify` and :func:`explain` are about tokens that
exist.  The rest are the services of version 007, and the names that code for the vendor's Python
modules imports.
"""

import sys
from importlib import import_module

from ._backend import BackendInfo, backend_info
from ._vendor_modules import VendorModules
from .errors import AgoraTokenError
from .issuer import Issuer
from .privileges import Privilege, Role

__version__ = "0.1.0"

# What is imported with its first use: a server that only issues need not load the rest, nor wait.
_LATER = {
    "_fields": ("check_account", "check_channel"),
    "builders.access_token": (
        "AccessToken",
        "SimpleTokenBuilder",
        "kAdministrateChannel",
        "kInvitePublishAudioStream",
        "kInvitePublishDataStream",
        "kInvitePublishVideoStream",
        "kJoinChannel",
        "kPublishAudioStream",
        "kPublishAudiocdn",
        "kPublishDataStream",
        "kPublishVideoCdn",
        "kPublishVideoStream",
        "kRequestPublishAudioStream",
        "kRequestPublishDataStream",
        "kRequestPublishVideoStream",
        "kRtmLogin",
    ),
    "builders.access_token2": ("AccessToken2",),
    "builders": (
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
    ),
    "explaining": ("Diagnosis", "explain"),
    "reading": ("read",),
    "reasons": ("Reason",),
    "services": (
        "ApaasService",
        "ChatService",
        "ConvoAIService",
        "FCdnService",
        "FpaService",
        "Rtm2Service",
        "RtcService",
        "RtmService",
        "StreamingService",
        "SttService",
    ),
    "token_info": ("TokenInfo",),
    "verifying": ("verify", "verify_many", "verify_signature"),
}
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "AgoraTokenError",
    "BackendInfo",
    "Issuer",
    "Privilege",
    "Role",
    "__version__",
    "backend_info",
    *_MODULE_OF,
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.meta_path.append(VendorModules)
