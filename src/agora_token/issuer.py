"""Issuer: a project's App ID and certificate, and the tokens that they sign."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from . import _backend
from ._checks import (
    check_app_id,
    check_certificate,
    check_certificates,
    check_issued_at,
    check_lifetime,
    check_own_expiries,
    check_salt,
    check_salts,
)
from ._columns import by_threads, column_of, common_length
from ._plans import Plans
from ._wording import shown
from .errors import InvalidCertificateError, InvalidInputError
from .privileges import MAX_LIFETIME, Role

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Buffer

    from ._checks import Seconds
    from ._core import Plan006, Plan007
    from ._products import Grant
    from .services import Rtm2Permissions, Service

    Privileges = Mapping[int, Seconds] | None
    Users = int | str | Sequence[int | str] | Buffer

_MAX_KEPT_VARIANTS = 64


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
        self._app_id = check_app_id(app_id)
        self._certificate = check_certificate(certificate)
        if self._app_id == self._certificate:
            raise InvalidCertificateError(
                "the app certificate is the same as the App ID; copy the primary certificate from "
                "the project in Agora's console"
            )
        self._plans = Plans(self._app_id, self._certificate)
        nothing = object()  # no argument is this object
        self._last_rtc: tuple[object, object, object, Callable[..., str]]
        self._last_rtc = (nothing, nothing, nothing, str)

    @classmethod
    def from_env(cls) -> Issuer:
        """An issuer of the project in ``AGORA_APP_ID`` and ``AGORA_APP_CERTIFICATE``.

        A certificate may be followed by a comma and a secondary one, which is for verifying; the
        first is what signs.  ``AGORA_APP_ID_FILE`` and ``AGORA_APP_CERTIFICATE_FILE`` name files
        in their place, such as mounted secrets.
        """
        from . import _environment

        app_id, certificates = _environment.project()
        check_certificates(certificates)
        return cls(app_id, certificates[0])

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
        return plan.one((channel, uid), 0, check_issued_at(issued_at), check_salt(salt))

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
        account: int | str,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salt: int | None = None,
    ) -> str:
        """One token for RTC and RTM, with the same user in both.

        ``account`` is 1 to 64 bytes, or an integer of 1 to 2**32-1, which RTM knows by its digits.
        """
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

        lifetime = check_lifetime(expires_in)
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

        A service grants what it needs (``RtcService("room", 42, role="subscriber")``) for as long
        as the token lives, unless it is given privileges of its own, each with its expiry in
        seconds after the time of issue or as a ``timedelta``, 24 hours at most.  Services are
        written sorted by type, those of one type in the order given.
        """
        from ._wire.services import pack_service

        if not services:
            raise InvalidInputError("a token needs at least one service")
        lifetime = check_lifetime(expires_in)
        packed = []
        for service in services:
            if isinstance(service, type):
                raise InvalidInputError(
                    f"{service.__name__} is a class; give a service made of it, such as "
                    f"{service.__name__}(...)"
                )
            if not hasattr(service, "check"):
                raise InvalidInputError(
                    f"{shown(service)} is not a service; see agora_token.services"
                )
            packed.append(pack_service(service, service.check(lifetime)))
        return _backend.build007(
            self.app_id,
            self._certificate.decode("ascii"),
            tuple(sorted(packed, key=lambda service: service[0])),
            lifetime,
            check_issued_at(issued_at),
            check_salt(salt),
        )

    @staticmethod
    def authorization(token: str) -> str:
        """A token as the header ``Authorization`` of a REST call has it, ``agora token=007…``.

        The REST API of conversational agents takes :meth:`rtc_rtm`'s tokens so, for the channel and
        the user of the agent: ``headers={"Authorization": issuer.authorization(token)}``.
        """
        # Anything else could end the header and begin another.
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            token = ""
        if not token or " " in token:
            raise InvalidInputError("the token is not one: it must be a text without white space")
        return f"agora token={token}"

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

    def rtc_rtm_many(
        self,
        channels: str | Sequence[str],
        accounts: Users,
        *,
        role: int = Role.PUBLISHER,
        expires_in: Seconds = 3600,
        privileges: Privileges = None,
        issued_at: int | datetime | None = None,
        salts: Sequence[int] | Buffer | None = None,
        threads: int = 1,
    ) -> list[str]:
        """As :meth:`rtc_rtm`, a whole column at once (see :meth:`rtc_many`)."""
        plan = self._plan("rtc-rtm", "007", role, expires_in, privileges)
        return _many(plan, (channels, accounts), issued_at, salts, threads)

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
        if len(grants) > _MAX_KEPT_VARIANTS:  # large, and hardly ever used twice
            return self._make(product, grants, version)
        key = (product, version, *grants)
        return self._plans.get(key, lambda: self._make(product, grants, version))

    def _make(self, product: str, grants: Sequence[Grant], version: str) -> Plan006 | Plan007:
        checked = [
            grant._replace(
                expires_in=check_lifetime(grant.expires_in),
                privileges=check_own_expiries(dict(grant.privileges)),
            )
            for grant in grants
        ]
        return self._plans.make(product, checked, version)

    def _plan(
        self,
        product: str,
        version: str,
        role: int,
        expires_in: Seconds,
        privileges: Privileges,
    ) -> Plan006 | Plan007:
        own = check_own_expiries(privileges) if privileges else ()

        def make() -> Plan006 | Plan007:
            from ._products import Grant

            return self._make(product, [Grant(role, check_lifetime(expires_in), own)], version)

        # With their types: True, 1 and 1.0 are equal, and not all of them are allowed.
        key = (product, version, role, type(role), expires_in, type(expires_in), *own)
        return self._plans.get(key, make)

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
        return plan.one(values, 0, check_issued_at(issued_at), check_salt(salt))


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
    salt_column = None if salts is None else check_salts(salts, rows)
    tokens, *others = by_threads(
        lambda start, stop: plan.many(columns, start, stop, issued, None, salt_column),
        rows,
        threads,
    )
    for part in others:
        tokens += part
    return tokens
