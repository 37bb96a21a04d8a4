"""Projections of launches under way: what they say, what they promise, when they say nothing."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.analyses.launch_projection import course, projection
from queries.formula import Array

DAYS = 91


def cumulated(curves: Array, first: int = 0) -> pl.DataFrame:
    """Curves, launches by days, as `launch.curves` gives them."""
    count, days = curves.shape
    return pl.DataFrame(
        {
            "title_id": np.repeat(np.arange(first, first + count), days),
            "day": np.tile(np.arange(days), count),
            "cumulative": curves.ravel(),
        }
    )


def launches(seed: int, count: int, days: int = DAYS) -> Array:
    """Launches of all sizes that decay at speeds of their own, with noise from day to day."""
    dice = np.random.default_rng(seed)
    decay = np.exp(-np.arange(days) / dice.uniform(4, 40, (count, 1)))
    size = np.exp(dice.normal(6, 1, (count, 1)))
    return np.cumsum(size * decay * dice.gamma(20, 1 / 20, (count, days)), axis=1)


def test_a_launch_is_projected_by_the_ranks_of_how_much_the_others_grew():
    """Of nineteen, the second and the eighteenth: 2 = (19 + 1) / 10 and 18 = 9 (19 + 1) / 10."""
    growth = np.arange(1, 20) + 1.0
    comparables = cumulated(np.stack([np.full(19, 50.0), 50 * growth], axis=1))
    found = projection(cumulated(np.array([[20.0]])), comparables, 2)
    assert found is not None
    assert (found.day, found.launches) == (1, 19)
    assert (found.low, found.middle, found.high) == pytest.approx((20 * 3, 20 * 11, 20 * 19))


@pytest.mark.parametrize("count", [19, 29, 39])
def test_where_ranks_are_whole_the_ends_are_quantiles_of_the_sixth_type(count: int):
    """NumPy's "weibull" (Hyndman & Fan 1996): the same ranks of n + 1."""
    curves = launches(9, count + 1)
    own, others = cumulated(curves[count:, :11]), cumulated(curves[:count])
    found = projection(own, others, DAYS)
    assert found is not None
    growth = curves[:count, -1] / curves[:count, 10]
    expected = np.quantile(np.log(growth), (0.1, 0.5, 0.9), method="weibull")
    ends = (found.low, found.middle, found.high)
    assert ends == pytest.approx(tuple(curves[count, 10] * np.exp(expected)))


def test_an_interval_holds_eight_of_ten_launches_whichever_the_day():
    """Exchangeable draws: (n + 1) is 30, so 24 of 30 ranks lie inside, and 80 % is exact."""
    held: list[bool] = []
    for seed in range(250):
        curves = launches(seed, 30)
        comparables = cumulated(curves[:29])
        for day in (6, 40):
            found = projection(cumulated(curves[29:, : day + 1]), comparables, DAYS)
            assert found is not None
            assert found.low is not None
            assert found.high is not None
            held.append(found.low <= curves[29, -1] <= found.high)
    assert 0.76 <= np.mean(held) <= 0.84


def test_few_comparables_hold_more_than_is_promised_and_never_less():
    """Of twelve, the first and the twelfth: 11 of 13 ranks."""
    held: list[bool] = []
    for seed in range(400):
        curves = launches(1_000 + seed, 13, 28)
        found = projection(cumulated(curves[12:, :7]), cumulated(curves[:12]), 28)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= curves[12, -1] <= found.high)
    assert np.mean(held) == pytest.approx(11 / 13, abs=0.055)


def test_under_ten_comparables_say_how_many_they_are_and_give_no_interval():
    curves = launches(3, 10)
    found = projection(cumulated(curves[9:, :11]), cumulated(curves[:9]), DAYS)
    assert found is not None
    assert not found.is_told
    assert (found.launches, found.low, found.middle, found.high) == (9, None, None, None)
    assert course(cumulated(curves[9:, :11]), cumulated(curves[:9]), DAYS).is_empty()
    nobody = projection(cumulated(curves[9:, :11]), cumulated(curves[:0]), DAYS)
    assert nobody is not None
    assert nobody.launches == 0


def test_launches_of_a_handful_of_views_are_neither_projected_nor_comparables():
    curves = launches(4, 21)
    own, others = curves[20:, :11], curves[:20].copy()
    assert projection(cumulated(own / own.max() * 9), cumulated(others), DAYS) is None
    others[:5] *= 9 / others[:5, 10:11]
    found = projection(cumulated(own), cumulated(others), DAYS)
    assert found is not None
    assert found.launches == 15
    assert found == projection(cumulated(own), cumulated(others[5:]), DAYS)


def test_a_launch_whose_days_are_over_is_not_projected():
    curves = launches(5, 20)
    assert projection(cumulated(curves[19:]), cumulated(curves[:19]), DAYS) is None
    assert projection(cumulated(curves[:0]), cumulated(curves[:19]), DAYS) is None


def test_the_days_to_come_end_where_the_launch_is_projected_to_end():
    curves = launches(6, 31)
    own, others = cumulated(curves[30:, :10]), cumulated(curves[:30])
    ahead, end = course(own, others, DAYS), projection(own, others, DAYS)
    assert end is not None
    assert ahead["day"].to_list() == list(range(9, DAYS))
    assert ahead.row(0)[1:] == pytest.approx((curves[30, 9],) * 3)
    assert ahead.row(-1) == pytest.approx((end.day, end.low, end.middle, end.high))
    assert (ahead["p10"] <= ahead["p50"]).all()
    assert (ahead["p50"] <= ahead["p90"]).all()
    assert (ahead["p10"].diff().drop_nulls() >= 0).all()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(10, 40),
    factor=st.floats(1.0, 1e4),
    day=st.integers(0, DAYS - 2),
)
def test_views_of_another_unit_scale_it_and_the_order_of_launches_changes_nothing(
    seed: int, count: int, factor: float, day: int
):
    curves = 10 + launches(seed, count + 1)
    own, others = curves[count:, : day + 1], curves[:count]
    found = projection(cumulated(own), cumulated(others), DAYS)
    assert found is not None
    mixed = cumulated(others).sample(fraction=1, shuffle=True, seed=seed)
    assert projection(cumulated(own), mixed, DAYS) == found
    scaled = projection(cumulated(factor * own), cumulated(factor * others), DAYS)
    assert scaled is not None
    assert scaled.launches == found.launches == count
    for one, other in (
        (scaled.low, found.low), (scaled.middle, found.middle), (scaled.high, found.high),
    ):  # fmt: skip
        assert other is not None
        assert one == pytest.approx(factor * other)
    assert found.low is not None
    assert found.low >= own[0, -1] * (1 - 1e-12)
