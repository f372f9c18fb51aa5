"""``AccessToken2`` of version 007: several services, parsing, verifying, hostile tokens."""

from __future__ import annotations

import base64
import struct
import zlib
from contextlib import suppress
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_token.builders.access_token2 import AccessToken2
from agora_token.errors import (
    AgoraTokenError,
    InvalidAppIdError,
    InvalidCertificateError,
    InvalidInputError,
    MalformedTokenError,
    PackingError,
    TokenError,
    UnsupportedVersionError,
)
from agora_token.services import (
    ApaasService,
    ChatService,
    ConvoAIService,
    FCdnService,
    FpaService,
    RtcService,
    Rtm2Service,
    RtmService,
    Service,
    StreamingService,
    SttService,
)
from helpers.project import APP_ID, CERTIFICATE
from helpers.vectors import as_read, load

OTHER_CERTIFICATE = CERTIFICATE.lower()


def token_of(*services: Service) -> AccessToken2:
    token = AccessToken2(APP_ID, CERTIFICATE, 1111111, 600)
    token.salt = 1
    for service in services:
        token.add_service(service)
    return token


def content_of(token: str) -> bytes:
    return zlib.decompress(base64.b64decode(token[3:]))


def with_content(content: bytes) -> str:
    return f"007{base64.b64encode(zlib.compress(content)).decode()}"


def test_services_are_sorted_by_type_and_kept_in_order_within_one(backend: ModuleType) -> None:
    services = [
        RtmService("b", {1: 1}),
        RtcService("second", 2, {}),
        RtmService("a", {1: 2}),
        RtcService("first", 1, {}),
    ]
    token = token_of(*services)
    parsed = AccessToken2.parse(token.build())
    assert token.services == services, "building leaves them as they were added"
    expected = [services[1], services[3], services[0], services[2]]
    assert parsed.services == [as_read(service) for service in expected]
    assert parsed.get_services(2) == [services[0], services[2]]
    assert parsed.get_services(7) == []


def test_every_type_in_one_token(backend: ModuleType) -> None:
    services: list[Service] = [
        RtcService("room", 1, {1: 1, 4: 4}),
        RtmService("alice", {1: 2}),
        StreamingService("room", "bob", {2: 3}),
        FpaService({1: 0}),
        ChatService("carol", {1: 5}),
        FCdnService("room", 0, {1: 6, 2: 7}),
        ApaasService("room", "dave", -32768, {1: 8}),
        Rtm2Service("erin", {1: {0: ["a", "b"], 1: []}, 4: {}}, {1: 9}),
        ConvoAIService(),
        SttService(),
    ]
    text = token_of(*reversed(services)).build()
    parsed = AccessToken2.parse(text)
    assert parsed.services == [as_read(service) for service in services]
    assert parsed.verify(CERTIFICATE)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.9)
    token = AccessToken2()
    assert (token.app_id, token.issue_ts, token.expire) == ("", 1_700_000_000, 900)
    assert 1 <= token.salt <= 99_999_999


def test_repr_is_without_the_certificate() -> None:
    text = repr(token_of(RtmService("alice")))
    assert CERTIFICATE not in text
    assert "alice" in text


@pytest.mark.parametrize("app_id", ["", "a" * 31, "g" * 32, " " * 32, "é" * 32, None])
def test_a_bad_app_id_is_refused(backend: ModuleType, app_id: object) -> None:
    token = token_of(RtmService("alice"))
    token.app_id = app_id  # type: ignore[assignment]
    with pytest.raises(InvalidAppIdError):
        token.build()


@pytest.mark.parametrize("certificate", ["", "a" * 33, "secret" + "z" * 26, None])
def test_a_bad_certificate_is_refused_and_not_shown(
    backend: ModuleType, certificate: object
) -> None:
    token = token_of(RtmService("alice"))
    parsed = AccessToken2.parse(token.build())
    token.app_certificate = certificate  # type: ignore[assignment]
    for call in (token.build, lambda: parsed.verify(certificate)):  # type: ignore[arg-type]
        with pytest.raises(InvalidCertificateError) as caught:
            call()
        assert "secret" not in str(caught.value)


def test_without_services_there_is_no_token(backend: ModuleType) -> None:
    with pytest.raises(InvalidInputError, match="no services"):
        token_of().build()


@pytest.mark.parametrize(
    "service",
    [
        RtmService("x" * 65_536),
        RtmService("alice", {1: 1 << 32}),
        RtmService("alice", {1 << 16: 1}),
        RtmService("alice", {1: -1}),
        ApaasService(role=32_768),
        ApaasService(role=-32_769),
        Rtm2Service("alice", {1 << 16: {}}),
        Rtm2Service("alice", {0: {-1: []}}),
        Rtm2Service("alice", {0: {0: ["x" * 65_536]}}),
        Rtm2Service("alice", {0: {0: ["x"] * 65_536}}),
    ],
    ids=lambda service: repr(service)[:60],
)
def test_what_does_not_fit_is_refused(backend: ModuleType, service: Service) -> None:
    with pytest.raises(PackingError) as caught:
        token_of(service).build()
    assert isinstance(caught.value, struct.error)
    assert len(str(caught.value)) < 200


def test_an_unknown_service_ends_the_list_and_leaves_the_token_verifiable(
    backend: ModuleType,
) -> None:
    info = content_of(token_of(RtcService("room", 1, {}), RtmService("alice", {})).build())[34:]
    # The count says 4; an 11, unknown, comes third, and what follows it cannot be read.
    info = info[:46] + b"\4\0" + info[48:] + struct.pack("<H", 11) + b"\xff" * 9
    key = backend.hmac_sha256(struct.pack("<I", 1111111), CERTIFICATE.encode())
    key = backend.hmac_sha256(struct.pack("<I", 1), key)
    parsed = AccessToken2.parse(with_content(b"\x20\0" + backend.hmac_sha256(key, info) + info))
    assert parsed.unknown_service == 11
    assert parsed.services == [RtcService("room", "1", {}), RtmService("alice", {})]
    assert parsed.verify(CERTIFICATE)
    assert not parsed.verify(OTHER_CERTIFICATE)
    parsed.app_certificate = CERTIFICATE
    with pytest.raises(InvalidInputError, match="unknown service 11"):
        parsed.build()


def test_what_is_verified_is_what_was_parsed(backend: ModuleType) -> None:
    parsed = AccessToken2.parse(token_of(RtmService("alice")).build())
    parsed.services.append(RtmService("mallory"))
    parsed.salt = parsed.issue_ts = 5
    assert parsed.verify(CERTIFICATE)


def test_a_token_that_was_not_parsed_cannot_be_verified() -> None:
    with pytest.raises(TokenError, match="parse"):
        token_of(RtmService("alice")).verify(CERTIFICATE)


def test_every_bit_of_the_content_counts(backend: ModuleType) -> None:
    content = content_of(token_of(RtcService("room", 1, {1: 600})).build())
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 1
        try:
            parsed = AccessToken2.parse(with_content(bytes(changed)))
        except MalformedTokenError:
            continue
        assert not parsed.verify(CERTIFICATE)


def test_another_version_is_refused() -> None:
    for vector in load("006")[:3]:
        with pytest.raises(UnsupportedVersionError):
            AccessToken2.parse(vector["token"])


def test_a_content_cut_anywhere_is_refused() -> None:
    content = content_of(
        token_of(RtcService("room", 1, {1: 1}), Rtm2Service("a", {0: {1: ["x", "yz"]}})).build()
    )
    AccessToken2.parse(with_content(content))
    for length in range(len(content)):
        with pytest.raises(MalformedTokenError):
            AccessToken2.parse(with_content(content[:length]))


def test_bytes_after_the_services_are_refused() -> None:
    content = content_of(token_of(RtmService("alice")).build())
    with pytest.raises(MalformedTokenError, match="after its end"):
        AccessToken2.parse(with_content(content + b"\0"))


@given(st.binary(max_size=300))
def test_any_content_is_read_or_refused(content: bytes) -> None:
    for text in (with_content(content), with_content(b"\x20\0" + bytes(32) + content)):
        with suppress(AgoraTokenError):
            AccessToken2.parse(text)


u32 = st.integers(0, (1 << 32) - 1)
text = st.text(max_size=40)
user = st.one_of(u32, text)
privileges = st.dictionaries(st.integers(0, 65_535), u32, max_size=5)
permissions = st.dictionaries(
    st.integers(0, 65_535),
    st.dictionaries(st.integers(0, 65_535), st.lists(text, max_size=3), max_size=3),
    max_size=3,
)
any_service = st.one_of(
    st.builds(RtcService, text, user, privileges),
    st.builds(RtmService, text, privileges),
    st.builds(StreamingService, text, user, privileges),
    st.builds(FpaService, privileges),
    st.builds(ChatService, text, privileges),
    st.builds(FCdnService, text, user, privileges),
    st.builds(ApaasService, text, text, st.integers(-32768, 32767), privileges),
    st.builds(Rtm2Service, text, permissions, privileges),
    st.builds(ConvoAIService, privileges),
    st.builds(SttService, privileges),
)


@given(
    services=st.lists(any_service, min_size=1, max_size=5),
    issue_ts=st.integers(1, (1 << 32) - 1),
    expire=u32,
    salt=u32,
)
def test_round_trip(services: list[Service], issue_ts: int, expire: int, salt: int) -> None:
    token = AccessToken2(APP_ID, CERTIFICATE, issue_ts, expire)
    token.salt = salt
    token.services = services
    parsed = AccessToken2.parse(token.build())
    assert (parsed.app_id, parsed.issue_ts, parsed.expire, parsed.salt) == (
        APP_ID,
        issue_ts,
        expire,
        salt,
    )
    ordered = sorted(services, key=lambda service: service.type)
    assert parsed.services == [as_read(service) for service in ordered]
    assert parsed.verify(CERTIFICATE)
