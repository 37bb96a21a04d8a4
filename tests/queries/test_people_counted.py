"""Which datasets are of people: each says so, or is of nobody for a reason; and what that gives."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.catalog.loader import read_dataset
from queries.condition import Filter
from queries.dataset import SMALL, Access, Dataset, Metric, TimeBucket
from queries.distribution import Distribution
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery, QueryError, UnsafeQuestion
from queries.formula import parse
from queries.lake.lake import Lake
from queries.listing import Listing
from queries.model import Query
from queries.period import Grain, Period
from queries.small_cells import FEWEST_SHOWN, WITHHELD
from queries.warehouse import Warehouse

DATASETS = builtin().datasets
OF_NOBODY = {
    "engagement": "published by Netflix for titles of the whole world",
    "top10": "published by Netflix",
    "wages": "published by the BLS, which withholds small cells itself",
    "packaging": "a public archive of tests with readers of another site",
    "productions": "work, money and days",
    "post_production": "work and days",
    "shooting": "work, money and days; crews are staff, not accounts",
    "location_costs": "money and pages",
    "locations": "terms of places",
}
OF_ACCOUNTS = ("accounts", "views", "streams", "charges", "h", "h/USD")


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_a_dataset_is_of_people_or_of_nobody_for_a_reason(dataset: Dataset):
    assert dataset.is_of_people != (dataset.name in OF_NOBODY)
    assert not (dataset.is_of_accounts and dataset.people)


@pytest.mark.parametrize("dataset", [d for d in DATASETS if d.people], ids=lambda d: d.name)
def test_what_is_in_units_of_people_is_counted(dataset: Dataset):
    units = {m.name: m.unit for m in dataset.metrics}
    counted = {m.name for m in dataset.metrics if dataset.counted(m)}
    assert counted
    assert {name for name, unit in units.items() if unit in OF_ACCOUNTS} <= counted
    assert "rows" not in counted


@pytest.mark.parametrize("count", ["n", "count(*)", "sum(n) / 2", "min(n)", "count(distinct n)"])
def test_what_counts_no_accounts_is_refused(count: str):
    text = f"name: a\nlabel: A\ntable: a\ntime: {{column: day}}\npeople: {{n: {count}}}"
    with pytest.raises(InvalidQuery):
        read_dataset(text, "a.yaml")


def test_a_filter_of_a_metric_is_one_of_what_counts_it():
    dataset = builtin().dataset("licences")
    (count,) = dataset.counted(dataset.metric("licence_value"))
    assert count.where == '"accrued_usd" > 0'


pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def lake(demo_home: Path) -> Lake:
    return Lake(demo_home / "lake")


@pytest.fixture(scope="module")
def warehouse(lake: Lake) -> Warehouse:
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


@pytest.fixture(scope="module")
def everything(lake: Lake) -> Warehouse:
    """The same without protection."""
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin(), fewest=0)


def test_the_reach_of_a_title_where_few_are_active_is_not_told(
    warehouse: Warehouse, everything: Warehouse
):
    dataset = builtin().dataset("launch_reach")
    people = Metric(name="active", label="Active", formula=parse("sum(active_n)"), interval="none")
    asked = Query(
        dataset=replace(dataset, metrics=(*dataset.metrics, people)),
        metrics=(dataset.metric("reach"), dataset.metric("starters"), people),
        by=tuple(dataset.dimension(n) for n in ("title", "country")),
    )
    true = everything.ask(asked, Access()).frame
    few = true.filter((pl.col("active") > 0) & (pl.col("active") < FEWEST_SHOWN))
    assert few.height
    found = warehouse.ask(asked, Access()).frame.join(
        few.select("title", "country"), on=["title", "country"]
    )
    assert found.height == few.height
    assert found["reach"].null_count() == found["active"].null_count() == found.height
    assert not any(found["starters"].drop_nulls())  # of none at all
    assert set(found[SMALL]) == {WITHHELD}


def test_rows_that_count_people_are_listed_without_their_counts(warehouse: Warehouse):
    dataset = builtin().dataset("launch_reach")
    listed = warehouse.rows(Listing(dataset=dataset), Access())
    assert not {"starters_n", "active_n"} & set(listed.frame.columns)
    assert {"starters_n", "active_n"} <= set(listed.withheld)
    assert listed.count > 0


def test_an_analysis_of_a_title_that_few_watched_is_refused(
    warehouse: Warehouse, everything: Warehouse
):
    dataset = builtin().dataset("launches")
    views, name = dataset.metric("views"), dataset.dimension("title")
    people = Metric(name="seen", label="Seen", formula=parse("sum(viewers_28d)"), interval="none")
    able = replace(dataset, metrics=(*dataset.metrics, people))
    asked = Query(dataset=able, metrics=(views, people), by=(name,), interval=False)
    true = everything.ask(asked, Access()).frame
    few = true.filter((pl.col("seen") > 0) & (pl.col("seen") < FEWEST_SHOWN))["title"].to_list()
    whole = Query(dataset=dataset, metrics=(views,), keeps_small=True)
    assert warehouse.ask(whole, Access()).frame["views"][0] > 0
    for title in few[:2]:
        with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
            warehouse.ask(replace(whole, where=Filter(name, "in", (title,))), Access())


def test_titles_that_few_watched_are_no_part_of_a_distribution(
    warehouse: Warehouse, everything: Warehouse
):
    dataset = builtin().dataset("licences")
    asked = Distribution(query=Query(dataset=dataset, metrics=(dataset.metric("hours"),)))
    found, true = (w.distribution(asked, Access()) for w in (warehouse, everything))
    assert 0 < found.frame["n"].sum() < true.frame["n"].sum()
    assert any("left out" in note for note in found.notes)


OF_ACCOUNTS_ASKED = ("playback", "audience", "membership", "churn", "searches", "visits")
COUNTED_ASKED = ("launch_reach", "launch_views", "licences", "acquisition", "prices", "marketing")
COUNTRIES = ("PH", "NZ", "IE", "NO")


@cache
def countable(dataset: Dataset) -> Dataset:
    """With a metric that tells how many accounts are behind a cell."""
    formula = parse(f"count(distinct {dataset.entity})")
    people = Metric(name="people", label="People", formula=formula, interval="none")
    return replace(dataset, metrics=(*dataset.metrics, people))


class Asked(NamedTuple):
    """A question by names, so that a failure is readable."""

    dataset: str
    metrics: tuple[str, ...]
    by: tuple[str, ...]
    grain: Grain | None
    interval: bool
    limit: int

    @property
    def query(self) -> Query:
        dataset = builtin().dataset(self.dataset)
        by: list[Any] = [dataset.dimension(name) for name in self.by]
        if self.grain is not None:
            by.append(TimeBucket(dataset.time, self.grain))
        return Query(
            dataset=dataset,
            metrics=tuple(dataset.metric(name) for name in self.metrics),
            by=tuple(by),
            interval=self.interval,
            limit=self.limit,
        )


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    dataset = builtin().dataset(draw(st.sampled_from(OF_ACCOUNTS_ASKED + COUNTED_ASKED)))
    metrics = [
        m.name
        for m in dataset.metrics
        if not (m.parameters or m.dimensions or m.smallest_grain or m.kind == "model")
    ]
    keys = [d.name for d in dataset.dimensions if not d.is_wide and d.kind in ("text", "boolean")]
    keys += [d.name for d in dataset.dimensions if d.name == "title"]
    return Asked(
        dataset.name,
        tuple(draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=2, unique=True))),
        tuple(draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))),
        draw(st.sampled_from([None, None, Grain.MONTH, Grain.QUARTER])),
        draw(st.booleans()),
        draw(st.sampled_from([5, 10_000])),
    )


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(questions())
def test_no_question_of_a_restricted_person_gets_a_number_of_few(
    warehouse: Warehouse, everything: Warehouse, asked: Asked
):
    query = asked.query
    access = Access(rows=(("country", COUNTRIES),))
    try:
        answer = warehouse.ask(query, access)
    except QueryError:
        assume(False)
        return
    true = counts(everything, query, access)
    keys = [k.name for k in query.by]
    for metric in query.metrics:
        behind = true(metric, keys)
        if behind is None:
            continue
        cells = joined(answer.frame, behind, keys).with_columns(
            shown=pl.col(metric.name).is_not_null()
        )
        assert cells.filter("shown", (pl.col("people") > 0) & (pl.col("people") < 10)).is_empty()
        if answer.frame.height == query.limit:
            continue
        assert_not_told_by_the_rest(cells, keys)
        whole = true(metric, [])
        if whole is not None and answer.total.height and whole["people"][0] in range(1, 10):
            assert answer.total[metric.name][0] is None


def counts(everything: Warehouse, query: Query, access: Access):
    """How many accounts are behind each cell, counted without any protection."""

    def of(metric: Metric, keys: list[str]) -> pl.DataFrame | None:
        dataset = query.dataset
        if dataset.is_of_accounts:
            dataset = countable(dataset)
            names = ("people",)
        else:
            counted = dataset.counted(metric)
            if not counted:
                return None
            extra = tuple(
                Metric(name=f"people_{n}", label="People", formula=a, interval="none")
                for n, a in enumerate(counted)
            )
            dataset = replace(dataset, metrics=(*dataset.metrics, *extra))
            names = tuple(m.name for m in extra)
        asked = Query(
            dataset=dataset,
            metrics=tuple(dataset.metric(n) for n in names),
            by=tuple(k for k in query.by if k.name in keys),
            interval=False,
            with_total=False,
            keeps_small=True,
            limit=1_000_000,
        )
        frame = everything.ask(asked, access).frame
        return frame.select(*keys, people=pl.max_horizontal(names).fill_null(0))

    return of


def joined(frame: pl.DataFrame, behind: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    if not keys:
        return pl.concat([frame, behind.select("people")], how="horizontal")
    return frame.join(behind, on=keys, how="left", nulls_equal=True)


def assert_not_told_by_the_rest(cells: pl.DataFrame, keys: list[str]) -> None:
    """In every group that some keys make, what is withheld has ten accounts, or is all there is."""
    some = cells.filter(pl.col("people") > 0)
    if SMALL not in some.columns:
        return
    is_withheld = (pl.col(SMALL) == WITHHELD).fill_null(value=False)
    marked = some.with_columns(gone=is_withheld & ~pl.col("shown"))
    for count in range(len(keys)):
        for kept in combinations(keys, count):
            for block in marked.partition_by(kept) if kept else [marked]:
                gone = block.filter("gone")
                if 0 < gone.height < block.height:
                    assert gone.height > 1
                    assert gone["people"].max() >= FEWEST_SHOWN  # type: ignore[operator]


def test_a_short_period_of_few_is_refused_to_an_analysis(
    warehouse: Warehouse, everything: Warehouse
):
    dataset = builtin().dataset("acquisition")
    signups = dataset.metric("signups")
    days = everything.ask(
        Query(
            dataset=dataset,
            metrics=(signups,),
            by=(TimeBucket(dataset.time, Grain.DAY),),
            interval=False,
        ),
        Access(),
    ).frame
    day = days.filter((pl.col("signups") > 0) & (pl.col("signups") < FEWEST_SHOWN))["date"][0]
    asked = Query(dataset=dataset, metrics=(signups,), keeps_small=True)
    assert warehouse.ask(asked, Access()).frame["signups"][0] >= FEWEST_SHOWN
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        warehouse.ask(replace(asked, period=Period(day, day)), Access())
