"""Missing days: the one that is taken away is found, and none where countries are only small."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from queries.analyses.cluster import Estimate, Scope
from queries.analyses.findings import Candidate, two_sided
from queries.analyses.missing_days import (
    Missing,
    found,
    missing,
    most_of_none,
    question,
    weakened,
)
from queries.catalog import builtin
from queries.model import Comparison, Result
from queries.period import Period
from tests.queries.small_lake import COUNTRY, DATASET

DAYS = Period(date(2026, 9, 1), date(2026, 10, 26))
DATES = [DAYS.start + timedelta(n) for n in range(DAYS.days)]
SIZES = (0.5, 1, 2, 3, 5, 8, 15, 30, 60, 120, 250, 500)


def world(seed: int, lost: dict[int, tuple[int, ...]] | None = None) -> pl.DataFrame:
    """Rows of twelve countries of all sizes: accounts that come, each with several rows at once."""
    dice = np.random.default_rng(seed)
    weekly = np.tile([0.9, 0.9, 0.95, 1.0, 1.1, 1.3, 1.2], 8)[:, None]
    visits = dice.poisson(weekly * np.array(SIZES))
    rows = visits + dice.poisson(12 * visits)
    for country, days in (lost or {}).items():
        rows[list(days), country] = 0
    day, country = np.nonzero(rows)
    return pl.DataFrame(
        {
            "date": [DATES[n] for n in day],
            "country": [f"C{n:02d}" for n in country],
            "rows": rows[day, country],
        }
    )


def test_where_nothing_is_lost_hardly_any_world_in_200_names_a_day():
    named = sum(bool(missing(world(seed), "date", DAYS.end)) for seed in range(200))
    assert named <= 6


@pytest.mark.parametrize("country", [8, 11])
def test_days_that_are_lost_are_named_with_their_country_and_no_other(country: int):
    for seed in range(20):
        (lost,) = missing(world(seed, {country: (40, 41, 55)}), "date", DAYS.end)
        assert lost.country == f"C{country:02d}"
        assert lost.days == (DATES[40], DATES[41], DATES[55])
        assert lost.usual == pytest.approx(13.7 * SIZES[country], rel=0.25)


def test_days_that_follow_on_each_other_are_one_run():
    days = tuple(DATES[n] for n in (3, 4, 5, 9, 20, 21))
    runs = Missing("C11", days, 100.0).runs
    assert [(run.start, run.days) for run in runs] == [(DATES[3], 3), (DATES[9], 1), (DATES[20], 2)]


def test_a_country_is_looked_at_from_its_first_row_on():
    frame = world(1).filter((pl.col("country") != "C11") | (pl.col("date") >= DATES[20]))
    assert missing(frame, "date", DAYS.end) == []


def test_without_rows_nothing_is_missing():
    assert missing(world(1).clear(), "date", DAYS.end) == []


@given(st.floats(0.1, 20), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_bound_is_not_below_the_chance_of_none_of_any_bunches(rate: float, sizes: list[int]):
    """Compound Poisson with equally likely sizes: mean, variance and chance in closed form."""
    bunches = np.array(sizes, dtype=np.float64)
    mean, variance = rate * bunches.mean(), rate * (bunches**2).mean()
    assert most_of_none(mean, variance) >= np.exp(-rate) * (1 - 1e-9)


def test_the_bound_is_met_by_poisson_and_kept_by_the_negative_binomial():
    """Chances of none by SciPy: single rows, and bunches of logarithmic size (Fisher 1943)."""
    for mean in (0.5, 3.0, 12.0):
        assert most_of_none(mean, mean) == pytest.approx(poisson.pmf(0, mean))
        for success in (0.1, 0.5, 0.9):
            size = mean * success / (1 - success)
            assert nbinom.pmf(0, size, success) <= most_of_none(mean, mean / success)


def test_days_that_are_not_complete_yet_are_not_missing():
    """The view is of a month that goes on: one day is half there, four have not come."""
    dataset = builtin().dataset("playback")
    later = Period(DAYS.start, DAYS.end + timedelta(5))
    query = question(Scope(dataset, later, None), later)
    come = world(1, {11: (40,)}).rename({"date": dataset.time.name})
    half = {dataset.time.name: DAYS.end + timedelta(1), "country": "C05", "rows": 3}
    frame = pl.concat([come, pl.DataFrame([half])])
    answer = Result(
        query=query,
        frame=frame,
        total=frame.clear(),
        data_version="v1",
        source="raw",
        table="playback",
        sql="",
        took_ms=0.0,
        complete_through=DAYS.end,
    )
    in_all = replace(answer, frame=frame.group_by("country").agg(pl.col("rows").sum()))
    assert [(one.country, one.days) for one in found(answer, in_all)] == [("C11", (DATES[40],))]
    assert len(found(replace(answer, complete_through=None), in_all)) > 1
    early = replace(answer, query=replace(query, period=Period(DAYS.start, DATES[30])))
    assert found(early, in_all) == []
    withheld = pl.when(pl.col("country") != "C11").then("rows").alias("rows")
    assert found(answer, replace(in_all, frame=in_all.frame.with_columns(withheld))) == []


LOST = (Missing("KR", (DAYS.start + timedelta(3),), 40.0, 0.1),)
NOW, BEFORE = (Period(DATES[28 * n], DATES[28 * n + 27]) for n in (1, 0))


def change(by: float, country: str | None = None, metric: str = "hours_viewed") -> Candidate:
    """From a thousand, sure to a half of it."""
    return Candidate(
        dataset=DATASET,
        metric=DATASET.metric(metric),
        period=NOW,
        comparison=Comparison("previous", BEFORE),
        dimension=COUNTRY if country else None,
        value=country,
        now=1000 + by,
        before=1000.0,
        change=Estimate(by, by / 2, by * 3 / 2),
        error=abs(by) / 4,
        freedom=255,
        probability=two_sided(4, 255),
        weight=1.0,
        relative=abs(by) / 1000,
    )


@pytest.mark.parametrize(
    ("claim", "added"),
    [
        (change(60, "KR"), -1000 / 27),  # a whole day of the 28 before
        (change(60, "US"), 0),
        (change(60), -0.1 * 1000 / 27.9),  # what the country is of all
        (change(-60, "KR"), 0),  # it fell although a day was missing before
        (change(60, "KR", "click_rate"), 0),
        (change(60, "KR", "accounts"), -1000 / 27),
    ],
)
def test_a_rise_is_as_sure_as_with_the_missing_day_before_it(claim: Candidate, added: float):
    t = (claim.change.value + added) / claim.error
    expected = two_sided(t, claim.freedom) if added else claim.probability
    assert weakened(claim, LOST).probability == pytest.approx(expected, rel=0.01)
    assert replace(weakened(claim, LOST), probability=claim.probability) == claim


def test_a_rise_that_the_missing_day_before_makes_is_no_change():
    assert weakened(change(30, "KR"), LOST).probability == 1
    assert weakened(change(30, "KR"), ()).probability == change(30, "KR").probability
