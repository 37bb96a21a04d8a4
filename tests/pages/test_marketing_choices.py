"""Marketing on the demo company, read by other regions, days and outcomes than registered."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pages.marketing import PAGE
from portal.drawing import Drawing
from portal.open_page import ask, open_page
from portal.page import Asking, Tile
from portal.tiles.geo_effect import GeoEffect
from portal.tiles.geo_options import GeoOptions
from portal.tiles.geo_placebo import GeoPlacebo
from queries.analyses import geo_outcome
from queries.analyses.geo_experiment import read
from queries.analyses.geo_outcome import OUTCOMES
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnsafeQuestion
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin())
    engine.close()


def drawn(warehouse: Warehouse, kind: type[Tile], query: str = "") -> Drawing:
    opened = open_page(PAGE, query, warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, kind))
    return tile.draw(ask(opened, tile, warehouse, Access()), opened.tile_context(tile))


def said(drawing: Drawing) -> str:
    return " ".join(reason["text"] for reason in drawing.content["reasons"])


def test_a_choice_by_hand_says_so_and_keeps_what_was_registered_beside_it(warehouse: Warehouse):
    assert "Chosen by hand" not in said(drawn(warehouse, GeoEffect))
    found = said(drawn(warehouse, GeoEffect, "without=BR-RJ&outcome=hours"))
    assert "Chosen by hand: without BR-RJ, by hours viewed." in found
    assert "As registered:" in found
    assert "13 regions had it, 10 were held out" in found


def test_the_same_link_draws_the_same(warehouse: Warehouse):
    link = "without=US-NY&before=28&outcome=hours"
    assert drawn(warehouse, GeoEffect, link) == drawn(warehouse, GeoEffect, link)
    assert drawn(warehouse, GeoPlacebo, link) == drawn(warehouse, GeoPlacebo, link)


def test_a_choice_of_which_a_side_is_of_a_handful_is_refused(warehouse: Warehouse):
    with pytest.raises(UnsafeQuestion) as refused:
        drawn(warehouse, GeoEffect, "without=BR-RJ")
    assert refused.value.code == "few_accounts"


def test_no_choice_changes_what_is_claimed_on_top_of_the_page(warehouse: Warehouse):
    claims = []
    for query in ("", "without=US-NY&during=14&outcome=paid_signups"):
        opened = open_page(PAGE, query, warehouse, Access())
        tile = next(t for t in opened.tiles().values() if isinstance(t, GeoEffect))
        results = ask(opened, tile, warehouse, Access())
        claims.append(tile.statements(results, opened.tile_context(tile)))
    assert claims[0] == claims[1]
    assert claims[0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("before=soon", "“soon” is not 7 to"),
        ("during=400", "“400” is not 7 to"),
        ("outcome=joy", "“joy” is no outcome"),
        ("without=Atlantis", "no region Atlantis"),
        ("holdout=None", "“None” held no regions out"),
    ],
)
def test_what_a_link_cannot_have_is_said(warehouse: Warehouse, query: str, expected: str):
    assert expected in drawn(warehouse, GeoOptions, query).content["said"]
    assert drawn(warehouse, GeoEffect, query) == drawn(warehouse, GeoEffect)


def test_every_outcome_by_region_and_day_is_what_the_rows_say(warehouse: Warehouse):
    opened = open_page(PAGE, "", warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, GeoEffect))
    found = read(ask(opened, tile, warehouse, Access())[0].frame)[0]
    accounts = _rows(warehouse, "accounts").filter(account_kind="member")
    events = _rows(warehouse, "billing_events").join(accounts, on="account_id")
    kind = pl.col("kind")
    joined = kind.is_in(["signup_paid", "rejoin"]).cast(pl.Int64)
    counted = {
        "paid_signups": events.with_columns(n=(kind == "signup_paid").cast(pl.Int64)),
        "net_adds": events.with_columns(n=joined - kind.str.starts_with("cancel").cast(pl.Int64)),
        "hours": _rows(warehouse, "playback")
        .filter(account_kind="member")
        .with_columns(n=pl.col("watched_s") / 3600),
    }
    for name, rows in counted.items():
        question = geo_outcome.question(OUTCOMES[name], found, None)
        answer = warehouse.ask(question, Access())
        days, crowds = geo_outcome.read(OUTCOMES[name], found, answer.frame)
        plain = {
            (geo, day): float(n or 0)
            for geo, day, n in rows.group_by("geo", "local_date").agg(pl.col("n").sum()).iter_rows()
        }
        expected = [[plain.get((geo, day), 0.0) for day in found.dates] for geo in found.regions]
        for row, wanted in zip(days.tolist(), expected, strict=True):
            assert row == pytest.approx(wanted)
        assert not days[~crowds.any(axis=2)].any()


def test_every_tile_that_another_outcome_is_for_goes_on_to_ask_it(warehouse: Warehouse):
    opened = open_page(PAGE, "outcome=hours", warehouse, Access())
    tile = next(t for t in opened.tiles().values() if isinstance(t, GeoEffect))
    assert isinstance(tile, Asking)
    results = ask(opened, tile, warehouse, Access())
    assert [r.query.dataset.name for r in results] == ["campaign_regions", "playback"]


def _rows(warehouse: Warehouse, table: str) -> pl.DataFrame:
    return pl.read_parquet(list(warehouse.snapshot().files(table)), hive_partitioning=True)
