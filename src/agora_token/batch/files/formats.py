"""Formats and compressions of files, by the ends of their names."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..rows import BatchError

_ENDINGS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_OF_SOURCES: Final = {**_ENDINGS, ".txt": "csv", ".json": "jsonl"}
_DELIMITERS: Final = {"tab": "\t", "\\t": "\t"}
_CODECS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}

STANDARD = "-"
"""The name of standard input and standard output."""


class Format(NamedTuple):
    """How the rows of a file are written."""

    name: str
    """``csv``, ``jsonl`` or ``parquet``."""
    codec: str | None = None
    """The compression of the whole file, by pyarrow's name for it."""
    delimiter: str = ","
    """What is between the values of CSV."""

    @property
    def suffix(self) -> str:
        """The end of the name of such a file."""
        name = "tsv" if self.delimiter == "\t" else self.name
        return name + next((end for end, codec in _CODECS.items() if codec == self.codec), "")


def format_of(
    path: str,
    name: str | None = None,
    *,
    option: str = "--format",
    source: bool = False,
    delimiter: str | None = None,
) -> Format:
    """The format of a file, by the end of its name where ``name`` does not say it.

    ``option`` is the one that names it, for the message.
    """
    stem = path.lower()
    codec = None
    for suffix, known in _CODECS.items():
        if stem.endswith(suffix):
            stem, codec = stem.removesuffix(suffix), known
    endings = _OF_SOURCES if source else _ENDINGS
    if name is None:
        name = next((kind for suffix, kind in endings.items() if stem.endswith(suffix)), None)
    if name is None:
        what = "standard input and output have" if path == STANDARD else f"{path!r} has"
        raise BatchError(
            f"{what} no ending that names a format ({', '.join(endings)}, and "
            f"{', '.join(_CODECS)} after it); name it with {option}"
        )
    if name == "parquet" and codec:
        raise BatchError(f"{path!r}: a Parquet file is compressed inside, not as a whole")
    if name != "csv":
        return Format(name, codec)
    return Format(name, codec, delimiter or ("\t" if stem.endswith(".tsv") else ","))


def delimiter_of(spelled: str | None) -> str | None:
    """The character that ``--delimiter`` names."""
    if spelled is None:
        return None
    character = _DELIMITERS.get(spelled.lower(), spelled)
    if (
        len(character) != 1
        or not character.isascii()
        or character.isalnum()
        or character in '"\r\n'
    ):
        raise BatchError(
            f"delimiter {spelled!r} is not one character that may be between values, such as "
            "';' or 'tab'"
        )
    return character
