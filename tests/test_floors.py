"""The floors of ``pyproject.toml``, held against every import of the package.

import-linter (``make lint``) holds them against the ``.py`` files; here stubs and Cython sources,
which it does not read, are part of the same graph.
"""

from __future__ import annotations

import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from helpers.needs import need_module

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "agora_token"
FACE = "__init__"
"""What users import.  Of the floors only the command line's and those above it may import it."""

IMPORT = re.compile(
    r"^ *from (?P<dots>\.+)(?P<module>[\w.]*) c?import (?:\((?P<several>[^)]*)\)|(?P<names>.*))",
    re.MULTILINE,
)


def floors() -> list[list[str]]:
    """The modules and packages of each floor, from the top."""
    tomllib = need_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    written = [re.findall(r"\w+", line) for line in contract["layers"]]
    below_the_face = next(number for number, floor in enumerate(written, 1) if "cli" in floor)
    return [*written[:below_the_face], [FACE], *written[below_the_face:]]


def module_of(source: Path) -> str:
    """``batch.files.sinks``; the parts of the native backend are one module, ``_core``."""
    name = ".".join(source.relative_to(PACKAGE).with_suffix("").parts)
    return "_core" if name.startswith("_cython.") else name.removesuffix("." + FACE)


def imports_of(source: Path, modules: set[str]) -> set[str]:
    """The modules that a file imports; a name that is a module counts as that module."""
    folder = PACKAGE if module_of(source) == "_core" else source.parent
    found = set()
    for statement in IMPORT.finditer(source.read_text(encoding="utf-8")):
        base = [folder, *folder.parents][len(statement["dots"]) - 1].relative_to(PACKAGE)
        target = ".".join([*base.parts, *filter(None, statement["module"].split("."))])
        for name in (statement["several"] or statement["names"]).split(","):
            submodule = f"{target}.{name.split()[0]}".lstrip(".") if name.strip() else ""
            found.add(submodule if submodule in modules else target or FACE)
    return found


def graph() -> dict[str, set[str]]:
    """Each module, and those that it imports, for types too."""
    sources = [source for end in ("py", "py?", "px?") for source in PACKAGE.rglob(f"*.{end}")]
    modules = {module_of(source) for source in sources}
    imports: dict[str, set[str]] = {module: set() for module in modules}
    for source in sources:
        imports[module_of(source)] |= imports_of(source, modules)
    return imports


def test_the_graph_is_read() -> None:
    imports = graph()
    assert {"_wire.values", "_judging"} <= imports["_core"], "Cython sources"
    assert {"_products", "_demands"} <= imports["_core"], "the stub"
    assert "_core" in imports["_plans"], "types"
    assert "builders.access_token" in imports[FACE]
    assert "_backend" in imports["builders.chat"], "a module as a name"


def test_a_module_imports_from_its_own_floor_and_below() -> None:
    height = {name: -number for number, floor in enumerate(floors()) for name in floor}
    upwards = [
        f"{module} imports {imported}"
        for module, several in graph().items()
        for imported in several
        if height[imported.split(".")[0]] > height[module.split(".")[0]]
    ]
    assert not upwards


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter(graph()).prepare()
