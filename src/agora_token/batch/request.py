"""What is asked of a batch job."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .files import stores
from .files.places import is_special, resolved


@dataclass(frozen=True)
class Request:
    """Which tokens a job issues."""

    service: str = "rtc"
    """The product, one that has a token for each user: ``rtc``, ``rtm``, ``rtc-rtm`` and so on."""
    version: str = "007"
    role: str | None = None
    """A name or number, for rows that have none in a column ``role``; by default publisher."""
    expires_in: int = 3600
    """Seconds, likewise for a column ``expires_in``."""
    privileges: str = ""
    """Privileges with a lifetime of their own, likewise for a column ``privileges``: such as
    ``publish_audio_stream=10m join_channel=60``."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The names that columns have in the source, where they are others: ``{"channel": "room"}``."""
    issued_at: int | None = None
    """A fixed time of issue (Unix time); by default the time at which a row is issued."""
    salt: int | None = None
    """A fixed salt, for output that can be reproduced."""

    @property
    def token_column(self) -> str:
        return self.columns.get("token", "token")


@dataclass(frozen=True)
class Job:
    """A batch job.  Only ``sources`` and ``target`` must be given."""

    sources: Sequence[str]
    """Files, URIs, patterns, or ``-`` for standard input."""
    target: str
    """A file, a URI, or ``-`` for standard output."""
    request: Request = field(default_factory=Request)
    target_columns: Sequence[str] | None = None
    """The columns of the target; by default those of the source and the token."""
    source_format: str | None = None
    target_format: str | None = None
    delimiter: str | None = None
    """What is between the values of CSV sources: one character or ``tab``; by default a comma."""
    encoding: str | None = None
    """The encoding of CSV and JSON sources, by Python's name for it; by default UTF-8."""
    rejects: str | None = None
    """A file for the rows that cannot have a token."""
    rejects_format: str | None = None
    on_error: str = "reject"
    """``reject`` or ``stop``, at the first such row."""
    max_rejects: int | None = None
    """How many such rows there may be before the job stops; by default any number."""
    resume: bool = False
    overwrite: bool = False
    keep_parts: bool = False
    """Whether the target is a directory of parts, not one file."""
    part_rows: int = 1_000_000
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    @property
    def directory(self) -> str:
        """Where the parts are until the job ends: beside the target.

        Those of a target in a store are in the working directory.
        """
        target = resolved(self.target)
        if stores.is_uri(target):
            target = stores.name_of(target)
        return os.path.abspath(target) + ".parts"

    @property
    def is_direct(self) -> bool:
        """Whether the target is no file, but a pipe or a device."""
        return is_special(resolved(self.target))
