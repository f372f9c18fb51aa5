"""Verifies tokens: one, with an error that says what is wrong, or a column, with a code each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from . import _backend
from ._checks import check_certificates
from ._columns import by_threads, column_of, common_length
from ._demands import Demands, expect, make_demands
from ._judging import judge
from ._wire.parsing import open_token
from .reading import describe, describe_refused
from .reasons import Reason, Refusal
from .token_info import TokenInfo

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from typing_extensions import Buffer

    from ._checks import Certificates
    from ._demands import ServiceType

__all__ = ["Reason", "verify", "verify_many", "verify_signature"]


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
    anybody: bool = True,
) -> TokenInfo:
    """What a token of version 006 or 007 says, once it has been proved; raises if it is refused.

    A token is valid for what is asked when its signature holds, it is not over, and it opens the
    service that is asked for, for this channel and user: the service's *way in* (to join an RTC
    channel, to log in to RTM, and so on) is granted and not over.

    * ``certificates``: the project's App Certificate, or several of them, such as the primary and
      the secondary one during a rotation.  ``certificate_index`` of the result says which matched.
    * ``channel``, ``uid`` (an integer, or an account): ask for a service of channels or rooms (RTC,
      Streaming, Fusion CDN, aPaaS) for these.  ``user_id`` asks for an RTM or Chat service.  What
      is None is not looked at, except that version 006 needs ``channel`` and ``uid``, or
      ``user_id`` for an RTM token.  Where nothing is asked, any one service will do.
    * ``service``: the service that is asked for, by its class or number (``RtmService`` or 2).
    * ``app_id``: the App ID the token must be of.  Where certificates belong to one project, the
      signature says as much.
    * ``privileges``: what the token must grant besides, unexpired, such as
      ``[Privilege.PUBLISH_AUDIO_STREAM]``.  A plain number is one of the service that is asked for.
    * ``at``: when it must be valid, a Unix time or an aware ``datetime``; now, if None.
    * ``leeway``: seconds, or a timedelta, by which clocks may differ.
    * ``anybody``: whether a token for anybody (uid 0) or for every channel (``*``) is valid for
      this user and channel, as it is for Agora's service.  Give False where the token is to prove
      who its holder is.

    A token lives for 24 hours at most, as the service has it, whatever it asks for.  A version 006
    token is taken to be issued 24 hours before its timestamp, as its builders do.

    Version 006 signs channel and uid without a mark between them.  So whoever holds a token for
    channel ``room1`` and uid 234 can make one for ``room12`` and uid 34 without any key, and nobody
    can tell: use version 007, or channel names that do not end in a digit.

    ``usable_until`` of the result is when to renew.  Raises the error of the first :class:`Reason`
    that applies (``Reason.error``); its ``info`` is the unproved :class:`TokenInfo`, or None where
    the token could not be read.  :func:`verify_signature` checks signature and times alone.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, service, privileges, anybody=anybody)
    return _verify(token, keys, demands, channel, uid, user_id)


def verify_signature(
    token: str,
    certificates: Certificates,
    *,
    channel: str | None = None,
    uid: int | str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    at: float | datetime | None = None,
    leeway: float | timedelta = 0,
) -> TokenInfo:
    """As :func:`verify`, but signature and times are all that is checked.

    The token may open nothing at all, or be for another channel and user; only version 006 needs
    them, since its signature covers them.
    """
    keys = check_certificates(certificates)
    demands = make_demands(at, leeway, app_id, None, ())._replace(signature_only=True)
    return _verify(token, keys, demands, channel, uid, user_id)


def _verify(
    token: str,
    keys: tuple[bytes, ...],
    demands: Demands,
    channel: str | None,
    uid: int | str | None,
    user_id: str | None,
) -> TokenInfo:
    expected = expect(channel, uid, user_id)
    parts = open_token(token)
    verdict = judge(parts, keys, demands, expected, _backend.hmac_sha256)
    if verdict.reason is Reason.VALID:
        # Most callers want to know that it is valid, and nothing more.
        return TokenInfo.later(partial(describe, token, parts, verdict.signer))
    asked = {"channel": channel, "uid": uid, "user_id": user_id}
    given = {name: value for name, value in asked.items() if value is not None}
    read_info = partial(describe_refused, token, parts)
    refusal = Refusal(read_info, demands, given, verdict.lacking, verdict.name_error)
    error = verdict.reason.error(refusal.message(verdict.reason))
    error.read_info = read_info
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
    anybody: bool = True,
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
    demands = make_demands(at, leeway, app_id, service, privileges, anybody=anybody)
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
