"""The vendor's ``DynamicKey5``; see :mod:`agora_token.legacy` for the same with checks."""

from __future__ import annotations

import base64
import ctypes
import hmac
import warnings
from hashlib import sha1
from typing import Any

from ..legacy import _formats, dynamic_key
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

MEDIA_CHANNEL_SERVICE = dynamic_key.KeyService.MEDIA_CHANNEL.value
RECORDING_SERVICE = dynamic_key.KeyService.RECORDING.value
PUBLIC_SHARING_SERVICE = dynamic_key.KeyService.PUBLIC_SHARING.value
IN_CHANNEL_PERMISSION = dynamic_key.IN_CHANNEL_PERMISSION

ALLOW_UPLOAD_IN_CHANNEL = dynamic_key.ALLOW_UPLOAD

NoUpload = dynamic_key.Upload.NOTHING.value.encode()
AudioVideoUpload = dynamic_key.Upload.AUDIO_AND_VIDEO.value.encode()


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
