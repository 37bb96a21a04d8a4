"""Numbers of the end of a period: added over slices, never over time."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.catalog.loader import read_metric
from queries.closing import last_days
from queries.condition import Filter
from queries.dataset import Access, Metric, Rollup, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.formula import parse
from queries.lake.lake import Lake
from queries.model import Comparison, Query
from queries.period import Grain, Period, start_of
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.queries.small_lake import DATASET, DAYS, START, plays

END = START + timedelta(DAYS - 1)
LATEST = Metric(
    name="latest",
    label="Plays of the last day",
    formula=parse("count(*) filter (where device <> 'web')").closing(),
    kind="semi-additive",
)
CHARGED = Metric(
    name="charged",
    label="Watched on the last day",
    formula=parse("sum(watched_s)").closing(),
    kind="semi-additive",
)
EVERY = Metric(
    name="every", label="Plays", formula=parse("count(*) filter (where device <> 'web')")
)
OF_ENDS = replace(
    DATASET,
    metrics=(*DATASET.metrics, LATEST, CHARGED, EVERY),
    rollups=(Rollup("ends", ("country", "device"), metrics=("latest", "charged", "every")),),
)
ROWS = plays().select("local_date", "country", "device", pl.col("watched_s").cast(pl.Float64))
days = st.integers(0, DAYS - 1).map(lambda n: START + timedelta(n))
periods = st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair)))


@pytest.fixture(params=["duckdb", "polars", "rollups"])
def ends(request: pytest.FixtureRequest, lake: Lake, duckdb_engine: DuckDBEngine) -> Warehouse:
    """The same numbers from either engine, and from a rollup."""
    if request.param == "rollups":
        refresh(lake, (OF_ENDS,), duckdb_engine)
    engine = PolarsEngine() if request.param == "polars" else duckdb_engine
    return Warehouse(lake, engine, FrameCache(None), Catalog((OF_ENDS,)), fewest=0)


def asked(**said: object) -> Query:
    return Query(dataset=OF_ENDS, metrics=(LATEST, CHARGED, EVERY), **said)  # pyright: ignore[reportArgumentType]


def on(day: date) -> pl.DataFrame:
    return ROWS.filter(pl.col("local_date") == day, pl.col("device") != "web")


@given(period=periods, grain=st.sampled_from(list(Grain)))
def test_the_last_days_are_one_a_bucket_each_the_last_of_it(period: Period, grain: Grain):
    found = list(last_days(period, grain, Grain.DAY))
    every = [period.start + timedelta(d) for d in range(period.days)]
    assert found == [max(d for d in every if start_of(d, grain) == b)
                     for b in sorted({start_of(d, grain) for d in every})]  # fmt: skip
    assert list(last_days(period, None, Grain.DAY)) == [period.end]


def test_of_a_period_only_its_last_day_counts(ends: Warehouse):
    period = Period(START + timedelta(3), START + timedelta(40))
    row = ends.ask(asked(period=period), Access()).frame.row(0, named=True)
    kept = on(period.end)
    whole = ROWS.filter(pl.col("local_date") == period.end)
    assert row["latest"] == kept.height
    assert row["latest__n"] == whole.height
    assert row["charged"] == whole["watched_s"].sum()
    inside = ROWS.filter(
        pl.col("local_date").is_between(period.start, period.end), pl.col("device") != "web"
    )
    assert row["every"] == inside.height
    assert row["latest__low"] < row["latest"] < row["latest__high"]


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH])
def test_each_bucket_and_the_total_have_their_own_last_day(ends: Warehouse, grain: Grain):
    period = Period(START + timedelta(5), START + timedelta(60))
    key = TimeBucket(OF_ENDS.time, grain)
    result = ends.ask(asked(period=period, by=(key,)), Access())
    found = dict(result.frame.select(key.name, "latest").iter_rows())
    expected = {start_of(day, grain): on(day).height for day in last_days(period, grain, Grain.DAY)}
    assert found == expected
    assert result.total["latest"].item() == on(period.end).height


@pytest.mark.parametrize("by", ["device", "country"])
def test_over_slices_it_adds(ends: Warehouse, by: str):
    period = Period(START, END)
    question = asked(period=period, by=(OF_ENDS.dimension(by),))
    result = ends.ask(question, Access())
    assert result.frame["latest"].sum() == result.total["latest"].item() == on(END).height


def test_a_comparison_has_the_last_day_of_its_own_period(ends: Warehouse):
    now = Period(START + timedelta(30), START + timedelta(50))
    before = Period(START + timedelta(20), START + timedelta(40))
    compare = Comparison("custom", before)
    row = ends.ask(asked(period=now, compare=compare), Access()).frame.row(0, named=True)
    assert row["latest"] == on(now.end).height
    assert row["latest__previous"] == on(before.end).height


def test_beyond_the_data_the_last_day_there_is_counts(ends: Warehouse):
    beyond = Period(START, END + timedelta(400))
    row = ends.ask(asked(period=beyond), Access()).frame.row(0, named=True)
    assert row["latest"] == on(END).height


def test_a_filter_by_day_is_refused(ends: Warehouse):
    kept = Filter(OF_ENDS.time, "at most", (START + timedelta(3),))
    with pytest.raises(UnsafeQuestion, match="last day"):
        ends.ask(asked(where=kept), Access())


def test_what_hides_the_number_hides_its_last_day():
    (hidden,) = EVERY.formula.aggregates()
    assert Access(hidden=frozenset({hidden})).hides(LATEST, OF_ENDS)
    assert not Access(hidden=frozenset({hidden})).hides(CHARGED, OF_ENDS)


def test_a_ratio_is_of_no_end():
    text = "{name: x, formula: sum(watched_s) / count(*), at_end: true}"
    with pytest.raises(InvalidQuery, match="semi-additive"):
        read_metric(text, DATASET, "x")
