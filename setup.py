"""The extension module and its build switches; everything else is in pyproject.toml.

``AGORA_TOKEN_BUILD`` says what to build:

* ``auto``, the default: the extension if it compiles here, else the package without it,
* ``native``: the extension, or the build fails,
* ``pure``: no extension, and so a wheel for every platform.

``AGORA_TOKEN_SANITIZE``, for example ``address,undefined``, instruments the extension for tests.
"""

import os
import platform
import sys
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

PACKAGE = "src/agora_token"
CHOICES = ("auto", "native", "pure")

BANNER = """
{line}
agora-token: THE NATIVE EXTENSION WAS NOT BUILT, the package is installed without it.
It works in pure Python, many times slower. To have the extension, install a C compiler
and Python's headers, then reinstall with AGORA_TOKEN_BUILD=native. What failed here:
{error}
{line}
"""

build = os.environ.get("AGORA_TOKEN_BUILD") or "auto"
if build not in CHOICES:
    sys.exit(f"AGORA_TOKEN_BUILD is {build!r}; it must be one of {', '.join(CHOICES)}")


class BuildExt(build_ext):
    """Adds compiler flags, and falls back to no extension at all.

    ``Extension(optional=True)`` would not do: it leaves a wheel that is tagged for this platform.
    """

    def run(self):
        try:
            super().run()
        except (BaseError, CCompilerError, OSError) as error:
            if build == "native":
                raise
            self.extensions = self.distribution.ext_modules = []
            self.get_finalized_command("bdist_wheel").root_is_pure = True
            print(BANNER.format(line="*" * 88, error=error), file=sys.stderr, flush=True)

    def build_extension(self, ext):
        if self.compiler.compiler_type == "unix":
            ext.extra_compile_args += ["-O3", "-g0", "-fvisibility=hidden"]
            if sanitizers := os.environ.get("AGORA_TOKEN_SANITIZE"):
                flags = [f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
                ext.extra_compile_args += [*flags, "-O1", "-g", "-fno-omit-frame-pointer"]
                ext.extra_link_args += flags
        super().build_extension(ext)


core = Extension(
    "agora_token._core",
    sources=[f"{PACKAGE}/_core.pyx", *sorted(glob(f"{PACKAGE}/_csrc/**/*.c", recursive=True))],
    include_dirs=[f"{PACKAGE}/_csrc"],
    depends=[*glob(f"{PACKAGE}/_csrc/**/*.h", recursive=True), *glob(f"{PACKAGE}/_cython/*")],
)
core.cython_c_in_temp = True  # the generated C stays out of the source tree

# Elsewhere than on CPython the extension would go through an emulation of CPython's C interface.
native = build == "native" or (build == "auto" and platform.python_implementation() == "CPython")

setup(ext_modules=[core] if native else [], cmdclass={"build_ext": BuildExt})
