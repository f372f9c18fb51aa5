"""The token of the signaling SDK, which RTM has replaced."""

from __future__ import annotations

from .._fields import USER
from ..errors import InvalidUserError
from . import _checks, _formats
from ._deprecation import deprecated


@deprecated("the signaling token")
def signaling_token(app_id: str, certificate: str, account: str, *, expires_at: int) -> str:
    """A token for ``account`` to log in, until ``expires_at`` (seconds since 1970).

    ``account`` has 1 to 255 bytes of the characters that channel names have.  Raises
    :class:`~agora_token.errors.InvalidInputError`, or the child for the value at fault.
    """
    _checks.check_project(app_id, certificate)
    if not isinstance(account, str):
        raise InvalidUserError(f"account is {type(account).__name__}; it must be a string")
    USER.encode(account)
    return _formats.signaling(
        account, app_id, certificate, _checks.check_time(expires_at, "expires_at")
    )
