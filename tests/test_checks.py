"""What an Issuer may be given, and how anything else is refused: in words that help."""

from __future__ import annotations

from datetime import datetime, timezone
from types import ModuleType
from typing import Any

import pytest

from agora_token import Issuer, read
from agora_token.errors import (
    AgoraTokenError,
    InvalidAppIdError,
    InvalidCertificateError,
    InvalidChannelError,
    InvalidInputError,
    InvalidLifetimeError,
    InvalidPrivilegeError,
    InvalidRoleError,
    InvalidSaltError,
    InvalidTimeError,
    InvalidUserError,
)
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE, NOW

pytestmark = pytest.mark.usefixtures("backend")


REFUSED: list[tuple[type[AgoraTokenError], str, dict[str, Any]]] = [
    (InvalidChannelError, "is empty", {"channel": ""}),
    (InvalidChannelError, "has 65 bytes", {"channel": "x" * 65}),
    (InvalidChannelError, "'/' at position 4", {"channel": "room/1"}),
    (InvalidChannelError, "'é' at position 1", {"channel": "hé"}),
    (InvalidChannelError, "'€' at position 1", {"channel": "h€"}),
    (InvalidChannelError, "lone surrogate at position 0", {"channel": "\ud800"}),
    (InvalidChannelError, "is missing", {"channel": None}),
    (InvalidChannelError, "is int 7", {"channel": 7}),
    (InvalidUserError, "out of range", {"uid": -1}),
    (InvalidUserError, "out of range", {"uid": 1 << 32}),
    (InvalidUserError, "an integer of 20001 bits", {"uid": 1 << 20_000}),
    (InvalidUserError, "is bool True", {"uid": True}),
    (InvalidUserError, "is float 1.5", {"uid": 1.5}),
    (InvalidUserError, "give the integer 0", {"uid": ""}),
    (InvalidUserError, "has 256 bytes", {"uid": "x" * 256}),
    (InvalidUserError, "'\\\\n' at position 5", {"uid": "alice\n"}),
    (InvalidRoleError, "PUBLISHER", {"role": 3}),
    (InvalidRoleError, "does not exist", {"role": "host"}),
    (InvalidRoleError, "does not exist", {"role": []}),
    (InvalidLifetimeError, "24 hours", {"expires_in": 86_401}),
    (InvalidLifetimeError, "not a timestamp", {"expires_in": NOW}),
    (InvalidLifetimeError, "must be 1 to 86400", {"expires_in": 0}),
    (InvalidLifetimeError, "must be 1 to 86400", {"expires_in": -5}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": "600"}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": float("nan")}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": []}),
    (InvalidLifetimeError, "whole number of seconds", {"expires_in": True}),
    (InvalidPrivilegeError, "must map", {"privileges": [1]}),
    (InvalidPrivilegeError, "is not one of", {"privileges": {77: 60}}),
    (InvalidPrivilegeError, "is not a number", {"privileges": {"join": 60}}),
    (InvalidLifetimeError, "privilege 1", {"privileges": {1: 86_401}}),
    (InvalidInputError, "version '008'", {"version": "008"}),
    (InvalidTimeError, "no time zone", {"issued_at": datetime(2026, 1, 1)}),
    (InvalidTimeError, "Unix time", {"issued_at": -1}),
    (InvalidTimeError, "Unix time", {"issued_at": 1 << 32}),
    (InvalidSaltError, "integer of 0", {"salt": -1}),
    (InvalidTimeError, "Unix time", {"issued_at": True}),
    (InvalidSaltError, "integer of 0", {"salt": 1 << 32}),
    (InvalidSaltError, "integer of 0", {"salt": True}),
]


@pytest.mark.parametrize(("error", "words", "given"), REFUSED)
def test_refusals_say_what_was_wrong(
    issuer: Issuer, error: type[AgoraTokenError], words: str, given: dict[str, Any]
) -> None:
    arguments: Any = {"channel": "room", "uid": 42} | given
    with pytest.raises(error, match=words) as caught:
        issuer.rtc(**arguments)
    assert CERTIFICATE not in str(caught.value)


@pytest.mark.parametrize("app_id", ["", "x" * 32, APP_ID[:-1], APP_ID + "\n", None, "é" * 32])
def test_app_ids_that_are_refused(app_id: Any) -> None:
    with pytest.raises(InvalidAppIdError, match="32 hex digits"):
        Issuer(app_id, CERTIFICATE)


@pytest.mark.parametrize(
    "secret", ["", "not the secret but near it, 32by", CERTIFICATE + "0", b"x", None]
)
def test_a_refused_certificate_is_not_shown(secret: Any) -> None:
    with pytest.raises(InvalidCertificateError, match="32 hex digits") as caught:
        Issuer(APP_ID, secret)
    assert not secret or str(secret) not in str(caught.value)


def test_a_certificate_that_is_no_text_is_not_in_the_error(backend: ModuleType) -> None:
    secret = CERTIFICATE[:-1] + "\ud800"
    assert backend.build006(APP_ID, secret, "room", 1, (1,), 0)
    assert backend.build007(APP_ID, secret, (), 60) == ""


def test_times_of_issue(issuer: Issuer) -> None:
    moment = datetime.fromtimestamp(NOW, timezone.utc)
    assert issuer.rtc("r", 1, issued_at=moment, salt=1) == issuer.rtc("r", 1, issued_at=NOW, salt=1)
    before = int(datetime.now(timezone.utc).timestamp())
    issued = read(issuer.rtc("r", 1)).issued_at
    assert issued is not None
    assert before <= issued.timestamp() <= before + 60


def test_numpy_numbers_are_numbers(issuer: Issuer) -> None:
    np = need_module("numpy")
    token = issuer.rtc(
        "room",
        np.uint32(5),
        expires_in=np.int64(60),
        privileges={np.int64(1): np.int64(30)},
        issued_at=np.int64(NOW),
        salt=np.uint32(1),
    )
    same = issuer.rtc("room", 5, expires_in=60, privileges={1: 30}, issued_at=NOW, salt=1)
    assert token == same
