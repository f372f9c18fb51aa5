"""The command line, ``agora-token``.  Thin: every command is a call of the public API."""

from __future__ import annotations

import sys
from typing import NoReturn

_NEEDED = ("click", "rich")


def main() -> NoReturn:
    """Runs the command line on ``sys.argv`` and ends the process with its exit status."""
    try:
        from .app import run

        status = run()
    except KeyboardInterrupt:  # while the modules are still being imported
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.exit(
            f"agora-token: the command line needs {error.name}; "
            "install it with: pip install 'agora-token[cli]'"
        )
    sys.exit(status)
