"""What a token says of itself, as values and as lines to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._times import time_text
from ._wording import duration
from .privileges import MAX_LIFETIME


@dataclass(frozen=True)
class PrivilegeInfo:
    """One thing that a token permits."""

    number: int
    name: str | None
    """Its name in :class:`~agora_token.Privilege` or in the service's own enumeration, if any."""
    expire: int
    """As the token has it: seconds after the time of issue in 007, a Unix time in 006, or 0."""
    expires_at: datetime | None
    """None where ``expire`` is 0: it ends with the token."""

    def __str__(self) -> str:
        name = (self.name or f"privilege {self.number}").lower().replace("_", " ")
        if not self.expire:
            return f"{name}, as long as the token"
        return f"{name} until {time_text(self.expires_at)} ({self.expire})"


@dataclass(frozen=True)
class ServiceInfo:
    """One service that a token opens.

    A version 006 token names no services; its privileges are shown as ``rtc``, and ``rtm`` for
    the privilege to log in to RTM.
    """

    type: int
    name: str
    """``rtc``, ``rtm``, ``chat`` and so on."""
    channel: str | None
    """Channel or room; None where the service, or version 006, carries none."""
    user: str | None
    """The uid, account or user ID as text; empty for anybody; None if the service has no user."""
    privileges: tuple[PrivilegeInfo, ...]
    usable_until: datetime | None = None
    """When its holder can no longer get in: when the token ends, or when the privilege that lets
    them in (to join, to log in) ends, whichever comes first.  None if nothing lets anybody in."""
    role: int | None = None
    """The role in a room, of an aPaaS service."""
    permissions: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    """Resource to permission to names, of an RTM service with permissions."""

    def __str__(self) -> str:
        parts = [self.name]
        if self.channel is not None:
            parts.append(f"channel {self.channel!r}")
        if self.user is not None:
            parts.append(f"user {self.user!r}" if self.user else "anybody")
        if self.role is not None:
            parts.append(f"role {self.role}")
        return ", ".join(parts)


@dataclass(frozen=True)
class TokenInfo:
    """What a token says of itself, and, after :func:`~agora_token.verify`, what was proved."""

    version: str
    """``006``, ``007``, ``001`` to ``005`` for the dynamic keys, or ``signaling``."""
    app_id: str
    issued_at: datetime | None
    """In 006, 24 hours before ``ts``; None where the version does not say."""
    issue_ts: int | None
    """The same as a Unix time."""
    expires_at: datetime | None
    """When the service ends the token, whatever its privileges say: after 24 hours at the latest.

    None where the version does not say (dynamic key 1).
    """
    expire: int | None
    """As the token has it: seconds after the time of issue in 007, else a Unix time (006: ts)."""
    salt: int | None
    services: tuple[ServiceInfo, ...]
    unknown_service: int | None
    """The type of a service that is not known; it and those after it are not in ``services``."""
    channel_crc: int | None
    """The CRC-32 of the channel, which is all that version 006 carries of it."""
    uid_crc: int | None
    """The CRC-32 of the uid, likewise."""
    length: int
    """Characters of the token."""
    content_length: int
    """Bytes that it carries, decoded and decompressed."""
    extra: Mapping[int, str]
    """Further values of dynamic key 5."""
    certificate_index: int | None
    """Which of the certificates given to ``verify`` has signed the token; None if not verified."""

    is_canonical: Callable[[], bool] = field(repr=False, compare=False)
    """Computes :attr:`canonical`, for which the content is compressed anew."""

    # No field has a default, so that attributes that later() has not read yet are missing.

    @classmethod
    def later(cls, describe: Callable[[], TokenInfo]) -> TokenInfo:
        """What ``describe`` returns; it is called when an attribute is first read."""
        info = object.__new__(cls)
        vars(info)["_describe"] = describe
        return info

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            describe = vars(self).get("_describe")
            if describe is not None:
                vars(self).update(vars(describe()))  # before it is forgotten: threads may share it
                vars(self).pop("_describe", None)
            if name not in vars(self):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return vars(self)[name]

    @cached_property
    def canonical(self) -> bool:
        """Whether the text is the very one that the vendor's Python writes for this content.

        False where unused bits of the base64 are set or the content is compressed in another way,
        as the vendor's Go, Node.js and Rust code does: no fault, but another text for the same
        token.
        """
        return self.is_canonical()

    @property
    def lifetime(self) -> int | None:
        """Seconds from the time of issue to the expiry that the token asks for, uncapped."""
        if self.issue_ts is None or self.expire is None:
            return None
        return self.expire if self.version == "007" else self.expire - self.issue_ts

    @property
    def expires_ts(self) -> int | None:
        """:attr:`expires_at` as a Unix time."""
        if self.issue_ts is None or self.lifetime is None:
            return self.expire
        if self.version in ("006", "007"):
            return self.issue_ts + min(self.lifetime, MAX_LIFETIME)
        return self.expire

    @property
    def usable_until(self) -> datetime | None:
        """When the first of its services can no longer be used; renew the token by then.

        That is the earliest :attr:`ServiceInfo.usable_until`, and :attr:`expires_at` for versions
        before 006.  In 006 it often comes long before :attr:`expires_at`, which is always 24 hours
        after the time of issue.  None where the token lets nobody in.
        """
        if self.version not in ("006", "007"):
            return self.expires_at
        ends = [each.usable_until for each in self.services if each.usable_until is not None]
        return min(ends, default=None)

    @property
    def channel(self) -> str | None:
        """The channel of the first service that has one."""
        return next((each.channel for each in self.services if each.channel is not None), None)

    @property
    def user(self) -> str | None:
        """The user of the first service that has one."""
        return next((each.user for each in self.services if each.user is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """All of it in types that JSON has; times are in ISO 8601."""
        result: dict[str, Any] = _plain(self)
        result["usable_until"] = _plain(self.usable_until)
        return result

    def rows(self) -> list[tuple[str, str]]:
        """Labels and values to print, one below the other."""
        rows = [("version", self.version), ("app id", _printable(self.app_id))]
        if self.issue_ts is not None:
            rows.append(("issued", f"{time_text(self.issued_at)} ({self.issue_ts})"))
        if self.expire is not None:
            rows.append(("expires", f"{time_text(self.expires_at)} ({self._expire_text()})"))
        rows.append(("usable", self._usable_text()))
        if self.salt is not None:
            rows.append(("salt", str(self.salt)))
        for service in self.services:
            rows.append(("service", str(service)))
            rows += [("", str(privilege)) for privilege in service.privileges]
            rows += [
                ("", f"may {permission} {resource}: {', '.join(map(_printable, names))}")
                for resource, granted in (service.permissions or {}).items()
                for permission, names in granted.items()
            ]
        if self.unknown_service is not None:
            rows.append(("service", f"unknown type {self.unknown_service}; the rest is not read"))
        if self.channel_crc is not None:
            rows.append(("channel", f"CRC-32 {self.channel_crc:08x}, of a text not carried"))
        if self.uid_crc is not None:
            rows.append(("uid", f"CRC-32 {self.uid_crc:08x}, of a text not carried"))
        rows += [(f"extra {key}", _printable(value)) for key, value in self.extra.items()]
        size = f"{self.length} characters, {self.content_length} bytes of content"
        rows.append(("size", size))
        if not self.canonical:
            rows.append(("encoding", "not canonical: another text would carry the same content"))
        if self.certificate_index is not None:
            rows.append(("signed with", f"certificate {self.certificate_index + 1} of those given"))
        return rows

    def _usable_text(self) -> str:
        if self.usable_until is None:
            return "never: it lets nobody in"
        return f"until {time_text(self.usable_until)}"

    def _expire_text(self) -> str:
        if self.version == "007" and self.lifetime is not None:
            return f"{self.expire} seconds: {duration(self.lifetime)} after issue"
        return str(self.expire)

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join(f"{label:{width}}  {value}" for label, value in rows)


def _printable(text: str) -> str:
    """The text, or its repr where it contains control characters."""
    return text if text.isprintable() else repr(text)


def _plain(value: Any) -> Any:
    if isinstance(value, (TokenInfo, ServiceInfo, PrivilegeInfo)):
        names = (each.name.removeprefix("is_") for each in fields(value))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value
