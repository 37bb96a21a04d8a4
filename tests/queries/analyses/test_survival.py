"""Survival from counts, against published data, another library, and simulation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from queries.analyses.cluster import CLUSTER, CLUSTERS
from queries.analyses.survival import (
    Counts,
    abandonment,
    counts,
    first_play,
    kaplan_meier,
    log_rank,
    slip_counts,
    told,
)

# Freireich et al. 1963, Blood 21, 699-716: weeks of remission under 6-mercaptopurine and placebo.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def tally(times: list[int] | np.ndarray, happened: list[int] | np.ndarray) -> Counts:
    frame = pl.DataFrame({"time": times, "happened": happened}).with_columns(
        pl.col("happened").cast(pl.Boolean)
    )
    return counts(frame.group_by("time", "happened").len("rows"), "time", "happened")


def test_the_curve_of_the_remission_trial_is_the_published_one():
    curve = kaplan_meier(tally(TREATED, RELAPSED))
    assert curve.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.survival.tolist() == pytest.approx(expected, abs=5e-5)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.median == 23


def test_placebo_patients_relapse_at_a_median_of_eight_weeks():
    assert kaplan_meier(tally(PLACEBO, [1] * 21)).median == 8


def test_bands_are_those_of_scipy():
    curve = kaplan_meier(tally(TREATED, RELAPSED))
    sample = stats.CensoredData.right_censored(TREATED, [not r for r in RELAPSED])
    bands = stats.ecdf(sample).sf.confidence_interval(method="log-log")
    assert curve.low.tolist() == pytest.approx(bands.low.evaluate(curve.time).tolist(), rel=1e-12)
    assert curve.high.tolist() == pytest.approx(bands.high.evaluate(curve.time).tolist(), rel=1e-12)


def test_the_log_rank_test_of_the_remission_trial_is_the_published_one():
    found = log_rank([tally(TREATED, RELAPSED), tally(PLACEBO, [1] * 21)])
    assert found.statistic == pytest.approx(16.79, abs=0.005)
    assert found.degrees == 1
    sample = stats.CensoredData.right_censored(TREATED, [not r for r in RELAPSED])
    assert found.p == pytest.approx(stats.logrank(sample, PLACEBO).pvalue, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60))
def test_any_sample_gives_the_curve_that_scipy_gives(sample: list[tuple[int, bool]]):
    times, happened = [t for t, _ in sample], [h for _, h in sample]
    curve = kaplan_meier(tally(times, [int(h) for h in happened]))
    censored = stats.CensoredData.right_censored(times, [not h for h in happened])
    expected = stats.ecdf(censored).sf
    for time in range(31):
        assert curve.at(time) == pytest.approx(float(expected.evaluate(time)), abs=1e-12)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=50))
def test_without_censoring_the_curve_is_the_share_that_is_left(times: list[int]):
    curve = kaplan_meier(tally(times, [1] * len(times)))
    for time in range(21):
        assert curve.at(time) == pytest.approx(np.mean(np.array(times) > time))


def test_a_curve_that_stays_above_a_half_has_no_median():
    curve = kaplan_meier(tally([1, 5, 5, 5], [1, 0, 0, 0]))
    assert np.isnan(curve.median)
    assert curve.at(100) == pytest.approx(0.75)


def test_nothing_observed_gives_an_empty_curve():
    frame = pl.DataFrame(
        schema={"time": pl.Int64, "happened": pl.Boolean, "rows": pl.Float64, "cluster": pl.Int64}
    )
    curve = kaplan_meier(counts(frame, "time", "happened"))
    assert curve.frame.is_empty()
    assert curve.at(3) == 1


def test_who_comes_late_is_at_risk_only_from_then_on():
    frame = pl.DataFrame(
        {
            "start_position": [0, 0, 50],
            "position": [20, 100, 60],
            "was_left": [True, False, True],
            "rows": [10.0, 10.0, 20.0],
        }
    )
    curve = abandonment(frame)
    assert curve.time.tolist() == [20, 60]
    assert curve.at_risk.tolist() == [20, 30]
    assert curve.survival.tolist() == pytest.approx([1 / 2, 1 / 2 * 1 / 3])


def test_visits_without_a_play_are_censored_and_not_left_out():
    frame = pl.DataFrame(
        {
            "choosing_seconds": [30, 30, 90, 2_000],
            "has_play": [True, False, True, True],
            "rows": [10.0, 10.0, 5.0, 5.0],
        }
    )
    curve = first_play(frame)
    assert curve.at(30) == pytest.approx(2 / 3)
    assert curve.at(90) == pytest.approx(1 / 3)
    assert curve.time.max() == 90


def test_rows_of_nobody_are_part_of_a_curve_and_do_not_make_it_longer():
    cluster = pl.Series(CLUSTER.name, [*range(20), *range(3), *range(CLUSTERS, 2 * CLUSTERS)])
    frame = pl.DataFrame(
        {
            "choosing_seconds": [10] * 20 + [60] * (3 + CLUSTERS),
            "has_play": True,
            "rows": 1.0,
        }
    ).with_columns(cluster)
    curve = first_play(frame)
    assert curve.at(10) == pytest.approx((3 + CLUSTERS) / frame.height)
    assert curve.time.max() == 10
    everybody = first_play(frame.with_columns(pl.col(CLUSTER.name) % CLUSTERS))
    assert everybody.time.max() == 60


def test_bands_by_cluster_cover_the_truth_where_accounts_repeat():
    """Accounts differ in how fast they choose; Greenwood takes their visits for strangers."""
    rng = np.random.default_rng(11)
    truth = float(np.mean(np.exp(-30 / _pace(rng, 400_000))))
    covered = {"clustered": 0, "independent": 0}
    for _ in range(300):
        pace = np.repeat(_pace(rng, 800), 6)
        waited = np.ceil(rng.exponential(pace))
        patience = np.ceil(rng.exponential(80, len(pace)))
        frame = pl.DataFrame(
            {
                "choosing_seconds": np.minimum(waited, patience),
                "has_play": waited <= patience,
                "cluster": np.repeat(np.arange(800) % CLUSTERS, 6),
            }
        ).with_columns(rows=pl.lit(1.0))
        for kind, rows in (("clustered", frame), ("independent", frame.drop("cluster"))):
            curve = first_play(rows)
            at = int(np.searchsorted(curve.time, 30, side="right")) - 1
            covered[kind] += curve.low[at] <= truth <= curve.high[at]
    assert 0.92 <= covered["clustered"] / 300 <= 0.98
    assert covered["independent"] / 300 < 0.9


def _pace(rng: np.random.Generator, accounts: int) -> np.ndarray:
    return np.exp(rng.normal(np.log(40), 0.9, accounts))


def test_the_log_rank_test_of_one_curve_alarms_as_often_as_it_says():
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(400):
        groups = [
            tally(np.minimum(t := np.ceil(rng.exponential(20, 150)), 40), (t <= 40).astype(int))
            for _ in range(3)
        ]
        alarms += log_rank(groups).p < 0.05
    assert 0.025 <= alarms / 400 <= 0.08


def slips(dice: np.random.Generator, many: int, now: float) -> pl.DataFrame:
    """Productions due at random days, delivered a skewed number of days around them."""
    due = dice.uniform(-600, now + 200, many)
    slip = np.round(dice.gamma(4, 10, many) - 20)
    is_delivered = due + slip <= now
    seen = np.where(is_delivered, slip, np.floor(now - due))
    frame = pl.DataFrame({"seen_slip_days": seen.astype(int), "is_delivered": is_delivered})
    return frame.group_by("seen_slip_days", "is_delivered").len("rows")


def test_slips_are_those_of_scipy_with_open_productions_censored():
    frame = slips(np.random.default_rng(5), 300, 0.0)
    one = frame.select(pl.all().repeat_by("rows").explode())
    done = one.filter("is_delivered")["seen_slip_days"].to_numpy()
    still = one.filter(~pl.col("is_delivered"))["seen_slip_days"].to_numpy()
    expected = stats.ecdf(stats.CensoredData(uncensored=done, right=still)).sf
    found = kaplan_meier(slip_counts(frame))
    assert found.time.min() < 0
    assert found.survival == pytest.approx(expected.evaluate(found.time), abs=1e-12)


def test_the_median_slip_of_delivered_productions_alone_is_too_early_and_the_curve_is_not():
    dice = np.random.default_rng(6)
    truth = float(np.median(np.round(dice.gamma(4, 10, 400_000) - 20)))
    worlds, inside, naive = 200, 0, []
    for _ in range(worlds):
        # Half of them were due in the last days, so that many are open.
        frame = slips(dice, 150, -480.0)
        found = kaplan_meier(slip_counts(frame))
        inside += found.median_low <= truth <= found.median_high
        done = frame.filter("is_delivered").select(pl.col("seen_slip_days").repeat_by("rows"))
        naive.append(float(done.explode("seen_slip_days").median().item()))
    assert np.mean(naive) < truth - 3
    assert inside >= 0.95 * worlds - 2.5 * np.sqrt(worlds * 0.95 * 0.05)


def test_a_curve_ends_where_fewer_than_ten_are_left():
    curve = told(tally(TREATED, RELAPSED))
    assert curve.time.tolist() == [6, 7, 10, 13, 16]
    assert curve.end == 17
    assert np.isnan(curve.median)
    assert curve.at(16) == pytest.approx(0.6275, abs=5e-5)
    assert np.isnan(curve.at(20))
    many = told(tally(PLACEBO * 10, [0] * 200 + [1] * 10))
    assert many.end == np.inf
