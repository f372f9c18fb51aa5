"""Where outputs go: made anew beside their place, and put there when they are whole.

A target that is a link stands for what it points to, and one that is a pipe or a device is written
to, both as ``cp`` does.  Nothing else follows a link.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from contextlib import suppress
from typing import Final

from ..rows import BatchError
from . import stores
from .formats import STANDARD

_PRIVATE: Final = 0o600
_COPY_BYTES: Final = 1 << 20


def resolved(target: str) -> str:
    """The target, or what it points to where it is a link or a ``file://`` URI."""
    if target == STANDARD or stores.is_uri(target := stores.local(target)):
        return target
    if not os.path.islink(target):
        return target
    real = os.path.realpath(target)
    if not os.path.exists(real):
        raise BatchError(f"{target}: is a link to {real}, which is not there; make it, or name it")
    return real


def is_special(target: str) -> bool:
    """Whether it is no file, but standard output, a pipe or a device."""
    if target == STANDARD:
        return True
    if stores.is_uri(target):
        return False
    return os.path.exists(target) and not os.path.isfile(target) and not os.path.isdir(target)


def exists(target: str) -> bool:
    return stores.Info(target).exists if stores.is_uri(target) else os.path.lexists(target)


def make_new(path: str) -> None:
    """Makes an empty file that its owner alone may read.

    Raises :class:`FileExistsError` where the name is taken, by a link too.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))


def deliver(aside: str, target: str) -> None:
    """Puts a whole file in its place, safely on the disk; ``aside`` is gone then."""
    if stores.is_uri(target):
        stores.upload(aside, target)
    elif is_special(target):
        _copy_into(aside, target)
    else:
        _take_mode(aside, target)
        publish(aside, target)
        return
    os.unlink(aside)


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


def _take_mode(aside: str, target: str) -> None:
    """Gives a file the mode and the owner of the one that it replaces."""
    try:
        old = os.lstat(target)
    except FileNotFoundError:
        return
    mode = stat.S_IMODE(old.st_mode)
    new = os.lstat(aside)
    if os.name != "nt" and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.chown(aside, old.st_uid, old.st_gid)
        except PermissionError:  # what a group may do is not for another one
            mode &= ~(stat.S_IRWXG | stat.S_ISUID | stat.S_ISGID)
    with suppress(PermissionError):
        os.chmod(aside, mode)


def _copy_into(path: str, target: str) -> None:
    with open(path, "rb") as source:
        if target == STANDARD:
            shutil.copyfileobj(source, sys.stdout.buffer, _COPY_BYTES)
            sys.stdout.buffer.flush()
            return
        with open(target, "wb") as output:
            shutil.copyfileobj(source, output, _COPY_BYTES)
