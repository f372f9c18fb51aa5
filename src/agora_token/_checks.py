"""The rules for settings: project, times, lifetimes, salts, and what a token is asked for."""

from __future__ import annotations

import operator
import time
from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ._columns import uint32_buffer
from ._wording import shown
from .errors import (
    InvalidAppIdError,
    InvalidCertificateError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    InvalidSaltError,
    InvalidTimeError,
)
from .privileges import MAX_LIFETIME, Role

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    Certificates = str | Sequence[str]
    Seconds = int | timedelta

_HEX_DIGITS: Final = b"0123456789abcdefABCDEF"
_MAX_ISSUED_AT: Final = 0xFFFFFFFF - MAX_LIFETIME


def check_app_id(value: object) -> bytes:
    """The App ID as its 32 ASCII characters, case kept."""
    if not isinstance(value, str):
        raise InvalidAppIdError(
            f"app_id is {type(value).__name__}; it must be 32 hex digits as a string"
        )
    data = value.encode(errors="replace")
    if len(data) != 32 or data.translate(None, _HEX_DIGITS):
        raise InvalidAppIdError(
            f"app_id {shown(value)} is not 32 hex digits (it has {len(value)} characters); "
            "copy it from the project in Agora's console"
        )
    return data


def check_certificate(value: object) -> bytes:
    """The App Certificate as its 32 ASCII characters, case kept; errors never show it."""
    if not isinstance(value, str):
        raise InvalidCertificateError(
            f"the app certificate is {type(value).__name__}; it must be 32 hex digits as a string"
        )
    data = value.encode(errors="replace")
    if len(data) != 32:
        raise InvalidCertificateError(
            f"the app certificate has {len(value)} characters; it must be 32 hex digits"
        )
    if data.translate(None, _HEX_DIGITS):
        raise InvalidCertificateError(
            "the app certificate has a character that is not a hex digit; it must be 32 hex digits"
        )
    return data


def check_certificates(certificates: Certificates) -> tuple[bytes, ...]:
    """The certificates as keys, checked."""
    if certificates is None or isinstance(certificates, (str, bytes)):
        certificates = (certificates,)
    several = tuple(certificates)
    if not several:
        raise InvalidCertificateError("no app certificate is given; at least one is needed")
    return tuple(check_certificate(each) for each in several)


def check_lifetime(expires_in: object) -> int:
    seconds = _seconds(expires_in, "expires_in")
    if not 0 < seconds <= MAX_LIFETIME:
        raise InvalidLifetimeError(
            f"expires_in is {shown(seconds)} seconds; it must be 1 to {MAX_LIFETIME} "
            "(24 hours), counted from now, not a timestamp"
        )
    return seconds


def check_own_expiries(privileges: Mapping[int, Seconds]) -> tuple[tuple[int, int], ...]:
    """Privileges with their expiries in seconds, in ascending order."""
    own = []
    if not isinstance(privileges, Mapping):
        raise InvalidPrivilegeError(
            f"privileges is {shown(privileges)}; it must map privileges to their expiries, such as "
            "{Privilege.PUBLISH_AUDIO_STREAM: 600}"
        )
    for privilege, expiry in privileges.items():
        seconds = _seconds(expiry, f"the expiry of privilege {shown(privilege)}")
        if not 0 <= seconds <= MAX_LIFETIME:
            raise InvalidLifetimeError(
                f"the expiry of privilege {shown(privilege)} is {shown(seconds)} seconds; it must "
                f"be 0 to {MAX_LIFETIME} (24 hours), counted from now, not a timestamp"
            )
        if not _is_integer(privilege):
            raise InvalidPrivilegeError(
                f"privilege {shown(privilege)} is not a number; see agora_token.Privilege"
            )
        own.append((operator.index(privilege), seconds))
    return tuple(sorted(own))


def check_role(role: object) -> Role:
    """A role as its member; names are taken in any letter case."""
    try:
        if isinstance(role, str):
            return Role[role.strip().upper()]
        if _is_integer(role):
            return Role(operator.index(role))  # type: ignore[arg-type]
    except (KeyError, ValueError):
        pass
    allowed = ", ".join(f"{each.name} ({each.value})" for each in Role)
    raise InvalidRoleError(f"role {shown(role)} does not exist; it must be {allowed}")


def check_issued_at(value: Any) -> int | None:
    """A time of issue as a Unix time; None, for now, stays None."""
    if value is None:
        return None
    moment = _unix_time(value, "issued_at")
    if isinstance(moment, float) and hasattr(value, "timestamp"):
        moment = int(moment)  # datetimes have microseconds, and a token the second they lie in
    if not _is_integer(moment) or not 0 <= moment <= _MAX_ISSUED_AT:
        raise InvalidTimeError(
            f"issued_at is {shown(value)}; it must be a Unix time of 0 to {_MAX_ISSUED_AT} "
            "or an aware datetime"
        )
    return int(moment)


def check_moment(at: float | datetime | None) -> int:
    """When a token must be valid, as a Unix time; None is now."""
    moment = time.time() if at is None else _unix_time(at, "at")
    valid = isinstance(moment, (int, float)) and not isinstance(moment, bool)
    if not valid or not 0 <= moment < 1 << 40:
        raise InvalidTimeError(f"at is {shown(at)}; it must be a Unix time or an aware datetime")
    return int(moment)


def check_leeway(leeway: float | timedelta) -> int:
    """By how much clocks may differ, in seconds."""
    seconds = _seconds(leeway, "leeway")
    if not 0 <= seconds < 1 << 32:
        raise InvalidLifetimeError(
            f"leeway is {shown(leeway)}; it must be 0 or more seconds, or a timedelta"
        )
    return seconds


def _unix_time(value: Any, name: str) -> Any:
    if not hasattr(value, "timestamp"):
        return value
    if value.tzinfo is None:
        raise InvalidTimeError(f"{name} {value} has no time zone; give an aware datetime")
    return value.timestamp()


def check_salt(value: Any) -> int | None:
    if value is None:
        return None
    if not _is_integer(value) or not 0 <= value <= 0xFFFFFFFF:
        raise InvalidSaltError(f"salt is {shown(value)}; it must be an integer of 0 to 2**32-1")
    return int(value)


def check_salts(salts: Any, rows: int) -> Any:
    buffer = uint32_buffer(salts)
    if buffer is None:
        try:
            buffer = memoryview(array("I", salts))
        except (TypeError, ValueError, OverflowError):
            raise InvalidSaltError("salts must be a sequence of integers of 0 to 2**32-1") from None
    if len(buffer) != rows:
        raise InvalidSaltError(f"there are {rows} rows, but {len(buffer)} salts")
    return buffer


def _seconds(value: object, name: str) -> int:
    given: Any = value
    # A timedelta; importing datetime would take a while.
    number = given.total_seconds() if hasattr(given, "total_seconds") else given
    if isinstance(number, float) and number.is_integer():
        return int(number)
    if _is_integer(number):
        return operator.index(number)
    raise InvalidLifetimeError(
        f"{name} is {shown(value)}; it must be a whole number of seconds or a timedelta"
    )


def _is_integer(value: object) -> bool:
    """Whether it is one, NumPy's among them; a boolean for a number is a mistake."""
    return hasattr(value, "__index__") and not isinstance(value, bool)
