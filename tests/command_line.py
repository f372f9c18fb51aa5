"""What the tests of the command line share: the project, and the shape of a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

APP_ID = "970ca35de60c44645bbae8a215061b33"
CERTIFICATE = "5cfd2fd1755d40ecb72977518be15d3b"


class Result(NamedTuple):
    status: int
    out: str
    err: str


Agora = Callable[..., Result]
"""``agora(*arguments, given="standard input")``."""
