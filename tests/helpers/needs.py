"""What tests do when something outside the project, such as a compiler, is not there."""

from __future__ import annotations

import importlib
import os
import shutil
from types import ModuleType
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skips the test; with ``CI`` set it fails, so that a test is never skipped there unseen."""
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(reason)
    pytest.fail(f"CI must not skip this: {reason}")


def need_program(name: str) -> str:
    """The path of a program that the test cannot do without."""
    return shutil.which(name) or skip_or_fail(f"needs the program {name}")


def need_module(name: str) -> ModuleType:
    """A module that the test cannot do without."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        skip_or_fail(f"needs the module {name}")
