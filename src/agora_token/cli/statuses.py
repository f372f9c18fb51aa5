"""What the process ends with."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses of all commands."""

    COMPLETE = 0
    FAILED = 1
    """The command failed; of ``read``, ``verify`` and ``explain``: a token is refused."""
    USAGE = 2
    """Wrong usage, or a setting is missing."""
    REJECTS = 3
    """A batch job is complete but for rows that were rejected."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
    TERMINATED = 143
    """Ended by SIGTERM."""
