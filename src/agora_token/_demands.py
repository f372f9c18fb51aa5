"""What is asked of a token when it is verified."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._checks import check_app_id, check_leeway, check_moment
from ._fields import MAX_UID
from ._wording import shown
from .errors import (
    InvalidChannelError,
    InvalidInputError,
    InvalidPrivilegeError,
    InvalidUserError,
)
from .privileges import Privilege
from .services import SERVICES, RtcService, RtmService, Service, service_name

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    ServiceType = int | type[Service]

_SERVICE_OF = {each.Privilege: each.type for each in SERVICES.values() if each.Privilege}


class Demands(NamedTuple):
    """What is demanded of every token of a column."""

    at: int
    """The Unix time for which the token must be valid."""
    leeway: int = 0
    """Seconds by which clocks may differ."""
    app_id: bytes | None = None
    service: int | None = None
    privileges: tuple[tuple[int, int], ...] = ()
    """Each with the service that it is one of, or 0 for the services that are asked for."""
    anybody: bool = True
    """Whether a token for anybody (uid 0) or for every channel (``*``) is one for this user."""
    signature_only: bool = False
    """Whether signature and times are all that counts."""


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
    *,
    anybody: bool = True,
) -> Demands:
    """What the caller demands, checked."""
    if isinstance(privileges, (str, bytes)) or not isinstance(privileges, Iterable):
        raise InvalidPrivilegeError(
            f"privileges is {shown(privileges)}; it must be a sequence, such as "
            "[Privilege.PUBLISH_AUDIO_STREAM]"
        )
    return Demands(
        check_moment(at),
        check_leeway(leeway),
        None if app_id is None else check_app_id(app_id),
        None if service is None else _service_number(service),
        tuple(_wanted_privilege(each) for each in privileges),
        bool(anybody),
    )


def _service_number(service: ServiceType) -> int:
    number: Any = getattr(service, "type", service)
    if isinstance(number, bool) or not isinstance(number, int) or number not in SERVICES:
        known = ", ".join(f"{each} {service_name(each)}" for each in SERVICES)
        raise InvalidInputError(
            f"service {shown(service)} is not known; it must be a service's class or its "
            f"number: {known}"
        )
    return number


def _wanted_privilege(privilege: int) -> tuple[int, int]:
    """A privilege with its service, as far as its enumeration says which one that is."""
    try:
        number = -1 if isinstance(privilege, bool) else operator.index(privilege)
    except TypeError:
        number = -1
    if not 0 <= number <= 0xFFFF:
        raise InvalidPrivilegeError(
            f"privilege {shown(privilege)} is not a number of 0 to 65535; see agora_token.Privilege"
        )
    if number == Privilege.RTM_LOGIN:  # 006's number, which is the same thing in both versions
        return RtmService.type, 1
    if isinstance(privilege, Privilege):
        return RtcService.type, number
    return _SERVICE_OF.get(type(privilege), 0), number  # type: ignore[arg-type]


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
        None if channel is None else channel.encode("utf-8", "surrogatepass"),
        None if uid is None else uid.encode("utf-8", "surrogatepass"),
        None if user_id is None else user_id.encode("utf-8", "surrogatepass"),
    )
