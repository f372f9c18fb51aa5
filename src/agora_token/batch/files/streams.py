"""Texts turned into lines of UTF-8 as they are read: other encodings, and arrays of JSON."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final

from ..rows import BatchError

_READ_BYTES: Final = 1 << 19
_MAX_ELEMENT: Final = 64 << 20
_BETWEEN: Final = re.compile(r"[\s,]*")


def check_encoding(name: str) -> None:
    try:
        "a".encode(name).decode(name)
    except (LookupError, UnicodeError):
        raise BatchError(
            f"encoding {name!r} is not known; it must be one of Python's, such as utf-16, cp1252, "
            "shift_jis or gb18030"
        ) from None


class Recoded:
    """A text of another encoding as UTF-8.

    Bytes that are none of its characters are left as they are, and so refused in their row.
    """

    def __init__(self, raw: Any, encoding: str) -> None:
        self._raw = raw
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")

    def read(self, size: int) -> bytes:
        while True:
            data = self._raw.read(size)
            try:
                text = self._decoder.decode(data, not data)
                if text or not data:
                    return text.encode(errors="surrogateescape")
            except UnicodeError as error:
                raise BatchError(f"is not {self._encoding} ({error}); see --encoding") from None

    def close(self) -> None:
        self._raw.close()


class ArrayLines:
    """The elements of an array of JSON, one a line."""

    def __init__(self, raw: Any, known: bytes) -> None:
        """``known`` is what has been read of it, at least its bracket."""
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        text = self._decoder.decode(known).lstrip("\ufeff \t\r\n")
        self._text, self._at = text, 1
        self._scan = json.JSONDecoder().raw_decode
        self._ended = False
        self._count = 0

    def read(self, size: int) -> bytes:
        lines: list[str] = []
        length = 0
        while length < size and not self._ended:
            element = self._next()
            if element is None:
                self._ended = True
                break
            lines.append(element)
            length += len(element)
        return "".join(lines).encode(errors="surrogateescape")

    def _next(self) -> str | None:
        while True:
            begin = _BETWEEN.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._text.startswith("]", begin):
                return None
            try:
                _, end = self._scan(self._text, begin)
            except (json.JSONDecodeError, RecursionError) as error:
                if len(self._text) - begin <= _MAX_ELEMENT and self._more(begin):
                    continue
                raise BatchError(
                    f"element {self._count + 1} of the array is not JSON, or does not end: {error}"
                ) from None
            self._at = end
            self._count += 1
            return self._text[begin:end].replace("\n", " ").replace("\r", " ") + "\n"

    def _more(self, begin: int) -> bool:
        """Reads on, as much again as there is, so that a long element is not scanned too often."""
        data = self._raw.read(max(_READ_BYTES, len(self._text) - begin))
        self._text = self._text[begin:] + self._decoder.decode(data, not data)
        self._at = 0
        return bool(data)

    def close(self) -> None:
        self._raw.close()
