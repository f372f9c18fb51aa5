"""One meaning of ``AGORA_APP_ID`` and ``AGORA_APP_CERTIFICATE``, for issuing and for verifying."""

from __future__ import annotations

from pathlib import Path

import pytest

from agora_token import Issuer, _environment, verify
from agora_token.errors import AgoraTokenError, ConfigurationError, InvalidCertificateError
from helpers.project import APP_ID, CERTIFICATE

OTHER = "0" * 32


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGORA_APP_ID", "AGORA_APP_CERTIFICATE"):
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)


def issued() -> str:
    return Issuer.from_env().rtc("room-1", 42)


def test_the_first_certificate_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", f"{CERTIFICATE},{OTHER}")
    assert verify(issued(), _environment.certificates()).certificate_index == 0
    verify(issued(), CERTIFICATE)


def test_files_in_their_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AGORA_APP_ID", "AGORA_APP_CERTIFICATE"):
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    (tmp_path / "AGORA_APP_ID").write_text(APP_ID + "\n")
    for content in (
        f"{CERTIFICATE}",
        f"{CERTIFICATE}\r\n{OTHER}\r\n",
        f"\ufeff{CERTIFICATE},{OTHER}\n\n",
    ):
        (tmp_path / "AGORA_APP_CERTIFICATE").write_bytes(content.encode())
        verify(issued(), CERTIFICATE, app_id=APP_ID)
    assert _environment.certificates() == [CERTIFICATE, OTHER]


@pytest.mark.parametrize("spoilt", ["{}\r", "{}\n", " {}", "{} ", "\ufeff{}", '"{}"'])
def test_a_spoilt_certificate_is_refused_for_issuing_as_for_verifying(
    spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issued()
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", spoilt.format(CERTIFICATE))
    messages = []
    for use in (Issuer.from_env, lambda: verify(token, _environment.certificates())):
        with pytest.raises(InvalidCertificateError) as error:
            use()
        assert CERTIFICATE not in str(error.value)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", "")
    assert _environment.certificates() == []
    with pytest.raises(ConfigurationError, match=r"AGORA_APP_CERTIFICATE is not set; .*_FILE"):
        Issuer.from_env()
    monkeypatch.setenv("AGORA_APP_CERTIFICATE_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match=r"none cannot be read: No such file"):
        Issuer.from_env()
    (tmp_path / "none").write_text("\n")
    with pytest.raises(ConfigurationError, match=r"names .*none, which is empty"):
        Issuer.from_env()
    (tmp_path / "none").write_bytes(b"\xff" + CERTIFICATE.encode())
    with pytest.raises(ConfigurationError, match="not text in UTF-8") as error:
        Issuer.from_env()
    assert error.value.__context__ is None
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)
    with pytest.raises(AgoraTokenError, match="are both set"):
        Issuer.from_env()
