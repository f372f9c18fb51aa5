"""The project in the environment: the only reader of its variables.

``AGORA_APP_ID`` is the App ID.  ``AGORA_APP_CERTIFICATE`` is the App Certificate, or the primary
and the secondary one with a comma between them: tokens are issued with the first and verified with
each.  In place of either, a variable of the same name and ``_FILE`` names a file, such as a mounted
secret; in a file of certificates, each may have a line of its own.

What is read is not touched up: white space around a value is refused by the checks that follow.
"""

from __future__ import annotations

import os
from typing import Final

from .errors import ConfigurationError

APP_ID: Final = "AGORA_APP_ID"
CERTIFICATE: Final = "AGORA_APP_CERTIFICATE"


def app_id() -> str | None:
    """The App ID, unchecked; None where none is set."""
    lines = _lines(APP_ID)
    return lines[0] if lines else None


def certificates(variable: str = CERTIFICATE) -> list[str]:
    """The certificates, unchecked, the primary one first; empty where none is set."""
    return _certificates(_lines(variable))


def certificates_in(path: str | os.PathLike[str], where: str = "") -> list[str]:
    """The certificates in a file, likewise; raises :class:`ConfigurationError` if it has none.

    ``where`` is the machine, as the error names it.
    """
    found = _certificates(_lines_of(path, where))
    if not found:
        raise ConfigurationError(
            f"{os.fspath(path)} is empty{where}; it must hold the app certificate"
        )
    return found


def project() -> tuple[str, list[str]]:
    """App ID and certificates; raises :class:`ConfigurationError` where one is not set."""
    found, keys = app_id(), certificates()
    for name, value in ((APP_ID, found), (CERTIFICATE, keys)):
        if not value:
            raise ConfigurationError(
                f"{name} is not set; set it to the project's value from Agora's console, or "
                f"{name}_FILE to the path of a file that holds it"
            )
    return found or "", keys


def _lines(variable: str) -> list[str]:
    value, path = os.environ.get(variable), os.environ.get(f"{variable}_FILE")
    if value and path:
        raise ConfigurationError(
            f"{variable} and {variable}_FILE are both set; set one of them, as they may differ"
        )
    if not path:
        return [value] if value else []
    lines = _lines_of(path)
    if not lines:
        raise ConfigurationError(f"{variable}_FILE names {path}, which is empty")
    return lines


def _certificates(lines: list[str]) -> list[str]:
    return [each for line in lines for each in line.replace(", ", ",").split(",") if each]


def _lines_of(path: str | os.PathLike[str], where: str = "") -> list[str]:
    """The lines of a text file that are not empty, without their line ends."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return [line for line in file.read().splitlines() if line]
    except OSError as error:
        why = os.strerror(error.errno or 0)
    except UnicodeDecodeError:
        why = "it is not text in UTF-8"
    # Raised out here, where no error with the file's bytes hangs on to it.
    raise ConfigurationError(f"{os.fspath(path)} cannot be read{where}: {why}")
