"""``agora-token read``, ``verify`` and ``explain``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agora_token.issuer import Issuer
from agora_token.reading import read
from agora_token.services import SERVICES
from helpers.command_line import Agora
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE, NOW
from helpers.vectors import load

ISSUER = Issuer(APP_ID, CERTIFICATE)
AT = ["--at", str(NOW)]
JOIN = ["--channel", "room", "--uid", "42", *AT]


def rtc(version: str = "007") -> str:
    return ISSUER.rtc("room", 42, version=version, issued_at=NOW, salt=7)


def test_read_prints_what_the_library_says(agora: Agora) -> None:
    result = agora("read", rtc())
    assert result == (0, f"{read(rtc())}\n", "")


def test_read_json(agora: Agora) -> None:
    result = agora("read", "--json", rtc(), rtc("006"))
    first, second = map(json.loads, result.out.splitlines())
    assert first == {"error": None, **read(rtc()).to_dict()}
    assert second["version"] == "006"


def test_read_a_bad_token(agora: Agora) -> None:
    result = agora("read", rtc()[:-8])
    assert result.status == 1
    assert result.out.startswith("refused: ")
    as_json = json.loads(agora("read", "--json", "hello").out)
    assert (as_json["valid"], as_json["error"]) == (False, "UnsupportedVersion")


def test_tokens_from_the_input_and_from_files(agora: Agora, tmp_path: Path) -> None:
    lines = f"{rtc()}\r\n\n{rtc('006')}\n"
    path = tmp_path / "tokens"
    path.write_text(lines)
    for result in (
        agora("read", "--json", "-", given=lines),
        agora("read", "--json", "--file", str(path)),
        agora("read", "--json", "--file", "-", given=lines),
        agora("read", "--json", rtc(), rtc("006")),
    ):
        assert result.status == 0
        assert [json.loads(line)["version"] for line in result.out.splitlines()] == ["007", "006"]


@pytest.mark.parametrize("version", ["006", "007"])
def test_verify(agora: Agora, version: str) -> None:
    assert agora("verify", rtc(version), *JOIN) == (0, "valid, signed with the certificate\n", "")


def test_verify_refused(agora: Agora) -> None:
    result = agora("verify", rtc(), "--channel", "hall", *AT)
    assert result.status == 1
    assert result.out.startswith("refused: the token is not for channel 'hall'")
    as_json = json.loads(agora("verify", "--json", rtc(), "--at", str(NOW + 3600)).out)
    assert (as_json["valid"], as_json["error"]) == (False, "ExpiredToken")
    assert as_json["info"]["app_id"] == APP_ID
    assert CERTIFICATE not in json.dumps(as_json)


def test_verify_says_which_certificate(agora: Agora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", f"{'0' * 32}, {CERTIFICATE}")
    assert agora("verify", rtc(), *JOIN).out == "valid, signed with certificate 2 of 2\n"


def test_certificates_from_a_file(
    agora: Agora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    path = tmp_path / "certificates"
    path.write_text(f"{'0' * 32}\n\n{CERTIFICATE}\n")
    result = agora("verify", rtc(), *JOIN, "--certificate-file", str(path))
    assert result.out == "valid, signed with certificate 2 of 2\n"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"not a certificate"])
def test_a_bad_file_of_certificates(agora: Agora, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "certificates"
    path.write_bytes(content)
    result = agora("verify", rtc(), "--certificate-file", str(path))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("agora-token: ")


def test_verify_without_a_certificate(agora: Agora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    result = agora("verify", rtc())
    assert result.status == 2
    assert "AGORA_APP_CERTIFICATE" in result.err


def test_no_option_takes_a_certificate(agora: Agora) -> None:
    for command in ("verify", "explain", "issue"):
        assert agora(command, "--certificate", CERTIFICATE).status == 2


def test_app_id_of_the_environment(agora: Agora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_APP_ID", "a" * 32)
    assert "of App ID" in agora("verify", rtc(), *JOIN).out
    assert agora("verify", rtc(), *JOIN, "--app-id", APP_ID).status == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--uid", "42"], 0),
        (["--account", "42"], 0),
        (["--uid", "0"], 1),
        (["--service", "rtc", "--privilege", "join-channel", "--privilege", "2"], 0),
        (["--service", "rtm"], 1),
        (["--privilege", "administrate-channel"], 1),
        (["--at", "2027-01-15T08:30:00Z"], 0),
        (["--at", "2027-01-15T08:30:00+00:00"], 0),
        (["--at", "2027-01-15T09:00:00"], 1),
        (["--at", str(NOW - 5)], 1),
        (["--at", str(NOW - 5), "--leeway", "5"], 0),
        (["--uid", "-1"], 2),
        (["--uid", "alice"], 2),
        (["--uid", "42", "--account", "42"], 2),
        (["--privilege", "nothing"], 2),
        (["--service", "nothing"], 2),
        (["--at", "yesterday"], 2),
        (["--app-id", "short"], 2),
    ],
)
def test_conditions(agora: Agora, arguments: list[str], status: int) -> None:
    result = agora("verify", rtc(), *AT, *arguments)
    assert result.status == status, result


def test_services_have_the_names_that_read_shows(agora: Agora) -> None:
    usage = agora("verify", "--help").out.replace("\n", "").replace(" ", "")
    for kind in SERVICES.values():
        assert kind.__name__.removesuffix("Service").lower() in usage


def test_one_bad_token_among_good_ones(agora: Agora) -> None:
    result = agora("verify", "-", *JOIN, given=f"{rtc()}\njunk\n{rtc()}\n")
    assert result.status == 1
    assert [line[:5] for line in result.out.splitlines()] == ["valid", "refus", "valid"]


def test_explain(agora: Agora) -> None:
    result = agora("explain", rtc(), "--channel", "Room", "--uid", "42", *AT)
    assert result.status == 1
    assert result.out.startswith("The token is refused.\n1. channel case\n")
    assert agora("explain", rtc(), *JOIN) == (0, "The token is valid.\n", "")


def test_explain_json(agora: Agora) -> None:
    result = agora("explain", "--json", rtc()[:-8], "hello")
    causes = [json.loads(line)["findings"][0]["cause"] for line in result.out.splitlines()]
    assert causes == ["cut_short", "not_a_token"]


def test_explain_without_a_certificate(agora: Agora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    result = agora("explain", rtc(), *JOIN)
    assert result.status == 0
    assert "no certificate was given" in result.out


def test_no_tokens(agora: Agora, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert agora("read").status == 2
    assert agora("read", "-", given="\n\n").status == 2
    assert agora("read", "--file", str(empty)).status == 2
    assert agora("read", "--file", str(tmp_path / "missing")).status == 2


@pytest.mark.parametrize("command", ["read", "verify", "explain"])
@pytest.mark.parametrize("given", ["\x00\n", "é\n", "[bold]007\n", "x" * 300_000, "\x1b[31m007"])
def test_junk_is_no_traceback(agora: Agora, command: str, given: str) -> None:
    result = agora(command, "-", given=given)
    assert result.status == 1
    assert result.out
    assert "\x1b" not in result.out


def test_input_that_is_not_utf_8() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "agora_token", "read", "-"],
        input=b"007\xff\xfe\n",
        capture_output=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout.startswith(b"refused: ")


def test_every_vector_is_read(agora: Agora) -> None:
    vectors = [vector["token"] for vector in (*load("006"), *load("007"))]
    vectors += [vector["key"] for vector in (*load("dynamic_key"), *load("signaling"))]
    result = agora("read", "--json", "-", given="\n".join(vectors))
    assert result.status == 0
    assert len(result.out.splitlines()) == len(vectors)


def test_coloured_on_a_terminal_and_plain_in_a_pipe() -> None:
    pty = need_module("pty")
    command = [sys.executable, "-m", "agora_token", "read", rtc()]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"\x1b[" not in plain
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    subprocess.run(command, stdout=child, check=True, env=environment)
    os.close(child)
    shown = os.read(parent, 1 << 16)
    os.close(parent)
    assert b"\x1b[1m" in shown


@pytest.mark.parametrize("spoilt", ["{}\r", " {}"])
def test_a_spoilt_certificate_is_refused_alike_by_every_command(
    agora: Agora, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    token = agora("issue", "rtc", "--channel", "room-1", "--uid", "42").out.strip()
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", spoilt.format(CERTIFICATE))
    refused = [
        agora(*command)
        for command in (
            ("explain", token),
            ("verify", token),
            ("issue", "rtc", "--channel", "room-1", "--uid", "42"),
        )
    ]
    assert {each.status for each in refused} == {2}
    assert len({each.err for each in refused}) == 1
    assert CERTIFICATE not in refused[0].err


def test_an_app_id_and_a_certificate_in_files(
    agora: Agora, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = agora("issue", "rtc", "--channel", "room-1", "--uid", "42").out.strip()
    for name, value in (("AGORA_APP_ID", "0" * 32), ("AGORA_APP_CERTIFICATE", CERTIFICATE)):
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    result = agora("explain", token)
    assert result.status == 1
    assert "other app id" in result.out
    (tmp_path / "AGORA_APP_ID").write_text(f"{APP_ID}\n")
    assert agora("explain", token).status == 0
