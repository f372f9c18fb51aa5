"""What may stand in the fields of a token, and the checks at the public edge.

Both backends use these rules.  The native one accepts the plain case by itself (an exact ``str`` of
allowed ASCII, an exact ``int`` in range) and asks the field here about anything else, so that every
refusal, from either backend, is worded in this one place.
"""

from __future__ import annotations

import operator
from typing import Final

from ._wording import shown
from .errors import AgoraTokenError, InvalidChannelError, InvalidUserError

MAX_UID: Final = 0xFFFFFFFF

CHANNEL_CHARACTERS: Final = (
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
"""The 89 characters of channel names and user accounts (document 003)."""

PRINTABLE_CHARACTERS: Final = bytes(range(0x20, 0x7F))


class Field:
    """One kind of value: its name, its limits, and the error that refuses it."""

    __slots__ = (
        "anybody",
        "characters",
        "error",
        "integers",
        "max_bytes",
        "name",
        "unicode",
        "wildcard",
    )

    def __init__(
        self,
        name: str,
        error: type[AgoraTokenError],
        *,
        max_bytes: int,
        characters: bytes,
        integers: bool = False,
        anybody: bool = True,
        unicode: bool = False,
        wildcard: bool = False,
    ) -> None:
        self.name = name
        self.error = error
        self.max_bytes = max_bytes
        self.characters = characters
        """The ASCII characters that are allowed."""
        self.integers = integers
        """Whether an integer of 0 to 2**32-1 is allowed."""
        self.anybody = anybody
        """Whether 0 is among them, which stands for anybody."""
        self.unicode = unicode
        """Whether characters beyond ASCII are allowed."""
        self.wildcard = wildcard
        """Whether the single character ``*`` is allowed, for every channel."""

    def accepts(self, data: bytes) -> bool:
        """Whether bytes of ASCII are plainly allowed; :meth:`encode` says why others are not."""
        return 0 < len(data) <= self.max_bytes and not data.translate(None, self.characters)

    def encode(self, value: object) -> bytes:
        """The bytes that a token carries for ``value``; raises the field's error if it may not."""
        if isinstance(value, str):
            return self._encode_text(value)
        if self.integers and not isinstance(value, bool):
            try:
                number = operator.index(value)  # type: ignore[arg-type]
            except TypeError:
                pass
            else:
                return self._encode_integer(number)
        low = 0 if self.anybody else 1
        allowed = f"an integer of {low} to {MAX_UID} or a string" if self.integers else "a string"
        what = "is missing" if value is None else f"is {type(value).__name__} {shown(value)}"
        raise self.error(f"{self.name} {what}; it must be {allowed}")

    def _encode_integer(self, number: int) -> bytes:
        if not 0 <= number <= MAX_UID:
            low = "uid is 0 (anybody)" if self.anybody else f"{self.name} is 1"
            raise self.error(
                f"{self.name} {shown(number)} is out of range; an integer {low} to {MAX_UID}, "
                "anything else is given as a string"
            )
        if not (number or self.anybody):
            raise self.error(
                f"{self.name} 0 is anybody, and such a token is for one user; give an integer of 1 "
                f"to {MAX_UID} or a string"
            )
        return str(number).encode() if number else b""

    def _encode_text(self, text: str) -> bytes:
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise self.error(
                f"{self.name} {shown(text)} cannot be written as UTF-8: lone surrogate at "
                f"position {error.start}"
            ) from None
        if not data:
            instead = "; give the integer 0 for anybody" if self.integers and self.anybody else ""
            raise self.error(
                f"{self.name} is empty; it must have 1 to {self.max_bytes} bytes{instead}"
            )
        if self.wildcard and data == b"*":
            return data
        if len(data) > self.max_bytes:
            raise self.error(
                f"{self.name} {shown(text)} has {len(data)} bytes; "
                f"at most {self.max_bytes} are allowed"
            )
        if data.translate(None, self.characters):
            self._refuse_character(text)
        return data

    def _refuse_character(self, text: str) -> None:
        """Raises for the first character that is not allowed, if there is one."""
        for position, character in enumerate(text):
            if character.encode() in self.characters or (self.unicode and character > "\x9f"):
                continue
            if self.characters is CHANNEL_CHARACTERS:
                allowed = "a-z A-Z 0-9 space ! # $ % & ( ) + - : ; < = . > ? @ [ ] ^ _ { } | ~ ,"
            else:
                allowed = "printable characters"
            if character == "*" and self.error is InvalidChannelError:
                allowed += " (the wildcard * stands alone, and in version 007 only)"
            raise self.error(
                f"{self.name} {shown(text)} has the character {character!r} at position "
                f"{position}; allowed are {allowed}"
            )


CHANNEL: Final = Field("channel", InvalidChannelError, max_bytes=64, characters=CHANNEL_CHARACTERS)
CHANNEL_OR_WILDCARD: Final = Field(
    "channel", InvalidChannelError, max_bytes=64, characters=CHANNEL_CHARACTERS, wildcard=True
)
USER: Final = Field(
    "uid", InvalidUserError, max_bytes=255, characters=CHANNEL_CHARACTERS, integers=True
)
ACCOUNT: Final = Field(
    "account",
    InvalidUserError,
    max_bytes=64,
    characters=CHANNEL_CHARACTERS,
    integers=True,
    anybody=False,
)
"""A user of RTC that is an RTM user ID too."""
USER_ID: Final = Field(
    "user_id", InvalidUserError, max_bytes=64, characters=PRINTABLE_CHARACTERS, unicode=True
)
ROOM_UUID: Final = Field(
    "room_uuid", InvalidChannelError, max_bytes=64, characters=PRINTABLE_CHARACTERS, unicode=True
)
USER_UUID: Final = Field(
    "user_uuid", InvalidUserError, max_bytes=64, characters=PRINTABLE_CHARACTERS, unicode=True
)


def refuse_open_wildcard(channel: bytes, user: bytes) -> None:
    """Raises for a token that would let anybody into every channel."""
    if channel == b"*" and not user:
        raise InvalidUserError(
            "uid 0 (anybody) with channel '*' (every channel) would open the whole project to "
            "whoever holds the token; give the user's own uid or account"
        )


def check_channel(channel: str, *, wildcard: bool = False) -> str:
    """The channel name, if a token can be issued for it: for forms that accept names beforehand.

    1 to 64 bytes of 89 characters, as :class:`Issuer` has it, raising what it raises
    (:class:`~agora_token.errors.InvalidChannelError`).  ``*``, which opens every channel to its
    holder, passes with ``wildcard=True`` alone.
    """
    (CHANNEL_OR_WILDCARD if wildcard else CHANNEL).encode(channel)
    return channel


def check_account(account: str, *, rtm: bool = False) -> str:
    """The user account, if a token can be issued for it: for forms that accept names beforehand.

    1 to 255 bytes of the characters that channel names have; with ``rtm=True`` at most 64 bytes,
    so that it can be the user ID of RTM as well.  Raises what :class:`Issuer` raises
    (:class:`~agora_token.errors.InvalidUserError`).
    """
    (_ACCOUNT_OF_RTM if rtm else _ACCOUNT_OF_RTC).encode(account)
    return account


_ACCOUNT_OF_RTC: Final = Field(
    "account", InvalidUserError, max_bytes=255, characters=CHANNEL_CHARACTERS
)
_ACCOUNT_OF_RTM: Final = Field(
    "account", InvalidUserError, max_bytes=64, characters=CHANNEL_CHARACTERS
)
