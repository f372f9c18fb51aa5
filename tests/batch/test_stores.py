"""Rosters and tokens in an object store, here a server of S3 on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agora_token.batch.job import Job, Request, run
from agora_token.batch.rows import BatchError
from agora_token.batch.verify_job import VerifyJob, verify_file
from helpers.batch import ISSUER, NOW, batch, read_csv, roster
from helpers.needs import need_module
from helpers.project import CERTIFICATE

FIXED: dict[str, Any] = {"issued_at": NOW, "salt": 7}


class Store:
    """A bucket, and how it is named."""

    def __init__(self, host: str, port: int) -> None:
        from pyarrow.fs import S3FileSystem

        self.query = f"?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
        self.files = S3FileSystem(
            endpoint_override=f"{host}:{port}",
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )
        self.files.create_dir("bucket")

    def uri(self, path: str) -> str:
        return f"s3://bucket/{path}{self.query}"

    def put(self, path: str, local: Path) -> str:
        with self.files.open_output_stream(f"bucket/{path}") as output:
            output.write(local.read_bytes())
        return self.uri(path)

    def get(self, path: str) -> bytes:
        with self.files.open_input_stream(f"bucket/{path}", compression=None) as file:
            data: bytes = file.read()
        return data

    def names(self, folder: str) -> list[str]:
        from pyarrow.fs import FileSelector

        found = self.files.get_file_info(FileSelector(f"bucket/{folder}"))
        return sorted(each.base_name for each in found)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    moto: Any = need_module("moto.server")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield running.get_host_and_port()
    running.stop()


@pytest.fixture
def store(server: tuple[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return Store(*server)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_from_store_to_store(suffix: str, store: Store, tmp_path: Path) -> None:
    local = roster(tmp_path / "r.csv", 500)
    source = store.put(f"in-{suffix}/r.csv", local)
    target = store.uri(f"out-{suffix}/o.{suffix}")
    job = Job([source], target, Request(**FIXED), resume=True)
    summary = run(job, ISSUER)
    assert (summary.rows, summary.tokens, summary.resumed_rows) == (500, 500, 0)
    assert store.names(f"out-{suffix}") == [f"o.{suffix}", f"o.{suffix}.job.json"]
    run(Job([str(local)], str(tmp_path / f"o.{suffix}"), Request(**FIXED)), ISSUER)
    assert store.get(f"out-{suffix}/o.{suffix}") == (tmp_path / f"o.{suffix}").read_bytes()
    assert verify_file(VerifyJob([target], at=NOW), CERTIFICATE).valid == 500
    assert CERTIFICATE.encode() not in store.get(f"out-{suffix}/o.{suffix}.job.json")
    again = run(job, ISSUER)  # is complete
    assert (again.rows, again.tokens, again.resumed_rows) == (500, 500, 500)
    with pytest.raises(BatchError, match="is there already"):
        run(Job([source], target, Request(**FIXED)), ISSUER)
    store.put(f"in-{suffix}/r.csv", roster(tmp_path / "r.csv", 501))
    with pytest.raises(BatchError, match="changed since the job began"):
        run(job, ISSUER)


def test_a_directory_of_parts_in_a_store(store: Store, tmp_path: Path) -> None:
    source = store.put("in-parts/r-1.csv", roster(tmp_path / "r.csv", 300))
    store.put("in-parts/r-2.csv", roster(tmp_path / "r.csv", 200))
    pattern = source.replace("r-1", "r-*")
    job = Job(
        [pattern],
        store.uri("out-parts/o"),
        Request(**FIXED),
        target_format="csv",
        keep_parts=True,
        part_rows=250,
        resume=True,
    )
    assert run(job, ISSUER).tokens == 500
    names = store.names("out-parts/o")
    assert names == ["manifest.json", "part-00000.tokens.csv", "part-00001.tokens.csv"]
    parts = store.uri("out-parts/o/part-*.csv")
    assert verify_file(VerifyJob([parts], at=NOW), CERTIFICATE).valid == 500
    assert run(job, ISSUER).resumed_rows == 500


def test_a_job_that_cannot_reach_the_store_keeps_its_rows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agora_token.batch.files import stores

    def refuse(path: str, uri: str) -> None:
        raise OSError("the network is down")

    local = roster(tmp_path / "r.csv", 100)
    job = Job([str(local)], store.uri("out-late/o.csv"), Request(**FIXED), resume=True)
    with monkeypatch.context() as patch:
        patch.setattr(stores, "upload", refuse)
        with pytest.raises(BatchError, match=r"network is down; all 100 rows are done .*--resume"):
            run(job, ISSUER)
    assert (tmp_path / "o.csv.parts").is_dir()
    assert run(job, ISSUER).resumed_rows == 100
    assert store.names("out-late") == ["o.csv", "o.csv.job.json"]
    assert not (tmp_path / "o.csv.parts").exists()


def test_an_upload_that_fails_leaves_nothing(store: Store, tmp_path: Path) -> None:
    from agora_token.batch.files import stores

    with pytest.raises(FileNotFoundError):
        stores.upload(str(tmp_path / "none"), store.uri("out-none/o.csv"))
    assert "out-none" not in store.names("")


def test_what_is_wrong_with_uris(store: Store, tmp_path: Path) -> None:
    for source, message in (
        (store.uri("none.csv"), "s3://bucket/none.csv: cannot be read: No such file"),
        (store.uri("none-*.csv"), "s3://bucket/none-.*: no file matches"),
        ("s3://key:secret@bucket/r.csv", "must not have a password"),
        ("nowhere://bucket/r.csv", "nowhere://bucket/r.csv: "),
        ("file://elsewhere/r.csv", "names another machine"),
    ):
        with pytest.raises(BatchError, match=message) as caught:
            run(Job([source], str(tmp_path / "o.csv")), ISSUER)
        assert "secret" not in str(caught.value)


def test_file_uris_are_paths(tmp_path: Path) -> None:
    path = roster(tmp_path / "r s.csv", 10)
    done = batch(path.as_uri(), "-o", (tmp_path / "o.csv").as_uri(), "--quiet")
    assert done.returncode == 0
    assert len(read_csv(tmp_path / "o.csv")) == 10
    assert os.stat(tmp_path / "o.csv").st_mode & 0o777 == 0o600


def test_other_schemes_go_through_fsspec(tmp_path: Path) -> None:
    fsspec = need_module("fsspec")
    with fsspec.open("memory://rosters/r.csv", "wb") as file:
        file.write(roster(tmp_path / "r.csv", 30).read_bytes())
    job = Job(["memory://rosters/r.csv"], "memory://tokens/o.csv", Request(**FIXED))
    assert run(job, ISSUER).tokens == 30
    with fsspec.open("memory://tokens/o.csv", "rb") as file:
        assert len(file.read().splitlines()) == 31
