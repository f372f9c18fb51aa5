"""Every error that this package raises: one tree under :class:`AgoraTokenError`.

A message says what was given (never a secret), what is allowed and what to do about it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .token_info import TokenInfo


class AgoraTokenError(ValueError):
    """The root of the tree.  A :class:`ValueError`, as the vendor's own parsers raise."""

    row: int | None = None
    """The index (from 0) of the row that is at fault, where a whole column was given."""

    def at_row(self, row: int) -> AgoraTokenError:
        """The same error, naming the row of the column that it is about."""
        located = type(self)(f"row {row}: {self}")
        located.row = row
        return located


class BackendError(AgoraTokenError, ImportError):
    """The wanted implementation is unknown, missing or broken (see ``AGORA_TOKEN_BACKEND``)."""


class ConfigurationError(AgoraTokenError):
    """A setting that is needed, such as ``AGORA_APP_ID``, is missing from the environment."""


class InvalidInputError(AgoraTokenError):
    """A value that no token can be issued for."""


class InvalidAppIdError(InvalidInputError):
    """An App ID that is not 32 hexadecimal digits."""


class InvalidCertificateError(InvalidInputError):
    """An App Certificate that is not 32 hexadecimal digits.  The value is never shown."""


class InvalidChannelError(InvalidInputError):
    """A channel name (or room) that is missing, too long or holds a character not allowed."""


class InvalidUserError(InvalidInputError):
    """A uid out of range, or an account or user ID that is too long or not allowed."""


class InvalidRoleError(InvalidInputError):
    """A role that does not exist."""


class InvalidPrivilegeError(InvalidInputError):
    """A privilege that the service does not have."""


class InvalidLifetimeError(InvalidInputError):
    """A lifetime that is 0 or less, longer than 24 hours, or not a number of seconds."""


class InvalidSaltError(InvalidInputError):
    """A salt outside 0 to 2**32-1."""


class InvalidTimeError(InvalidInputError):
    """A time of issue that a token cannot carry."""


class ColumnError(InvalidInputError):
    """Columns that do not fit together, or that are of a type that cannot be read."""


class PackingError(InvalidInputError, struct.error):
    """A value that does not fit its place in a token.

    Also a :class:`struct.error`, which is what the vendor's code raises for it.
    """


class TokenError(AgoraTokenError):
    """Something is wrong with a token that was given to be read or verified."""

    read_info: Callable[[], TokenInfo] | None = None
    """Reads :attr:`info`."""

    @property
    def info(self) -> TokenInfo | None:
        """What the token says of itself, as far as it can be read; it proves nothing."""
        try:
            return None if self.read_info is None else self.read_info()
        except TokenError:
            return None


class MalformedTokenError(TokenError):
    """The text is not a token: cut short, altered, or not of the form of its version."""


class UnsupportedVersionError(TokenError):
    """The text does not begin with a version that is known."""


class VerificationError(TokenError):
    """The token is well formed, but it is not valid for what was asked."""


class WrongAppIdError(VerificationError):
    """The token was issued for another App ID."""


class UnverifiableTokenError(VerificationError):
    """Not enough was given to check the signature (006 needs channel and uid)."""


class BadSignatureError(VerificationError):
    """No certificate given produces the token's signature."""


class WrongChannelError(VerificationError):
    """The token was issued for another channel."""


class WrongUserError(VerificationError):
    """The token was issued for another user."""


class ExpiredTokenError(VerificationError):
    """The token has expired."""


class NotYetIssuedError(VerificationError):
    """The token's time of issue lies in the future."""


class MissingServiceError(VerificationError):
    """The token does not carry the service that was asked for."""


class MissingPrivilegeError(VerificationError):
    """The token does not grant a privilege that was asked for."""


class ExpiredPrivilegeError(VerificationError):
    """The token grants the privilege that was asked for, but no longer."""


class InvalidNameError(VerificationError):
    """The token carries an App ID, channel or user that its service cannot have."""
