"""What any text at all must be survived with: the check of the tests and of the fuzzer."""

from __future__ import annotations

import contextlib

from agora_token import _core, _pure
from agora_token._columns import column_of
from agora_token._demands import Demands
from agora_token.errors import TokenError
from agora_token.explaining import Cause, explain
from agora_token.reading import read
from agora_token.verifying import Reason, verify
from helpers.project import CERTIFICATE, NOW

DEMANDS = Demands(at=NOW)


def survive(token: str) -> None:
    """Whatever the text, reading and verifying raise typed errors, and the backends agree."""
    with contextlib.suppress(TokenError):
        assert read(token).length == len(token)
    with contextlib.suppress(TokenError):
        verify(token, CERTIFICATE, channel="room", uid=42, at=NOW)
    codes = []
    for backend in (_core, _pure):
        code = bytearray(1)
        backend.verify(
            column_of([token]),
            0,
            1,
            (CERTIFICATE.encode(),),
            DEMANDS,
            column_of("room"),
            column_of(42),
            None,
            code,
        )
        codes.append(code[0])
    assert codes[0] == codes[1]
    diagnosis = explain(token, CERTIFICATE, channel="room", uid=42, at=NOW)
    if codes[0] == Reason.VALID:
        assert diagnosis.valid
    elif diagnosis.valid:
        assert Cause.FOR_ANYBODY in diagnosis.causes
    assert str(diagnosis)
