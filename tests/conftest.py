"""What a test may ask for: each backend in turn, and an issuer."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import settings

from agora_token import Issuer
from helpers.backends import MODULES, using
from helpers.project import APP_ID, CERTIFICATE

# No example fails for having taken long: the machine may be busy.
settings.register_profile("agora-token", deadline=None)
settings.load_profile("agora-token")


@pytest.fixture(params=list(MODULES))
def backend(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The backend under test, put in the place of the one that was chosen at import."""
    with using(request.param) as module:
        yield module


@pytest.fixture
def issuer() -> Issuer:
    """An issuer of the sample project."""
    return Issuer(APP_ID, CERTIFICATE)
