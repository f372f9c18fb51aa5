"""A Spark cluster for tests: two executors, and all that they write."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from helpers.needs import need_module, need_program
from helpers.project import CERTIFICATE

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS_OF_BATCH = 500
"""The rows that Spark puts into an Arrow batch."""

LOGGING = """
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.append = true
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c: %m%n%ex
logger.spark.name = org.apache.spark
logger.spark.level = debug
"""


class Cluster(NamedTuple):
    session: SparkSession
    logs: Path
    """Where the driver and the executors write what they do, in detail."""
    events: Path
    """Where the driver writes each job and plan."""

    def written(self) -> bytes:
        """All that Spark has written in its logs and about its jobs."""
        paths = [*self.logs.glob("**/*"), *self.events.glob("**/*")]
        return b"".join(path.read_bytes() for path in paths if path.is_file())


@contextmanager
def running_cluster(root: Path) -> Iterator[Cluster]:
    """The executors have the certificate in their environment, this process has not."""
    need_program("java")
    sql: Any = need_module("pyspark.sql")
    home, logs, events, settings = (root / name for name in ("home", "logs", "events", "settings"))
    for directory in (home, logs, events, settings):
        directory.mkdir()
    for part in Path(sql.__file__).parent.parent.iterdir():
        if part.name != "work":
            (home / part.name).symlink_to(part)
    (home / "work").symlink_to(logs)  # executors write to SPARK_HOME/work and nowhere else
    (settings / "log4j2.properties").write_text(LOGGING.format(file=logs / "spark.log"))
    environment = {
        "AGORA_APP_CERTIFICATE": CERTIFICATE,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(settings),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_DIRS": str(root / "local"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    configuration = {
        "spark.driver.host": "localhost",
        "spark.eventLog.compress": False,
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.enabled": True,
        "spark.sql.execution.arrow.maxRecordsPerBatch": ROWS_OF_BATCH,
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.warehouse.dir": str(root / "warehouse"),
        "spark.task.maxFailures": 2,
        "spark.ui.enabled": False,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]").appName("tests")
        session = builder.config(map=configuration).getOrCreate()
    yield Cluster(session, logs, events)
    session.stop()
