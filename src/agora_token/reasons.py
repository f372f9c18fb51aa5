"""The reasons for which a token is refused, as numbers and as errors."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from . import errors


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
        return _ERRORS[self]


_ERRORS: Final[dict[Reason, type[errors.TokenError]]] = {
    Reason.MALFORMED: errors.MalformedTokenError,
    Reason.UNSUPPORTED_VERSION: errors.UnsupportedVersionError,
    Reason.WRONG_APP_ID: errors.WrongAppIdError,
    Reason.UNVERIFIABLE: errors.UnverifiableTokenError,
    Reason.BAD_SIGNATURE: errors.BadSignatureError,
    Reason.MISSING_SERVICE: errors.MissingServiceError,
    Reason.WRONG_CHANNEL: errors.WrongChannelError,
    Reason.WRONG_USER: errors.WrongUserError,
    Reason.NOT_YET_ISSUED: errors.NotYetIssuedError,
    Reason.EXPIRED: errors.ExpiredTokenError,
    Reason.MISSING_PRIVILEGE: errors.MissingPrivilegeError,
    Reason.EXPIRED_PRIVILEGE: errors.ExpiredPrivilegeError,
}
