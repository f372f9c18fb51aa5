"""The vendor's ``DynamicKey``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import ctypes
import hmac
import warnings
from hashlib import sha1
from typing import Any

from ..legacy import _formats
from ..legacy._deprecation import deprecated

__all__ = ["ctypes", "generate", "generateSignaure", "hmac", "sha1", "warnings"]


@deprecated("dynamic key 1")
def generateSignaure(
    appID: str, appCertificate: str, channelName: object, unixTs: object, randomInt: Any
) -> str:
    return _formats.signature(appID, appCertificate, channelName, unixTs, randomInt)


@deprecated("dynamic key 1")
def generate(
    appID: str, appCertificate: str, channelName: object, unixTs: object, randomInt: Any
) -> str:
    return _formats.key1(appID, appCertificate, channelName, unixTs, randomInt)
