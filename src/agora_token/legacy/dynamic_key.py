"""Dynamic keys, generations 1 to 5: what the media SDK took before access tokens.

In all of them ``issued_at`` and ``expires_at`` are seconds since 1970 (``issued_at`` None is now),
``random_int`` is any 32-bit integer (None is a random one), and ``uid`` is a 32-bit integer, signed
or not: both are taken modulo 2**32.  Keys 1 and 2 carry no version, keys 3 to 5 begin with theirs.

All raise :class:`~agora_token.errors.InvalidInputError`, or the child for the value at fault.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from .._wording import shown
from ..errors import InvalidInputError
from . import _checks, _formats
from ._deprecation import deprecated


class KeyService(IntEnum):
    """What a key of generation 4 or 5 is for."""

    MEDIA_CHANNEL = 1
    """To join a channel."""
    RECORDING = 2
    PUBLIC_SHARING = 3


class Upload(Enum):
    """What a user may send in a channel (key 5)."""

    NOTHING = "0"
    AUDIO_AND_VIDEO = "3"


IN_CHANNEL_PERMISSION = 4
ALLOW_UPLOAD = 1

_KEY4_NAMES = {
    KeyService.MEDIA_CHANNEL: _formats.MEDIA_CHANNEL,
    KeyService.RECORDING: _formats.RECORDING,
    KeyService.PUBLIC_SHARING: _formats.PUBLIC_SHARING,
}


@deprecated("dynamic key 1")
def dynamic_key1(
    app_id: str,
    certificate: str,
    channel: str,
    *,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key for anybody to join ``channel``; it names no user and no end."""
    return _formats.key1(*_checked(app_id, certificate, channel, issued_at, random_int))


@deprecated("dynamic key 2")
def dynamic_key2(
    app_id: str,
    certificate: str,
    channel: str,
    uid: int,
    *,
    expires_at: int,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key for the user ``uid`` to join ``channel``, until ``expires_at``."""
    return _formats.key2(
        *_checked(app_id, certificate, channel, issued_at, random_int),
        _checks.check_uid(uid),
        _checks.check_time(expires_at, "expires_at"),
    )


@deprecated("dynamic key 3")
def dynamic_key3(
    app_id: str,
    certificate: str,
    channel: str,
    uid: int,
    *,
    expires_at: int,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key for the user ``uid`` to join ``channel``, until ``expires_at``."""
    return _formats.key3(
        *_checked(app_id, certificate, channel, issued_at, random_int),
        _checks.check_uid(uid),
        _checks.check_time(expires_at, "expires_at"),
    )


@deprecated("dynamic key 4")
def dynamic_key4(
    service: KeyService,
    app_id: str,
    certificate: str,
    channel: str,
    uid: int,
    *,
    expires_at: int,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key for the user ``uid`` to use ``service`` in ``channel``, until ``expires_at``."""
    return _formats.key4(
        _KEY4_NAMES[_check_service(service)],
        *_checked(app_id, certificate, channel, issued_at, random_int),
        _checks.check_uid(uid),
        _checks.check_time(expires_at, "expires_at"),
    )


@deprecated("dynamic key 5")
def dynamic_key5(
    service: KeyService,
    app_id: str,
    certificate: str,
    channel: str,
    uid: int,
    *,
    expires_at: int,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key for the user ``uid`` to use ``service`` in ``channel``, until ``expires_at``."""
    return _formats.key5(
        _check_service(service),
        *_checked(app_id, certificate, channel, issued_at, random_int),
        _checks.check_uid(uid),
        _checks.check_time(expires_at, "expires_at"),
        {},
    )


@deprecated("dynamic key 5")
def in_channel_permission_key5(
    upload: Upload,
    app_id: str,
    certificate: str,
    channel: str,
    uid: int,
    *,
    expires_at: int,
    issued_at: int | None = None,
    random_int: int | None = None,
) -> str:
    """A key of generation 5 that sets what the user ``uid`` may send in ``channel``."""
    try:
        permission = Upload(upload)
    except ValueError:
        raise InvalidInputError(
            f"upload {upload!r} must be one of agora_token.legacy.Upload"
        ) from None
    return _formats.key5(
        IN_CHANNEL_PERMISSION,
        *_checked(app_id, certificate, channel, issued_at, random_int),
        _checks.check_uid(uid),
        _checks.check_time(expires_at, "expires_at"),
        {ALLOW_UPLOAD: permission.value},
    )


def _checked(
    app_id: str, certificate: str, channel: str, issued_at: int | None, random_int: int | None
) -> tuple[str, str, str, int, int]:
    """What all generations have in common, in the order of the layouts."""
    _checks.check_project(app_id, certificate)
    _checks.check_channel(channel)
    return (
        app_id,
        certificate,
        channel,
        _checks.issue_time(issued_at),
        _checks.random_integer(random_int),
    )


def _check_service(service: KeyService) -> KeyService:
    try:
        return KeyService(service)
    except ValueError:
        raise InvalidInputError(
            f"service {shown(service)} must be one of agora_token.legacy.KeyService"
        ) from None
