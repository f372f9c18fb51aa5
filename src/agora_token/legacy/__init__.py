"""The keys that came before access tokens (SDKs older than 2.1), for whoever must still issue them.

Agora has deprecated them.  The first use of each kind in a process gives a
:class:`DeprecationWarning`; importing this package does not.
"""

from .dynamic_key import (
    KeyService,
    Upload,
    dynamic_key1,
    dynamic_key2,
    dynamic_key3,
    dynamic_key4,
    dynamic_key5,
    in_channel_permission_key5,
)
from .signaling_token import signaling_token

__all__ = [
    "KeyService",
    "Upload",
    "dynamic_key1",
    "dynamic_key2",
    "dynamic_key3",
    "dynamic_key4",
    "dynamic_key5",
    "in_channel_permission_key5",
    "signaling_token",
]
