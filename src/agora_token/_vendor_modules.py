"""The vendor's modules directly under the package: ``agora_token.RtcTokenBuilder2`` and the others.

Many projects keep a copy of the vendor's folder that is named as this package is, and import from
it.  With this, to delete the copy is enough.  The modules are those of :mod:`agora_token.compat`,
found when they are imported: nothing is loaded before.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

_PACKAGE: Final = "agora_token"

_CLASSES: Final = frozenset({"AccessToken", "AccessToken2", "RtcTokenBuilder", "RtmTokenBuilder"})
"""Modules that are named as a class of this package is."""


class VendorModules:
    """Finds and loads them, for ``sys.meta_path``."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package != _PACKAGE or module.startswith("_"):
            return None
        from importlib.machinery import ModuleSpec
        from importlib.util import find_spec

        if find_spec(f"{_PACKAGE}.compat.{module}") is None:
            return None
        return ModuleSpec(name, VendorModules)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        _, _, name = spec.name.rpartition(".")
        module = import_module(f"{_PACKAGE}.compat.{name}")
        spec.loader_state = module.__spec__
        if name in _CLASSES:
            sys.modules[_PACKAGE].__class__ = _Package
        return module

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        # It is loaded, and now has the spec of its other name.
        alias = module.__spec__
        module.__spec__ = None if alias is None else alias.loader_state


class _Package(ModuleType):
    """The package, whose classes stay when a module of the same name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _CLASSES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)
