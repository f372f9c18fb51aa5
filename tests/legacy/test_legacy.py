"""Dynamic keys 1 to 5 and the signaling token: the vectors, the checks, and the warning."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agora_token import legacy
from agora_token.errors import (
    AgoraTokenError,
    InvalidAppIdError,
    InvalidCertificateError,
    InvalidChannelError,
    InvalidInputError,
    InvalidSaltError,
    InvalidTimeError,
    InvalidUserError,
)
from agora_token.legacy import KeyService, Upload, _deprecation
from helpers.project import APP_ID, CERTIFICATE
from helpers.vectors import load

SERVICES = {
    "generateMediaChannelKey": KeyService.MEDIA_CHANNEL,
    "generateRecordingKey": KeyService.RECORDING,
    "generatePublicSharingKey": KeyService.PUBLIC_SHARING,
}


@pytest.fixture
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def issue(vector: dict[str, Any]) -> str:
    project = vector["app_id"], vector["app_certificate"], vector["channel"]
    times: dict[str, Any] = {"issued_at": vector["unix_ts"], "random_int": vector["random_int"]}
    version = vector["version"]
    if version == "DynamicKey1":
        return legacy.dynamic_key1(*project, **times)
    user = (*project, vector["uid"])
    times["expires_at"] = vector["expired_ts"]
    if version == "DynamicKey2":
        return legacy.dynamic_key2(*user, **times)
    if version == "DynamicKey3":
        return legacy.dynamic_key3(*user, **times)
    if version == "DynamicKey4":
        return legacy.dynamic_key4(SERVICES[vector["function"]], *user, **times)
    if "permission" in vector:
        return legacy.in_channel_permission_key5(Upload(vector["permission"]), *user, **times)
    return legacy.dynamic_key5(SERVICES[vector["function"]], *user, **times)


@pytest.mark.usefixtures("_quiet")
def test_dynamic_key_vectors() -> None:
    expected = load("dynamic_key")
    assert len(expected) == 150
    assert {vector["version"] for vector in expected} == {f"DynamicKey{n}" for n in range(1, 6)}
    for vector in expected:
        assert issue(vector) == vector["key"], vector


@pytest.mark.usefixtures("_quiet")
def test_signaling_vectors() -> None:
    expected = load("signaling")
    assert len(expected) == 15
    for vector in expected:
        token = legacy.signaling_token(
            vector["app_id"],
            vector["app_certificate"],
            vector["account"],
            expires_at=vector["expired_ts"],
        )
        assert token == vector["key"]


@pytest.mark.usefixtures("_quiet")
def test_time_and_random_integer_are_fresh_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1446455472.9)
    keys = {legacy.dynamic_key1(APP_ID, CERTIFICATE, "room") for _ in range(20)}
    assert {key[40:82] for key in keys} == {APP_ID + "1446455472"}
    assert len(keys) == 20


KEY2: dict[str, Any] = {"expires_at": 1446455471, "issued_at": 1446455472, "random_int": 58964981}


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"app_id": "short"}, InvalidAppIdError),
        ({"certificate": "z" * 32}, InvalidCertificateError),
        ({"channel": ""}, InvalidChannelError),
        ({"channel": "ünicode"}, InvalidChannelError),
        ({"uid": 1 << 32}, InvalidUserError),
        ({"uid": -(1 << 31) - 1}, InvalidUserError),
        ({"uid": "5"}, InvalidUserError),
        ({"uid": True}, InvalidUserError),
        ({"expires_at": -1}, InvalidTimeError),
        ({"issued_at": 1 << 32}, InvalidTimeError),
        ({"issued_at": 1.5}, InvalidTimeError),
        ({"random_int": 1 << 32}, InvalidSaltError),
        ({"random_int": "1"}, InvalidSaltError),
    ],
)
def test_bad_values_are_refused(change: dict[str, Any], error: type[AgoraTokenError]) -> None:
    values: dict[str, Any] = {
        "app_id": APP_ID, "certificate": CERTIFICATE, "channel": "room", "uid": 5, **KEY2
    }  # fmt: skip
    functions: list[Callable[..., str]] = [legacy.dynamic_key2, legacy.dynamic_key3]
    for function in functions:
        function(**values)
        with pytest.raises(error) as caught:
            function(**{**values, **change})
        assert "z" * 32 not in str(caught.value)
    for function in (legacy.dynamic_key4, legacy.dynamic_key5):
        with pytest.raises(error):
            function(KeyService.RECORDING, **{**values, **change})
    with pytest.raises(error):
        legacy.in_channel_permission_key5(Upload.NOTHING, **{**values, **change})


@pytest.mark.usefixtures("_quiet")
def test_unknown_services_and_permissions_are_refused() -> None:
    user = (APP_ID, CERTIFICATE, "room", 5)
    for service in (4, "ACS", None):
        for function in (legacy.dynamic_key4, legacy.dynamic_key5):
            with pytest.raises(InvalidInputError, match="KeyService"):
                function(service, *user, **KEY2)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="Upload"):
        legacy.in_channel_permission_key5("1", *user, **KEY2)  # type: ignore[arg-type]
    for account in (5, None, "", "ünicode", "x" * 256):
        with pytest.raises(InvalidUserError):
            legacy.signaling_token(APP_ID, CERTIFICATE, account, expires_at=1)  # type: ignore[arg-type]


def test_using_a_kind_warns_once_at_the_callers_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deprecation, "_warned", set())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            legacy.dynamic_key1(APP_ID, CERTIFICATE, "room")
            legacy.dynamic_key5(KeyService.RECORDING, APP_ID, CERTIFICATE, "room", 5, **KEY2)
            legacy.in_channel_permission_key5(
                Upload.NOTHING, APP_ID, CERTIFICATE, "room", 5, **KEY2
            )
    assert [str(warning.message).split(" is ")[0] for warning in caught] == [
        "dynamic key 1",
        "dynamic key 5",
    ]
    for warning in caught:
        assert warning.category is DeprecationWarning
        assert warning.filename == __file__


def test_where_warnings_are_errors_every_use_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deprecation, "_warned", set())
    for _ in range(2):
        with pytest.raises(DeprecationWarning):
            legacy.dynamic_key1(APP_ID, CERTIFICATE, "room")


def test_importing_warns_of_nothing() -> None:
    code = "import agora_token, agora_token.legacy"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
