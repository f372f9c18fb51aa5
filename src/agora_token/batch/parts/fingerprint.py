"""What tells a file from what it was: its size, its time, and samples of its content."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any, NamedTuple

import pyarrow as pa

from ..files import stores
from ..rows import BatchError, reason_of

_SAMPLES = 16
_SAMPLE_BYTES = 1 << 16


class Fingerprint(NamedTuple):
    """Of one file.  A job that resumes insists on it, and so does the end of a job."""

    path: str
    """Absolute, or a URI without its query."""
    size: int
    mtime_ns: int
    sample: str
    """The SHA-256 of blocks spread evenly over the file, the first and the last among them."""


def fingerprint(path: str) -> Fingerprint:
    try:
        if stores.is_uri(path):
            info = stores.Info(path)
            with stores.open_input(path) as file:
                size = file.size()
                sample = _sample(file, size)
            return Fingerprint(stores.plain(path), size, info.mtime_ns, sample)
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            sample = _sample(file, status.st_size)
    except (OSError, pa.ArrowException) as error:
        raise BatchError(f"{stores.plain(path)}: cannot be read: {reason_of(error)}") from None
    return Fingerprint(os.path.abspath(path), status.st_size, status.st_mtime_ns, sample)


def _sample(file: Any, size: int) -> str:
    digest = sha256()
    last = max(size - _SAMPLE_BYTES, 0)
    for place in sorted({last * index // (_SAMPLES - 1) for index in range(_SAMPLES)}):
        file.seek(place)
        digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def check_unchanged(known: Fingerprint, path: str) -> None:
    """Raises if the source at ``path`` is not what it was."""
    try:
        now = fingerprint(path)
    except BatchError as error:
        raise BatchError(f"{error}; it was there when the job began") from None
    check_equal(known, now)


def check_equal(known: Fingerprint, now: Fingerprint) -> None:
    """Raises if a source is not what it was."""
    changed = difference(known, now)
    if changed:
        raise BatchError(
            f"{known.path}: changed since the job began: {changed}; the job has to start over with "
            "the file as it is now: --overwrite in place of --resume"
        )


def difference(known: Fingerprint, now: Fingerprint) -> str:
    """How a file differs from what it was; empty where it does not."""
    if now.size != known.size:
        return f"its size is another one (from {known.size} bytes to {now.size} bytes)"
    if now.sample != known.sample:
        return "its content is another one"
    if now.mtime_ns != known.mtime_ns:
        return "its time of modification is another one"
    return ""
