"""The vendor's ``SignalingToken``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import hashlib
import warnings

from ..legacy import _formats
from ..legacy._deprecation import deprecated

__all__ = ["generateSignalingToken", "hashlib", "warnings"]


@deprecated("the signaling token")
def generateSignalingToken(
    account: str, appID: str, appCertificate: str, expiredTsInSeconds: object
) -> str:
    return _formats.signaling(account, appID, appCertificate, expiredTsInSeconds)
