"""Every vector of versions 006 and 007, built and read, over both backends."""

from __future__ import annotations

from binascii import crc32
from types import ModuleType

import pytest

from agora_token.builders.access_token import AccessToken
from agora_token.builders.access_token2 import AccessToken2
from helpers.project import APP_ID, CERTIFICATE, CHANNEL, TOKEN_006, UID
from helpers.vectors import Vector, as_read, integer_keys, load, service_of

VECTORS_006 = load("006")
VECTORS_007 = load("007")


def test_the_vectors_are_all_there() -> None:
    assert (len(VECTORS_006), len(VECTORS_007)) == (300, 300)
    assert {entry["type"] for vector in VECTORS_007 for entry in vector["services"]} == {
        *range(1, 11)
    }


def access_token(vector: Vector) -> AccessToken:
    token = AccessToken(
        vector["app_id"], vector["app_certificate"], vector["channel"], vector["uid"]
    )
    token.salt, token.ts = vector["salt"], vector["ts"]
    for privilege, expire in integer_keys(vector["privileges"]).items():
        token.addPrivilege(privilege, expire)
    return token


def access_token2(vector: Vector) -> AccessToken2:
    token = AccessToken2(
        vector["app_id"], vector["app_certificate"], vector["issue_ts"], vector["expire"]
    )
    token.salt = vector["salt"]
    for entry in vector["services"]:
        token.add_service(service_of(entry))
    return token


def test_006_is_built(backend: ModuleType) -> None:
    for vector in VECTORS_006:
        token = access_token(vector)
        assert token.build() == vector["token"]
        assert token.build() == vector["token"], "a second time"


def test_006_is_read(backend: ModuleType) -> None:
    for vector in VECTORS_006:
        token = AccessToken()
        assert token.fromString(vector["token"]) is True
        assert token.appID == vector["app_id"]
        assert (token.salt, token.ts) == (vector["salt"], vector["ts"])
        assert token.messages == integer_keys(vector["privileges"])
        assert list(token.messages) == sorted(token.messages)


def test_006_is_built_again_from_what_was_read(backend: ModuleType) -> None:
    for vector in VECTORS_006:
        token = AccessToken("", vector["app_certificate"], vector["channel"], vector["uid"])
        assert token.fromString(vector["token"])
        assert token.build() == vector["token"]


def test_007_is_built(backend: ModuleType) -> None:
    for vector in VECTORS_007:
        token = access_token2(vector)
        assert token.build() == vector["token"]
        assert token.build() == vector["token"], "a second time"


def test_007_is_read_and_verified(backend: ModuleType) -> None:
    for vector in VECTORS_007:
        token = AccessToken2.parse(vector["token"])
        assert (token.app_id, token.issue_ts, token.expire, token.salt) == (
            vector["app_id"],
            vector["issue_ts"],
            vector["expire"],
            vector["salt"],
        )
        services = sorted(map(service_of, vector["services"]), key=lambda each: each.type)
        assert token.services == [as_read(service) for service in services]
        assert token.unknown_service is None
        assert token.verify(vector["app_certificate"])
        assert not token.verify(CERTIFICATE)


def test_007_is_built_again_from_what_was_read(backend: ModuleType) -> None:
    for vector in VECTORS_007:
        token = AccessToken2.parse(vector["token"])
        token.app_certificate = vector["app_certificate"]
        assert token.build() == vector["token"]


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (UID, TOKEN_006.removeprefix(f"006{APP_ID}")),
        (0, "IACw1o7htY6ISdNRtku3p9tjTPi0jCKf9t49UHJhzCmL6bdIfRAAAAAAEAABAAAAR/QQAAEAAQCvKDdW"),
    ],
)
def test_the_well_known_006(backend: ModuleType, uid: int, expected: str) -> None:
    token = AccessToken(APP_ID, CERTIFICATE, CHANNEL, uid)
    token.salt, token.ts = 1, 1111111
    token.addPrivilege(1, 1446455471)
    assert token.build() == f"006{APP_ID}{expected}"


def test_checksums_tell_integer_0_from_the_text_0(backend: ModuleType) -> None:
    tokens = [AccessToken(APP_ID, CERTIFICATE, CHANNEL, uid) for uid in (0, "0")]
    assert [token.uidStr for token in tokens] == ["", "0"]
    assert crc32(b"") != crc32(b"0")
    for token in tokens:
        token.salt, token.ts = 1, 1111111
    assert tokens[0].build() != tokens[1].build()
