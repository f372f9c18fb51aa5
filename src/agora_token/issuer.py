"""Issuer: a project's App ID and certificate, and the tokens that they sign."""

from __future__ import annotations

import operator
import os
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from . import _backend, _fields
from ._columns import by_threads, column_of, common_length, uint32_buffer
from .errors import (
    ConfigurationError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidSaltError,
    InvalidTimeError,
)
from .privileges import MAX_LIFETIME, Role

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from typing_extensions import Buffer

    from ._core import Plan006, Plan007
    from ._products import Grant
    from .services import Rtm2Permissions, Service

    Seconds = int | timedelta
    Privileges = Mapping[int, Seconds] | None
    Users = int | str | Sequence[int | str] | Buffer

_MAX_PLANS = 256
_MAX_ISSUED_AT = 0xFFFFFFFF - MAX_LIFETIME


class Issuer:
    """Issues the tokens of one Agora project.

    Every value is checked, and refused with an error that says what is allowed (all are
    :class:`~agora_token.errors.InvalidInputError`).  An issuer is cheap to keep and may be shared
    by threads; it holds the certificate, shows it nowhere and refuses to be pickled.

    Common parameters:

    * ``channel``: 1 to 64 bytes of the 89 characters that channel names may have, or, in version
      007, ``"*"`` for every channel (with a user of its own: not with uid 0).
    * ``uid``: an integer of 0 to 2**32-1, 0 meaning anybody, or a user account as a string of 1 to
      255 bytes of the same characters.  ``42`` and ``"42"`` give the same bytes; ``0`` and ``"0"``
      do not.
    * ``expires_in``: the life of the token and its privileges, in seconds or as a ``timedelta``,
      from now; 24 hours at most.
    * ``privileges``: single privileges with an expiry of their own, likewise from now (0 writes
      the expiry 0, which in 006 means that it does not expire before the token does).
    * ``version``: ``"007"`` (the default) or ``"006"`` for projects that still use it.
    * ``issued_at`` (a Unix time or an aware ``datetime``) and ``salt``: only for output that can
      be reproduced; now and random by default.
    """

    def __init__(self, app_id: str, certificate: str) -> None:
        self._app_id = _fields.check_app_id(app_id)
        self._certificate = _fields.check_certificate(certificate)
        self._plans: dict[tuple[object, ...], Plan006 | Plan007] = {}
        nothing = object()  # which no argument is
        self._last_rtc: tuple[object, object, object, Callable[..., str]]
        self._last_rtc = (nothing, nothing, nothing, str)

    @classmethod
    def from_env(cls) -> Issuer:
        """An issuer of the project in ``AGORA_APP_ID`` and ``AGORA_APP_CERTIFICATE``."""
        values = []
        for name in ("AGORA_APP_ID", "AGORA_APP_CERTIFICATE"):
            value = os.environ.get(name, "")
            if not value:
                raise ConfigurationError(
                    f"{name} is not set; set it to the project's value from Agora's console"
                )
            values.append(value)
        return cls(*values)

    @property
    def app_id(self) -> str:
        """The App ID, 32 hex digits, as it was given."""
        return self._app_id.decode("ascii")

    def __repr__(self) -> str:
        return f"Issuer(app_id={self.app_id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an Issuer holds a certificate and is not pickled; make one where it is used"
        )

    def rtc(
        self,
        channel: str,
        uid: int | str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        version: str = "007",
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token to join a channel of the RTC (audio and video) service.

        ``role``: PUBLISHER, ATTENDEE and ADMIN may join and publish, SUBSCRIBER may join.
        """
        if privileges is None and issued_at is None and salt is None:
            # Servers ask for one kind of token again and again: then the backend is one step away.
            last_version, last_role, last_expires_in, one = self._last_rtc
            if version is last_version and role is last_role and expires_in is last_expires_in:
                return one((channel, uid))
        plan = self._plan("rtc", version, role, expires_in, privileges)
        if privileges is None:
            self._last_rtc = (version, role, expires_in, plan.one)
        return plan.one((channel, uid), 0, check_issued_at(issued_at), _salt(salt))

    def rtm(
        self,
        user_id: str,
        *,
        expires_in: Seconds = 3600,
        version: str = "007",
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token to log in to the RTM (messaging) service; ``user_id`` is 1 to 64 bytes."""
        return self._one("rtm", (user_id,), version, expires_in, issued_at, salt)

    def rtc_rtm(
        self,
        channel: str,
        account: str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """One token for RTC and RTM, with the same account (1 to 64 bytes) in both."""
        return self._one(
            "rtc-rtm", (channel, account), "007", expires_in, issued_at, salt, role, privileges
        )

    def chat_user(
        self,
        user_id: str,
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a user of the Chat service; ``user_id`` is 1 to 64 bytes."""
        return self._one("chat-user", (user_id,), "007", expires_in, issued_at, salt)

    def chat_app(
        self,
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a server that calls the Chat service's REST API."""
        return self._one("chat-app", (), "007", expires_in, issued_at, salt)

    def apaas_room_user(
        self,
        room_uuid: str,
        user_uuid: str,
        *,
        role: int,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a user in a room; carries RTM and Chat log-ins too.

        ``role`` is the room's own numbering, an integer of -32768 to 32767.
        """
        values = (room_uuid, user_uuid)
        return self._one("apaas-room-user", values, "007", expires_in, issued_at, salt, role)

    def apaas_user(
        self,
        user_uuid: str,
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a user outside of any room."""
        return self._one("apaas-user", (user_uuid,), "007", expires_in, issued_at, salt)

    def apaas_app(
        self,
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a server that calls the aPaaS REST API."""
        return self._one("apaas-app", (), "007", expires_in, issued_at, salt)

    education_room_user = apaas_room_user
    education_user = apaas_user
    education_app = apaas_app

    def fpa(
        self,
        *,
        expires_in: Seconds = MAX_LIFETIME,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for the FPA (network acceleration) service."""
        return self._one("fpa", (), "007", expires_in, issued_at, salt)

    def streaming(
        self,
        channel: str,
        uid: int | str,
        *,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token to publish mixed and raw streams to a channel."""
        return self._one(
            "streaming",
            (channel, uid),
            "007",
            expires_in,
            issued_at,
            salt,
            privileges=privileges,
        )

    def fcdn(
        self,
        channel: str,
        uid: int | str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for the fusion CDN: a publisher may publish and play, a subscriber may play."""
        return self._one(
            "fcdn", (channel, uid), "007", expires_in, issued_at, salt, role, privileges
        )

    def rtm2(
        self,
        user_id: str,
        permissions: Rtm2Permissions | None = None,
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for RTM with permissions on single channels, groups and users."""
        from .services import Rtm2Privilege, Rtm2Service

        lifetime = _lifetime(expires_in)
        service = Rtm2Service(user_id, permissions or {}, {Rtm2Privilege.LOGIN: lifetime})
        return self.token(service, expires_in=lifetime, issued_at=issued_at, salt=salt)

    def convoai(
        self,
        channel: str,
        uid: int | str,
        user_id: str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for a conversational agent: its service, RTC as ``uid``, RTM as ``user_id``."""
        values = (channel, uid, user_id)
        return self._one("convoai", values, "007", expires_in, issued_at, salt, role, privileges)

    def stt(
        self,
        channel: str,
        uid: int | str,
        user_id: str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A token for speech to text: RTC as ``uid``, RTM as ``user_id``, and its service."""
        values = (channel, uid, user_id)
        return self._one("stt", values, "007", expires_in, issued_at, salt, role, privileges)

    def token(
        self,
        *services: Service,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """A version 007 token with any services, several of one type included.

        The services carry their own privileges, each with its expiry in seconds after the time of
        issue.  They are written sorted by type, those of one type in the order given.
        """
        if not services:
            raise InvalidInputError("a token needs at least one service")
        for service in services:
            if not hasattr(service, "check"):
                raise InvalidInputError(
                    f"{_fields.shown(service)} is not a service; see agora_token.services"
                )
            service.check()
        ordered = sorted(services, key=lambda service: service.type)
        return _backend.backend.build007(
            self.app_id,
            self._certificate.decode("ascii"),
            tuple(service.spec() for service in ordered),
            _lifetime(expires_in),
            check_issued_at(issued_at),
            _salt(salt),
        )

    def rtc_many(
        self,
        channels: str | Sequence[str],
        uids: Users,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        version: str = "007",
        issued_at: int | datetime | None = None,
        salts: Sequence[int] | Buffer | None = None,
        threads: int = 1,
    ) -> list[str]:
        """As :meth:`rtc`, a whole column at once.

        ``uids`` is a sequence of integers and accounts, or a buffer of unsigned 32-bit integers
        (``array("I")``, NumPy), which is read without copying; ``channels`` is one for all or a
        sequence as long.  An error names the row.  ``threads`` share the work; the hashing holds no
        lock.
        """
        plan = self._plan("rtc", version, role, expires_in, privileges)
        return _many(plan, (channels, uids), issued_at, salts, threads)

    def rtm_many(
        self,
        user_ids: Sequence[str],
        *,
        expires_in: Seconds = 3600,
        version: str = "007",
        issued_at: int | datetime | None = None,
        salts: Sequence[int] | Buffer | None = None,
        threads: int = 1,
    ) -> list[str]:
        """As :meth:`rtm`, a whole column at once (see :meth:`rtc_many`)."""
        plan = self._plan("rtm", version, Role.PUBLISHER, expires_in, None)
        return _many(plan, (user_ids,), issued_at, salts, threads)

    def chat_user_many(
        self,
        user_ids: Sequence[str],
        *,
        expires_in: Seconds = 3600,
        issued_at: int | datetime | None = None,
        salts: Sequence[int] | Buffer | None = None,
        threads: int = 1,
    ) -> list[str]:
        """As :meth:`chat_user`, a whole column at once (see :meth:`rtc_many`)."""
        plan = self._plan("chat-user", "007", Role.PUBLISHER, expires_in, None)
        return _many(plan, (user_ids,), issued_at, salts, threads)

    def plan(
        self, product: str, grants: Sequence[Grant], version: str = "007"
    ) -> Plan006 | Plan007:
        """What the tokens of ``product`` have in common, for columns (see ``agora_token.batch``).

        The plan's variants are ``grants``; its fields are those of the product, in order.
        """
        from ._products import PRODUCTS  # tables that `import agora_token` need not wait for

        try:
            found = PRODUCTS[product]
        except KeyError:
            known = ", ".join(PRODUCTS)
            raise InvalidInputError(
                f"product {product!r} is not known; it must be {known}"
            ) from None
        checked = [
            grant._replace(
                expires_in=_lifetime(grant.expires_in),
                privileges=_own_expiries(dict(grant.privileges)),
            )
            for grant in grants
        ]
        return found.plan(self._app_id, self._certificate, checked, version)

    def _plan(
        self,
        product: str,
        version: str,
        role: int,
        expires_in: Seconds,
        privileges: Privileges,
    ) -> Plan006 | Plan007:
        own = _own_expiries(privileges) if privileges else ()
        key = (product, version, role, expires_in, *own)
        try:
            return self._plans[key]
        except (KeyError, TypeError):  # what cannot be hashed is refused by the plan
            from ._products import Grant

            plan = self.plan(product, [Grant(role, _lifetime(expires_in), own)], version)
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def _one(
        self,
        product: str,
        values: tuple[object, ...],
        version: str,
        expires_in: Seconds,
        issued_at: int | datetime | None,
        salt: int | None,
        role: int = Role.PUBLISHER,
        privileges: Privileges = None,
    ) -> str:
        plan = self._plan(product, version, role, expires_in, privileges)
        return plan.one(values, 0, check_issued_at(issued_at), _salt(salt))


def _many(
    plan: Plan006 | Plan007,
    values: tuple[Any, ...],
    issued_at: int | datetime | None,
    salts: Any,
    threads: int,
) -> list[str]:
    columns = tuple(column_of(value) for value in values)
    rows = common_length(columns)
    issued = check_issued_at(issued_at)
    issued = int(time.time()) if issued is None else issued
    salt_column = None if salts is None else _salt_column(salts, rows)
    tokens, *others = by_threads(
        lambda start, stop: plan.many(columns, start, stop, issued, None, salt_column),
        rows,
        threads,
    )
    for part in others:
        tokens += part
    return tokens


def _salt_column(salts: Any, rows: int) -> Any:
    buffer = uint32_buffer(salts)
    if buffer is None:
        try:
            buffer = memoryview(array("I", salts))
        except (TypeError, ValueError, OverflowError):
            raise InvalidSaltError("salts must be a sequence of integers of 0 to 2**32-1") from None
    if len(buffer) != rows:
        raise InvalidSaltError(f"there are {rows} rows, but {len(buffer)} salts")
    return buffer


def _lifetime(expires_in: object) -> int:
    seconds = _seconds(expires_in, "expires_in")
    if not 0 < seconds <= MAX_LIFETIME:
        raise InvalidLifetimeError(
            f"expires_in is {_fields.shown(seconds)} seconds; it must be 1 to {MAX_LIFETIME} "
            "(24 hours), counted from now, not a timestamp"
        )
    return seconds


def _own_expiries(privileges: Mapping[int, Seconds]) -> tuple[tuple[int, int], ...]:
    own = []
    if not isinstance(privileges, Mapping):
        raise InvalidPrivilegeError(
            f"privileges is {_fields.shown(privileges)}; it must map privileges to their expiries"
        )
    for privilege, expiry in privileges.items():
        seconds = _seconds(expiry, f"the expiry of privilege {privilege!r}")
        if not 0 <= seconds <= MAX_LIFETIME:
            raise InvalidLifetimeError(
                f"the expiry of privilege {privilege!r} is {_fields.shown(seconds)} seconds; it "
                f"must be 0 to {MAX_LIFETIME} (24 hours), counted from now, not a timestamp"
            )
        try:
            own.append((int(privilege), seconds))
        except (TypeError, ValueError):
            raise InvalidPrivilegeError(
                f"privilege {_fields.shown(privilege)} is not a number; see agora_token.Privilege"
            ) from None
    return tuple(sorted(own))


def _seconds(value: object, name: str) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if hasattr(value, "total_seconds"):  # a timedelta; importing datetime would take a while
        return int(value.total_seconds())
    if _is_integer(value):
        return operator.index(value)  # type: ignore[arg-type]
    raise InvalidLifetimeError(
        f"{name} is {_fields.shown(value)}; it must be a whole number of seconds or a timedelta"
    )


def check_issued_at(value: Any) -> int | None:
    """A time of issue as a Unix time; None, for now, stays None."""
    if value is None:
        return None
    if hasattr(value, "timestamp"):  # a datetime
        if value.tzinfo is None:
            raise InvalidTimeError(f"issued_at {value} has no time zone; give an aware datetime")
        value = int(value.timestamp())
    if not _is_integer(value) or not 0 <= value <= _MAX_ISSUED_AT:
        raise InvalidTimeError(
            f"issued_at is {_fields.shown(value)}; it must be a Unix time of 0 to {_MAX_ISSUED_AT} "
            "or an aware datetime"
        )
    return int(value)


def _salt(value: Any) -> int | None:
    if value is None:
        return None
    if not _is_integer(value) or not 0 <= value <= 0xFFFFFFFF:
        raise InvalidSaltError(
            f"salt is {_fields.shown(value)}; it must be an integer of 0 to 2**32-1"
        )
    return int(value)


def _is_integer(value: object) -> bool:
    """Whether it is one, NumPy's among them; a boolean for a number is a mistake."""
    return hasattr(value, "__index__") and not isinstance(value, bool)
