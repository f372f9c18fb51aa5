"""What tells a source file from what it was: its size, its time, and samples of its content."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import NamedTuple

from ..rows import BatchError, reason_of

_SAMPLES = 16
_SAMPLE_BYTES = 1 << 16


class Fingerprint(NamedTuple):
    """Of one file.  A job that resumes insists on it, and so does the end of a job."""

    path: str
    size: int
    mtime_ns: int
    sample: str
    """The SHA-256 of blocks spread evenly over the file, the first and the last among them."""


def fingerprint(path: str) -> Fingerprint:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            digest = sha256()
            last = max(status.st_size - _SAMPLE_BYTES, 0)
            for index in range(_SAMPLES):
                file.seek(last * index // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        raise BatchError(f"{path}: cannot be read: {reason_of(error)}") from None
    return Fingerprint(path, status.st_size, status.st_mtime_ns, digest.hexdigest())


def check_unchanged(known: Fingerprint) -> None:
    """Raises if the file is not what it was."""
    try:
        now = fingerprint(known.path)
    except BatchError as error:
        raise BatchError(f"{error}; it was there when the job began") from None
    for what, before, after in (
        ("size", f"{known.size} bytes", f"{now.size} bytes"),
        ("content", known.sample, now.sample),
        ("time of modification", known.mtime_ns, now.mtime_ns),
    ):
        if before != after:
            change = f" (from {before} to {after})" if what == "size" else ""
            raise BatchError(
                f"{known.path}: changed since the job began: its {what} is another one{change}; "
                "the job has to start over with the file as it is now (--overwrite)"
            )
