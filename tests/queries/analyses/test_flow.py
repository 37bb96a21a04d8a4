"""Flow: Kaplan-Meier against SciPy, Little's law as an identity, slow vendors not made up."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf

from queries.analyses import flow
from queries.formula import Array

STAGES = (("editorial", 2.0, (2, 3)), ("vfx", 5.0, (0, 1, 3)), ("sound", 3.0, (4, 5)))


def tasks(
    age: Array, finished: NDArray[np.bool_], entry: Array | None = None, productions: int = 1
) -> pl.DataFrame:
    count = len(age)
    return pl.DataFrame(
        {
            "task_id": np.arange(count),
            "production_id": np.arange(count) % productions,
            "age": age,
            "age_before": np.zeros(count) if entry is None else entry,
            "finished": finished.astype(float),
        }
    )


def test_the_cycle_time_curve_is_scipy_s_where_all_begin_in_the_period():
    dice = np.random.default_rng(1)
    age, done = dice.exponential(9, 200).round(1), dice.random(200) < 0.7
    found = flow.cycle_time(tasks(age, done))
    expected = ecdf(CensoredData(uncensored=age[done], right=age[~done])).sf
    at = [float(expected.evaluate(t)) for t in found.time]
    assert found.survival == pytest.approx(at)
    clustered = flow.cycle_time(tasks(age, done, productions=20))
    assert clustered.survival == pytest.approx(found.survival)


def test_open_work_makes_cycle_times_longer_than_finished_work_alone_says():
    dice = np.random.default_rng(2)
    whole = dice.exponential(10, 4_000)
    watched = dice.uniform(0, 12, 4_000)
    found = flow.cycle_time(tasks(np.minimum(whole, watched), whole <= watched))
    median = flow.percentile(found, 0.5)
    assert median.value == pytest.approx(10 * np.log(2), rel=0.06)
    assert np.median(whole[whole <= watched]) < 0.8 * median.value


def test_work_that_was_there_before_does_not_shift_the_curve():
    """Only what survives to its entry is seen: delayed entry takes that selection out."""
    dice = np.random.default_rng(3)
    whole, entry = dice.exponential(10, 6_000), dice.uniform(0, 10, 6_000)
    seen = whole > entry
    found = flow.cycle_time(tasks(whole[seen], seen[seen], entry[seen]))
    assert found.at(10) == pytest.approx(np.exp(-1), abs=0.04)


def test_a_percentile_lies_in_its_interval_and_85_after_50():
    dice = np.random.default_rng(4)
    found = flow.cycle_time(tasks(dice.gamma(2, 4, 300), np.ones(300, bool), productions=25))
    half, most = flow.percentile(found, 0.5), flow.percentile(found, 0.85)
    assert half.low <= half.value <= half.high
    assert half.value < most.value


spans = st.lists(
    st.tuples(st.floats(-40, 40), st.floats(0.01, 60)), min_size=1, max_size=30
).filter(lambda found: any(a < 28 and a + b > 0 for a, b in found))


@given(spans)
def test_little_s_law_holds_on_a_closed_window(found: list[tuple[float, float]]):
    """The number in the system is counted day by day, the time spent from first to last."""
    days = 28
    rows = [
        (max(start, 0) - start, min(start + length, days) - start, _by_day(start, length, days))
        for start, length in found
        if start < days and start + length > 0
    ]
    frame = pl.DataFrame(rows, schema=["age_before", "age", "open_days"], orient="row")
    assert abs(flow.little(frame, days).residual) <= 1e-9


def _by_day(start: float, length: float, days: int) -> float:
    edges = [float(d) for d in range(days + 1)]
    parts = (min(b, start + length) - max(a, start) for a, b in pairwise(edges))
    return sum(max(0.0, part) for part in parts)


def test_a_task_day_that_is_missing_breaks_little_s_law():
    frame = pl.DataFrame({"age_before": [0.0, 0.0], "age": [4.0, 6.0], "open_days": [4.0, 5.0]})
    assert flow.little(frame, 10).residual == pytest.approx(-0.1)


def world(seed: int, slow: float = 1.0, productions: int = 25) -> pl.DataFrame:
    """Tasks that wait at random, productions unlike each other; one vendor slow by a factor."""
    dice = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for production in range(productions):
        pace = np.exp(dice.normal(0, 0.3))
        for _ in range(int(dice.choice([1, 8]))):
            for stage, queue, vendors in STAGES:
                vendor = int(dice.choice(vendors))
                factor = slow if (stage, vendor) == ("vfx", 0) else 1.0
                rows.append(
                    (production, stage, f"v{vendor}", 1, dice.exponential(queue * pace * factor))
                )
    names = ["production_id", "stage", "vendor", "finished", "wait_total"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_in_a_world_without_slow_vendors_hardly_any_page_names_one():
    claims = [flow.waits(world(seed))["is_slow"].any() for seed in range(200)]
    assert np.mean(claims) <= 0.1


def test_a_slow_vendor_is_named_and_is_the_first():
    found = [flow.waits(world(seed, slow=3.0)) for seed in range(40)]
    named = [f.filter("is_slow").height > 0 and f["vendor"][0] == "v0" for f in found]
    assert np.mean(named) >= 0.9
    inside = [f["low"][0] < 3.0 < f["high"][0] for f in found if f["vendor"][0] == "v0"]
    assert np.mean(inside) >= 0.85


def test_a_vendor_with_few_tasks_is_not_compared():
    frame = world(5).with_columns(
        vendor=pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("rare")).otherwise("vendor")
    )
    rare = flow.waits(frame).filter(pl.col("vendor") == "rare")
    assert rare["ratio"].null_count() == rare.height > 0
    assert not rare["is_slow"].any()


def test_the_cumulative_flow_never_loses_what_left():
    frame = pl.DataFrame(
        {
            "day": [1, 1, 2, 3, 3],
            "stage": ["edit", "mix", "edit", "edit", "mix"],
            "work_in_progress": [2.0, 1.0, 3.0, 1.0, 0.0],
            "finished": [0.0, 1.0, 0.0, 2.0, 2.0],
        }
    )
    found = flow.cumulative(frame, "day", ["edit", "mix"])
    assert found["out"].to_list() == [1, 1, 3]
    assert found["edit"].to_list() == [2, 3, 1]
    assert found["mix"].to_list() == [1, 0, 0]
