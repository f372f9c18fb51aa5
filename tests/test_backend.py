"""The choice of a backend, and the proof that the one in use is the one that is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import agora_token
from agora_token import _core, _pure


def run(
    code: str, path: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    # An empty choice is none: the tests may run with one of their own.
    names = os.environ | {"AGORA_TOKEN_BACKEND": ""} | environment
    if path:
        names["PYTHONPATH"] = str(path)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=names)


NAME = "import agora_token; info = agora_token.backend_info(); print(info.name, info.reason)"


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        ("", "native the extension is installed"),
        ("auto", "native the extension is installed"),
        ("native", "native AGORA_TOKEN_BACKEND=native"),
        ("pure", "pure AGORA_TOKEN_BACKEND=pure"),
    ],
)
def test_the_environment_chooses(wanted: str, used: str) -> None:
    assert run(NAME, AGORA_TOKEN_BACKEND=wanted).stdout.strip() == used


def test_an_unknown_choice_is_refused() -> None:
    result = run(NAME, AGORA_TOKEN_BACKEND="fast")
    assert result.returncode
    assert "AGORA_TOKEN_BACKEND is 'fast'; it must be one of auto, native, pure" in result.stderr


def without_extension(folder: Path) -> Path:
    """A copy of the package as an installation without a compiler leaves it."""
    package = Path(agora_token.__file__).parent
    copy = folder / "agora_token"
    copy.mkdir()
    for source in package.iterdir():
        if not source.name.startswith("_core") and source.name != "__pycache__":
            (copy / source.name).symlink_to(source)
    return folder


def test_a_missing_extension_is_named(tmp_path: Path) -> None:
    path = without_extension(tmp_path)
    assert run(NAME, path).stdout.strip() == "pure the extension was not built"
    result = run(NAME, path, AGORA_TOKEN_BACKEND="native")
    assert "is not installed; reinstall agora-token with a C compiler" in result.stderr


def test_a_broken_extension_is_not_passed_over(tmp_path: Path) -> None:
    path = without_extension(tmp_path)
    (path / "agora_token" / "_core.py").write_text("raise ImportError('undefined symbol: agora')")
    result = run(NAME, path)
    assert result.returncode
    assert "does not load (undefined symbol: agora)" in result.stderr
    assert run(NAME, path, AGORA_TOKEN_BACKEND="pure").stdout.startswith("pure")


def test_the_extension_is_compiled() -> None:
    assert Path(_core.__file__).suffix in {".so", ".pyd"}
    assert type(_core.build006).__name__ == "cython_function_or_method"
    assert _core.NAME == "native"
    assert set(_core.kernels()) == set(_pure.kernels())


def test_every_kernel_in_use_passed_its_self_test() -> None:
    for primitive in ("sha256", "crc32", "base64"):
        assert _core.kernels()[primitive] == _core.available_kernels(primitive)[0]


def test_both_backends_have_the_functions_of_the_contract() -> None:
    contract = (Path(_pure.__file__).parents[1] / "_core.pyi").read_text()
    public = {
        line.split("(")[0].split()[-1].rstrip(":")
        for line in contract.splitlines()
        if line.startswith(("def ", "class "))
    }
    public = {name for name in public if not name.startswith("_")} - {
        "available_kernels",
        "force_kernel",
    }
    assert len(public) >= 8
    for module in (_core, _pure):
        assert not {name for name in public if not hasattr(module, name)}, module


def test_the_names_for_type_checkers_are_the_names_at_run_time() -> None:
    stub = (Path(agora_token.__file__).parent / "__init__.pyi").read_text()
    typed = {line.split(" as ")[1] for line in stub.splitlines() if " as " in line}
    assert typed | {"__version__"} == set(agora_token.__all__)
    for name in agora_token.__all__:
        assert getattr(agora_token, name) is not None
    assert set(agora_token.__all__) <= set(dir(agora_token))
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        agora_token.missing  # type: ignore[attr-defined]  # noqa: B018
