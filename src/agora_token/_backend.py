"""The only module that knows there are two implementations: it chooses one, and exports its parts.

``AGORA_TOKEN_BACKEND`` chooses: ``auto`` (the default) takes the native one where it was built,
``native`` insists on it, ``pure`` does without it.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from .errors import BackendError

if TYPE_CHECKING:
    from ._core import (
        NAME,
        Plan006,
        Plan007,
        build006,
        build007,
        compress,
        hmac_sha256,
        kernels,
        random_salt,
        verify,
    )

__all__ = [
    "NAME",
    "BackendInfo",
    "Plan006",
    "Plan007",
    "backend_info",
    "build006",
    "build007",
    "compress",
    "hmac_sha256",
    "kernels",
    "random_salt",
    "use",
    "verify",
]

_CONTRACT = tuple(name for name in __all__ if name not in ("BackendInfo", "backend_info", "use"))
"""What both implementations have: see ``_core.pyi``."""

_CHOICES = ("auto", "native", "pure")


class BackendInfo(NamedTuple):
    """Which implementation is in use, and why."""

    name: str
    """``native`` or ``pure``."""
    kernels: dict[str, str]
    """The implementation of each primitive, such as ``{"sha256": "x86-shani", ...}``."""
    reason: str
    """How it came to be chosen."""


def _choose() -> tuple[ModuleType, str]:
    wanted = os.environ.get("AGORA_TOKEN_BACKEND") or "auto"
    if wanted not in _CHOICES:
        raise BackendError(
            f"AGORA_TOKEN_BACKEND is {wanted!r}; it must be one of {', '.join(_CHOICES)}"
        )
    if wanted == "pure":
        return importlib.import_module("._pure", __package__), "AGORA_TOKEN_BACKEND=pure"
    try:
        native = importlib.import_module("._core", __package__)
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}._core":
            raise
        if wanted == "native":
            raise BackendError(
                "AGORA_TOKEN_BACKEND is 'native', but the extension agora_token._core is not "
                "installed; reinstall agora-token with a C compiler at hand"
            ) from error
        return importlib.import_module("._pure", __package__), "the extension was not built"
    except ImportError as error:
        # An extension that is installed but does not load is a fault: report it, do not hide it.
        raise BackendError(
            f"the extension agora_token._core does not load ({error}); reinstall agora-token, or "
            "set AGORA_TOKEN_BACKEND=pure to do without it"
        ) from error
    return (
        native,
        "AGORA_TOKEN_BACKEND=native" if wanted == "native" else "the extension is installed",
    )


def use(implementation: ModuleType) -> None:
    """Makes this module export an implementation's parts."""
    globals().update({name: getattr(implementation, name) for name in _CONTRACT})


_implementation, _reason = _choose()
use(_implementation)


def backend_info() -> BackendInfo:
    """Names the implementation and the kernels in use."""
    return BackendInfo(NAME, kernels(), _reason)
