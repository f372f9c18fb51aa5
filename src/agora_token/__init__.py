"""Agora access tokens: issued, read and verified, from a native and a pure backend alike.

What users import is listed here; see ``Issuer`` to begin with.
"""

from ._backend import BackendInfo, backend_info
from .errors import AgoraTokenError
from .issuer import Issuer
from .privileges import Privilege, Role

__version__ = "0.1.0"

__all__ = [
    "AgoraTokenError",
    "BackendInfo",
    "Issuer",
    "Privilege",
    "Role",
    "__version__",
    "backend_info",
]
