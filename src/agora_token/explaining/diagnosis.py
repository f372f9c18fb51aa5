"""What is found: causes, findings and the diagnosis that they make up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..token_info import TokenInfo


class Cause(str, Enum):
    """What may be wrong with a token, the most likely first.

    Where one cause hides another, the hiding one stands first: a text that was damaged in
    transport comes before anything that the repaired text says.
    """

    ENCODED_AGAIN = "encoded_again"
    """The token was encoded once more, in base64 or hex."""
    URL_ENCODED = "url_encoded"
    """``%2B`` and the like in the text, or spaces where ``+`` was."""
    LINE_BREAK = "line_break"
    """A line break inside the text."""
    SURROUNDED = "surrounded"
    """White space, quotes or ``Bearer`` around the text."""
    URL_SAFE_BASE64 = "url_safe_base64"
    """The base64 alphabet of URLs (``-`` and ``_``), which tokens do not use."""
    VERSION_LOST = "version_lost"
    """The digits of the version are missing."""
    MALFORMED_APP_ID = "malformed_app_id"
    """The App ID in a version 006 token is missing, or is none."""
    CUT_SHORT = "cut_short"
    """The end of the text is missing."""
    LEGACY_VERSION = "legacy_version"
    """A dynamic key or signaling token, from before SDK 2.1."""
    NOT_A_TOKEN = "not_a_token"
    """The text is empty, or something else: an App ID, another product's token, a placeholder."""
    ALTERED = "altered"
    """The text was a token once, or looks like one, but characters of it were changed."""
    EXPIRED = "expired"
    """The token has expired."""
    MILLISECONDS = "milliseconds"
    """Milliseconds were given where seconds were meant."""
    OVER_BEFORE_ISSUE = "over_before_issue"
    """A privilege was over before the token was issued."""
    EXPIRY_IS_TIMESTAMP = "expiry_is_timestamp"
    """A timestamp was given where seconds were meant."""
    EXPIRY_IS_SECONDS = "expiry_is_seconds"
    """Seconds were given where a timestamp was meant."""
    OTHER_APP_ID = "other_app_id"
    """The token is of another project."""
    APP_ID_CASE = "app_id_case"
    """The App ID has other letter case."""
    OTHER_SERVICE = "other_service"
    """The token is for another product, such as RTC where RTM was wanted."""
    ACCOUNT_FIELD = "account_field"
    """The account of an RTM token stands in the wrong field."""
    CHANNEL_CASE = "channel_case"
    """The channel has other letter case."""
    CHANNEL_SPACE = "channel_space"
    """The channel has white space around it, on one side."""
    SWAPPED = "swapped"
    """Channel and uid were given in each other's place."""
    UID_ZERO_AT_CLIENT = "uid_zero_at_client"
    """The client joins with 0, and the token is for one uid."""
    UID_BEYOND_32_BITS = "uid_beyond_32_bits"
    """The uid does not fit 32 bits, of which SDKs keep the lowest."""
    UID_ZERO_AS_TEXT = "uid_zero_as_text"
    """The uid is the text ``"0"``, which is not the number 0 for anybody."""
    UID_TEXT = "uid_text"
    """The uid was signed as text, or an account where a number is used, or the reverse."""
    USER_CASE = "user_case"
    """The account or user ID differs in letter case or white space."""
    OTHER_CHANNEL = "other_channel"
    """The token is for another channel."""
    OTHER_USER = "other_user"
    """The token is for another user."""
    WRONG_CERTIFICATE = "wrong_certificate"
    """The token was signed with another certificate."""
    NOT_YET_ISSUED = "not_yet_issued"
    """The time of issue lies in the future."""
    INVALID_NAME = "invalid_name"
    """The token carries an App ID, channel or user that its service cannot have."""
    TWO_IN_ONE = "two_in_one"
    """A version 006 token was asked for a channel and uid and for a user ID at once."""
    SUBSCRIBER = "subscriber"
    """The token lets its holder join, but not publish."""
    PRIVILEGE_EXPIRED = "privilege_expired"
    """A privilege ended before the token."""
    PRIVILEGE_MISSING = "privilege_missing"
    """A privilege is not granted."""
    REFUSED = "refused"
    """Something else that ``verify`` refuses; the evidence is its message."""
    LIFETIME_OVER_24_HOURS = "lifetime_over_24_hours"
    """The token asks to live longer than the service lets it."""
    FOR_ANYBODY = "for_anybody"
    """The token is for every user, or for every channel."""
    SPLIT = "split"
    """In version 006, the holder of a token for another channel can have made this one."""
    NOT_CHECKED = "not_checked"
    """Something could not be checked with what was given."""


_ORDER = {cause: position for position, cause in enumerate(Cause)}


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    cause: Cause
    evidence: str
    """What shows it."""
    remedy: str
    """What to do about it."""
    refuses: bool = True
    """Whether the token is refused for it; if not, it is good to know."""

    def __str__(self) -> str:
        return f"{self.evidence}\nremedy: {self.remedy}"


@dataclass(frozen=True)
class Diagnosis:
    """What was found about a token, the most likely cause of its refusal first."""

    findings: tuple[Finding, ...]
    info: TokenInfo | None
    """What the token says, after undoing damage to its text; None where it cannot be read."""

    @classmethod
    def of(cls, findings: Iterable[Finding], info: TokenInfo | None) -> Diagnosis:
        """The findings in their order, those that refuse the token first."""
        ordered = sorted(findings, key=lambda each: (not each.refuses, _ORDER[each.cause]))
        return cls(tuple(ordered), info)

    @property
    def valid(self) -> bool:
        """Whether nothing was found for which the token is refused."""
        return not any(finding.refuses for finding in self.findings)

    @property
    def causes(self) -> tuple[Cause, ...]:
        return tuple(finding.cause for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        return {
            "valid": self.valid,
            "findings": [
                {
                    "cause": finding.cause.value,
                    "evidence": finding.evidence,
                    "remedy": finding.remedy,
                    "refuses": finding.refuses,
                }
                for finding in self.findings
            ],
            "info": None if self.info is None else self.info.to_dict(),
        }

    def __str__(self) -> str:
        if not self.findings:
            return "The token is valid."
        heading = "No fault was found." if self.valid else "The token is refused."
        if {each.cause for each in self.findings if each.refuses} == {Cause.NOT_CHECKED}:
            heading = "The token cannot be verified with what is given."
        lines = [heading]
        for number, finding in enumerate(self.findings, 1):
            lines += [
                f"{number}. {finding.cause.value.replace('_', ' ')}",
                f"   {finding.evidence}",
                f"   remedy: {finding.remedy}",
            ]
        return "\n".join(lines)
