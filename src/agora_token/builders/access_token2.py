"""Version 007: ``AccessToken2``, a token of any services, built, parsed or verified."""

from __future__ import annotations

import time
from hmac import compare_digest

from .. import _backend
from .._checks import check_app_id, check_certificate
from .._wire.parsing import parse
from .._wire.services import pack_service
from .._wire.signing import issue_key, signing_key
from .._wire.token007 import Token007
from ..errors import InvalidInputError, TokenError, UnsupportedVersionError
from ..services import Service


class AccessToken2:
    """A version 007 token to be built, or one that was parsed.

    ``issue_ts`` is in seconds since 1970 (0 is now), ``expire`` the seconds from then on that the
    token lives.  The services are written as they are; :meth:`agora_token.Issuer.token` is what
    checks them.
    """

    def __init__(
        self, app_id: str = "", app_certificate: str = "", issue_ts: int = 0, expire: int = 900
    ) -> None:
        self.app_id = app_id
        self.app_certificate = app_certificate
        self.issue_ts = issue_ts or int(time.time())
        self.expire = expire
        self.salt = _backend.random_salt()
        self.services: list[Service] = []
        """In the order they were added; in the token they stand in the order of their types."""
        self.unknown_service: int | None = None
        """The type of the unknown service that ended the list of a parsed token."""
        self._origin: Token007 | None = None

    def __repr__(self) -> str:
        return (
            f"AccessToken2(app_id={self.app_id!r}, issue_ts={self.issue_ts!r}, "
            f"expire={self.expire!r}, services={self.services!r})"
        )

    def add_service(self, service: Service) -> None:
        """Adds a service, beside any others of its type."""
        self.services.append(service)

    def get_services(self, service_type: int) -> list[Service]:
        """The services of a type, in the order they were added or parsed."""
        return [service for service in self.services if service.type == service_type]

    def build(self) -> str:
        """The token.

        Raises :class:`InvalidAppIdError`, :class:`InvalidCertificateError`,
        :class:`InvalidInputError` without services or with one of unknown type, and
        :class:`PackingError` for what does not fit its place.
        """
        check_app_id(self.app_id)
        check_certificate(self.app_certificate)
        if not self.services:
            raise InvalidInputError("the token has no services; add at least one")
        if self.unknown_service is not None:
            raise InvalidInputError(
                f"the token was parsed from one with the unknown service {self.unknown_service}, "
                "which cannot be written again"
            )
        ordered = sorted(self.services, key=lambda service: service.type)
        return _backend.build007(
            self.app_id,
            self.app_certificate,
            tuple(pack_service(each, each.granted(self.expire)) for each in ordered),
            self.expire,
            self.issue_ts,
            self.salt,
        )

    @classmethod
    def parse(cls, token: str) -> AccessToken2:
        """The token that a text holds.

        A service of unknown type ends the list of services, as :attr:`unknown_service`; the token
        can be verified all the same.  Raises :class:`MalformedTokenError` and
        :class:`UnsupportedVersionError`.
        """
        origin = parse(token)
        if not isinstance(origin, Token007):
            raise UnsupportedVersionError(
                f"the token begins with {token[:3]!r}; AccessToken2 is version 007"
            )
        parsed = cls(origin.app_id, "", origin.issue_ts, origin.expire)
        parsed.issue_ts = origin.issue_ts  # the constructor takes 0 for now
        parsed.salt = origin.salt
        parsed.services = list(origin.services)
        parsed.unknown_service = origin.unknown_service
        parsed._origin = origin
        return parsed

    def verify(self, app_certificate: str) -> bool:
        """Whether the token that was parsed is signed with a certificate; takes constant time.

        It is the parsed text that is verified, whatever was changed in this object since.  Raises
        :class:`InvalidCertificateError`, and :class:`TokenError` where nothing was parsed.
        """
        key = check_certificate(app_certificate)
        origin = self._origin
        if origin is None:
            raise TokenError("only a parsed token can be verified; use AccessToken2.parse")
        sign = _backend.hmac_sha256
        key = signing_key(issue_key(key, origin.issue_ts, sign), origin.salt, sign)
        return compare_digest(sign(key, origin.signed), origin.signature)
