"""The checks of what goes into a dynamic key or a signaling token."""

from __future__ import annotations

import secrets
import time
from typing import Final

from .._checks import check_app_id, check_certificate
from .._fields import CHANNEL
from .._wire.values import MAX_U32
from .._wording import shown
from ..errors import InvalidInputError, InvalidSaltError, InvalidTimeError, InvalidUserError

_MIN_I32: Final = -(1 << 31)


def check_project(app_id: str, certificate: str) -> None:
    check_app_id(app_id)
    check_certificate(certificate)


def check_channel(channel: str) -> None:
    CHANNEL.encode(channel)


def check_uid(uid: int) -> int:
    return _check_range(uid, "uid", _MIN_I32, InvalidUserError)


def check_time(timestamp: int, name: str) -> int:
    return _check_range(timestamp, name, 0, InvalidTimeError)


def issue_time(issued_at: int | None) -> int:
    return int(time.time()) if issued_at is None else check_time(issued_at, "issued_at")


def random_integer(random_int: int | None) -> int:
    if random_int is None:
        return secrets.randbits(32)
    return _check_range(random_int, "random_int", _MIN_I32, InvalidSaltError)


def _check_range(value: int, name: str, lowest: int, error: type[InvalidInputError]) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= MAX_U32:
        raise error(f"{name} {shown(value)} must be an integer of {lowest} to {MAX_U32}")
    return value
