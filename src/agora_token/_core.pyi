"""The contract that both backends satisfy: ``_core`` (native) and ``_pure``.

A backend packs and signs; it does not know products or roles.  Values come to it in two ways:

* ``build006`` and ``build007`` take whatever the vendor's builders take, unchecked, and write it as
  the vendor does.  What cannot be packed is refused with the errors of ``_wire.values``.
* ``Plan006`` and ``Plan007`` hold all that is equal among the tokens of a kind (the key's HMAC
  states, App ID, privileges, layout) and check every value against its field's rules.
"""

from collections.abc import Sequence
from typing import Final, Literal

from typing_extensions import Buffer, disjoint_base

from ._columns import Column
from ._demands import Demands
from ._fields import Field
from ._products import Variant006, Variant007
from ._wire.values import Expiries, PackedService

NAME: Final[Literal["native", "pure"]]

def kernels() -> dict[str, str]:
    """The kernel in use for each of ``sha256``, ``crc32``, ``base64`` and ``deflate``."""

def random_salt() -> int:
    """A salt, 1 to 99999999, uniform, from the operating system's CSPRNG; new after a fork."""

def crc32(data: bytes) -> int: ...
def hmac_sha256(key: bytes, data: bytes) -> bytes: ...
def compress(data: bytes) -> bytes:
    """Classic zlib's bytes at level 6."""

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
    """A version 006 token.  ``ts`` None is now + 24 h, ``salt`` None a random one.

    The privileges are written in the order given.
    """

def build007(
    app_id: str,
    certificate: str,
    services: tuple[PackedService, ...],
    expire: int,
    issue_ts: int | None = None,
    salt: int | None = None,
) -> str:
    """A version 007 token.  ``issue_ts`` None is now; services are written in the order given.

    ``""``, as the vendor's builders return, for an App ID or certificate that is not 32 hex digits.
    """

def verify(
    tokens: Column,
    start: int,
    stop: int,
    certificates: tuple[bytes, ...],
    demands: Demands,
    channels: Column | None,
    uids: Column | None,
    user_ids: Column | None,
    reasons: Buffer,
) -> None:
    """Verifies rows ``start`` to ``stop``, hashed without the GIL.

    ``reasons``, a writable buffer of a byte for each of these rows, receives the number of each
    row's ``Reason``.  A None in ``channels``, ``uids`` or ``user_ids`` is not looked at; a value
    that cannot be asked for raises its error, with the row named.
    """

class _Plan:
    def one(
        self,
        values: tuple[object, ...],
        variant: int = 0,
        issued_at: int | None = None,
        salt: int | None = None,
    ) -> str:
        """One token.  ``values`` has one value for each field; ``issued_at`` None is now."""

    def many(
        self,
        columns: tuple[Column, ...],
        start: int,
        stop: int,
        issued_at: int,
        variants: Buffer | None = None,
        salts: Buffer | int | None = None,
    ) -> list[str]:
        """The tokens of rows ``start`` to ``stop``, hashed without the GIL.

        ``variants`` is a buffer of ``int32`` indices, one a row (None: all 0); ``salts`` a buffer
        of ``uint32``, one a row, one salt for all, or None for random ones.  A row that is refused
        raises its field's error, with the row named.
        """

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
        """As :meth:`many`, as an Arrow string column: ``int32`` offsets and data.

        With ``rejects``, a writable buffer of a byte for each row of ``start`` to ``stop``, a row
        that is refused has an empty string and 1 + the index of the refused field there, and
        nothing is raised for it; other rows have 0.
        """

@disjoint_base
class Plan006(_Plan):
    def __new__(
        cls,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant006],
    ) -> Plan006:
        """Field 0 is the channel, field 1, if there is one, the user."""

@disjoint_base
class Plan007(_Plan):
    def __new__(
        cls,
        app_id: bytes,
        certificate: bytes,
        fields: tuple[Field, ...],
        variants: Sequence[Variant007],
    ) -> Plan007:
        """Where field 0 allows a wildcard, it is the channel and field 1 the user."""

# What only the native backend has, for tests.

def available_kernels(primitive: str) -> list[str]:
    """The kernels of ``sha256``, ``crc32`` or ``base64`` that run here, the best one first."""

def force_kernel(primitive: str, name: str) -> None:
    """Puts a kernel to use; raises :class:`BackendError` where it cannot be."""
