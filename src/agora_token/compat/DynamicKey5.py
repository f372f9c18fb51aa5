"""The vendor's ``DynamicKey5``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import base64
import ctypes
import hmac
import warnings
from hashlib import sha1
from typing import Any

from ..legacy import _formats
from ..legacy._deprecation import deprecated
from . import Packer
from .Packer import *

__all__ = [
    "ALLOW_UPLOAD_IN_CHANNEL",
    "IN_CHANNEL_PERMISSION",
    "MEDIA_CHANNEL_SERVICE",
    "PUBLIC_SHARING_SERVICE",
    "RECORDING_SERVICE",
    "AudioVideoUpload",
    "NoUpload",
    "base64",
    "ctypes",
    "generateDynamicKey",
    "generateInChannelPermissionKey",
    "generateMediaChannelKey",
    "generatePublicSharingKey",
    "generateRecordingKey",
    "generateSignature",
    "hmac",
    "sha1",
    "warnings",
]
__all__ += Packer.__all__

MEDIA_CHANNEL_SERVICE = 1
RECORDING_SERVICE = 2
PUBLIC_SHARING_SERVICE = 3
IN_CHANNEL_PERMISSION = 4

ALLOW_UPLOAD_IN_CHANNEL = 1

NoUpload = b"0"
AudioVideoUpload = b"3"


@deprecated("dynamic key 5")
def generatePublicSharingKey(
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
) -> str:
    return _formats.key5(
        PUBLIC_SHARING_SERVICE,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, {},
    )  # fmt: skip


@deprecated("dynamic key 5")
def generateRecordingKey(
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
) -> str:
    return _formats.key5(
        RECORDING_SERVICE,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, {},
    )  # fmt: skip


@deprecated("dynamic key 5")
def generateMediaChannelKey(
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
) -> str:
    return _formats.key5(
        MEDIA_CHANNEL_SERVICE,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, {},
    )  # fmt: skip


@deprecated("dynamic key 5")
def generateInChannelPermissionKey(
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
    permission: str | bytes,
) -> str:
    return _formats.key5(
        IN_CHANNEL_PERMISSION,
        appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs,
        {ALLOW_UPLOAD_IN_CHANNEL: permission},
    )  # fmt: skip


@deprecated("dynamic key 5")
def generateDynamicKey(
    servicetype: Any,
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
    extra: dict[Any, Any],
) -> str:
    return _formats.key5(
        servicetype, appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, extra
    )


@deprecated("dynamic key 5")
def generateSignature(
    servicetype: Any,
    appID: str,
    appCertificate: str,
    channelName: str,
    unixTs: Any,
    randomInt: Any,
    uid: Any,
    expiredTs: Any,
    extra: dict[Any, Any],
) -> str:
    return _formats.signature5(
        servicetype, appID, appCertificate, channelName, unixTs, randomInt, uid, expiredTs, extra
    )
