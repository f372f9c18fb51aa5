"""Parquet files put together without decoding: every reader finds every value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agora_token.batch.files.formats import Format
from agora_token.batch.files.sinks import join
from helpers.needs import need_module

PARQUET = Format("parquet")


def table(part: int, rows: int) -> pa.Table:
    values = range(part * 1000, part * 1000 + rows)
    made = pa.table(
        {
            "text": [f"value-{value}" for value in values],
            "few": [f"kind-{value % 3}" for value in values],
            "number": pa.array(values, pa.int64()),
            "null": pa.nulls(rows, pa.string()),
            "real": pa.array(values, pa.float64()),
            "truth": [value % 2 == 0 for value in values],
            "nested": [{"list": [value, None]} for value in values],
            "when": pa.array(values, pa.timestamp("us", "UTC")),
            **{f"column-{index}": pa.array(values, pa.int32()) for index in range(20)},
        }
    )
    return made if rows else table(part, 1).slice(1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "none", "use_dictionary": False, "write_statistics": False},
        {"write_page_index": True, "row_group_size": 3},
        {"row_group_size": 1, "data_page_size": 10, "store_schema": False, "version": "1.0"},
    ],
)
@pytest.mark.parametrize("sizes", [(5,), (100, 7, 20), (0, 40), (40, 0, 40)])
def test_joined_files_are_read_whole(
    sizes: tuple[int, ...], options: dict[str, Any], tmp_path: Path
) -> None:
    tables = [table(part, rows) for part, rows in enumerate(sizes)]
    paths = [str(tmp_path / f"{part}.parquet") for part in range(len(sizes))]
    for path, each in zip(paths, tables, strict=True):
        pq.write_table(each, path, **options)
    target = tmp_path / "joined.parquet"
    join(paths, str(target), PARQUET)
    read = pq.read_table(target)
    read.validate(full=True)
    expected = pa.concat_tables([pq.read_table(path) for path in paths])
    assert read.equals(expected)
    assert read.to_pylist() == pa.concat_tables(tables).to_pylist()
    filtered = pq.read_table(target, filters=[("number", ">=", 1000)])
    assert filtered.num_rows == sum(sizes[1:])


def test_joined_files_are_read_by_others(tmp_path: Path) -> None:
    polars, duckdb = need_module("polars"), need_module("duckdb")
    paths = [str(tmp_path / f"{part}.parquet") for part in range(3)]
    for part, path in enumerate(paths):
        pq.write_table(table(part, 50), path, row_group_size=20)
    target = str(tmp_path / "joined.parquet")
    join(paths, target, PARQUET)
    expected = [row["text"] for part in range(3) for row in table(part, 50).to_pylist()]
    assert polars.read_parquet(target)["text"].to_list() == expected
    assert [row[0] for row in duckdb.sql(f"select text from '{target}'").fetchall()] == expected
