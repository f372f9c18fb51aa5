"""Runs the Python in the documents, so that what they show is what happens.

Each ```` ```python ```` block of a file runs after the ones above it, in one namespace a file.  A
block marked ```` ```python no-run ```` is only compiled.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helpers.project import APP_ID, CERTIFICATE

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])

ENVIRONMENT = {"AGORA_APP_ID": APP_ID, "AGORA_APP_CERTIFICATE": CERTIFICATE}

FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
RUN, COMPILE = "python", "python no-run"


class Block(NamedTuple):
    line: int
    """The line of the file on which the code begins, from 1."""
    info: str
    code: str


def blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, fence.start("body")) + 1, fence["info"], fence["body"])
        for fence in FENCE.finditer(text)
        if fence["info"].startswith("py")
    ]


@pytest.mark.parametrize(
    "document",
    [document for document in DOCUMENTS if blocks(document)],
    ids=lambda document: document.relative_to(ROOT).as_posix(),
)
def test_python_of_a_document_runs(
    document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": document.stem}
    with warnings.catch_warnings():
        # The documents show deprecated keys too.
        warnings.filterwarnings("ignore", ".* is deprecated by Agora", DeprecationWarning)
        for line, info, code in blocks(document):
            assert info in (RUN, COMPILE), f"{document}:{line - 1}: unknown kind of block {info!r}"
            # Shifted, so that a traceback names the line of the document.
            compiled = compile("\n" * (line - 1) + code, str(document), "exec")
            if info == RUN:
                exec(compiled, namespace)


def test_there_are_documents_with_python() -> None:
    assert any(blocks(document) for document in DOCUMENTS)
