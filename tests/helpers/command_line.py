"""What the tests of the command line share: the project, and the shape of a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    status: int
    out: str
    err: str


Agora = Callable[..., Result]
"""``agora(*arguments, given="standard input")``."""
