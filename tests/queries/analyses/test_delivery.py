"""Forecasts of delivery: their 80 % intervals hold 80 % of what then happens."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import nbinom

from queries.analyses import delivery
from queries.formula import Array

STAGES = ("edit", "effects", "mix")
MEANS = {"edit": (2.0, 10.0), "effects": (5.0, 20.0), "mix": (1.0, 6.0)}


def durations(dice: np.random.Generator, stage: str, count: int) -> tuple[Array, Array]:
    wait, work = MEANS[stage]
    return dice.exponential(wait, count), work * np.exp(dice.normal(0, 0.3, count))


def past(dice: np.random.Generator, count: int = 150) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            {
                "production_id": 0,
                "production": "Old",
                "episode": np.arange(count),
                "stage": stage,
                "finished": 1.0,
                "wait_total": wait,
                "age": wait + work,
            }
        )
        for stage in STAGES
        for wait, work in (durations(dice, stage, count),)
    ]
    return pl.concat(parts)


def under_way(ages: list[tuple[int, float]]) -> pl.DataFrame:
    """Episodes of one production, each at a stage at which it is so old."""
    rows = [
        (7, "New", episode, STAGES[at], 0.0, 0.0, age) for episode, (at, age) in enumerate(ages)
    ]
    names = ["production_id", "production", "episode", "stage", "finished", "wait_total", "age"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_delivery_intervals_hold_four_of_five_deliveries():
    dice = np.random.default_rng(11)
    inside: list[bool] = []
    for _ in range(400):
        old = past(dice)
        ages = [(int(dice.integers(0, 3)), float(dice.uniform(0, 8))) for _ in range(5)]
        found = delivery.deliveries(under_way(ages), old, STAGES).row(0, named=True)
        end = max(_happens(dice, at, age) for at, age in ages)
        inside.append(found["low"] <= end <= found["high"])
    assert 0.75 <= np.mean(inside) <= 0.85


def _happens(dice: np.random.Generator, at: int, age: float) -> float:
    wait, work = durations(dice, STAGES[at], 4_000)
    longer = (wait + work)[(wait + work) > age]
    rest = longer[0] - age
    return float(rest + sum(sum(p[0] for p in durations(dice, s, 1)) for s in STAGES[at + 1 :]))


def test_throughput_intervals_hold_four_of_five_outcomes():
    dice = np.random.default_rng(12)
    inside: list[bool] = []
    for _ in range(400):
        weeks = dice.poisson(20, 400)
        found = delivery.weeks_to_clear(weeks[:40].astype(float), 300)
        assert found is not None
        done = np.cumsum(weeks[40:])
        week = int(np.argmax(done >= 300))
        before = done[week] - weeks[40 + week]
        inside.append(found.low <= week + (300 - before) / weeks[40 + week] <= found.high)
    assert 0.72 <= np.mean(inside) <= 0.86


def test_more_capacity_never_makes_it_later():
    old = past(np.random.default_rng(13))
    plain = delivery.deliveries(under_way([(0, 1.0), (1, 3.0)]), old, STAGES)
    more = delivery.deliveries(under_way([(0, 1.0), (1, 3.0)]), old, STAGES, {"effects": 2.0})
    assert more["middle"][0] < plain["middle"][0]


def test_a_tenth_of_deliveries_are_within_the_day_that_a_tenth_of_draws_keep():
    old = past(np.random.default_rng(14))
    plain = delivery.deliveries(ages := under_way([(0, 1.0), (1, 3.0)]), old, STAGES)
    assert plain["on_time"].to_list() == [None]
    days = [plain[name][0] for name in ("low", "middle", "high")]
    kept = [delivery.deliveries(ages, old, STAGES, due={7: d})["on_time"][0] for d in days]
    assert kept == pytest.approx([0.1, 0.5, 0.9], abs=0.002)
    never = delivery.deliveries(ages, old, STAGES, due={7: -5.0})["on_time"][0]
    assert never == 1 / (delivery.DRAWS + 1)


def test_what_is_left_counts_every_stage_ahead():
    found = delivery.deliveries(
        under_way([(0, 1.0), (2, 1.0)]), past(np.random.default_rng(1)), STAGES
    )
    assert found["remaining"].to_list() == [3 + 1]


def test_a_stage_that_hardly_anybody_finished_gives_no_forecast():
    old = past(np.random.default_rng(1), count=delivery.FEWEST_TASKS - 1)
    found = delivery.deliveries(under_way([(0, 1.0)]), old, STAGES)
    assert found["middle"].to_list() == [None]


def test_a_delivered_production_is_not_forecast():
    assert delivery.deliveries(past(np.random.default_rng(1)), under_way([]), STAGES).is_empty()


def test_clearing_needs_weeks_to_draw_from():
    assert delivery.weeks_to_clear(np.array([5.0] * 5), 10) is None
    assert delivery.weeks_to_clear(np.zeros(12), 10) is None
    steady = delivery.weeks_to_clear(np.full(12, 5.0), 12)
    assert steady is not None
    assert steady.middle == pytest.approx(2.4)
    assert steady.low == steady.high


def test_weeks_in_which_a_task_is_done_or_none_make_a_negative_binomial():
    """Of 40 weeks in half of which one task was done: weeks until twelve are (SciPy's nbinom)."""
    found = delivery.weeks_to_clear(np.tile([0.0, 1.0], 20), 12)
    assert found is not None
    exact = 12 + nbinom.ppf(delivery.TENTHS, 12, 0.5)
    assert (found.low, found.middle, found.high) == pytest.approx(tuple(exact), abs=1)
    draws = 12 + nbinom.rvs(12, 0.5, size=200_000, random_state=1)
    assert np.quantile(draws, delivery.TENTHS) == pytest.approx(exact, abs=1e-9)


def test_the_last_of_five_episodes_is_the_largest_of_five_draws():
    """The distribution of a maximum is the power of that of one (David & Nagaraja 2003, ch. 2)."""
    old = past(np.random.default_rng(15), 2_000).filter(pl.col("stage") == "mix")
    age = pl.lit(0.0).alias("age")
    found = delivery.deliveries(under_way([(2, 0.0)] * 5).with_columns(age), old, STAGES)
    exact = np.quantile(old["age"].to_numpy(), np.array(delivery.TENTHS) ** (1 / 5))
    assert found.select("low", "middle", "high").row(0) == pytest.approx(tuple(exact), rel=0.04)
