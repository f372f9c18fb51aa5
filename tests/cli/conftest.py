"""Runs the command line in this process, as its entry point does."""

from __future__ import annotations

import io
import sys

import pytest

from helpers.command_line import Agora, Result
from helpers.project import APP_ID, CERTIFICATE


@pytest.fixture
def agora(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Agora:
    """``agora(*arguments, given="standard input")``, with the project in the environment."""
    from agora_token.cli.app import run

    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)

    def call(*arguments: str, given: str = "") -> Result:
        monkeypatch.setattr(sys, "argv", ["agora-token", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        status = run()
        return Result(status, *capsys.readouterr())

    return call
