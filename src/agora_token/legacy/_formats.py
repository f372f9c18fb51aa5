"""The layouts of dynamic keys and of the signaling token, from values that are taken as they come.

Both the checked functions beside this file and the vendor's names in ``compat`` build on these.
"""

from __future__ import annotations

import hashlib
import hmac
import operator
from base64 import b64encode
from typing import Any, Final

from .._wire.values import MAX_U32, fitting, pack_u16, text_bytes, to_u32

PUBLIC_SHARING: Final = "APSS"
RECORDING: Final = "ARS"
MEDIA_CHANNEL: Final = "ACS"
"""What key 4 calls the services that key 5 numbers."""


def modulo_u32(value: Any) -> int:
    """An integer modulo 2**32, as keys carry uids and random integers."""
    return operator.index(value) & MAX_U32


def _pad10(value: object) -> str:
    return f"{value:0>10}"


def _hex8(value: Any) -> str:
    return f"{int(value) & MAX_U32:08x}"


def signature(
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: Any,
    *numbers: object,
    service: str = "",
) -> str:
    """The signature of keys 1 to 4, which differ in the numbers after the channel."""
    content = (
        service
        + app_id.rjust(32, "\0")
        + _pad10(unix_ts)
        + _hex8(random_int)
        + str(channel)
        + "".join(map(_pad10, numbers))
    )
    return hmac.new(certificate.encode(), content.encode(), "sha1").hexdigest()


def key1(app_id: str, certificate: str, channel: object, unix_ts: object, random_int: Any) -> str:
    random_int = modulo_u32(random_int)
    signed = signature(app_id, certificate, channel, unix_ts, random_int)
    return signed + app_id + _pad10(unix_ts) + _hex8(random_int)


def key2(
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: Any,
    uid: Any,
    expired_ts: object,
) -> str:
    uid = modulo_u32(uid)
    signed = signature(app_id, certificate, channel, unix_ts, random_int, uid, expired_ts)
    numbers = _pad10(unix_ts) + _hex8(random_int) + _pad10(uid) + _pad10(expired_ts)
    return signed + app_id + numbers


def key3(
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: Any,
    uid: Any,
    expired_ts: object,
) -> str:
    random_int = modulo_u32(random_int)
    return "003" + key2(app_id, certificate, channel, unix_ts, random_int, uid, expired_ts)


def key4(
    service: str,
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: Any,
    uid: Any,
    expired_ts: object,
) -> str:
    uid, random_int = modulo_u32(uid), modulo_u32(random_int)
    signed = signature(
        app_id, certificate, channel, unix_ts, random_int, uid, expired_ts, service=service
    )
    return "004" + signed + app_id + _pad10(unix_ts) + _hex8(random_int) + _pad10(expired_ts)


def _u32(value: object, name: str) -> bytes:
    return to_u32(value, name).to_bytes(4, "little")


def _string(value: object, name: str) -> bytes:
    data = fitting(value, name) if isinstance(value, bytes) else text_bytes(value, name)
    return len(data).to_bytes(2, "little") + data


def _extra(extra: dict[Any, Any]) -> bytes:
    entries = [pack_u16(key, "extra") + _string(value, "extra") for key, value in extra.items()]
    return pack_u16(len(entries), "extra") + b"".join(entries)


def signature5(
    service: object,
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: object,
    uid: object,
    expired_ts: object,
    extra: dict[Any, Any],
) -> str:
    """The signature of key 5, over the binary layout."""
    content = (
        pack_u16(service, "service")
        + _string(bytes.fromhex(app_id), "app_id")
        + _u32(unix_ts, "unix_ts")
        + _u32(random_int, "random_int")
        + _string(channel, "channel")
        + _u32(uid, "uid")
        + _u32(expired_ts, "expired_ts")
        + _extra(extra)
    )
    return hmac.new(bytes.fromhex(certificate), content, "sha1").hexdigest().upper()


def key5(
    service: object,
    app_id: str,
    certificate: str,
    channel: object,
    unix_ts: object,
    random_int: Any,
    uid: Any,
    expired_ts: object,
    extra: dict[Any, Any],
) -> str:
    uid, random_int = modulo_u32(uid), modulo_u32(random_int)
    signed = signature5(
        service, app_id, certificate, channel, unix_ts, random_int, uid, expired_ts, extra
    )
    content = (
        pack_u16(service, "service")
        + _string(signed, "signature")
        + _string(bytes.fromhex(app_id), "app_id")
        + _u32(unix_ts, "unix_ts")
        + _u32(random_int, "random_int")
        + _u32(expired_ts, "expired_ts")
        + _extra(extra)
    )
    return "005" + b64encode(content).decode("ascii")


def signaling(account: str, app_id: str, certificate: str, expired_ts: object) -> str:
    digest = hashlib.md5(
        (account + app_id + certificate + str(expired_ts)).encode(), usedforsecurity=False
    )
    return f"1:{app_id}:{expired_ts}:{digest.hexdigest()}"
