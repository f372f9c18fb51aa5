"""Every kernel of the extension, forced, against the standard library and the pure backend.

``tests/c`` tests the same code without Python, with guard pages and sanitizers.
"""

from __future__ import annotations

import hmac
import random
import zlib
from collections.abc import Iterator

import pytest

from agora_token import _core, _fields, _pure
from agora_token._columns import Objects
from agora_token.errors import BackendError
from helpers.project import APP_ID, CERTIFICATE, NOW

PROJECT = (APP_ID.encode(), CERTIFICATE.encode())
KERNELS = [
    (primitive, name)
    for primitive in ("sha256", "crc32", "base64")
    for name in _core.available_kernels(primitive)
]


@pytest.fixture(params=KERNELS, ids=lambda kernel: "-".join(kernel))
def kernel(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    primitive, name = request.param
    best = _core.kernels()[primitive]
    _core.force_kernel(primitive, name)
    yield primitive, name
    _core.force_kernel(primitive, best)


def test_the_portable_kernels_are_always_there() -> None:
    assert {primitive for primitive, name in KERNELS if name == "portable"} == {
        "sha256",
        "crc32",
        "base64",
    }


def test_an_unknown_kernel_is_refused() -> None:
    with pytest.raises(BackendError, match="sha256 kernel 'abacus' is unknown"):
        _core.force_kernel("sha256", "abacus")


def test_a_forced_kernel_is_in_use(kernel: tuple[str, str]) -> None:
    primitive, name = kernel
    assert _core.kernels()[primitive] == name


@pytest.mark.usefixtures("kernel")
def test_hmac_and_crc_over_lengths_and_alignments() -> None:
    data = random.Random(1).randbytes(1000)
    for length in [*range(300), 511, 512, 513, 900]:
        start = length % 67
        message = data[start : start + length]
        key = data[: length % 140]
        assert _core.hmac_sha256(key, message) == hmac.digest(key, message, "sha256")
        assert _core.crc32(message) == zlib.crc32(message)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 15, 16, 17, 63, 64, 65, 200])
def test_columns_of_mixed_lengths(rows: int) -> None:
    """Rows of 1 to 5 blocks side by side, so that lanes end at different times."""
    source = random.Random(rows)
    alphabet = _fields.CHANNEL_CHARACTERS.decode()
    channels = ["".join(source.choices(alphabet, k=source.randint(1, 64))) for _ in range(rows)]
    users = ["".join(source.choices(alphabet, k=source.randint(1, 255))) for _ in range(rows)]
    columns = (Objects(channels), Objects(users))
    fields = (_fields.CHANNEL, _fields.USER)
    old = [((1, 2), (60, 0))]
    new = [(60, (b"\1\0\1\0\0\0", b"", b""), (0, 1))]
    for native, pure in (
        (
            _core.Plan006(*PROJECT, fields, old),
            _pure.Plan006(*PROJECT, fields, old),
        ),
        (
            _core.Plan007(*PROJECT, fields, new),
            _pure.Plan007(*PROJECT, fields, new),
        ),
    ):
        expected = pure.many(columns, 0, rows, NOW, None, 5)
        assert native.many(columns, 0, rows, NOW, None, 5) == expected
