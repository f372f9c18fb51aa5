"""The manifest of a job: what it was asked, which parts are done, and where it goes on.

It is written anew after each part, aside, synced and renamed, so that it is whole at any time and
never speaks of a part that is not.  When the job is complete it stays, as the record of it.

It holds no secret, and is sealed with one: a manifest that was changed, or that another App
Certificate has written, is refused.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, NamedTuple

import pyarrow as pa

from ...issuer import Issuer
from ..files import stores
from ..files.places import make_new, publish
from ..files.sources import Position
from ..rows import BatchError
from .fingerprint import Fingerprint, check_equal, difference, fingerprint

NAME: Final = "manifest.json"
_FORMAT: Final = 2
_START_OVER: Final = "start over with --overwrite in place of --resume"


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

    def __init__(
        self, issuer: Issuer, sources: list[Fingerprint], options: dict[str, Any], job_id: str
    ) -> None:
        self.issuer = issuer
        self.sources = sources
        self.options = options
        self.job_id = job_id
        """Random digits, for the names of files that are put aside."""
        self.parts: list[Part] = []
        self.first_rejects: list[list[Any]] = []
        """The first few rejects, for the summary."""
        self.outputs: list[Fingerprint] = []
        """The files that the parts became, as they are under their final names; empty until all
        of them are whole."""

    @property
    def position(self) -> Position:
        return self.parts[-1].end if self.parts else Position()

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def tokens(self) -> int:
        return sum(part.tokens for part in self.parts)

    def check_same_job(self, asked: Manifest) -> None:
        """Raises if ``asked``, the manifest of a job that wants to go on, is of another job."""
        for name in self.options.keys() | asked.options.keys():
            before, now = self.options.get(name), asked.options.get(name)
            if before != now:
                raise BatchError(
                    f"the job that is to be resumed had {name} = {before!r}, this one has {now!r}; "
                    f"give the same options, or {_START_OVER}"
                )
        paths = [[source.path for source in each.sources] for each in (self, asked)]
        if paths[0] != paths[1]:
            raise BatchError(
                f"the job that is to be resumed reads {', '.join(paths[0])}; give the same "
                f"sources, or {_START_OVER}"
            )
        for before, now in zip(self.sources, asked.sources, strict=True):
            check_equal(before, now)

    def check_outputs(self, target: str) -> None:
        """Raises if what the job wrote is not there as it was left."""
        for output in self.outputs:
            changed = difference(output, fingerprint(stores.again(output.path, target)))
            if changed:
                raise BatchError(
                    f"{output.path}: is not as the job left it: {changed}; {_START_OVER}"
                )

    def save(self, path: str) -> None:
        content = {
            "format": _FORMAT,
            "job_id": self.job_id,
            "sources": [source._asdict() for source in self.sources],
            "options": self.options,
            "outputs": [output._asdict() for output in self.outputs],
            "first_rejects": self.first_rejects,
            "parts": [
                part._asdict() | {"files": {k: f._asdict() for k, f in part.files.items()}}
                for part in self.parts
            ],
        }
        digest = _digest(content)
        seal = _seal(self.issuer, digest)
        sealed = content | {"digest": digest, "seal": seal}
        aside = f"{path}.{self.job_id}.tmp"
        with suppress(FileNotFoundError):
            os.unlink(aside)
        make_new(aside)
        with open(aside, "w", encoding="utf-8") as file:
            json.dump(sealed, file, indent=1)
        publish(aside, path)

    @classmethod
    def load(cls, path: str, issuer: Issuer) -> Manifest:
        """Raises :class:`BatchError` for what this certificate has not written as it is."""
        content = _unsealed(path, issuer)
        sources = [Fingerprint(**each) for each in content["sources"]]
        manifest = cls(issuer, sources, content["options"], content["job_id"])
        manifest.outputs = [Fingerprint(**each) for each in content["outputs"]]
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
        return manifest


def is_manifest(path: str) -> bool:
    """Whether a file looks like a manifest, of any job."""
    try:
        return _read(path).keys() >= {"format", "parts", "digest", "seal"}
    except BatchError:
        return False


def _read(path: str) -> dict[str, Any]:
    try:
        with stores.open_input(path) if stores.is_uri(path) else open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, pa.ArrowException, ValueError, RecursionError) as error:
        raise BatchError(f"{path}: is not the manifest of a job ({error}); {_START_OVER}") from None
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise BatchError(f"{path}: is not the manifest of a job; {_START_OVER}")
    return found


def _unsealed(path: str, issuer: Issuer) -> Any:
    found = _read(path)
    if found["format"] != _FORMAT:
        raise BatchError(f"{path}: is of another version of agora-token; {_START_OVER}")
    digest, seal = str(found.pop("digest", "")), found.pop("seal", "")
    try:
        app_id = found["options"]["app_id"]
        unchanged = digest == _digest(found)
    except (KeyError, TypeError, RecursionError):
        unchanged = False
    if not unchanged:
        raise BatchError(f"{path}: was changed since the job wrote it; {_START_OVER}")
    if app_id != issuer.app_id:
        raise BatchError(
            f"the job that is to be resumed had app_id = {app_id!r}, this one has "
            f"{issuer.app_id!r}; give the same project, or {_START_OVER}"
        )
    if seal != _seal(issuer, digest):
        raise BatchError(
            "the job that is to be resumed had another App Certificate, with which its tokens are "
            f"signed; give that one, or {_START_OVER}"
        )
    return found


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _seal(issuer: Issuer, digest: str) -> str:
    """What only the job's certificate makes of a digest: a token whose user is the digest.

    It lets nobody in, as it was over in 1970.
    """
    return issuer.rtm(digest, issued_at=0, expires_in=1, salt=0)


def checksum(path: str) -> str:
    """The SHA-256 of a file."""
    digest = sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()
