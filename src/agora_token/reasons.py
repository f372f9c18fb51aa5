"""The reasons for which a token is refused: the number, the error and the message of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from . import errors
from ._demands import Demands
from ._wording import duration, listed, shown, time_text
from .services import service_name
from .token_info import TokenInfo


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
    """No service of the type that was asked for, or none with a channel, uid or user ID at all."""
    WRONG_CHANNEL = 7
    """Issued for another channel."""
    WRONG_USER = 8
    """Issued for another user."""
    NOT_YET_ISSUED = 9
    """Issued in the future."""
    EXPIRED = 10
    """Its life is over."""
    MISSING_PRIVILEGE = 11
    """Does not grant a privilege that was asked for."""
    EXPIRED_PRIVILEGE = 12
    """Grants a privilege that was asked for, but no longer."""

    @property
    def error(self) -> type[errors.TokenError]:
        """The class of the error that :func:`~agora_token.verify` raises for it."""
        return _REFUSALS[self][0]


class Refusal(NamedTuple):
    """A refused token and what was asked of it: all that a message is made from."""

    info: TokenInfo
    demands: Demands
    asked: Mapping[str, object]
    """The channel, uid and user ID that were given, by name."""

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
    opened = listed([each.name for each in refusal.info.services]) or "no service"
    service = refusal.demands.service
    wanted = refusal.wanted() if service is None else f"service {service_name(service)}"
    return f"the token opens {opened}; it has nothing for {wanted}"


def _wrong_channel_or_user(refusal: Refusal) -> str:
    info = refusal.info
    if info.version == "006":
        place = f"a channel with CRC-32 {info.channel_crc:08x} and a uid with {info.uid_crc:08x}"
    else:
        place = listed([str(each) for each in info.services], "or")
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
    wanted = listed([str(each) for each in refusal.demands.privileges])
    return (
        f"the token does not grant all of the privileges {wanted}; it grants: {_granted(refusal)}"
    )


def _expired_privilege(refusal: Refusal) -> str:
    wanted = listed([str(each) for each in refusal.demands.privileges])
    return f"a privilege asked for (of {wanted}) has expired; the token grants: {_granted(refusal)}"


def _granted(refusal: Refusal) -> str:
    services = refusal.info.services
    return listed([str(each) for service in services for each in service.privileges]) or "none"


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
}
