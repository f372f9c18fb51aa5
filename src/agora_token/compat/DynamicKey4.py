"""The vendor's ``DynamicKey4``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import ctypes
import hmac
import warnings
from hashlib import sha1
from typing import Any

from ..legacy import _formats
from ..legacy._deprecation import deprecated

__all__ = [
    "ctypes",
    "generateDynamicKey",
    "generateMediaChannelKey",
    "generatePublicSharingKey",
    "generateRecordingKey",
    "generateSignature",
    "hmac",
    "sha1",
    "warnings",
]


@deprecated("dynamic key 4")
def generatePublicSharingKey(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
) -> str:
    return _formats.key4(
        _formats.PUBLIC_SHARING,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs,
    )  # fmt: skip


@deprecated("dynamic key 4")
def generateRecordingKey(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
) -> str:
    return _formats.key4(
        _formats.RECORDING,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs,
    )  # fmt: skip


@deprecated("dynamic key 4")
def generateMediaChannelKey(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
) -> str:
    return _formats.key4(
        _formats.MEDIA_CHANNEL,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs,
    )  # fmt: skip


@deprecated("dynamic key 4")
def generateDynamicKey(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
    servicetype: str,
) -> str:
    return _formats.key4(
        servicetype, appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs
    )


@deprecated("dynamic key 4")
def generateSignature(
    appID: str,
    appCertificate: str,
    channelName: object,
    unixTs: object,
    randomInt: Any,
    uid: Any,
    expiredTs: object,
    servicetype: str,
) -> str:
    return _formats.signature(
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, service=servicetype
    )
