"""Formats and compressions of files, by the ends of their names."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..rows import BatchError

_ENDINGS: Final = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_CODECS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}

STANDARD = "-"
"""The name of standard input and standard output."""


class Format(NamedTuple):
    """How the rows of a file are written."""

    name: str
    """``csv``, ``jsonl`` or ``parquet``."""
    codec: str | None = None
    """The compression of the whole file, by pyarrow's name for it."""

    @property
    def suffix(self) -> str:
        """The end of the name of such a file."""
        return self.name + next((end for end, codec in _CODECS.items() if codec == self.codec), "")


def format_of(path: str, name: str | None = None) -> Format:
    """The format of a file, by the end of its name where ``name`` does not say it."""
    stem = path.lower()
    codec = None
    for suffix, known in _CODECS.items():
        if stem.endswith(suffix):
            stem, codec = stem.removesuffix(suffix), known
    if name is None:
        name = next((kind for suffix, kind in _ENDINGS.items() if stem.endswith(suffix)), None)
    if name is None:
        what = "standard input and output have" if path == STANDARD else f"{path!r} has"
        raise BatchError(
            f"{what} no ending that names a format ({', '.join(_ENDINGS)}, and "
            f"{', '.join(_CODECS)} after it); name it with --format"
        )
    if name == "parquet" and codec:
        raise BatchError(f"{path!r}: a Parquet file is compressed inside, not as a whole")
    return Format(name, codec)
