"""What is built from the source tree, by which switch, and what importing the result costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

import agora_token
from helpers.needs import need_module, need_program

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path("src/agora_token")
NOT_BUILT = "THE NATIVE EXTENSION WAS NOT BUILT"

# Each takes milliseconds of its own, or brings dozens of others along.
SLOW_MODULES = {
    "argparse", "asyncio", "concurrent.futures.thread", "decimal", "email", "importlib.metadata",
    "inspect", "json", "logging", "multiprocessing", "random", "socket", "subprocess", "tempfile",
}  # fmt: skip


class Build(NamedTuple):
    """What a call of the build backend did."""

    status: int
    log: str
    wheel: Path

    def names(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as wheel:
            return set(wheel.namelist())

    def read(self, name: str) -> bytes:
        """A file of the wheel's .dist-info folder."""
        with zipfile.ZipFile(self.wheel) as wheel:
            (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
            return wheel.read(path)


WheelBuilder = Callable[..., Build]


def run_python(code: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a new interpreter; what the build switches see is given here alone."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AGORA_TOKEN_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=inherited | {"PYTHONDONTWRITEBYTECODE": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_module("Cython")
    need_module("setuptools")
    out = tmp_path_factory.mktemp("sdist")
    done = run_python(f"from setuptools import build_meta as b; b.build_sdist({str(out)!r})", ROOT)
    assert done.returncode == 0, done.stdout
    (path,) = out.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def build_wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> WheelBuilder:
    """Builds a wheel, as pip would without isolation, from the sdist and under given variables."""

    def build(**variables: str) -> Build:
        source = tmp_path_factory.mktemp("source")
        with tarfile.open(sdist) as archive:
            archive.extractall(source, filter="data")
        (tree,) = source.iterdir()
        code = "from setuptools import build_meta as b; b.build_wheel('.')"
        done = run_python(code, tree, **variables)
        return Build(done.returncode, done.stdout, next(tree.glob("*.whl"), tree / "no.whl"))

    return build


@pytest.fixture(scope="session")
def native_wheel(build_wheel: WheelBuilder) -> Build:
    need_program("cc")
    built = build_wheel(AGORA_TOKEN_BUILD="native")
    assert built.status == 0, built.log
    return built


@pytest.fixture(scope="session", params=["pure", "no compiler in PATH", "broken compiler"])
def pure_wheel(
    request: pytest.FixtureRequest,
    build_wheel: WheelBuilder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Build:
    """A wheel without the extension: asked for, or what ``auto`` falls back to."""
    if request.param == "pure":
        built = build_wheel(AGORA_TOKEN_BUILD="pure")
        assert NOT_BUILT not in built.log
    else:
        broken = {"CC": need_program("false")}
        nothing = {"PATH": str(tmp_path_factory.mktemp("empty"))}
        built = build_wheel(**(broken if request.param == "broken compiler" else nothing))
        assert NOT_BUILT in built.log
    assert built.status == 0, built.log
    return built


def names_of(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def install(built: Build, target: Path) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        wheel.extractall(target)


def describe_installed(target: Path) -> list[str]:
    """File and backend of the package in a folder, as seen by a program outside the tree."""
    code = """\
import agora_token
info = agora_token.backend_info()
print(agora_token.__file__, info.name, info.reason, sep="|")
"""
    done = run_python(code, target, PYTHONPATH=str(target))
    assert done.returncode == 0, done.stdout
    return done.stdout.strip().split("|")


def sources(*patterns: str) -> set[str]:
    """Files of the tree, as POSIX paths from its root."""
    return {
        path.relative_to(ROOT).as_posix()
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if path.is_file() and not {"__pycache__"} & set(path.parts)
    }


def test_sdist_holds_all_that_builds_and_tests(sdist: Path) -> None:
    expected = sources(
        "*.md", "pyproject.toml", "setup.py", "Makefile", "LICENSE", ".ci/*", "tests/**/*",
        "benchmarks/**/*", "examples/**/*", "docs/**/*", "fuzz/**/*",
        *(f"{PACKAGE}/**/*{suffix}" for suffix in (".py", ".pyi", ".pyx", ".pxi", ".c", ".h")),
    )  # fmt: skip
    assert expected - names_of(sdist) == set()


def test_sdist_holds_nothing_generated(sdist: Path) -> None:
    generated = (".so", ".pyd", ".pyc", "/_core.c", "/_core.html")
    assert [name for name in names_of(sdist) if name.endswith(generated)] == []


def test_wheel_holds_the_package_alone(native_wheel: Build, sdist: Path) -> None:
    names = {n for n in native_wheel.names() if ".dist-info/" not in n}
    extensions = {n for n in names if n.endswith((".so", ".pyd"))}
    assert len(extensions) == 1
    package = {n.removeprefix("src/") for n in names_of(sdist) if n.startswith(f"{PACKAGE}/")}
    assert names - extensions == {n for n in package if n.endswith((".py", ".pyi", "/py.typed"))}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the ELF format")
def test_extension_links_the_c_library_alone(native_wheel: Build, tmp_path: Path) -> None:
    install(native_wheel, tmp_path)
    (extension,) = tmp_path.glob("agora_token/_core*.so")
    command = [need_program("readelf"), "--dynamic", "--wide", str(extension)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    libraries = {line.split("[")[1][:-1] for line in listing.splitlines() if "(NEEDED)" in line}
    known = ("libc.", "libm.", "libpthread.", "libpython", "ld-linux")
    assert {library for library in libraries if not library.startswith(known)} == set()


def test_pure_wheel_is_the_same_for_every_platform(pure_wheel: Build, native_wheel: Build) -> None:
    assert pure_wheel.wheel.name.endswith("-py3-none-any.whl")
    assert b"Root-Is-Purelib: true" in pure_wheel.read("WHEEL")
    with_extension = {n for n in native_wheel.names() if ".dist-info/" not in n}
    without = {n for n in pure_wheel.names() if ".dist-info/" not in n}
    assert {Path(n).suffix for n in with_extension - without} <= {".so", ".pyd"}
    assert without < with_extension


def test_metadata(native_wheel: Build) -> None:
    metadata: Message = message_from_bytes(native_wheel.read("METADATA"))
    assert metadata["Version"] == agora_token.__version__
    assert metadata["License-Expression"] == "MIT"
    required = metadata.get_all("Requires-Dist") or []
    assert [r for r in required if "extra ==" not in r] == []
    assert b"agora-token = agora_token.cli:main" in native_wheel.read("entry_points.txt")


def test_unknown_build_is_refused(build_wheel: WheelBuilder) -> None:
    built = build_wheel(AGORA_TOKEN_BUILD="fast")
    assert built.status != 0
    assert "AGORA_TOKEN_BUILD is 'fast'; it must be one of auto, native, pure" in built.log


def test_native_fails_without_a_compiler(build_wheel: WheelBuilder) -> None:
    built = build_wheel(AGORA_TOKEN_BUILD="native", CC=need_program("false"))
    assert built.status != 0
    assert not built.wheel.exists()


def test_installed_native_package_uses_the_extension(native_wheel: Build, tmp_path: Path) -> None:
    install(native_wheel, tmp_path)
    file, name, _ = describe_installed(tmp_path)
    assert Path(file).is_relative_to(tmp_path)
    assert name == "native"


def test_installed_pure_package_works_and_says_so(pure_wheel: Build, tmp_path: Path) -> None:
    install(pure_wheel, tmp_path)
    file, *backend = describe_installed(tmp_path)
    assert Path(file).is_relative_to(tmp_path)
    assert backend == ["pure", "the extension was not built"]


def test_missing_extension_is_refused_where_native_is_wanted(
    pure_wheel: Build, tmp_path: Path
) -> None:
    install(pure_wheel, tmp_path)
    done = run_python(
        "import agora_token", tmp_path, PYTHONPATH=str(tmp_path), AGORA_TOKEN_BACKEND="native"
    )
    assert done.returncode != 0
    assert "the extension agora_token._core is not installed" in done.stdout


def test_unknown_backend_is_refused(tmp_path: Path) -> None:
    done = run_python("import agora_token", tmp_path, AGORA_TOKEN_BACKEND="bogus")
    assert done.returncode != 0
    assert "AGORA_TOKEN_BACKEND is 'bogus'; it must be one of auto, native, pure" in done.stdout


@pytest.mark.parametrize("name", ["native", "pure"])
def test_chosen_backend_is_in_use(name: str, tmp_path: Path) -> None:
    code = "import agora_token; print(agora_token.backend_info().name)"
    assert run_python(code, tmp_path, AGORA_TOKEN_BACKEND=name).stdout.strip() == name


@pytest.mark.parametrize("name", ["native", "pure"])
def test_import_is_light(name: str, tmp_path: Path) -> None:
    """``import agora_token`` takes the standard library alone, and none of its slow modules."""
    code = """\
import sys
before = set(sys.modules)
import agora_token
print(*set(sys.modules) - before)
"""
    done = run_python(code, tmp_path, AGORA_TOKEN_BACKEND=name)
    assert done.returncode == 0, done.stdout
    imported = set(done.stdout.split())
    roots = {module.partition(".")[0] for module in imported}
    ours = {"agora_token", *(root for root in roots if "cython" in root)}  # Cython's own, in _core
    assert roots - ours <= sys.stdlib_module_names
    assert imported.isdisjoint(SLOW_MODULES)
