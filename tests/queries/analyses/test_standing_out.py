"""What stands out: the published table of false discoveries, and simulated worlds without any."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.cluster import CLUSTERS
from queries.analyses.standing_out import halves, standing_out
from queries.catalog import builtin

PLAYBACK = builtin().dataset("playback")


def test_a_ratio_splits_into_parts_that_make_it_again():
    metric = PLAYBACK.metric("start_failure_rate")
    top, bottom = halves(metric)
    assert f"{top.formula.sql} / {bottom.formula.sql}" == metric.formula.sql
    with pytest.raises(ValueError, match="no ratio"):
        halves(PLAYBACK.metric("hours_viewed"))


def world(dice: np.random.Generator, rates: dict[str, float]) -> pl.DataFrame:
    """Failures by value and cluster; accounts differ in how often they fail."""
    parts: list[pl.DataFrame] = []
    for value, rate in rates.items():
        accounts = 400
        plays = 1 + dice.poisson(8, accounts)
        own = np.clip(rate * dice.gamma(4, 0.25, accounts), 0, 1)
        parts.append(
            pl.DataFrame(
                {
                    "cdn": [value] * accounts,
                    "device": dice.choice(["tv", "web"], accounts),
                    "cluster": dice.integers(0, CLUSTERS, accounts),
                    "rows": plays,
                    "accounts": np.ones(accounts),
                    "m__numerator": dice.binomial(plays, own),
                    "m__denominator": plays,
                }
            )
        )
    keys = ["cdn", "device", "cluster"]
    return pl.concat(parts).group_by(keys).sum()


def test_where_nothing_differs_little_is_claimed():
    dice = np.random.default_rng(1)
    claims = 0
    for _ in range(200):
        table = standing_out(world(dice, dict.fromkeys("abcdef", 0.05)), "cdn", ["m"])
        claims += bool((table["q"] <= 0.05).any())
    assert claims / 200 <= 0.09


def test_the_value_that_fails_twice_as_often_comes_first():
    rates = dict.fromkeys("abcdef", 0.05) | {"d": 0.1}
    table = standing_out(world(np.random.default_rng(2), rates), "cdn", ["m"])
    first = table.row(0, named=True)
    assert first["value"] == "d"
    assert first["q"] < 1e-4
    assert first["low"] < 0.05 < first["high"]


def test_the_interval_of_a_difference_covers_it_in_nineteen_of_twenty_worlds():
    dice = np.random.default_rng(3)
    inside = 0
    for _ in range(300):
        row = standing_out(world(dice, {"a": 0.08, "b": 0.05}), "cdn", ["m"]).filter(
            pl.col("value") == "a"
        )
        inside += row["low"][0] <= 0.03 <= row["high"][0]
    assert inside / 300 == pytest.approx(0.95, abs=0.035)


def test_a_value_of_few_accounts_is_not_judged():
    frame = world(np.random.default_rng(4), {"a": 0.05, "b": 0.05})
    few = frame.with_columns(accounts=pl.when(pl.col("cdn") == "b").then(1).otherwise("accounts"))
    table = standing_out(few, "cdn", ["m"])
    assert table.filter(pl.col("value") == "b")["q"].to_list() == [None]
