"""One fixture, both implementations: a test that asks for ``backend`` runs over each."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
from hypothesis import settings

from agora_token import _backend

# No example fails for having taken long: the machine may be busy.
settings.register_profile("agora-token", deadline=None)
settings.load_profile("agora-token")


@pytest.fixture(params=["native", "pure"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend under test, put in the place of the one that was chosen at import."""
    name = {"native": "_core", "pure": "_pure"}[request.param]
    module = importlib.import_module(f"agora_token.{name}")
    monkeypatch.setattr(_backend, "backend", module)
    return module
