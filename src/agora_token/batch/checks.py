"""What is refused before a job reads or writes anything."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .files import stores
from .files.formats import STANDARD
from .files.places import exists, is_special, resolved
from .files.sources import expand
from .parts.directory import path_of_record
from .parts.manifest import NAME, is_manifest
from .request import Job
from .rows import BatchError


def check_job(job: Job) -> None:
    """Refuses what cannot go well."""
    if job.on_error not in ("reject", "stop"):
        raise BatchError(f"on_error is {job.on_error!r}; it must be 'reject' or 'stop'")
    if job.part_rows < 1 or job.threads < 1:
        raise BatchError("part_rows and threads must be 1 or more")
    if job.max_rejects is not None and job.max_rejects < 0:
        raise BatchError("max_rejects must be 0 or more")
    if job.keep_parts and job.is_direct:
        raise BatchError("parts need a directory as their target")
    target = resolved(job.target)
    rejects = resolved(job.rejects) if job.rejects else None
    targets = [path for path in (target, rejects) if path is not None]
    _check_distinct(job, targets, expand(job.sources))
    record = path_of_record(target, job.keep_parts)
    unfinished = not job.is_direct and os.path.exists(job.directory)
    complete = job.resume and exists(record)
    for path in targets:
        if is_special(path):
            continue
        if not stores.is_uri(path):
            where = os.path.dirname(path) or "."
            if not os.path.isdir(where):
                raise BatchError(f"{where}: there is no such directory")
            _check_directory(path, job.keep_parts and path == target)
        _check_free(path, job, unfinished or complete)
    local_record = not (job.is_direct or job.keep_parts or stores.is_uri(record))
    if local_record and os.path.lexists(record) and not is_manifest(record):
        raise BatchError(
            f"{record}: is not of a job, and the record of this one needs the name; move it away"
        )
    if unfinished and not (job.resume or job.overwrite):
        raise BatchError(
            f"{job.directory}: an unfinished job has left its parts there; --resume goes on with "
            "it, --overwrite starts over"
        )


def _check_distinct(job: Job, targets: Sequence[str], sources: Sequence[str]) -> None:
    """A source is not written to, and no file twice, whatever it is called."""
    written = [path for path in targets if not is_special(path)]
    if targets.count(STANDARD) > 1:
        raise BatchError("the tokens and the rejects cannot go to one file")
    if not job.is_direct:
        written.append(path_of_record(targets[0], job.keep_parts))
    for index, path in enumerate(written):
        if any(_same(path, other) for other in written[:index]):
            raise BatchError(
                f"{path}: would be written twice; the tokens, the rejects and the "
                "record of the job (.job.json) cannot go to one file"
            )
        for source in sources:
            if _same(path, source) or (job.keep_parts and _is_within(source, path)):
                raise BatchError(f"{path}: is a source of the job; write to another file")
    if not job.is_direct:
        for path in (*sources, *targets[1:]):
            within_target = job.keep_parts and _is_within(path, targets[0])
            if within_target or _is_within(path, job.directory):
                raise BatchError(f"{path}: is among the parts of the job; use another directory")


def _same(path: str, other: str) -> bool:
    if stores.is_uri(path) or stores.is_uri(other) or STANDARD in (path, other):
        return path == other
    try:
        return os.path.samefile(path, other)
    except OSError:  # one of them is not there
        return os.path.realpath(path) == os.path.realpath(other)


def _is_within(path: str, directory: str) -> bool:
    if stores.is_uri(path) or stores.is_uri(directory) or path == STANDARD:
        return path.startswith(directory + "/")
    return os.path.realpath(path).startswith(os.path.realpath(directory) + os.sep)


def _check_directory(path: str, may_be: bool) -> None:
    if not os.path.isdir(path):
        return
    if not may_be:
        raise BatchError(f"{path}: is a directory")
    if not os.path.exists(os.path.join(path, NAME)):
        raise BatchError(f"{path}: is a directory, and not one of parts; choose another name")


def _check_free(path: str, job: Job, goes_on: bool) -> None:
    if job.overwrite or (job.resume and goes_on) or not exists(path):
        return
    why = ", and nothing there tells that this job wrote it" if job.resume else ""
    raise BatchError(
        f"{stores.plain(path)}: is there already{why}; --overwrite replaces it in the end"
    )
