"""The shapes in which a column of values is handed to a backend.

All but :class:`Objects` are read without touching a Python object per row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Constant(NamedTuple):
    """The same value in every row."""

    value: object


class Objects(NamedTuple):
    """A ``list`` or ``tuple`` of Python objects."""

    values: Sequence[object]


class Integers(NamedTuple):
    """Unsigned 32-bit integers in a buffer, native byte order."""

    values: Any
    """A contiguous buffer of ``uint32``; the column's row 0 is element ``start``."""
    start: int = 0
    validity: Any = None
    """An Arrow validity bitmap, indexed like ``values``, or None where no row is null."""


class Strings(NamedTuple):
    """UTF-8 strings in Arrow's layout (``string``, or ``large_string`` where ``wide``)."""

    offsets: Any
    """A contiguous buffer of ``int32`` offsets (``int64`` where ``wide``)."""
    data: Any
    start: int = 0
    """The element that is the column's row 0."""
    wide: bool = False
    validity: Any = None


Column = Constant | Objects | Integers | Strings
