"""What Spark is given to run on its executors, without a Spark to run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from agora_token import AgoraTokenError, Reason
from agora_token.batch.columns import CHUNK_ROWS
from agora_token.batch.spark import (
    CertificateFromEnvironment,
    CertificateFromFile,
    Request,
    TokenIssuer,
    TokenVerifier,
)
from agora_token.errors import ConfigurationError
from helpers.batch import ISSUER, NOW
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE

FIXED = Request(issued_at=NOW)


@pytest.fixture(autouse=True)
def certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    need_module("pyspark.sql")
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)


def roster(rows: int, **columns: list[Any]) -> pa.RecordBatch:
    usual = {
        "channel": [f"room-{row // 7}" for row in range(rows)],
        "uid": list(range(rows)),
        "salt": list(range(1, rows + 1)),
    }
    return pa.RecordBatch.from_pydict(usual | columns)


def schema(**columns: str) -> Any:
    from pyspark.sql.types import StructType

    made = StructType()
    for name, kind in columns.items():
        made = made.add(name, kind)
    return made


def text_of(error: pytest.ExceptionInfo[BaseException]) -> str:
    return str(error.value)


def test_the_tokens_are_those_of_the_issuer() -> None:
    batch = roster(3, role=["subscriber", None, "1"], note=[1.5, None, 2.5])
    (issued,) = TokenIssuer(APP_ID, FIXED, salts="salt")([batch])
    assert issued.schema.names == [*batch.schema.names, "token"]
    assert issued.select(batch.schema.names) == batch
    assert issued.column("token").to_pylist() == [
        ISSUER.rtc("room-0", row, role=role, issued_at=NOW, salt=row + 1)
        for row, role in enumerate((2, 1, 1))
    ]


def test_other_tokens_from_other_columns() -> None:
    request = Request(
        service="rtm",
        version="006",
        columns={"user_id": "login", "expires_in": "seconds", "token": "pass"},
        issued_at=NOW,
        salt=5,
    )
    batch = pa.RecordBatch.from_pydict({"seconds": [60, None], "login": ["ann", "bob"]})
    (issued,) = TokenIssuer(APP_ID, request)([batch])
    assert issued.column("pass").to_pylist() == [
        ISSUER.rtm(name, version="006", expires_in=seconds, issued_at=NOW, salt=5)
        for name, seconds in (("ann", 60), ("bob", 3600))
    ]


def test_salts_are_random_unless_fixed() -> None:
    first, second = (
        next(TokenIssuer(APP_ID, FIXED)([roster(500)])).column("token").to_pylist()
        for _ in range(2)
    )
    assert len({*first, *second}) == 1000


def test_a_row_without_a_token_fails_with_its_value() -> None:
    with pytest.raises(AgoraTokenError, match="for uid '-5': uid -5 is out of range"):
        list(TokenIssuer(APP_ID)([roster(3, uid=[1, -5, 2])]))


def test_or_has_a_null_and_the_reason() -> None:
    batch = roster(5, channel=["a", None, "é", "a", "a"], uid=[1, 2, 3, None, 5])
    issue = TokenIssuer(APP_ID, FIXED, salts="salt", on_error="null", error_column="why")
    (issued,) = issue([batch])
    assert issued.select(batch.schema.names) == batch
    assert issued.column("token").to_pylist() == [
        ISSUER.rtc("a", 1, issued_at=NOW, salt=1),
        None,
        None,
        None,
        ISSUER.rtc("a", 5, issued_at=NOW, salt=5),
    ]
    reasons = issued.column("why").to_pylist()
    assert reasons[0] is reasons[4] is None
    assert reasons[1].startswith("channel is missing")
    assert reasons[2].startswith("channel 'é' has the character")
    assert reasons[3].startswith("uid is missing")
    (all_good,) = issue([roster(2)])
    assert all_good.column("why").to_pylist() == [None, None]
    assert all_good.schema == issued.schema
    (all_bad,) = issue([roster(2, uid=[-1, -2])])
    assert all_bad.column("token").to_pylist() == [None, None]
    assert all_bad.schema == issued.schema


@pytest.mark.parametrize("salts", [[1, None, 3], [1, -1, 3], [1, 2**32, 3]])
def test_fixed_salts_are_all_there(salts: list[Any]) -> None:
    with pytest.raises(AgoraTokenError, match="salts must be integers"):
        list(TokenIssuer(APP_ID, salts="salt", on_error="null")([roster(3, salt=salts)]))


def test_large_batches_are_done_in_parts_and_empty_ones_need_no_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = roster(CHUNK_ROWS + 3)
    parts = list(TokenIssuer(APP_ID, FIXED, salts="salt")([large, roster(0), roster(1)]))
    assert [part.num_rows for part in parts] == [CHUNK_ROWS, 3, 1]
    tokens = [token for part in parts[:2] for token in part.column("token").to_pylist()]
    assert tokens == ISSUER.rtc_many(
        large.column("channel").to_pylist(),
        large.column("uid").to_pylist(),
        issued_at=NOW,
        salts=large.column("salt").to_pylist(),
    )
    judged = TokenVerifier(APP_ID, at=NOW, channel="channel", uid="uid")(parts)
    assert {reason for part in judged for reason in part.column("reason").to_pylist()} == {"valid"}
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    assert list(TokenIssuer(APP_ID)([roster(0)])) == []
    assert list(TokenVerifier(APP_ID, token="channel")([roster(0)])) == []


def test_large_strings() -> None:
    wide = pa.schema([("channel", pa.large_string()), ("account", pa.large_string())])
    batch = pa.RecordBatch.from_pydict({"channel": ["a"], "account": ["ann"]}, wide)
    (issued,) = TokenIssuer(APP_ID)([batch])
    assert issued.select(["channel", "account"]) == batch
    (judged,) = TokenVerifier(APP_ID, channel="channel", uid="account")([issued])
    assert judged.column("reason").to_pylist() == ["valid"]


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(AgoraTokenError, match="'uid' is of type bool; it must hold text or whole"):
        list(TokenIssuer(APP_ID, on_error="null")([roster(1, uid=[True])]))
    with pytest.raises(AgoraTokenError, match="token is a column of int64; it must be one of str"):
        list(TokenVerifier(APP_ID, token="uid")([roster(1)]))


def test_verifying_names_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    rtc: dict[str, Any] = {"issued_at": NOW, "expires_in": 60}
    other = type(ISSUER)(APP_ID, "0" * 32)
    tokens = [
        ISSUER.rtc("a", 1, **rtc),
        ISSUER.rtc("a", 1, **rtc, version="006"),
        ISSUER.rtc("b", 1, **rtc),
        ISSUER.rtc("a", 2, **rtc),
        other.rtc("a", 1, **rtc),
        None,
        "007 nonsense",
        ISSUER.rtc("b", 9, **rtc),
    ]
    batch = pa.RecordBatch.from_pydict(
        {"pass": tokens, "room": ["a"] * 7 + [None], "user": [1] * 7 + [None]}
    )
    columns: dict[str, Any] = {"token": "pass", "channel": "room", "uid": "user"}
    (judged,) = TokenVerifier(APP_ID, at=NOW, **columns)([batch])
    reasons = ["valid", "valid", "wrong_channel", "wrong_user", "bad_signature"]
    reasons += ["malformed", "malformed", "valid"]
    assert judged.column("reason").to_pylist() == reasons
    assert judged.select(batch.schema.names) == batch
    assert all(name.upper() in Reason.__members__ for name in reasons)
    monkeypatch.setenv("SECONDARY", "0" * 32)
    both = [CertificateFromEnvironment(), CertificateFromEnvironment("SECONDARY")]
    rotation = TokenVerifier(
        at=NOW, certificates=lambda: [str(each()) for each in both], token="pass"
    )
    (judged,) = rotation([batch.slice(4, 1)])
    assert judged.column("reason").to_pylist() == ["valid"]
    (judged,) = TokenVerifier(at=NOW + 61, reason_column="outcome", **columns)([batch.slice(0, 1)])
    assert judged.column("outcome").to_pylist() == ["expired"]


def test_the_schema_says_what_is_added() -> None:
    given = schema(channel="string", uid="long", seen="timestamp")
    added = TokenIssuer(APP_ID, on_error="null").schema(given)
    assert added.fields[:3] == given.fields
    assert added.simpleString().endswith("token:string,token_error:string>")
    verifier = TokenVerifier(APP_ID, channel="channel", uid="uid")
    assert verifier.schema(added).names == [*added.names, "reason"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TokenIssuer("x").schema(schema(channel="string", uid="integer")), "app_id 'x'"),
        (lambda: TokenIssuer(APP_ID).schema(schema(channel="string")), "no column 'uid'"),
        (
            lambda: TokenIssuer(APP_ID, salts="s").schema(schema(channel="string", uid="integer")),
            "there is no column 's'; the columns are channel, uid",
        ),
        (
            lambda: TokenIssuer(APP_ID).schema(
                schema(channel="string", uid="integer", Token="integer")
            ),
            "there would be two columns 'token'",
        ),
        (
            lambda: TokenIssuer(APP_ID, Request(expires_in=86_401)).schema(
                schema(channel="string", uid="integer")
            ),
            "86401",
        ),
        (
            lambda: TokenIssuer(APP_ID, Request(service="chat-app")).schema(schema(a="integer")),
            "'chat-app' has no rosters",
        ),
        (lambda: TokenIssuer(APP_ID, on_error="skip"), "on_error is 'skip'"),
        (lambda: TokenVerifier(APP_ID).schema(schema(a="string")), "no column 'token'"),
        (
            lambda: TokenVerifier(channel="c").schema(schema(token="string")),
            "there is no column 'c'; the columns are token",
        ),
        (lambda: TokenVerifier("x"), "app_id 'x'"),
        (lambda: TokenVerifier(leeway=-1), "leeway is -1"),
    ],
)
def test_the_driver_refuses_what_cannot_work(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(AgoraTokenError, match=message) as error:
        make()
    assert CERTIFICATE not in text_of(error)


def test_a_function_that_carries_a_certificate_is_refused() -> None:
    of_project = CERTIFICATE
    carriers: list[Any] = [lambda: of_project, lambda: "0" * 0 + f"key={of_project}"]
    for function in carriers:
        for make in (
            lambda f: TokenIssuer(APP_ID, certificate=f),
            lambda f: TokenVerifier(None, f),
        ):
            with pytest.raises(ConfigurationError, match="carries 32 hex digits") as error:
                make(function)
            assert CERTIFICATE not in text_of(error)
    as_value: Any = CERTIFICATE
    with pytest.raises(ConfigurationError, match="given as a function") as error:
        TokenIssuer(APP_ID, certificate=as_value)
    assert CERTIFICATE not in text_of(error)
    # An App ID has the form of a certificate, and is no secret.
    TokenIssuer(APP_ID, certificate=lambda: f"secret of {APP_ID}")


def test_a_certificate_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AGORA_APP_CERTIFICATE")
    with pytest.raises(ConfigurationError, match="AGORA_APP_CERTIFICATE is not set on the exec"):
        list(TokenIssuer(APP_ID)([roster(1)]))
    for name, why in (("none", "No such file"), ("", "Is a directory")):
        lookup = CertificateFromFile(str(tmp_path / name))
        with pytest.raises(ConfigurationError, match=f"{tmp_path}.* executor .*: {why}"):
            list(TokenIssuer(APP_ID, certificate=lookup)([roster(1)]))
    monkeypatch.setenv("OTHER", CERTIFICATE)
    assert list(TokenIssuer(APP_ID, certificate=CertificateFromEnvironment("OTHER"))([roster(1)]))


def test_a_certificate_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "certificate"
    path.write_text(CERTIFICATE + "\n")
    issue = TokenIssuer(APP_ID, FIXED, CertificateFromFile(str(path)), salts="salt")
    (issued,) = issue([roster(1)])
    assert issued.column("token").to_pylist() == [ISSUER.rtc("room-0", 0, issued_at=NOW, salt=1)]
    path.write_bytes(b"\xff" + CERTIFICATE.encode())
    with pytest.raises(ConfigurationError, match="is not text") as error:
        list(issue([roster(1)]))
    assert CERTIFICATE not in text_of(error)
    path.write_text(CERTIFICATE[:-1] + "x")
    with pytest.raises(AgoraTokenError, match="certificate") as refused:
        list(issue([roster(1)]))
    assert CERTIFICATE[:-1] not in text_of(refused)


def test_nothing_of_spark_is_imported_before_it_is_used() -> None:
    code = "import sys, agora_token.batch.spark; sys.exit('pyspark' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
