"""The vendor's ``DynamicKey3``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import ctypes
import hmac
import warnings
from hashlib import sha1
from typing import Any

from ..legacy import _formats
from ..legacy._deprecation import deprecated

__all__ = ["ctypes", "generate", "generateSignaure", "hmac", "sha1", "warnings"]


@deprecated("dynamic key 3")
def generateSignaure(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
) -> str:
    return _formats.signature(appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs)


@deprecated("dynamic key 3")
def generate(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
) -> str:
    return _formats.key3(appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs)
