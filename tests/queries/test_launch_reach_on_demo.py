"""Reach of launches on the demo company, against a plain loop over plays."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.interval import wilson
from queries.lake.lake import Lake
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def plays(warehouse: Warehouse) -> pl.DataFrame:
    names = ["account_id", "title_id", "country", "local_date", "watched_s"]
    frame = pl.read_parquet(list(warehouse.snapshot().files("playback")))
    is_play = (pl.col("outcome") == "played") & (pl.col("account_kind") == "member")
    return frame.filter(is_play).select(names)


def test_reach_by_country_is_what_a_plain_loop_gives(warehouse: Warehouse):
    dataset, played = warehouse.dataset("launch_reach"), plays(warehouse)
    titles = pl.read_parquet(list(warehouse.snapshot().files("titles")))
    last = warehouse.snapshot().complete_through("playback")
    assert isinstance(last, date)
    first = min(played["local_date"])
    over = titles.filter(
        (pl.col("release_date") >= first) & (pl.col("release_date") <= last - timedelta(27))
    )
    assert over.height > 10
    for title, release in over.sort("title_id").head(4).select("title_id", "release_date").rows():
        window = played.filter(pl.col("local_date").is_between(release, release + timedelta(27)))
        active: defaultdict[str, set[int]] = defaultdict(set)
        started: defaultdict[str, set[int]] = defaultdict(set)
        for account, of, country, _, watched in window.iter_rows():
            active[country].add(account)
            if of == title and watched >= 120:
                started[country].add(account)
        query = Query(
            dataset=dataset,
            metrics=(dataset.metric("reach"),),
            by=(dataset.dimension("country"),),
            where=Filter(dataset.dimension("title_id"), "in", (title,)),
        )
        rows = warehouse.ask(query, Access()).frame.to_dicts()
        found = {row["country"]: row["reach"] for row in rows if row["reach"] is not None}
        wanted = {c: len(started[c]) / len(active[c]) for c in active}
        few = {c for c in active if len(active[c]) < FEWEST_SHOWN}
        assert not few & found.keys()
        assert len(found) >= len(active) - len(few) - 1
        assert found == pytest.approx({c: wanted[c] for c in found})
        ends = {row["country"]: (row["reach__low"], row["reach__high"]) for row in rows}
        one = max(active, key=lambda c: len(active[c]))
        bounds = wilson(np.array([len(started[one])]), np.array([len(active[one])]))
        assert ends[one] == pytest.approx((bounds.low[0], bounds.high[0]))
