"""The command line as a whole: help, errors, closed pipes, Ctrl-C, missing packages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import agora_token
from agora_token.issuer import Issuer
from helpers.command_line import Agora
from helpers.project import APP_ID, CERTIFICATE

COMMANDS = ("issue", "read", "verify", "explain", "batch", "info")
PROGRAM = [sys.executable, "-m", "agora_token"]


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "AGORA_APP_ID": APP_ID, "AGORA_APP_CERTIFICATE": CERTIFICATE}


def test_help_lists_every_command(agora: Agora) -> None:
    result = agora("--help")
    assert result.status == 0
    assert all(f"  {command} " in result.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(agora: Agora, command: str) -> None:
    assert f"agora-token {command}" in agora(command, "--help").out


@pytest.mark.parametrize("arguments", [["nothing"], ["read"], ["read", "--no"], ["issue", "x"]])
def test_usage_errors(agora: Agora, arguments: list[str]) -> None:
    result = agora(*arguments)
    assert result.status == 2
    assert "Usage: agora-token" in result.err
    assert result.out == ""


def test_version(agora: Agora) -> None:
    assert agora("--version").out == f"agora-token, version {agora_token.__version__}\n"


def test_info(agora: Agora, backend: object) -> None:
    del backend
    expected = agora_token.backend_info()
    as_json = json.loads(agora("info", "--json").out)
    assert as_json["version"] == agora_token.__version__
    assert as_json["name"] == expected.name
    assert as_json["kernels"] == expected.kernels
    plain = agora("info").out
    assert f"backend     {expected.name}" in plain
    assert expected.kernels["sha256"] in plain


def test_python_m_agora_token() -> None:
    result = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert agora_token.__version__ in result.stdout


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_missing_package_is_named_in_one_line(tmp_path: Path, package: str) -> None:
    (tmp_path / f"{package}.py").write_text(
        f"raise ModuleNotFoundError('no {package}', name='{package}')"
    )
    result = subprocess.run(
        [*PROGRAM, "info"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert package in result.stderr
    assert "pip install 'agora-token[" in result.stderr


def test_reading_a_token_loads_no_pyarrow() -> None:
    token = Issuer(APP_ID, CERTIFICATE).rtc("room", 1)
    code = (
        f"import sys; sys.argv = ['agora-token', 'read', {token!r}]\n"
        "from agora_token.cli.app import run\n"
        "assert run() == 0\n"
        "assert 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_closed_pipe(environment: dict[str, str], tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{Issuer(APP_ID, CERTIFICATE).rtc('room', 1)}\n" * 20_000)
    for command in ("read", "verify", "explain"):
        for form in ([], ["--json"]):
            process = subprocess.Popen(
                [*PROGRAM, command, "--file", str(tokens), *form],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            message = process.stderr.read().decode()
            process.stderr.close()
            assert process.wait() == 1
            assert message == ("agora-token: the output was closed before everything was written\n")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*PROGRAM, "read", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # Its answer to more lines than its buffers hold shows that it has begun to wait for others.
        process.stdin.write(f"{Issuer(APP_ID, CERTIFICATE).rtc('room', 1)}\n".encode())
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert b"Traceback" not in process.stderr.read()


def test_a_full_disk() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*PROGRAM, "info"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr.startswith("agora-token: ")
    assert "Traceback" not in result.stderr
