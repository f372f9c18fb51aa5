"""One token from whatever the vendor's builders take.  Native: ``_cython/build.pxi``."""

from __future__ import annotations

import time

from .._wire.signing import issue_key
from .._wire.values import (
    CERTIFICATE,
    Expiries,
    PackedService,
    fitting,
    is_hex32,
    text_bytes,
    to_u16,
    to_u32,
    user_bytes,
)
from ..privileges import MAX_LIFETIME
from .hmac import hmac_sha256
from .packing import (
    pack_map,
    pack_service,
    pack_u16,
    pack_u32_pair,
    token006,
    token007,
)
from .salts import random_salt


def build006(
    app_id: str,
    certificate: str,
    channel: str,
    uid: object,
    privileges: tuple[int, ...],
    expiries: Expiries,
    ts: int | None = None,
    salt: int | None = None,
) -> str:
    app_bytes = text_bytes(app_id, "app_id")
    key = text_bytes(certificate, CERTIFICATE)
    channel_bytes = text_bytes(channel, "channel")
    uid_bytes = user_bytes(uid)
    times = pack_u32_pair(
        random_salt() if salt is None else to_u32(salt, "salt"),
        int(time.time()) + MAX_LIFETIME if ts is None else to_u32(ts, "ts"),
    )
    message = fitting(times + pack_map(privileges, expiries), "message")
    signature = hmac_sha256(key, app_bytes + channel_bytes + uid_bytes + message)
    return token006(app_bytes, channel_bytes, uid_bytes, message, signature)


def build007(
    app_id: str,
    certificate: str,
    services: tuple[PackedService, ...],
    expire: int,
    issue_ts: int | None = None,
    salt: int | None = None,
) -> str:
    if not (is_hex32(app_id) and is_hex32(certificate)):
        return ""
    app_bytes, key = app_id.encode(), certificate.encode()
    issued = int(time.time()) if issue_ts is None else to_u32(issue_ts, "issue_ts")
    lifetime = to_u32(expire, "expire")
    salt = random_salt() if salt is None else to_u32(salt, "salt")
    count = pack_u16(to_u16(len(services), "the number of services"))
    packed = b"".join([pack_service(service) for service in services])
    return token007(
        app_bytes,
        issue_key(key, issued, hmac_sha256),
        pack_u32_pair(issued, lifetime),
        salt,
        count + packed,
    )
