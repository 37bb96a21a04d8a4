"""The demo's rows for tests of derived tables, and what the warehouse says of its datasets."""

from collections import defaultdict
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Lake
from queries.model import Query
from queries.warehouse import Warehouse

Row = dict[str, Any]


class Demo:
    """The demo's tables as rows, and what the warehouse says of its datasets."""

    def __init__(self, home: Path, engine: DuckDBEngine) -> None:
        self.warehouse = Warehouse(
            Lake(home / "lake"), engine, FrameCache(None), builtin(), fewest=0
        )
        self.tables = self.warehouse.snapshot()
        complete = self.tables.complete_through("playback")
        assert complete is not None
        self.complete: date = complete
        self.titles = {r["title_id"]: r for r in self.rows("titles")}

    def rows(self, table: str, *columns: str) -> list[Row]:
        files = list(self.tables.files(table))
        return pl.read_parquet(files, columns=list(columns) or None).to_dicts()

    @cached_property
    def plays(self) -> list[Row]:
        """What members played."""
        names = (
            "account_id", "title_id", "video_id", "local_date", "start_ts", "watched_s",
            "max_pos_s", "runtime_s", "outcome", "account_kind",
        )  # fmt: skip
        found = self.rows("playback", *names)
        return [r for r in found if r["outcome"] == "played" and r["account_kind"] == "member"]

    @cached_property
    def seen(self) -> list[Row]:
        """What members saw, in reading order."""
        names = (
            "impression_id", "account_id", "request_id", "title_id", "row_pos", "col_pos", "ranker",
            "local_date", "played", "seen", "targets", "propensity", "sample_w", "account_kind",
        )  # fmt: skip
        found = self.rows("impressions", *names)
        kept = [r for r in found if r["seen"] and r["account_kind"] == "member"]
        return sorted(kept, key=lambda r: (r["request_id"], r["row_pos"], r["col_pos"]))

    def asked(self, dataset: str, **parameters: str) -> Row:
        found = self.warehouse.dataset(dataset)
        metrics = tuple(m.bind(parameters) for m in found.metrics)
        query = Query(dataset=found, metrics=metrics)
        return self.warehouse.ask(query, Access()).frame.row(0, named=True)

    def by(self, dataset: str, dimension: str) -> dict[str, Row]:
        """All metrics of a dataset, by the values of a dimension."""
        found = self.warehouse.dataset(dataset)
        query = Query(dataset=found, metrics=found.metrics, by=(found.dimension(dimension),))
        frame = self.warehouse.ask(query, Access()).frame
        return {row[dimension]: row for row in frame.iter_rows(named=True)}


def together(rows: list[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[k] for k in keys)].append(row)
    return groups
