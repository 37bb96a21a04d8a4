"""Quantile functions against the sample's own quantiles, and their bands by simulation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from queries.analyses.cluster import CLUSTER, CLUSTERS
from queries.analyses.quantile_band import LEVELS, Spread
from queries.analyses.quantile_function import (
    BIN,
    BIN_RATIO,
    STRATUM,
    ZERO_BIN,
    Comparison,
    arms,
    compared,
)


def counted(
    values: np.ndarray, cluster: np.ndarray, device: np.ndarray | str = "tv"
) -> pl.DataFrame:
    """Single values as an engine counts them."""
    bins = np.where(
        values > 0, np.floor(np.log(np.maximum(values, 1e-9)) / np.log(BIN_RATIO)), ZERO_BIN
    )
    frame = pl.DataFrame({BIN: bins, CLUSTER.name: cluster}).with_columns(
        pl.Series(STRATUM, [device] * len(values) if isinstance(device, str) else device)
    )
    return frame.group_by(STRATUM, BIN, CLUSTER.name).len("rows")


def plays(
    dice: np.random.Generator, accounts: int, factor: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Startup times of accounts whose plays resemble each other, and their clusters."""
    many = 1 + dice.poisson(6, accounts)
    own = np.repeat(dice.normal(0, 0.25, accounts), many)
    cluster = np.repeat(dice.integers(0, CLUSTERS, accounts), many)
    return factor * np.exp(0.2 + own + dice.normal(0, 0.4, len(own))), cluster


def held(dice: np.random.Generator, factor: float = 1.0, accounts: int = 800) -> Comparison:
    frames = [counted(*plays(dice, accounts, f)) for f in (factor, 1.0)]
    found = compared(*arms(*frames))
    assert found is not None
    return found


def test_quantiles_are_those_of_the_sample_within_a_bin():
    dice = np.random.default_rng(1)
    values, cluster = plays(dice, 3_000)
    found = compared(*arms(counted(values, cluster), counted(values, cluster)))
    assert found is not None
    expected = np.quantile(values, LEVELS)
    assert found.frame["arm"].to_numpy() == pytest.approx(expected, rel=0.01)
    assert np.abs(found.frame["difference"]).max() == 0


def test_the_bands_hold_at_every_level_at_once_in_nineteen_of_twenty_worlds():
    dice = np.random.default_rng(2)
    truth = np.quantile(plays(dice, 200_000)[0], LEVELS)
    inside = [0, 0, 0]
    worlds = 150
    for _ in range(worlds):
        found = held(dice)
        frame = found.frame
        for at, (name, true) in enumerate((("arm", truth), ("difference", 0 * truth))):
            low, high = (frame[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
            inside[at] += bool(((low <= true) & (true <= high)).all())
        at_median = found.at(0.5)
        inside[2] += at_median.low <= 0 <= at_median.high
    assert [n / worlds for n in inside] == [pytest.approx(0.95, abs=0.045)] * 3


def test_the_others_are_weighted_to_the_devices_of_the_arm():
    dice = np.random.default_rng(3)
    slow, fast = dice.lognormal(1, 0.3, 4_000), dice.lognormal(0, 0.3, 4_000)
    cluster = dice.integers(0, CLUSTERS, 4_000)
    arm = counted(slow, cluster, "tv")
    rest = pl.concat([counted(slow[::10], cluster[::10], "tv"), counted(fast, cluster, "phone")])
    found = compared(*arms(arm, rest))
    assert found is not None
    median = found.at(0.5)
    assert median.low <= 0 <= median.high
    assert found.rest_rows == 400


def test_arms_without_a_device_in_common_are_not_compared():
    dice = np.random.default_rng(4)
    one, other = (counted(*plays(dice, 50), device) for device in ("tv", "phone"))
    assert compared(*arms(one, other)) is None


@given(st.integers(0, 1_000), st.floats(0.5, 4))
def test_a_factor_on_every_value_is_a_factor_on_every_quantile(seed: int, factor: float):
    dice = np.random.default_rng(seed)
    values, cluster = plays(dice, 300)
    found = compared(*arms(counted(values * factor, cluster), counted(values, cluster)))
    assert found is not None
    middle = found.frame.filter(pl.col("level").is_between(0.1, 0.9))
    ratio = (middle["arm"] / middle["rest"]).to_numpy()
    assert ratio == pytest.approx(np.full(len(ratio), factor), rel=0.03)


def test_the_order_of_rows_changes_nothing():
    dice = np.random.default_rng(5)
    one, other = counted(*plays(dice, 200)), counted(*plays(dice, 200))
    first = compared(*arms(one, other))
    second = compared(*arms(one.sample(fraction=1, shuffle=True, seed=1), other.reverse()))
    assert first is not None
    assert second is not None
    assert first.frame.equals(second.frame)


def test_values_of_nothing_are_a_quantile_of_nothing():
    dice = np.random.default_rng(6)
    values = np.where(dice.random(4_000) < 0.7, 0.0, dice.lognormal(0, 1, 4_000))
    frame = counted(values, dice.integers(0, CLUSTERS, 4_000))
    found = compared(*arms(frame, frame))
    assert found is not None
    assert found.frame.filter(pl.col("level") <= 0.65)["arm"].max() == 0


def test_plays_of_one_account_count_for_less_than_as_many_accounts():
    found = held(np.random.default_rng(7), accounts=3_000)
    assert all(1.2 < effect < 8 for effect in found.design_effects)


@pytest.mark.parametrize("levels", [1, 4])
def test_levels_that_tell_nothing_of_each_other_take_sidak_s_quantile(levels: int):
    """Šidák 1967, JASA 62: of independent normal deviations; by SciPy's normal."""
    deviations = np.random.default_rng(8).standard_normal((1_500, levels))
    exact = norm.ppf((1 + 0.95 ** (1 / levels)) / 2)
    assert Spread(deviations).critical() == pytest.approx(exact, abs=0.08)
    alike = np.repeat(deviations[:, :1], 4, axis=1)
    assert Spread(alike).critical() == pytest.approx(norm.ppf(0.975), abs=0.08)
