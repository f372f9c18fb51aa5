"""Tokens for the rows of a Spark DataFrame: ``pip install "agora-token[spark]"``.

:func:`issue_tokens` and :func:`verify_tokens` add columns to a DataFrame; :class:`TokenIssuer` and
:class:`TokenVerifier` are the functions for ``DataFrame.mapInArrow`` that they use.  The package
has to be installed on the executors too.

The App Certificate is looked up there, by each task, and never passes through the driver.  A
function does it: :class:`CertificateFromEnvironment`, :class:`CertificateFromFile`, or one of your
own without parameters, such as a call to a secret store.  So that neither a plan nor a log can show
a certificate, functions that carry something of its form are refused.

Spark runs a task again when an executor is lost, or when a DataFrame that is not kept is used a
second time.  The tokens are others then, and as good: their salts are random, unless fixed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

from .. import _environment
from .._demands import make_demands
from ..errors import ConfigurationError
from ..issuer import Issuer
from ..reasons import Reason
from .arrow import verify_column
from .columns import CHUNK_ROWS, salt_buffer
from .request import Request
from .roster import Roster
from .rows import BatchError, Refused

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from .._demands import ServiceType

__all__ = [
    "CertificateFromEnvironment",
    "CertificateFromFile",
    "Request",
    "TokenIssuer",
    "TokenVerifier",
    "issue_tokens",
    "verify_tokens",
]

Batches: TypeAlias = "Iterable[pa.RecordBatch]"

_CERTIFICATE: Final = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])")
_STAND_IN: Final = "0" * 32
"""The certificate with which the driver, which has none, tries out what it is asked for."""


@dataclass(frozen=True)
class CertificateFromEnvironment:
    """Looks the certificate up in an environment variable of the executor.

    It may hold a primary and a secondary one, with a comma between them; a variable of the same
    name and ``_FILE`` may name a file in its place.
    """

    variable: str = _environment.CERTIFICATE

    def __call__(self) -> str | list[str]:
        found = _environment.certificates(self.variable)
        if not found:
            raise ConfigurationError(
                f"{self.variable} is not set on the executor {socket.gethostname()}; set it in the "
                "environment of the executors (in conf/spark-env.sh of each worker, or with "
                f"spark.kubernetes.executor.secretKeyRef.{self.variable}=SECRET:KEY; "
                "spark.executorEnv would show it in Spark's interface and logs), or look it up in "
                "a file or by a function: certificate=CertificateFromFile(...)"
            )
        return _one_or_several(found)


@dataclass(frozen=True)
class CertificateFromFile:
    """Looks the certificate up in a file that every executor can read, such as a mounted secret."""

    path: str

    def __call__(self) -> str | list[str]:
        where = f" on the executor {socket.gethostname()}"
        return _one_or_several(_environment.certificates_in(self.path, where))


def issue_tokens(
    df: DataFrame,
    app_id: str,
    request: Request | None = None,
    *,
    certificate: Callable[[], str | Sequence[str]] = CertificateFromEnvironment(),
    salts: str | None = None,
    on_error: str = "raise",
    error_column: str = "token_error",
) -> DataFrame:
    """The DataFrame with a token for each row, in a last column ``token``.

    * ``app_id``: the project's App ID.
    * ``request``: which tokens; by default RTC tokens of version 007 for a publisher and one hour,
      from the columns ``channel``, ``uid`` or ``account``, and ``role``, ``expires_in`` and
      ``privileges`` where there are such.  ``Request(columns={"channel": "room"})`` renames.
    * ``certificate``: a function that looks the App Certificate up on an executor.
    * ``salts``: a column of salts (integers of 0 to 2**32-1), for output that can be reproduced;
      ``Request(issued_at=…)`` fixes the time.
    * ``on_error``: ``"raise"`` fails the job at a row that no token can be issued for, with its
      value and the reason; ``"null"`` leaves the token of such a row null and adds a column,
      ``error_column``, with the reason.

    Raises :class:`~agora_token.errors.AgoraTokenError` at once where a column is missing or the
    request makes no sense; what the executors find, such as no certificate, fails the job.
    """
    issuer = TokenIssuer(app_id, request or Request(), certificate, salts, on_error, error_column)
    return df.mapInArrow(issuer, issuer.schema(df.schema))


def verify_tokens(
    df: DataFrame,
    app_id: str | None = None,
    *,
    certificates: Callable[[], str | Sequence[str]] = CertificateFromEnvironment(),
    token: str = "token",
    channel: str | None = None,
    uid: str | None = None,
    user_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
    anybody: bool = True,
    reason_column: str = "reason",
) -> DataFrame:
    """The DataFrame with the outcome for each token, in a last column ``reason``.

    The outcome is the name of a :class:`~agora_token.Reason` in lower case, ``"valid"`` where the
    token is not refused; a null token is ``"malformed"``.

    * ``certificates``: a function that looks up, on an executor, the App Certificate, or a list of
      them, such as the primary and the secondary one during a rotation.
    * ``token``: the column of the tokens.
    * ``channel``, ``uid``, ``user_id``: columns of what the tokens must be for; None is not looked
      at, and neither is a null in the column.
    * the others are those of :func:`~agora_token.verify`; ``at`` None is the time on the executor.

    Raises as :func:`issue_tokens` does.
    """
    verifier = TokenVerifier(
        app_id,
        certificates,
        token,
        channel,
        uid,
        user_id,
        service,
        tuple(privileges),
        at,
        leeway,
        anybody,
        reason_column,
    )
    return df.mapInArrow(verifier, verifier.schema(df.schema))


@dataclass(frozen=True)
class TokenIssuer:
    """Adds tokens to batches, for ``DataFrame.mapInArrow`` (see :func:`issue_tokens`)."""

    app_id: str
    request: Request = field(default_factory=Request)
    certificate: Callable[[], str | Sequence[str]] = CertificateFromEnvironment()
    salts: str | None = None
    on_error: str = "raise"
    error_column: str = "token_error"

    def __post_init__(self) -> None:
        _check_lookup(self.certificate, self.app_id)
        if self.on_error not in ("raise", "null"):
            raise BatchError(f"on_error is {self.on_error!r}; it must be 'raise' or 'null'")

    def schema(self, schema: StructType) -> StructType:
        """What becomes of a schema; raises where its columns are not those that are needed."""
        added = [self.request.token_column]
        if self.on_error == "null":
            added.append(self.error_column)
        Roster(Issuer(self.app_id, _STAND_IN), self.request, schema.names)
        if self.salts is not None:
            _check_column(self.salts, schema.names)
        return _extended(schema, added)

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        issuer = None
        for batch in _slices(batches):
            issuer = issuer or Issuer(self.app_id, _first(self.certificate()))
            yield self._issued(issuer, batch)

    def _issued(self, issuer: Issuer, batch: pa.RecordBatch) -> pa.RecordBatch:
        request = self.request
        salts = None if self.salts is None else salt_buffer(batch.column(self.salts))
        tokens, refused = Roster(issuer, request, batch.schema.names).tokens(batch, salts)
        added = {request.token_column: tokens}
        if self.on_error == "null":
            added[self.error_column] = _reasons(refused, batch.num_rows)
        else:
            for each in refused:
                raise BatchError(
                    f"no token can be issued for {each.column} {each.value!r}: {each.reason} "
                    "(on_error='null' goes on without)"
                )
        return _with_columns(batch, added)


@dataclass(frozen=True)
class TokenVerifier:
    """Judges the tokens of batches, for ``DataFrame.mapInArrow`` (see :func:`verify_tokens`)."""

    app_id: str | None = None
    certificates: Callable[[], str | Sequence[str]] = CertificateFromEnvironment()
    token: str = "token"
    channel: str | None = None
    uid: str | None = None
    user_id: str | None = None
    service: ServiceType | None = None
    privileges: Sequence[int] = ()
    at: float | datetime | None = None
    leeway: float | timedelta = 0
    anybody: bool = True
    reason_column: str = "reason"

    def __post_init__(self) -> None:
        _check_lookup(self.certificates, self.app_id)
        make_demands(self.at, self.leeway, self.app_id, self.service, self.privileges)

    def schema(self, schema: StructType) -> StructType:
        """What becomes of a schema; raises where its columns are not those that are needed."""
        for name in (self.token, self.channel, self.uid, self.user_id):
            if name is not None:
                _check_column(name, schema.names)
        return _extended(schema, [self.reason_column])

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        certificates: str | Sequence[str] = ()
        for batch in _slices(batches):
            certificates = certificates or self.certificates()
            yield self._judged(certificates, batch)

    def _judged(self, certificates: str | Sequence[str], batch: pa.RecordBatch) -> pa.RecordBatch:
        names = {"channels": self.channel, "uids": self.uid, "user_ids": self.user_id}
        codes = verify_column(
            batch.column(self.token),
            certificates,
            **{key: batch.column(name) for key, name in names.items() if name is not None},
            app_id=self.app_id,
            service=self.service,
            privileges=self.privileges,
            at=self.at,
            leeway=self.leeway,
            anybody=self.anybody,
        )
        reasons = pa.array([reason.name.lower() for reason in Reason]).take(codes.combine_chunks())
        return _with_columns(batch, {self.reason_column: reasons})


def _check_lookup(function: object, app_id: str | None) -> None:
    """Refuses what would put the certificate into Spark's plans."""
    if not callable(function):
        raise ConfigurationError(
            "a certificate is given as a function that looks it up on the executors, such as "
            "CertificateFromFile(path): as a value it would be kept in Spark's plans"
        )
    from pyspark import cloudpickle

    dumps: Callable[[object], bytes] = cloudpickle.dumps
    pickled = dumps(function)
    if app_id:  # is no secret, and has the same form
        pickled = pickled.replace(app_id.encode(), b"\0")
    if _CERTIFICATE.search(pickled):
        raise ConfigurationError(
            "the function that looks the certificate up carries 32 hex digits, the form of a "
            "certificate, which would be kept in Spark's plans; let it read them on the executor"
        )


def _one_or_several(found: list[str]) -> str | list[str]:
    return found[0] if len(found) == 1 else found


def _first(found: str | Sequence[str]) -> str:
    """The certificate that signs."""
    return found if isinstance(found, str) else found[0]


def _check_column(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise BatchError(f"there is no column {name!r}; the columns are {', '.join(names)}")


def _extended(schema: StructType, names: Sequence[str]) -> StructType:
    """A schema with columns of text added."""
    from pyspark.sql.types import StringType, StructField, StructType

    known = set()
    for name in (*schema.names, *names):
        if name.lower() in known:  # Spark tells names apart by more than case only when told to
            raise BatchError(
                f"there would be two columns {name!r}; rename one (the new ones are "
                f"{', '.join(names)})"
            )
        known.add(name.lower())
    added = [StructField(name, StringType()) for name in names]
    return StructType([*schema.fields, *added])


def _slices(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The batches, in parts where Spark is set to make very large ones; none without rows."""
    for batch in batches:
        for first in range(0, batch.num_rows, CHUNK_ROWS):
            yield batch.slice(first, CHUNK_ROWS)


def _with_columns(batch: pa.RecordBatch, added: dict[str, pa.Array]) -> pa.RecordBatch:
    names = [*batch.schema.names, *added]
    return pa.RecordBatch.from_arrays([*batch.columns, *added.values()], names)


def _reasons(refused: Sequence[Refused], rows: int) -> pa.Array:
    if not refused:
        return pa.nulls(rows, pa.string())
    reasons: dict[int, Any] = {each.row: each.reason for each in refused}
    return pa.array([reasons.get(row) for row in range(rows)], pa.string())
