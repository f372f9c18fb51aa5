"""Either backend in the place of the one that was chosen at import."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from agora_token import _backend

MODULES = {"native": "agora_token._core", "pure": "agora_token._pure"}


@contextmanager
def using(name: str) -> Iterator[ModuleType]:
    """``native`` or ``pure``, for as long as the block lasts."""
    chosen = importlib.import_module(MODULES[_backend.NAME])
    wanted = importlib.import_module(MODULES[name])
    _backend.use(wanted)
    try:
        yield wanted
    finally:
        _backend.use(chosen)
