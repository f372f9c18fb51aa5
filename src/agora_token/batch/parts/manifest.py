"""The manifest of a job: what it was asked, which parts are done, and where it goes on.

It is written anew after each part, aside, synced and renamed, so that it is whole at any time and
never speaks of a part that is not.  It holds no secret: of the project, only the App ID.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any, Final, NamedTuple

from ..files.sources import Position
from ..rows import BatchError
from .fingerprint import Fingerprint, check_unchanged

NAME: Final = "manifest.json"
_FORMAT: Final = 1


class PartFile(NamedTuple):
    """A file of a part."""

    name: str
    size: int
    sha256: str


class Part(NamedTuple):
    """Rows of the sources that are done."""

    rows: int
    tokens: int
    end: Position
    """Where the next part begins."""
    files: dict[str, PartFile]
    """By what is in them: ``tokens``, and ``rejects`` where they are kept."""


class Manifest:
    """See the module.  ``options`` is what must be equal for the job to go on."""

    def __init__(self, sources: list[Fingerprint], options: dict[str, Any]) -> None:
        self.sources = sources
        self.options = options
        self.parts: list[Part] = []
        self.first_rejects: list[list[Any]] = []
        """The first few rejects, for the summary."""
        self.joined = False
        """Whether all parts are there and their joined file is whole, though maybe not renamed."""

    @property
    def position(self) -> Position:
        return self.parts[-1].end if self.parts else Position()

    def check_same_job(self, asked: Manifest) -> None:
        """Raises if ``asked``, the manifest of a job that wants to go on, is of another job."""
        for name in self.options.keys() | asked.options.keys():
            before, now = self.options.get(name), asked.options.get(name)
            if before != now:
                raise BatchError(
                    f"the job that is to be resumed had {name} = {before!r}, this one has {now!r}; "
                    "give the same options, or start over with --overwrite"
                )
        paths = [[source.path for source in each.sources] for each in (self, asked)]
        if paths[0] != paths[1]:
            raise BatchError(
                f"the job that is to be resumed reads {', '.join(paths[0])}; give the same "
                "sources, or start over with --overwrite"
            )
        for source in self.sources:
            check_unchanged(source)

    def save(self, directory: str) -> None:
        content = {
            "format": _FORMAT,
            "sources": [source._asdict() for source in self.sources],
            "options": self.options,
            "joined": self.joined,
            "first_rejects": self.first_rejects,
            "parts": [
                part._asdict() | {"files": {k: f._asdict() for k, f in part.files.items()}}
                for part in self.parts
            ],
        }
        path = os.path.join(directory, NAME)
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        publish(path + ".tmp", path)

    @classmethod
    def load(cls, directory: str) -> Manifest:
        path = os.path.join(directory, NAME)
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            if content["format"] != _FORMAT:
                raise BatchError(f"{path}: was written by another version of agora-token")
            manifest = cls([Fingerprint(**each) for each in content["sources"]], content["options"])
            manifest.joined = content["joined"]
            manifest.first_rejects = content["first_rejects"]
            manifest.parts = [
                Part(
                    part["rows"],
                    part["tokens"],
                    Position(*part["end"]),
                    {kind: PartFile(**each) for kind, each in part["files"].items()},
                )
                for part in content["parts"]
            ]
        except (OSError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, BatchError):
                raise
            raise BatchError(f"{path}: is not the manifest of a job: {error!r}") from None
        return manifest


def publish(aside: str, path: str) -> None:
    """Gives a file that was written aside its name, once it is safely on the disk."""
    sync(aside)
    os.replace(aside, path)
    sync(os.path.dirname(path) or ".")


def sync(path: str) -> None:
    """Makes a file, or the names in a directory, survive a power cut."""
    if os.name == "nt" and os.path.isdir(path):
        return  # Windows has no such thing for a directory
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: str) -> str:
    """The SHA-256 of a file."""
    digest = sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()
