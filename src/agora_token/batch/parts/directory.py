"""The directory of a job's parts: which files in it are the job's, and the record that stays."""

from __future__ import annotations

import os
import re
from typing import Final

from ..files import stores
from ..rows import BatchError
from .manifest import NAME

_OURS: Final = re.compile(
    r"manifest\.json(\.[0-9a-f]{8}\.tmp)?"
    r"|part-\d{5,}\.(tokens|rejects)\.(csv|tsv|jsonl|parquet)(\.gz|\.zst|\.bz2)?(\.tmp)?"
    r"|joined\.(tokens|rejects)"
)


def strays(directory: str) -> set[str]:
    """The names of the files that a job has written there."""
    return {name for name in os.listdir(directory) if _OURS.fullmatch(name)}


def remove(directory: str, keep_directory: bool = False) -> None:
    """Removes a directory of parts, unless something else is in it."""
    names = os.listdir(directory)
    strange = sorted(name for name in names if not _OURS.fullmatch(name))
    if not strange and names and not any(name.startswith(NAME) for name in names):
        strange = sorted(names)
    if strange:
        raise BatchError(
            f"{directory}: has {strange[0]!r} in it, which no job has written; the parts of "
            "this one need the directory for themselves"
        )
    for name in sorted(names, key=lambda name: name == NAME):  # the manifest last
        os.unlink(os.path.join(directory, name))
    if not keep_directory:
        os.rmdir(directory)


def path_of_record(target: str, keep_parts: bool) -> str:
    """Where the manifest of a complete job stays."""
    if not keep_parts:
        ending = ".job.json"
        return stores.beside(target, ending) if stores.is_uri(target) else target + ending
    if stores.is_uri(target):
        return stores.beside(target, f"/{NAME}")
    return os.path.join(target, NAME)
