"""Verifies tokens: one, with an error that says what is wrong, or a column, with a code each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from . import _backend
from ._checks import check_certificates
from ._columns import by_threads, column_of, common_length
from ._demands import expect, make_demands
from ._judging import judge
from ._wire.parsing import open_token
from .reading import describe
from .reasons import Reason, Refusal
from .token_info import TokenInfo

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from typing_extensions import Buffer

    from ._checks import Certificates, ServiceType

__all__ = ["Reason", "verify", "verify_many"]


def verify(
    token: str,
    certificates: Certificates,
    *,
    channel: str | None = None,
    uid: int | str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
) -> TokenInfo:
    """What a token of version 006 or 007 says, once it has been proved; raises if it is refused.

    * ``certificates``: the project's App Certificate, or several of them, such as the primary and
      the secondary one during a rotation.  ``certificate_index`` of the result says which matched.
    * ``channel``, ``uid`` (an integer, or an account): what an RTC, Streaming or Fusion CDN service
      of the token must be for, or the room and user of an aPaaS one.  ``user_id``: what an RTM or
      Chat service must be for.  What is None is not looked at, except that version 006 needs
      ``channel`` and ``uid``, or ``user_id`` for an RTM token.  Values must be those the token was
      issued for: one for anybody (uid 0) is valid for ``uid=0`` alone, one for every channel for
      ``channel="*"`` alone.
    * ``app_id``: the App ID the token must be of.  Where certificates belong to one project, the
      signature says as much.
    * ``service``: a service that the token must open, by its number or class (``RtmService``).
    * ``privileges``: what it must grant, unexpired, in ``service`` or else in RTC;
      ``Privilege.RTM_LOGIN`` is understood in both versions.
    * ``at``: when it must be valid, a Unix time or an aware ``datetime``; now, if None.
    * ``leeway``: seconds, or a timedelta, by which clocks may differ.

    A token lives for 24 hours at most, as the service has it, whatever it asks for.  A version 006
    token is taken to be issued 24 hours before its timestamp, as its builders do.

    Raises the error of the first :class:`Reason` that applies (``Reason.error``); its ``info`` is
    the unproved :class:`TokenInfo`, or None where the token could not be read.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges)
    expected = expect(channel, uid, user_id)
    parts = open_token(token)
    reason, signer = judge(parts, keys, demands, expected, _backend.hmac_sha256)
    if reason is Reason.VALID:
        return replace(describe(token, parts), certificate_index=signer)
    asked = {"channel": channel, "uid": uid, "user_id": user_id}
    given = {name: value for name, value in asked.items() if value is not None}
    info = describe(token, parts)
    error = reason.error(Refusal(info, demands, given).message(reason))
    error.info = info
    raise error


def verify_many(
    tokens: Sequence[str],
    certificates: Certificates,
    *,
    channels: str | Sequence[str | None] | None = None,
    uids: int | str | Sequence[int | str | None] | Buffer | None = None,
    user_ids: str | Sequence[str | None] | None = None,
    app_id: str | None = None,
    service: ServiceType | None = None,
    privileges: Iterable[int] = (),
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
    threads: int = 1,
) -> bytes:
    """As :func:`verify`, a column at once: a byte a token, the number of its :class:`Reason`.

    So ``codes[i] == Reason.VALID``, ``Reason(codes[i])`` and ``Counter(map(Reason, codes))``.
    Versions may be mixed.  ``channels``, ``uids`` and ``user_ids`` are one value for all, or a
    column as long as ``tokens``; None in a column is not looked at, as in :func:`verify`.  A token
    never raises; what may not be asked for does, naming the row.  ``threads`` share the work, which
    the native backend does without the GIL.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges)
    token_column = column_of(tokens)
    places, users, logins = (
        None if each is None else column_of(each) for each in (channels, uids, user_ids)
    )
    given = (token_column, places, users, logins)
    rows = common_length(tuple(column for column in given if column is not None))
    codes = bytearray(rows)
    out = memoryview(codes)

    def run(start: int, stop: int) -> None:
        _backend.verify(
            token_column, start, stop, keys, demands, places, users, logins, out[start:stop]
        )

    by_threads(run, rows, threads)
    return bytes(codes)
