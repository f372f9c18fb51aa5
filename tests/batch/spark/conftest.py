"""One cluster for all tests here: it takes a while to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.spark import Cluster, running_cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    new_pandas = "ignore:PySpark does not yet fully support pandas:FutureWarning"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(new_pandas))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("spark")) as cluster:
        yield cluster


@pytest.fixture
def spark(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> SparkSession:
    monkeypatch.delenv("AGORA_APP_CERTIFICATE", raising=False)
    return cluster.session
