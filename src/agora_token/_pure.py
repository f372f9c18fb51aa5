"""The pure backend: the contract of ``_core.pyi`` with the standard library alone."""

from __future__ import annotations

import struct
import time
import zlib
from array import array
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from . import _fields
from ._columns import Column, Constant, Integers, Objects, Strings
from ._packing import CERTIFICATE, is_hex32, text_bytes, to_u16, to_u32, user_bytes
from ._salts import SaltPool
from .errors import AgoraTokenError, ColumnError
from .privileges import MAX_LIFETIME

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._core import Expiries, Service, Variant006, Variant007
    from ._fields import Field

NAME: Final[Literal["native", "pure"]] = "pure"

_U16: Final = struct.Struct("<H").pack
_U32: Final = struct.Struct("<I").pack
_ENTRY: Final = struct.Struct("<HI").pack
_U32_PAIR: Final = struct.Struct("<II").pack
_SIGNATURE_LENGTH: Final = _U16(32)
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_HEAD_006: Final = struct.Struct("<H32sIIH").pack

_salts: Final = SaltPool()

random_salt = _salts.take
crc32 = zlib.crc32


def kernels() -> dict[str, str]:
    return {"sha256": "hashlib", "crc32": "zlib", "base64": "binascii", "deflate": "zlib"}


def _pads(key: bytes) -> tuple[bytes, bytes]:
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return block.translate(_INNER), block.translate(_OUTER)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    # Twice as fast as hmac.digest, whose set-up in OpenSSL costs more than the hashing.
    inner, outer = _pads(key)
    return sha256(outer + sha256(inner + data).digest()).digest()


def compress(data: bytes) -> bytes:
    return zlib.compress(data, 6)


def _string(data: bytes) -> bytes:
    return _U16(len(data)) + data


def _expiries(privileges: tuple[int, ...], expiries: Expiries) -> tuple[int, ...]:
    return expiries if isinstance(expiries, tuple) else (expiries,) * len(privileges)


@lru_cache(maxsize=64)
def _map_parts(privileges: tuple[int, ...]) -> tuple[bytes, ...]:
    """A map's bytes but for the expiries, each of which stands between two parts."""
    count = _U16(to_u16(len(privileges), "the number of privileges"))
    first, *others = (_U16(to_u16(privilege, "privilege")) for privilege in privileges)
    return (count + first, *others, b"")


def _map(privileges: tuple[int, ...], expiries: Expiries) -> bytes:
    if privileges and not isinstance(expiries, tuple):
        parts = _map_parts(privileges)
        return _U32(to_u32(expiries, "privilege expiry")).join(parts)
    count = _U16(to_u16(len(privileges), "the number of privileges"))
    entries = zip(privileges, _expiries(privileges, expiries), strict=True)
    try:
        packed = [_ENTRY(privilege, expiry) for privilege, expiry in entries]
    except struct.error:  # text, as the vendor takes it, or a number that does not fit
        entries = zip(privileges, _expiries(privileges, expiries), strict=True)
        packed = [
            _ENTRY(to_u16(privilege, "privilege"), to_u32(expiry, "privilege expiry"))
            for privilege, expiry in entries
        ]
    return count + b"".join(packed)


def _token006(app_id: bytes, channel: bytes, uid: bytes, message: bytes, signature: bytes) -> str:
    content = _HEAD_006(32, signature, zlib.crc32(channel), zlib.crc32(uid), len(message))
    return "006" + app_id.decode() + b2a_base64(content + message, newline=False).decode("ascii")


def _token007(app_id: bytes, key: bytes, times: bytes, salt: int, services: bytes) -> str:
    """``key`` is the certificate's, after the step of the time of issue."""
    info = _string(app_id) + times + _U32(salt) + services
    signature = hmac_sha256(hmac_sha256(_U32(salt), key), info)
    content = zlib.compress(_SIGNATURE_LENGTH + signature + info, 6)
    return "007" + b2a_base64(content, newline=False).decode("ascii")


def build006(
    app_id: str,
    certificate: str,
    channel: str | bytes,
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
    times = _U32_PAIR(
        random_salt() if salt is None else to_u32(salt, "salt"),
        int(time.time()) + MAX_LIFETIME if ts is None else to_u32(ts, "ts"),
    )
    message = text_bytes(times + _map(privileges, expiries), "message")
    signature = hmac_sha256(key, app_bytes + channel_bytes + uid_bytes + message)
    return _token006(app_bytes, channel_bytes, uid_bytes, message, signature)


def _service(service: Service) -> bytes:
    kind, privileges, expiries, strings, rest = service
    packed = _U16(to_u16(kind, "service type")) + _map(privileges, expiries)
    if strings:
        packed += _string(text_bytes(strings[0], "a service's string"))
        for user in strings[1:]:
            packed += _string(user_bytes(user, "a service's user"))
    return packed + rest


def build007(
    app_id: str,
    certificate: str,
    services: tuple[Service, ...],
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
    count = _U16(to_u16(len(services), "the number of services"))
    packed = b"".join([_service(service) for service in services])
    return _token007(
        app_bytes,
        hmac_sha256(_U32(issued), key),
        _U32_PAIR(issued, lifetime),
        salt,
        count + packed,
    )


class _Plan:
    """What both versions' plans share: the checks of a row, and the loops over columns."""

    def __init__(self, app_id: bytes, certificate: bytes, fields: tuple[Field, ...]) -> None:
        self._app_id = app_id
        self._certificate = certificate
        self._fields = fields

    def __reduce__(self) -> NoReturn:
        raise TypeError("a plan holds a certificate and is not pickled")

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        raise TypeError("a plan is of one version")  # only the two children are ever made

    def _encode(self, values: Sequence[object]) -> list[bytes]:
        row = [field.encode(value) for field, value in zip(self._fields, values, strict=True)]
        if row and row[0] == b"*" and self._fields[0].wildcard:
            _fields.refuse_open_wildcard(row[0], row[1])
        return row

    def one(
        self,
        values: tuple[object, ...],
        variant: int = 0,
        issued_at: int | None = None,
        salt: int | None = None,
    ) -> str:
        return self._sign_row(
            self._encode(values),
            variant,
            int(time.time()) if issued_at is None else issued_at,
            random_salt() if salt is None else salt,
        )

    def _rows(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        variants: Buffer | None,
        salts: Buffer | int | None,
    ) -> Iterator[tuple[tuple[object, ...], int, int]]:
        # The range is there for the rows of a product that has no fields.
        rows = zip(
            range(start, stop),
            *(column_values(column, start, stop) for column in columns),
            strict=True,
        )
        values = (row[1:] for row in rows)
        which = repeat(0) if variants is None else _values(variants, "i", start, stop)
        if salts is None:
            salty: Any = iter(random_salt, None)
        elif isinstance(salts, int):
            salty = repeat(salts)
        else:
            salty = _values(salts, "I", start, stop)
        return zip(values, which, salty, strict=False)

    def many(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        issued_at: int,
        variants: Buffer | None = None,
        salts: Buffer | int | None = None,
    ) -> list[str]:
        tokens: list[str] = []
        append, encode, sign_row = tokens.append, self._encode, self._sign_row
        try:
            for values, variant, salt in self._rows(columns, start, stop, variants, salts):
                append(sign_row(encode(values), variant, issued_at, salt))
        except AgoraTokenError as error:
            raise error.at_row(start + len(tokens)) from None
        return tokens

    def column(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        issued_at: int,
        variants: Buffer | None = None,
        salts: Buffer | int | None = None,
        rejects: Buffer | None = None,
    ) -> tuple[Buffer, Buffer]:
        if rejects is None:
            tokens = self.many(columns, start, stop, issued_at, variants, salts)
        else:
            refused = memoryview(rejects).cast("B")
            tokens = []
            try:
                for values, variant, salt in self._rows(columns, start, stop, variants, salts):
                    index = self._refused_field(values)
                    refused[len(tokens)] = index
                    row = [] if index else self._encode(values)
                    tokens.append("" if index else self._sign_row(row, variant, issued_at, salt))
            except ColumnError as error:  # no value that a row could be refused for
                raise error.at_row(start + len(tokens)) from None
        offsets = array("i", [0]) * (len(tokens) + 1)
        position = 0
        for index, token in enumerate(tokens, 1):
            position += len(token)
            offsets[index] = position
        return offsets, "".join(tokens).encode("ascii")

    def _refused_field(self, values: Sequence[object]) -> int:
        """1 + the index of the first field that refuses its value, or 0."""
        row = []
        for index, (field, value) in enumerate(zip(self._fields, values, strict=True), 1):
            try:
                row.append(field.encode(value))
            except AgoraTokenError:
                return index
        wildcard = row and row[0] == b"*" and self._fields[0].wildcard
        return 2 if wildcard and not row[1] else 0


class Plan006(_Plan):
    def __init__(
        self,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant006],
    ) -> None:
        super().__init__(app_id, certificate, fields)
        if not 1 <= len(fields) <= 2:
            raise ValueError(
                f"a version 006 plan has a channel and a user, not {len(fields)} fields"
            )
        self._variants = tuple(variants)
        inner, outer = _pads(certificate)
        self._inner = sha256(inner + app_id)
        self._outer = sha256(outer)
        self._maps: tuple[int, list[bytes]] = (-1, [])

    def _maps_at(self, issued_at: int) -> list[bytes]:
        """The privilege map of each variant; kept, since most calls share their second."""
        known, maps = self._maps
        if known != issued_at:
            maps = [
                _map(privileges, tuple(issued_at + after if after else 0 for after in lifetimes))
                for privileges, lifetimes in self._variants
            ]
            self._maps = (issued_at, maps)
        return maps

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        channel = row[0]
        uid = row[1] if len(row) > 1 else b""
        privileges = self._maps_at(issued_at)[variant]
        message = _U32_PAIR(salt, issued_at + MAX_LIFETIME) + privileges
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(channel + uid + message)
        outer.update(inner.digest())
        return _token006(self._app_id, channel, uid, message, outer.digest())


class Plan007(_Plan):
    def __init__(
        self,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant007],
    ) -> None:
        super().__init__(app_id, certificate, fields)
        self._variants = tuple(variants)
        self._key: tuple[int, bytes] = (-1, b"")

    def _key_at(self, issued_at: int) -> bytes:
        """The certificate's key at a time of issue; kept, since most calls share their second."""
        known, key = self._key
        if known != issued_at:
            key = hmac_sha256(_U32(issued_at), self._certificate)
            self._key = (issued_at, key)
        return key

    def _sign_row(self, row: list[bytes], variant: int, issued_at: int, salt: int) -> str:
        expire, literals, slots = self._variants[variant]
        services = literals[0]
        for slot, literal in zip(slots, literals[1:], strict=True):
            services += _string(row[slot]) + literal
        times = _U32_PAIR(issued_at, expire)
        return _token007(self._app_id, self._key_at(issued_at), times, salt, services)


def column_values(column: Column, start: int, stop: int) -> Iterable[object]:
    """The Python objects of a column's rows ``start`` to ``stop``."""
    if isinstance(column, Constant):
        return repeat(column.value, stop - start)
    if isinstance(column, Objects):
        return column.values[start:stop]
    first, last = column.start + start, column.start + stop
    if isinstance(column, Integers):
        return _unless_null(_buffer(column.values, "I")[first:last], column, first)
    return _unless_null(_strings(column, first, last), column, first)


def _buffer(buffer: Any, code: str) -> memoryview:
    return memoryview(buffer).cast("B").cast(code)  # type: ignore[call-overload,no-any-return]


def _values(buffer: Any, code: str, start: int, stop: int) -> memoryview:
    values = _buffer(buffer, code)
    if len(values) < stop:
        raise ColumnError(f"a buffer of {values.nbytes} bytes is too short for its rows")
    return values[start:stop]


def _strings(column: Strings, first: int, last: int) -> Iterator[str]:
    offsets = _buffer(column.offsets, "q" if column.wide else "i")
    data = memoryview(column.data or b"").cast("B")
    for index in range(first, last):
        if not 0 <= offsets[index] <= offsets[index + 1] <= len(data):
            raise ColumnError("the offsets of the column do not lie within its data")
        # What is not UTF-8 becomes a lone surrogate, which the field then refuses.
        yield bytes(data[offsets[index] : offsets[index + 1]]).decode(errors="surrogateescape")


def _unless_null(
    values: Iterable[object], column: Integers | Strings, first: int
) -> Iterable[object]:
    if column.validity is None:
        return values
    bits = memoryview(column.validity).cast("B")
    return (
        value if bits[index >> 3] >> (index & 7) & 1 else None
        for index, value in enumerate(values, first)
    )


def verify(*arguments: Any) -> None:
    # Reading and judging tokens is no part of issuing them, and so is imported when it is wanted.
    from ._pure_verify import verify

    verify(*arguments)
