"""The warning that a use of a deprecated kind of key gives: once in a process and kind."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_warned: Final[set[str]] = set()


def deprecated(kind: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Makes the first call of any function of ``kind`` warn, at the caller's line."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(function)
        def warn_once(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if kind not in _warned:
                warnings.warn(
                    f"{kind} is deprecated by Agora; issue access tokens instead "
                    "(agora_token.Issuer)",
                    DeprecationWarning,
                    stacklevel=2,
                )
                # After the warning: where warnings are errors, every use is one.
                _warned.add(kind)
            return function(*args, **kwargs)

        return warn_once

    return decorate
