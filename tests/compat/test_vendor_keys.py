"""The vendor's modules of dynamic keys and the signaling token, ``Packer`` and ``utils``."""

from __future__ import annotations

import importlib
import json
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agora_token.compat import DynamicKey, DynamicKey2, DynamicKey4, DynamicKey5, Packer, utils
from agora_token.compat.SignalingToken import generateSignalingToken
from agora_token.legacy import _deprecation
from helpers.project import APP_ID, CERTIFICATE

VECTORS = Path(__file__).parent.parent / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def test_dynamic_key_vectors() -> None:
    for vector in vectors("dynamic_key.jsonl"):
        name = vector["version"].removesuffix("1")
        module = importlib.import_module(f"agora_token.compat.{name}")
        values = [
            vector[field]
            for field in ("app_id", "app_certificate", "channel", "unix_ts", "random_int")
        ]
        if name != "DynamicKey":
            values += vector["uid"], vector["expired_ts"]
        if "permission" in vector:
            values.append(vector["permission"])
        generate = getattr(module, vector.get("function", "generate"))
        assert generate(*values) == vector["key"], vector


def test_signaling_vectors() -> None:
    for vector in vectors("signaling.jsonl"):
        token = generateSignalingToken(
            vector["account"], vector["app_id"], vector["app_certificate"], vector["expired_ts"]
        )
        assert token == vector["key"]


def test_the_signature_is_the_beginning_of_a_classic_key() -> None:
    values = (APP_ID, CERTIFICATE, "room", 1446455472, 58964981)
    user = (*values, 5, 1446455471)
    signature = DynamicKey.generateSignaure(*values)
    assert len(signature) == 40
    assert DynamicKey.generate(*values) == signature + APP_ID + "1446455472" + "0383bbf5"
    assert DynamicKey2.generate(*user).startswith(DynamicKey2.generateSignaure(*user))
    assert DynamicKey4.generateDynamicKey(*user, "ARS") == DynamicKey4.generateRecordingKey(*user)
    assert DynamicKey4.generateSignature(*user, "ARS") in DynamicKey4.generateRecordingKey(*user)


def test_key_5_takes_any_service_and_extra_values() -> None:
    user = (APP_ID, CERTIFICATE, "room", 1446455472, 58964981, 5, 1446455471)
    for permission in (DynamicKey5.NoUpload, DynamicKey5.AudioVideoUpload):
        assert DynamicKey5.generateInChannelPermissionKey(
            *user, permission
        ) == DynamicKey5.generateDynamicKey(4, *user, {1: permission})
    signature = DynamicKey5.generateSignature(2, *user, {})
    assert len(signature) == 40
    assert signature == signature.upper()
    with pytest.raises(struct.error):
        DynamicKey5.generateDynamicKey(1 << 16, *user, {})
    with pytest.raises(ValueError, match="hex"):
        DynamicKey5.generateMediaChannelKey("not hex", *user[1:])


def test_integers_are_taken_modulo_2_to_32() -> None:
    values = (APP_ID, CERTIFICATE, "room", 1446455472)
    assert DynamicKey.generate(*values, -1) == DynamicKey.generate(*values, 0xFFFFFFFF)
    assert DynamicKey2.generate(*values, "7", -5, 1) == DynamicKey2.generate(
        *values, 7, 4294967291, 1
    )
    with pytest.raises(TypeError):
        DynamicKey.generate(*values, "7")
    with pytest.raises(TypeError):
        DynamicKey2.generate(*values, 7, 1.5, 1)


def test_short_app_ids_are_padded() -> None:
    key = DynamicKey.generate("short", CERTIFICATE, "room", "1", 0)
    assert key[40:] == "short" + "0000000001" + "00000000"


def test_using_a_module_warns_once_at_the_callers_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deprecation, "_warned", set())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            DynamicKey.generate(APP_ID, CERTIFICATE, "room", 1, 1)
            DynamicKey.generateSignaure(APP_ID, CERTIFICATE, "room", 1, 1)
            generateSignalingToken("user", APP_ID, CERTIFICATE, 1)
    assert [(warning.category, warning.filename) for warning in caught] == [
        (DeprecationWarning, __file__),
        (DeprecationWarning, __file__),
    ]


@pytest.mark.parametrize(
    ("pack", "unpack", "value", "packed"),
    [
        (Packer.pack_uint16, Packer.unpack_uint16, 0x0102, b"\x02\x01"),
        (Packer.pack_uint32, Packer.unpack_uint32, 0x01020304, b"\x04\x03\x02\x01"),
        (Packer.pack_int16, Packer.unpack_int16, -2, b"\xfe\xff"),
        (Packer.pack_string, Packer.unpack_string, b"ab", b"\x02\0ab"),
        (Packer.pack_map_uint32, Packer.unpack_map_uint32, {3: 4}, b"\x01\0\x03\0\x04\0\0\0"),
        (Packer.pack_map_string, Packer.unpack_map_string, {3: b"x"}, b"\x01\0\x03\0\x01\0x"),
    ],
)
def test_packing(pack: Any, unpack: Any, value: object, packed: bytes) -> None:
    assert pack(value) == packed
    assert unpack(packed + b"rest") == (value, b"rest")
    for length in range(len(packed)):
        with pytest.raises(struct.error):
            unpack(packed[:length])


def test_packing_takes_text() -> None:
    assert Packer.pack_string("ü") == b"\x02\0\xc3\xbc"
    assert Packer.pack_uint16("7") == b"\x07\0"
    assert Packer.pack_map_string({"1": "x"}) == b"\x01\0\x01\0\x01\0x"
    for too_large in (65536, -1):
        with pytest.raises(struct.error):
            Packer.pack_uint16(too_large)
    with pytest.raises(struct.error):
        Packer.pack_string("x" * 65536)


def test_md5() -> None:
    assert utils.get_md5("1234567890") == "e807f1fcf82d132f9bb018ca6738a19f"
