"""On a cluster: the same tokens as on one machine, whatever dies, and a certificate unseen."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agora_token.batch import rtc_column
from agora_token.batch.job import Job, run
from agora_token.batch.spark import (
    CertificateFromEnvironment,
    CertificateFromFile,
    Request,
    TokenIssuer,
    TokenVerifier,
    issue_tokens,
    verify_tokens,
)
from helpers.batch import ISSUER, NOW
from helpers.needs import need_module
from helpers.project import APP_ID, CERTIFICATE
from helpers.spark import ROWS_OF_BATCH, Cluster
from test_docs import ROOT, blocks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARTS = 4
ROWS = PARTS * 6 * ROWS_OF_BATCH
FIXED = Request(issued_at=NOW, salt=7)


@pytest.fixture(scope="session")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of Parquet files, one of them without rows."""
    table = pa.table(
        {
            "channel": [f"room-{row // 7}" for row in range(ROWS)],
            "uid": pa.array(range(ROWS), pa.int64()),
            "role": ["subscriber" if row % 3 else None for row in range(ROWS)],
            "salt": pa.array([row * 7919 % 2**32 for row in range(ROWS)], pa.int64()),
        }
    )
    directory = tmp_path_factory.mktemp("roster")
    for part in range(PARTS + 1):
        size = ROWS // PARTS
        pq.write_table(table.slice(part * size, size), directory / f"{part}.parquet")
    return directory


@pytest.fixture
def rows(spark: SparkSession, roster: Path) -> DataFrame:
    df = spark.read.parquet(str(roster)).repartition(PARTS, "uid")
    assert df.count() == ROWS
    return df


def sorted_rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, df.collect()))


def with_fixed_salts(roster: Path) -> list[tuple[Any, ...]]:
    """The roster and its tokens, each with the salt of its row, from this process."""
    table = pq.read_table(roster)
    roles = [2 if role else 1 for role in table["role"].to_pylist()]
    tokens = rtc_column(
        ISSUER, table["channel"], table["uid"], role=roles, issued_at=NOW, salts=table["salt"]
    )
    columns = [*(table[name].to_pylist() for name in table.column_names), tokens.to_pylist()]
    return sorted(zip(*columns, strict=True))


def test_the_tokens_are_those_of_the_job_on_one_machine(
    rows: DataFrame, roster: Path, tmp_path: Path
) -> None:
    target = tmp_path / "tokens.parquet"
    run(Job([str(roster / "*.parquet")], str(target), FIXED), ISSUER)
    expected = sorted(map(tuple, (row.values() for row in pq.read_table(target).to_pylist())))
    assert len(expected) == ROWS
    issued = issue_tokens(rows, APP_ID, FIXED)
    assert issued.columns == ["channel", "uid", "role", "salt", "token"]
    assert sorted_rows(issued) == expected


def test_random_salts_differ_and_every_token_verifies(rows: DataFrame) -> None:
    issued = issue_tokens(rows, APP_ID).persist()
    try:
        assert issued.select("token").distinct().count() == ROWS
        verified = verify_tokens(issued, APP_ID, channel="channel", uid="uid", privileges=[1])
        assert [tuple(row) for row in verified.groupBy("reason").count().collect()] == [
            ("valid", ROWS)
        ]
        other = verify_tokens(issued, APP_ID, channel="channel", uid="salt")
        reasons = {row.reason: row["count"] for row in other.groupBy("reason").count().collect()}
        assert reasons == {"valid": 1, "wrong_user": ROWS - 1}
    finally:
        issued.unpersist()


def own_process() -> int:
    """The Python worker that runs a task."""
    return os.getpid()


def own_executor() -> int:
    """The JVM above it: the worker's parent is the daemon that forked it."""
    with open(f"/proc/{os.getppid()}/stat", encoding="utf-8") as file:
        executor = int(file.read().rpartition(")")[2].split()[1])
    with open(f"/proc/{executor}/cmdline", encoding="utf-8") as file:
        assert "CoarseGrainedExecutorBackend" in file.read()
    return executor


def dying_once(
    function: Callable[[Any], Iterator[Any]], flag: str, victim: Callable[[], int]
) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """The function, but one task dies after some of its batches."""

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        for number, batch in enumerate(function(batches)):
            if number == 3:
                try:
                    file = os.open(flag, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                except FileExistsError:
                    pass
                else:
                    os.write(file, str(victim()).encode())
                    os.kill(victim(), signal.SIGKILL)
                    time.sleep(600)  # without its executor this process has not long to live
            yield batch

    return run


@pytest.mark.parametrize("victim", [own_process, own_executor])
def test_a_task_that_is_killed_is_done_again_and_nothing_doubled(
    rows: DataFrame, roster: Path, tmp_path: Path, victim: Callable[[], int]
) -> None:
    cloudpickle = need_module("pyspark.cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    issuer = TokenIssuer(APP_ID, FIXED, salts="salt")
    flag = tmp_path / "killed"
    issued = rows.mapInArrow(dying_once(issuer, str(flag), victim), issuer.schema(rows.schema))
    assert sorted_rows(issued) == with_fixed_salts(roster)
    killed = int(flag.read_text())
    assert not Path(f"/proc/{killed}").exists()


@pytest.mark.parametrize("large", ["false", "true"])
def test_other_columns_stay_as_they_are(spark: SparkSession, large: str) -> None:
    df = spark.sql(
        """
        select 'a' as channel, 'ann' as account, timestamp '2024-02-29 12:00:00' as seen,
               1.50bd as price, array(named_struct('x', 1, 'y', null)) as nested,
               map('k', 2) as pairs, X'00ff' as bytes, date '2024-02-29' as day, null as nothing
        """
    )
    setting = "spark.sql.execution.arrow.useLargeVarTypes"
    spark.conf.set(setting, large)
    try:
        issued = issue_tokens(df, APP_ID, FIXED, on_error="null")
        assert issued.drop("token", "token_error").collect() == df.collect()
        assert issued.select("token", "token_error").collect() == [
            (ISSUER.rtc("a", "ann", issued_at=NOW, salt=7), None)
        ]
        assert verify_tokens(issued.drop("nothing"), at=NOW).select("reason").first() == ("valid",)
    finally:
        spark.conf.unset(setting)


def test_no_rows_and_fewer_rows_than_tasks(rows: DataFrame) -> None:
    # The certificate is not looked up for nothing.
    nowhere = CertificateFromEnvironment("UNSET")
    assert issue_tokens(rows.where("uid < 0"), APP_ID, certificate=nowhere).collect() == []
    few = rows.where("uid < 2").repartition(8)
    assert {row.uid for row in issue_tokens(few, APP_ID).collect()} == {0, 1}


def test_bad_rows(rows: DataFrame) -> None:
    from pyspark.errors import PythonException

    bad = rows.selectExpr(
        "if(uid % 1000 = 1, -uid, uid) as uid", "nullif(channel, 'room-0') as channel"
    )
    with pytest.raises(PythonException, match=r"no token can be issued for uid '-[12]001': uid"):
        issue_tokens(bad.where("uid in (-1001, -2001, 50)"), APP_ID).collect()
    issued = issue_tokens(bad, APP_ID, FIXED, on_error="null")
    reasons = {row.uid: row.token_error for row in issued.where("token is null").collect()}
    assert set(reasons) == {*range(7), *range(-1, -ROWS, -1000)} - {1}
    assert reasons[3] == "channel is missing; it must be a string"
    assert reasons[-1001].startswith("uid -1001 is out of range")
    assert issued.where("token is not null and token_error is null").count() == ROWS - len(reasons)


def test_a_certificate_that_an_executor_has_not_got(rows: DataFrame, tmp_path: Path) -> None:
    from pyspark.errors import PythonException

    for lookup, message in (
        (CertificateFromEnvironment("UNSET"), "UNSET is not set on the executor .*spark-env.sh"),
        (CertificateFromFile(str(tmp_path / "none")), "cannot be read on the executor .*: No such"),
    ):
        with pytest.raises(PythonException, match=message):
            issue_tokens(rows.limit(5), APP_ID, certificate=lookup).collect()


def test_the_certificate_is_in_no_plan_log_or_closure(
    cluster: Cluster, rows: DataFrame, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from pyspark.errors import PythonException

    cloudpickle = need_module("pyspark.cloudpickle")
    path, wrong = tmp_path / "certificate", tmp_path / "wrong"
    path.write_text(CERTIFICATE)
    wrong.write_text(f"{CERTIFICATE}5")  # is refused
    secret = str(path)
    lookups = (
        CertificateFromEnvironment(),
        CertificateFromFile(secret),
        lambda: Path(secret).read_text(),
    )
    shown = [b""]
    for lookup in lookups:
        issued = issue_tokens(rows.limit(5), APP_ID, certificate=lookup)
        verified = verify_tokens(issued, certificates=lookup)
        assert {row.reason for row in verified.collect()} == {"valid"}
        verified.explain("extended")
        verified.explain("formatted")
        shown.append(verified._jdf.queryExecution().toString().encode())
        shown += [
            cloudpickle.dumps(TokenIssuer(APP_ID, FIXED, lookup)),
            cloudpickle.dumps(TokenVerifier(APP_ID, lookup)),
            repr(TokenIssuer(APP_ID, FIXED, lookup)).encode(),
        ]
    for failing in (
        issue_tokens(rows.limit(5), APP_ID, certificate=CertificateFromFile(str(wrong))),
        issue_tokens(rows.limit(5).selectExpr("channel", "-1 as uid"), APP_ID),
    ):
        with pytest.raises(PythonException) as error:
            failing.collect()
        shown.append(str(error.value).encode())
    shown += [each.encode() for each in capfd.readouterr()]
    written = cluster.written()
    # They are all there: plans, the logs of the driver and the executors, and what else they print.
    assert b"MapInArrow TokenIssuer" in written
    assert b"CoarseGrainedExecutorBackend: Got assigned task" in written
    assert b"Spark Executor Command" in written
    assert b"MapInArrow" in b"".join(shown)
    assert CERTIFICATE.lower().encode() not in b"".join([written, *shown]).lower()


def test_the_document(spark: SparkSession, tmp_path: Path) -> None:
    """Its code is compiled by test_docs, and run here."""
    certificate = tmp_path / "certificate"
    certificate.write_text(CERTIFICATE)
    namespace: dict[str, Any] = {"spark": spark, "directory": str(tmp_path)}
    for block in blocks(ROOT / "docs" / "spark.md"):
        exec(block.code, namespace)
