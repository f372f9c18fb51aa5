"""The vendor's ``AccessToken2``: version 007.

The attributes are the vendor's, under the mangled names by which users reach them, such as
``_AccessToken__salt``.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
import zlib
from collections import OrderedDict
from hashlib import sha256
from typing import Any, ClassVar

from .. import _backend
from .._wire.decoding import MAX_CONTENT
from .._wire.signing import issue_key, signing_key
from .._wire.values import is_hex32, to_u32
from . import Packer, _services
from ._services import *
from .Packer import *

__all__ = [
    "VERSION_LENGTH",
    "AccessToken",
    "AccessToken2",
    "OrderedDict",
    "base64",
    "get_version",
    "hmac",
    "secrets",
    "sha256",
    "time",
    "zlib",
]
__all__ += _services.__all__
__all__ += Packer.__all__

VERSION_LENGTH = 3


def get_version() -> str:
    return "007"


class AccessToken:
    """A token to be built, or one that was parsed."""

    kServices: ClassVar[dict[int, type[Any]]] = {
        service.kServiceType: service
        for service in (
            ServiceRtc,
            ServiceRtm,
            ServiceStreaming,
            ServiceFpa,
            ServiceChat,
            ServiceFCdn,
            ServiceApaas,
            ServiceRtm2,
            ServiceConvoAI,
            ServiceStt,
        )
    }

    def __init__(
        self, app_id: str = "", app_certificate: str = "", issue_ts: int = 0, expire: int = 900
    ) -> None:
        self.__app_id: str | bytes = app_id
        self.__app_cert = app_certificate
        self.__issue_ts = int(time.time()) if issue_ts == 0 else issue_ts
        self.__expire = expire
        self.__salt = _backend.random_salt()
        self.services: list[Service] = []
        self.__signature = b""
        self.__signing_info = b""
        self.__parsed = False

    @property
    def __service(self) -> dict[int, Service]:
        """The last service of each type: what generations before ``services`` kept."""
        return {service.service_type(): service for service in self.services}

    def add_service(self, service: Service) -> None:
        self.services.append(service)

    def get_services(self, service_type: int) -> list[Service]:
        """The services of a type, in the order they were added or parsed."""
        return [service for service in self.services if service.service_type() == service_type]

    def build(self) -> str:
        """The token; '' without services, or where App ID or certificate are not 32 hex digits."""
        app_id: Any = self.__app_id
        if self.__parsed and isinstance(app_id, bytes):  # as from_string leaves it
            app_id = app_id.decode(errors="replace")
        if not is_hex32(app_id) or not is_hex32(self.__app_cert) or not self.services:
            return ""
        services = sorted(self.services, key=lambda service: service.service_type())
        signing_info = b"".join(
            [
                pack_string(app_id),
                pack_uint32(self.__issue_ts),
                pack_uint32(self.__expire),
                pack_uint32(self.__salt),
                pack_uint16(len(services)),
                *(service.pack() for service in services),
            ]
        )
        signature = self.__sign(self.__app_cert, signing_info)
        content = _backend.compress(pack_string(signature) + signing_info)
        return get_version() + base64.b64encode(content).decode("ascii")

    def __sign(self, app_certificate: str, signing_info: bytes) -> bytes:
        # Not build007, which does not know the services that users pack themselves.
        sign = _backend.hmac_sha256
        key = issue_key(app_certificate.encode(), to_u32(self.__issue_ts, "issue_ts"), sign)
        return sign(signing_key(key, to_u32(self.__salt, "salt"), sign), signing_info)

    def from_string(self, origin_token: str) -> bool:
        """Parses a token, up to the first service of unknown type.

        Clears what was parsed before.  False for a token of another version; raises ``ValueError``
        for junk.
        """
        self.__app_id = ""
        self.__issue_ts = self.__expire = self.__salt = 0
        self.services = []
        self.__signature = self.__signing_info = b""
        self.__parsed = False
        try:
            if origin_token[:VERSION_LENGTH] != get_version():
                return False
            self.__unpack(_inflate(base64.b64decode(origin_token[VERSION_LENGTH:])))
        # What a user's own service raises is of any type.
        except Exception as error:
            raise ValueError(f"the token cannot be parsed: {error}") from error
        self.__parsed = True
        return True

    def __unpack(self, buffer: bytes) -> None:
        self.__signature, self.__signing_info = unpack_string(buffer)
        self.__app_id, buffer = unpack_string(self.__signing_info)
        self.__issue_ts, buffer = unpack_uint32(buffer)
        self.__expire, buffer = unpack_uint32(buffer)
        self.__salt, buffer = unpack_uint32(buffer)
        service_count, buffer = unpack_uint16(buffer)
        for _ in range(service_count):
            service_type, buffer = unpack_uint16(buffer)
            service_class = self.kServices.get(service_type)
            if service_class is None:
                break  # the length of its payload is unknown
            service = service_class()
            buffer = service.unpack(buffer)
            self.services.append(service)

    def verify_signature(self, app_certificate: str) -> bool:
        """Whether the token that was parsed is signed with a certificate."""
        if not self.__parsed or not self.__signature or not is_hex32(app_certificate):
            return False
        signature = self.__sign(app_certificate, self.__signing_info)
        return hmac.compare_digest(signature, self.__signature)


AccessToken2 = AccessToken
"""What ``agoraiotools`` also calls it."""


def _inflate(compressed: bytes) -> bytes:
    """Decompresses at most ``MAX_CONTENT`` bytes; like the vendor's, lets anything follow them."""
    inflater = zlib.decompressobj()
    content = inflater.decompress(compressed, MAX_CONTENT + 1)
    if not inflater.eof or len(content) > MAX_CONTENT:
        raise ValueError(f"it is cut short, or decompresses to more than {MAX_CONTENT} bytes")
    return content
