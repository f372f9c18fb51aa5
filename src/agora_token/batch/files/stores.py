"""Files that are not on this machine: object stores and web servers, by their URIs.

``s3://``, ``gs://``, ``abfs://`` and ``hdfs://`` are read and written by pyarrow itself, anything
else, such as ``https://``, through fsspec.
"""

from __future__ import annotations

import fnmatch
import os
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.fs

from ..rows import BatchError

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PASSWORD: Final = re.compile(r"//[^/@]*:[^/@]*@")
_MAGIC: Final = re.compile(r"[*[]")
_COPY_BYTES: Final = 8 << 20
_MAX_MOVED: Final = 5 << 30
"""S3 copies no larger object in one step, and that is how it renames."""


def is_uri(path: str) -> bool:
    return _URI.match(path) is not None


def local(path: str) -> str:
    """A path; that of a ``file://`` URI."""
    parts = urlsplit(path) if path[:7].lower() == "file://" else None
    if parts is None:
        return path
    if parts.netloc not in ("", "localhost"):
        raise BatchError(f"{path}: names another machine; three slashes begin a path: file:///…")
    return unquote(parts.path)


def plain(path: str) -> str:
    """A URI without what may be secret, its password and query; any other path as it is."""
    if not is_uri(path):
        return path
    return _PASSWORD.sub("//", path.partition("?")[0], count=1)


def again(path: str, like: str) -> str:
    """A URI with the query of another one."""
    return path + "".join(like.partition("?")[1:]) if is_uri(path) else path


def name_of(uri: str) -> str:
    """The last part of the path, which says what the format is."""
    return unquote(urlsplit(uri).path.rstrip("/").rpartition("/")[2])


def beside(uri: str, ending: str) -> str:
    """The URI of a file whose name has ``ending`` at its end."""
    before, mark, query = uri.partition("?")
    return before.rstrip("/") + ending + mark + query


@lru_cache(maxsize=64)
def _found(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it."""
    if "@" in urlsplit(uri).netloc and not uri.lower().startswith("abfs"):
        raise BatchError(
            "a URI must not have a password in it, which logs and manifests would show; put it "
            "into the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3)"
        )
    try:
        file_system, path = pyarrow.fs.FileSystem.from_uri(uri)
        return file_system, path
    except (pa.ArrowException, NotImplementedError):
        pass  # a scheme that pyarrow does not know
    try:
        import fsspec
    except ModuleNotFoundError:
        raise BatchError(
            f"{plain(uri)}: is of a kind that needs fsspec: pip install fsspec aiohttp (or the "
            "package that fsspec names for it)"
        ) from None
    try:
        other, path = fsspec.core.url_to_fs(uri)
    except (ImportError, ValueError) as error:
        raise BatchError(f"{plain(uri)}: {error}") from None
    return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(other)), path


class Info:
    """What a store says of a file."""

    def __init__(self, uri: str) -> None:
        file_system, path = _found(uri)
        try:
            found = file_system.get_file_info(path)
        except (OSError, pa.ArrowException) as error:
            raise BatchError(f"{plain(uri)}: cannot be reached: {error}") from None
        self.exists = found.type != pyarrow.fs.FileType.NotFound
        self.is_directory = found.type == pyarrow.fs.FileType.Directory
        self.size: int | None = found.size
        self.mtime_ns: int = found.mtime_ns or 0


def open_input(uri: str) -> Any:
    """A file that can be read from any place in it."""
    file_system, path = _found(uri)
    return file_system.open_input_file(path)


def matching(pattern: str) -> list[str]:
    """The URIs that a pattern stands for, sorted; the URI itself where it is none."""
    before, mark, query = pattern.partition("?")
    if not _MAGIC.search(before):
        return [pattern]
    fixed = before[: _MAGIC.search(before).start()]  # type: ignore[union-attr]
    folder = fixed.rpartition("/")[0]
    file_system, base = _found(folder + mark + query)
    _, _, wanted = before.partition(folder)
    selector = pyarrow.fs.FileSelector(base, recursive=True, allow_not_found=True)
    found = sorted(
        folder + each.path[len(base.rstrip("/")) :] + mark + query
        for each in file_system.get_file_info(selector)
        if each.is_file and _matches(each.path[len(base.rstrip("/")) :], wanted)
    )
    if not found:
        raise BatchError(f"{plain(pattern)}: no file matches")
    return found


def _matches(path: str, pattern: str) -> bool:
    """As in a shell: a star does not reach into a folder."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def upload(path: str, uri: str) -> None:
    """Puts a copy of a local file into a store, where it appears when it is whole."""
    file_system, target = _found(uri)
    if uri.lower().startswith("s3:") and os.path.getsize(path) > _MAX_MOVED:
        raise BatchError(
            f"{plain(uri)}: the file has more than {_MAX_MOVED >> 30} GiB, which S3 cannot rename; "
            f"upload {path} by other means, or start over with --parts and --overwrite"
        )
    aside = target + ".tmp"
    try:
        with pa.OSFile(path) as source, file_system.open_output_stream(aside) as output:
            while data := source.read(_COPY_BYTES):
                output.write(data)
        file_system.move(aside, target)
    except BaseException:
        # An upload cannot be given up: what there is of it becomes a file.
        with suppress(Exception):  # the error that led here is the one to report
            file_system.delete_file(aside)
        raise


def remove(uri: str) -> None:
    file_system, path = _found(uri)
    file_system.delete_file(path)
