"""The reasons for which a token is refused: the number, the error and the message of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final, NamedTuple

from . import errors
from ._demands import Demands
from ._times import time_text, utc
from ._wording import duration, listed, shown
from .privileges import Privilege
from .services import SERVICES, service_name
from .token_info import TokenInfo

_MOST_SHOWN: Final = 8
"""Privileges in a message."""


class Reason(IntEnum):
    """Why a token is refused.  Where several apply, the first in this order is given.

    The order is that of trust.  The text must be a token, of the App ID that was asked for; then
    its signature must hold, and only after that does what it says count: service, channel, user,
    times, privileges.

    A version 006 token signs its channel and user without carrying them, so a wrong one breaks its
    signature; the checksums that it carries then tell a wrong channel from a wrong user, and both
    from a wrong certificate.  So in 006 the reasons 7 and 8 take the place of reason 5.
    """

    VALID = 0
    """Not refused."""
    MALFORMED = 1
    """Not a token: cut short, altered, or not of the form of its version."""
    UNSUPPORTED_VERSION = 2
    """No known version, or a dynamic key or signaling token, which are not verified."""
    WRONG_APP_ID = 3
    """Issued for another App ID."""
    UNVERIFIABLE = 4
    """A 006 token, for which channel and uid (or user_id) were not given."""
    BAD_SIGNATURE = 5
    """Signed with none of the certificates."""
    MISSING_SERVICE = 6
    """No service of the kind that was asked for."""
    WRONG_CHANNEL = 7
    """Issued for another channel."""
    WRONG_USER = 8
    """Issued for another user."""
    NOT_YET_ISSUED = 9
    """Issued in the future."""
    EXPIRED = 10
    """It has expired."""
    MISSING_PRIVILEGE = 11
    """Does not grant a privilege that was asked for, or that lets its holder in."""
    EXPIRED_PRIVILEGE = 12
    """Grants such a privilege, but no longer."""
    INVALID_NAME = 13
    """Carries an App ID, channel or user that its service cannot have."""

    @property
    def error(self) -> type[errors.TokenError]:
        """The class of the error that :func:`~agora_token.verify` raises for it."""
        return _REFUSALS[self][0]


class Lacking(NamedTuple):
    """What a refused token lacks: a privilege that it does not grant, or no longer."""

    service: int
    privileges: tuple[int, ...]
    """Any one of these would do; the numbers are those of the token's version."""
    is_way_in: bool
    """Whether nobody gets in without it."""
    ended: int | None
    """The Unix time at which it ended; None where it was never granted."""


@dataclass
class Refusal:
    """A refused token and what was asked of it: all that a message is made from."""

    read_info: Callable[[], TokenInfo]
    """Reads what the token says, for the messages that tell it."""
    demands: Demands
    asked: Mapping[str, object]
    """The channel, uid and user ID that were given, by name."""
    lacking: Lacking | None = None
    name_error: errors.InvalidInputError | None = None

    @cached_property
    def info(self) -> TokenInfo:
        return self.read_info()

    def message(self, reason: Reason) -> str:
        return _REFUSALS[reason][1](self)

    def wanted(self) -> str:
        return listed([f"{name} {shown(value)}" for name, value in self.asked.items()])


def _malformed(refusal: Refusal) -> str:
    return (
        "the token has been altered: it was signed for this channel and uid, but its checksums "
        "are of others"
    )


def _unsupported_version(refusal: Refusal) -> str:
    return (
        f"the token is of version {refusal.info.version}, from before SDK 2.1, which is read but "
        "not verified; issue a version 007 token"
    )


def _wrong_app_id(refusal: Refusal) -> str:
    return f"the token is of App ID {refusal.info.app_id!r}, not of the one asked for"


def _unverifiable(refusal: Refusal) -> str:
    if "user_id" in refusal.asked:
        return "a version 006 token is for a channel and uid, or for a user_id, not for both"
    return (
        "a version 006 token carries only checksums of its channel and uid, and its signature "
        "covers both; give channel and uid (or user_id, for an RTM token) to verify it"
    )


def _bad_signature(refusal: Refusal) -> str:
    return (
        "the signature does not match: the token was signed with another app certificate, or "
        "altered after it was signed"
    )


def _missing_service(refusal: Refusal) -> str:
    opened = listed([each.name for each in refusal.info.services[:_MOST_SHOWN]]) or "no service"
    service = refusal.demands.service
    wanted = refusal.wanted() if service is None else f"service {service_name(service)}"
    return f"the token opens {opened}; it has nothing for {wanted or 'anybody'}"


def _wrong_channel_or_user(refusal: Refusal) -> str:
    info = refusal.info
    if info.version == "006":
        place = f"a channel with CRC-32 {info.channel_crc:08x} and a uid with {info.uid_crc:08x}"
    else:
        place = listed([str(each) for each in info.services[:_MOST_SHOWN]], "or")
    return f"the token is not for {refusal.wanted()}: it is for {place}"


def _not_yet_issued(refusal: Refusal) -> str:
    ahead = duration((refusal.info.issue_ts or 0) - refusal.demands.at)
    return (
        f"the token's time of issue, {time_text(refusal.info.issued_at)}, lies {ahead} in the "
        "future; see whether the clocks are right, or allow a leeway"
    )


def _expired(refusal: Refusal) -> str:
    ago = duration(refusal.demands.at - (refusal.info.expires_ts or 0))
    return f"the token expired {ago} ago, at {time_text(refusal.info.expires_at)}; issue a new one"


def _missing_privilege(refusal: Refusal) -> str:
    lacking = refusal.lacking
    if lacking is None:
        return "the token does not grant a privilege that was asked for"
    without = ", without which nobody gets in" if lacking.is_way_in else ""
    return (
        f"the token does not grant {_lacked(lacking, refusal)}{without}; it grants: "
        f"{_granted(refusal)}; issue it with {_builder(lacking)}, which grants what is needed"
    )


def _expired_privilege(refusal: Refusal) -> str:
    lacking = refusal.lacking
    if lacking is None or lacking.ended is None:
        return "a privilege that was asked for has expired"
    ago = duration(refusal.demands.at - lacking.ended)
    without = ", without which nobody gets in" if lacking.is_way_in else ""
    at = time_text(utc(lacking.ended))
    return (
        f"{_lacked(lacking, refusal)} ended {ago} ago, at {at}{without}; issue a new token, whose "
        "privileges last as long as it is to be used"
    )


def _invalid_name(refusal: Refusal) -> str:
    return f"the token carries a name that cannot exist: {refusal.name_error}"


def _lacked(lacking: Lacking, refusal: Refusal) -> str:
    """``rtc's privilege join channel (1)``."""
    known = Privilege if refusal.info.version == "006" else SERVICES[lacking.service].Privilege
    names = [_privilege_name(known, number) for number in lacking.privileges]
    return f"{service_name(lacking.service)}'s privilege {listed(names, 'or')}"


def _privilege_name(known: type[IntEnum] | None, number: int) -> str:
    if known is not None and number in tuple(known):
        return f"{known(number).name.lower().replace('_', ' ')} ({number})"
    return str(number)


def _builder(lacking: Lacking) -> str:
    service = SERVICES[lacking.service]
    return f"{service.issued_by} or {service.__name__}"


def _granted(refusal: Refusal) -> str:
    granted = [each for service in refusal.info.services for each in service.privileges]
    shown_ones = [str(each) for each in granted[:_MOST_SHOWN]]
    if len(granted) > _MOST_SHOWN:
        shown_ones.append(f"{len(granted) - _MOST_SHOWN} more")
    return listed(shown_ones) or "none"


_REFUSALS: Final[dict[Reason, tuple[type[errors.TokenError], Callable[[Refusal], str]]]] = {
    Reason.MALFORMED: (errors.MalformedTokenError, _malformed),
    Reason.UNSUPPORTED_VERSION: (errors.UnsupportedVersionError, _unsupported_version),
    Reason.WRONG_APP_ID: (errors.WrongAppIdError, _wrong_app_id),
    Reason.UNVERIFIABLE: (errors.UnverifiableTokenError, _unverifiable),
    Reason.BAD_SIGNATURE: (errors.BadSignatureError, _bad_signature),
    Reason.MISSING_SERVICE: (errors.MissingServiceError, _missing_service),
    Reason.WRONG_CHANNEL: (errors.WrongChannelError, _wrong_channel_or_user),
    Reason.WRONG_USER: (errors.WrongUserError, _wrong_channel_or_user),
    Reason.NOT_YET_ISSUED: (errors.NotYetIssuedError, _not_yet_issued),
    Reason.EXPIRED: (errors.ExpiredTokenError, _expired),
    Reason.MISSING_PRIVILEGE: (errors.MissingPrivilegeError, _missing_privilege),
    Reason.EXPIRED_PRIVILEGE: (errors.ExpiredPrivilegeError, _expired_privilege),
    Reason.INVALID_NAME: (errors.InvalidNameError, _invalid_name),
}
