"""Cells of few people: nobody reads them, whatever way the question is put."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.analyses.decomposition import decompose
from queries.answer import plain
from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.cells import Cells
from queries.condition import Filter
from queries.dataset import ROWS, SMALL, Access, TimeBucket, merged
from queries.errors import UnsafeQuestion
from queries.lake.lake import Change, Lake
from queries.listing import Listing
from queries.measure import Gathered
from queries.model import Calculation, Comparison, Query, Threshold
from queries.period import Grain, Period
from queries.reduction import Engine
from queries.shape import measured
from queries.small_cells import FEW, FEWEST_SHOWN, WITHHELD, accounts, is_withheld, said, said_once
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, START, TITLE, plays, titles

PERIOD = Period(START, START.replace(month=3, day=20))
HALF = Period(START.replace(month=2, day=10), START.replace(month=3, day=20))
RARE, SMALL_METRICS = "ZZ", ("hours_viewed", "accounts", "click_rate", "startup")

counts = st.lists(st.integers(0, 60), min_size=1, max_size=30).map(
    lambda found: np.array(found, dtype=np.float64)
)


@given(counts)
def test_no_cell_of_few_is_shown_and_none_can_be_had_by_subtraction(occupied: np.ndarray):
    hidden = is_withheld(occupied, FEWEST_SHOWN)
    small = (occupied > 0) & (occupied < FEWEST_SHOWN)
    assert (hidden | ~small).all()
    shown = (occupied > 0) & ~hidden
    if small.any() and shown.any():
        assert hidden.sum() >= 2
        assert occupied[hidden].sum() >= FEWEST_SHOWN


@given(counts)
def test_no_more_is_withheld_than_must_be(occupied: np.ndarray):
    hidden = is_withheld(occupied, FEWEST_SHOWN)
    small = (occupied > 0) & (occupied < FEWEST_SHOWN)
    assert not (hidden & (occupied == 0)).any()
    assert hidden.any() == small.any()
    assert (hidden & ~small).sum() <= 1


@st.composite
def tables(draw: st.DrawFn) -> tuple[pl.DataFrame, np.ndarray]:
    """Keys of some cells of a table of two or three dimensions, and how many are in each."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=3))
    every = list(product(*(range(n) for n in sizes)))
    chosen = draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
    occupied = draw(
        st.lists(st.integers(1, 60), min_size=len(chosen), max_size=len(chosen)).map(np.array)
    )
    names = [f"key_{n}" for n in range(len(sizes))]
    return pl.DataFrame(chosen, schema=names, orient="row"), occupied.astype(np.float64)


@given(tables())
def test_in_no_group_that_keys_make_is_a_cell_what_the_total_lacks(
    table: tuple[pl.DataFrame, np.ndarray],
):
    groups, occupied = table
    hidden = is_withheld(occupied, FEWEST_SHOWN, groups)
    assert (hidden | (occupied >= FEWEST_SHOWN)).all()
    cells = groups.with_columns(hidden=pl.Series(hidden), occupied=pl.Series(occupied))
    for count in range(groups.width):
        for kept in combinations(groups.columns, count):
            for block in cells.partition_by(kept) if kept else [cells]:
                gone = block.filter("hidden")
                if 0 < gone.height < block.height:
                    assert gone.height >= 2
                    assert gone["occupied"].max() >= FEWEST_SHOWN  # type: ignore[operator]


@given(tables(), st.randoms())
def test_the_order_of_cells_makes_no_difference(table: tuple[pl.DataFrame, np.ndarray], dice: Any):  # noqa: ANN401
    groups, occupied = table
    order = list(range(groups.height))
    dice.shuffle(order)
    once = is_withheld(occupied, FEWEST_SHOWN, groups)
    again = is_withheld(occupied[order], FEWEST_SHOWN, groups[order])
    assert (once[order] == again).all()


def test_accounts_are_counted_as_linear_counting_does():
    # Whang, Vander-Zanden & Taylor 1990: n = -m ln(1 - occupied / m).
    assert accounts(np.array([0.0]))[0] == 0
    assert accounts(np.array([139.0]))[0] == pytest.approx(200, rel=0.01)
    dice = np.random.default_rng(1)
    seen = [len(np.unique(dice.integers(0, 256, 200))) for _ in range(200)]
    assert accounts(np.array(seen, dtype=np.float64)).mean() == pytest.approx(200, rel=0.02)


@pytest.fixture
def rare(tmp_path: Path, engine: Engine) -> Warehouse:
    """Four accounts have a country of their own, among two thousand."""
    lake = Lake(tmp_path / "lake")
    own = pl.when(pl.col("account_id") <= 4).then(pl.lit(RARE)).otherwise("country")
    rows = plays().with_columns(pl.col("bucket").cast(pl.Int16), own.alias("country"))
    lake.commit(
        [
            Change(table="plays", rows=rows, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "rare",
    )
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


def asked(**options: Any) -> Query:  # noqa: ANN401
    metrics = tuple(DATASET.metric(n) for n in SMALL_METRICS)
    query = Query(dataset=DATASET, metrics=metrics, by=(COUNTRY,), period=HALF)
    return replace(query, **options)


def of_rare(row: Mapping[str, Any]) -> list[Any]:
    """Every number of a row."""
    return [v for k, v in row.items() if k not in (COUNTRY.name, SMALL)]


WAYS = {
    "plain": {},
    "without intervals": {"interval": False},
    "compared": {"compare": Comparison("previous", HALF.shifted(-39))},
    "ordered": {"order_by": "accounts", "descending": False},
    "shares": {"calculations": (Calculation("share", "hours_viewed"),)},
    "ranked": {"calculations": (Calculation("rank", "hours_viewed"),)},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_cell_of_four_accounts_has_no_number(rare: Warehouse, way: str):
    result = rare.ask(asked(**WAYS[way]), Access())
    (row,) = result.frame.filter(pl.col("country") == RARE).iter_rows(named=True)
    assert row[SMALL] == WITHHELD
    if way != "ranked":
        assert of_rare(row) == [None] * len(of_rare(row))
    assert row["hours_viewed"] is None
    assert any("fewer than 10 accounts" in note for note in result.notes)
    assert result.total["hours_viewed"][0] > 0
    # Nor can it be had from the total: another cell is withheld with it.
    assert (result.frame[SMALL] == WITHHELD).sum() == 2


def test_of_cells_as_small_as_each_other_the_same_is_withheld_every_time():
    query = asked(metrics=(DATASET.metric("rows"),), interval=False)

    def gone(countries: list[str], occupied: list[float]) -> list[str]:
        counts = {a.key: np.array(occupied) for a in (*merged(query.metrics), ROWS)}
        groups = pl.DataFrame({"country": countries})
        cells = Cells(groups, counts, inhabited=np.array(occupied))
        frame = measured(query, Gathered(cells, None, None, FEWEST_SHOWN))
        return sorted(frame.filter(pl.col(SMALL) == WITHHELD)["country"].to_list())

    assert gone(["A", "B", "C"], [3, 40, 40]) == ["A", "B"]
    assert gone(["C", "B", "A"], [40, 40, 3]) == ["A", "B"]


@pytest.mark.parametrize(
    "summed",
    [Calculation("running", "hours_viewed", 99), Calculation("rolling", "hours_viewed", 3)],
)
def test_a_sum_over_time_that_lacks_them_is_no_sum(rare: Warehouse, summed: Calculation):
    by = (TimeBucket(DATASET.time, Grain.WEEK), COUNTRY)
    frame = rare.ask(asked(by=by, calculations=(summed,), limit=1_000), Access()).frame
    gone = pl.col("hours_viewed").is_null()
    assert frame.filter(gone).height
    assert frame.filter(gone)[summed.name].null_count() == frame.filter(gone).height
    assert frame[summed.name].drop_nulls().len()
    for _, of_one in frame.sort(DATASET.time.name).group_by("country"):
        values, sums = of_one["hours_viewed"].to_list(), of_one[summed.name].to_list()
        for n, found in enumerate(sums):
            past = values[max(0, n + 1 - summed.window) : n + 1]
            assert None not in past or found is None


def test_a_threshold_does_not_tell_either(rare: Warehouse):
    for value in (0.0, 1.0, 1e9):
        below = asked(thresholds=(Threshold("hours_viewed", "<", value),))
        above = asked(thresholds=(Threshold("hours_viewed", ">=", value),))
        for query in (below, above):
            assert RARE not in rare.ask(query, Access()).frame["country"].to_list()


@pytest.mark.parametrize("interval", [True, False])
def test_alone_they_have_no_total(rare: Warehouse, interval: bool):
    alone = Filter(COUNTRY, "in", (RARE,))
    result = rare.ask(asked(by=(), where=alone, interval=interval), Access())
    for frame in (result.frame, result.total):
        assert of_rare(frame.row(0, named=True)) == [None] * (frame.width - 1)
    assert set(plain(result)["total"].values()) <= {None, WITHHELD}


def test_an_analysis_of_them_is_refused_and_one_of_all_is_not(rare: Warehouse):
    alone = Filter(COUNTRY, "in", (RARE,))
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        rare.ask(asked(where=alone, keeps_small=True), Access())
    everyone = rare.ask(asked(keeps_small=True), Access()).frame
    assert everyone.filter(pl.col("country") == RARE)["hours_viewed"][0] > 0


def test_a_change_of_them_is_not_explained(rare: Warehouse):
    hours, before = DATASET.metric("hours_viewed"), Comparison("previous", HALF.shifted(-39))
    alone = asked(metrics=(hours,), compare=before, where=Filter(COUNTRY, "in", (RARE,)))
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        decompose(hours, *(rare.ask(q, Access()) for q in (alone, replace(alone, by=()))))


def test_nor_is_their_part_told_by_what_it_is_merged_with(rare: Warehouse):
    hours, before = DATASET.metric("hours_viewed"), Comparison("previous", HALF.shifted(-39))
    groups = asked(metrics=(hours,), compare=before)
    found = decompose(hours, *(rare.ask(q, Access()) for q in (groups, replace(groups, by=()))))
    assert RARE not in [part.value for part in found.parts]
    (merged,) = [part for part in found.parts if part.merged]
    assert merged.merged == 2
    assert sum(p.contribution.value for p in found.parts) == pytest.approx(found.change.value)


def test_their_rows_are_not_listed(rare: Warehouse):
    alone = Filter(COUNTRY, "in", (RARE,))
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        rare.rows(Listing(dataset=DATASET, where=alone, period=PERIOD), Access())
    assert rare.rows(Listing(dataset=DATASET, period=PERIOD), Access()).count > 0


SEEN_BY_FOUR = "Title 7"


@pytest.fixture
def seldom(tmp_path: Path, engine: Engine) -> Warehouse:
    """One title is watched by four accounts, more than any other."""
    lake = Lake(tmp_path / "lake")
    is_theirs = pl.col("account_id") <= 4
    rows = (
        plays()
        .filter(is_theirs | (pl.col("title_id") != 7))
        .with_columns(
            pl.col("bucket").cast(pl.Int16),
            pl.when(is_theirs).then(7).otherwise("title_id").cast(pl.Int64).alias("title_id"),
            pl.when(is_theirs).then(10**6).otherwise("watched_s").alias("watched_s"),
        )
    )
    lake.commit(
        [
            Change(table="plays", rows=rows, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "seldom",
    )
    return Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))


@pytest.mark.parametrize("interval", [True, False])
@pytest.mark.parametrize("name", ["hours_viewed", "tv_share"])
def test_a_ranking_that_is_cut_does_not_place_them(seldom: Warehouse, interval: bool, name: str):
    metric = DATASET.metric(name)
    asked = Query(
        dataset=DATASET, metrics=(metric,), by=(TITLE,), limit=5, interval=interval, period=PERIOD
    )
    frame = seldom.ask(asked, Access()).frame
    assert SEEN_BY_FOUR not in frame["title"].to_list()
    assert frame[name].null_count() == 0
    assert frame.height == 5
    everyone = seldom.ask(replace(asked, limit=10_000), Access()).frame
    shown = everyone.drop_nulls(name).sort([name, "title"], descending=[True, False])
    assert frame["title"].to_list() == shown["title"].head(5).to_list()
    assert everyone.filter(pl.col("title") == SEEN_BY_FOUR)[name].to_list() == [None]


def test_a_ranking_that_ends_without_them_says_how_many_they_are(seldom: Warehouse):
    everyone = Query(
        dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),), by=(TITLE,), period=PERIOD
    )
    all_of_them = seldom.ask(replace(everyone, limit=10_000), Access()).frame
    gone = all_of_them["hours_viewed"].null_count()
    assert gone > 1
    ranked = seldom.ask(replace(everyone, limit=all_of_them.height - 1), Access())
    assert ranked.frame.height == all_of_them.height - gone
    said = f"{gone} values are left out: fewer than 10 accounts, or the next to them."
    assert said in ranked.notes


def test_a_personal_value_of_a_handful_is_named_nowhere(seldom: Warehouse):
    personal = replace(TITLE, is_personal=True)
    others = tuple(d for d in DATASET.dimensions if d.name != TITLE.name)
    dataset = replace(DATASET, dimensions=(*others, personal))
    asked = Query(
        dataset=dataset, metrics=(DATASET.metric("hours_viewed"),), by=(personal,), period=PERIOD
    )
    answer = seldom.ask(replace(asked, limit=10_000), Access())
    assert answer.frame.height > 1
    assert SEEN_BY_FOUR not in answer.frame["title"].to_list()
    assert any("left out" in note for note in answer.notes)
    held = Comparison("custom", Period(PERIOD.start, PERIOD.start))
    early = seldom.ask(replace(asked, limit=10_000, compare=held, interval=False), Access())
    assert SEEN_BY_FOUR not in early.frame["title"].to_list()
    assert SEEN_BY_FOUR in seldom.values(DATASET, TITLE, Access(), limit=1_000)
    named = seldom.values(dataset, personal, Access(), limit=1_000)
    assert named
    assert SEEN_BY_FOUR not in named
    listed = seldom.rows(Listing(dataset=dataset, period=PERIOD), Access())
    assert TITLE.name not in [c.name for c in listed.columns]


def test_an_analysis_is_refused_where_either_period_is_of_few(tmp_path: Path, engine: Engine):
    lake = Lake(tmp_path / "lake")
    first = START.replace(day=20)
    rows = plays().filter((pl.col("local_date") >= first) | (pl.col("account_id") <= 40))
    day_of_few = rows.filter(pl.col("local_date") < first)["local_date"].min()
    assert isinstance(day_of_few, date)
    lake.commit(
        [
            Change(table="plays", rows=rows.cast({"bucket": pl.Int16}), day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "early",
    )
    early = Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))
    few, many = Period(day_of_few, day_of_few), Period(first, first)
    question = asked(period=many, keeps_small=True)
    assert early.ask(question, Access()).frame.height
    for refused in (
        replace(question, period=few),
        replace(question, compare=Comparison("custom", few)),
    ):
        with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
            early.ask(refused, Access())


def test_cells_of_many_are_marked_by_nothing(rare: Warehouse):
    without = Filter(COUNTRY, "in", ("US", "BR"))
    assert SMALL not in rare.ask(asked(where=without), Access()).frame.columns


def test_a_total_is_of_few_with_an_interval_and_without_one_alike(tmp_path: Path, engine: Engine):
    """Forty countries of fifty accounts: each is of few, and all of them are not."""
    country = pl.col("account_id") % 40
    rows = plays().with_columns(
        pl.col("bucket").cast(pl.Int16), country=pl.lit("C") + country.cast(pl.String)
    )
    lake = Lake(tmp_path / "lake")
    lake.commit(
        [
            Change(table="plays", rows=rows, day="local_date"),
            Change(table="programmes", rows=titles()),
        ],
        "split",
    )
    split = Warehouse(lake, engine, FrameCache(None), Catalog((DATASET,)))
    views = (DATASET.metric("views"),)
    with_it, without = (
        split.ask(asked(metrics=views, interval=i), Access()).total for i in (True, False)
    )
    assert SMALL not in with_it.columns
    assert SMALL not in without.columns


def test_several_answers_say_each_reason_once() -> None:
    marks = [FEW] * 1_250 + [WITHHELD] * 3
    one = said(pl.DataFrame({SMALL: marks}))
    other = said(pl.DataFrame({SMALL: [FEW]}), left_out=10_030)
    assert said_once([*one, *other, "Counted in full."]) == (
        "3 values are withheld: fewer than 10 accounts, or the difference to them.",
        "1\u2009250 values rest on fewer than 200 accounts: too few to read much into.",
        "10\u2009030 values are left out: fewer than 10 accounts, or the next to them.",
        "Counted in full.",
    )
