"""What is asked of a token when it is verified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ._checks import check_app_id, check_leeway, check_moment, check_privilege, check_service
from ._fields import MAX_UID
from ._wording import shown
from .errors import InvalidChannelError, InvalidUserError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from ._checks import ServiceType


class Demands(NamedTuple):
    """What is demanded of every token of a column."""

    at: int
    """The Unix time for which the token must be valid."""
    leeway: int = 0
    """Seconds by which clocks may differ."""
    app_id: bytes | None = None
    service: int | None = None
    privileges: tuple[int, ...] = ()


class Expected(NamedTuple):
    """For whom and where a token must be; None is not asked for."""

    channel: bytes | None = None
    uid: bytes | None = None
    user_id: bytes | None = None


def make_demands(
    at: float | datetime | None,
    leeway: float | timedelta,
    app_id: str | None,
    service: ServiceType | None,
    privileges: Iterable[int],
) -> Demands:
    """What the caller demands, checked."""
    return Demands(
        check_moment(at),
        check_leeway(leeway),
        None if app_id is None else check_app_id(app_id),
        None if service is None else check_service(service),
        tuple(check_privilege(each) for each in privileges),
    )


def expect(channel: object, uid: object, user_id: object) -> Expected:
    """The bytes to be found in a token for what a caller asks for."""
    if channel is not None and not isinstance(channel, str):
        raise InvalidChannelError(
            f"channel is {type(channel).__name__} {shown(channel)}; it must be a string"
        )
    if user_id is not None and not isinstance(user_id, str):
        raise InvalidUserError(
            f"user_id is {type(user_id).__name__} {shown(user_id)}; it must be a string"
        )
    if isinstance(uid, int) and not isinstance(uid, bool) and 0 <= uid <= MAX_UID:
        uid = str(uid) if uid else ""
    if uid is not None and not isinstance(uid, str):
        raise InvalidUserError(
            f"uid is {type(uid).__name__} {shown(uid)}; it must be an integer of 0 to {MAX_UID} "
            "or a string"
        )
    # What is not UTF-8 is in no token; replaced, it equals no other text's bytes.
    return Expected(
        *(
            None if value is None else value.encode("utf-8", "surrogatepass")
            for value in (channel, uid, user_id)
        )
    )
