"""The output of a job to a pipe or a device: what is written there cannot be taken back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from typing import Any

from ..files import stores
from ..files.formats import STANDARD
from ..files.places import deliver, is_special
from ..files.sources import Position
from .output import FIRST_REJECTS, Reject, Stream, sink_data


class Direct:
    """The tokens as they come; the rejects when all is done."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.rows = 0
        self.tokens = 0
        self.position = Position()
        self.first_rejects: list[Reject] = []
        self._streams = streams
        self._aside = ""

    def write(
        self, tokens: Any, rejects: Sequence[Reject], rows: int, count: int, position: Position
    ) -> None:
        data = sink_data(self._streams, tokens, rejects)
        for stream, encoded in zip(self._streams, data, strict=True):
            self._open(stream, encoded)
            if encoded is not None:
                assert stream.sink
                stream.sink.write(encoded)
        self.first_rejects = [*self.first_rejects, *rejects][:FIRST_REJECTS]
        self.rows += rows
        self.tokens += count
        self.position = position

    def finish(self) -> None:
        self.write(None, [], 0, 0, self.position)  # where there were no rows, a header
        for stream in self._streams:
            assert stream.sink
            stream.sink.close()
        for stream in self._streams[1:]:
            deliver(self._aside, stream.target)

    def abandon(self, keep: bool) -> int:
        for stream in self._streams:
            if stream.sink:
                stream.sink.abandon()
        if self._aside:
            with suppress(OSError):
                os.unlink(self._aside)
        return 0

    def _open(self, stream: Stream, data: Any) -> None:
        if stream.sink is not None:
            return
        if stream is not self._streams[0]:
            self._aside = _new_file_for(stream.target)
            file: Any = self._aside
        elif stream.target == STANDARD:
            file = FileIO(1, "w", closefd=False)
        else:
            file = FileIO(stream.target, "w")
        stream.open(file, data)


def _new_file_for(target: str) -> str:
    """A file that its owner alone may read, on the target's disk where it has one."""
    if stores.is_uri(target) or is_special(target):
        folder, name = None, "rejects"
    else:
        folder, name = os.path.split(os.path.abspath(target))
    descriptor, path = tempfile.mkstemp(".tmp", f".{name}.", folder)
    os.close(descriptor)
    return path
