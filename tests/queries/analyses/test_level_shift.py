"""Level shifts: the Nile's, few where nothing happens, growth and odd days are none."""

from datetime import date, timedelta
from itertools import chain

import numpy as np
import polars as pl
import pytest

from queries.analyses.level_shift import Step, shifts, steps
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.dataset import ROWS, Metric
from queries.formula import Array
from tests.queries.analyses.test_anomaly import normal_days

AMOUNT = Metric(name="amount", label="Amount", formula=ROWS)
SURE = 0.05
BREAK = 110

# Annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 m³ (Cobb 1978, Biometrika 65, 243-251).
NILE = """
1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180 799 958 1140
1100 1210 1150 1250 1260 1220 1030 1100 774 840 874 694 940 833 701 916 692 1020 1050 969
831 726 456 824 702 1120 1100 832 764 821 768 845 864 862 698 845 744 796 1040 759
781 865 845 944 984 897 822 1010 771 676 649 846 812 742 801 1040 860 874 848 890
744 749 838 1050 918 986 797 923 975 815 1020 906 901 1170 912 746 919 718 714 740
"""


def least(values: Array) -> float:
    """The chance of the surest break of a series."""
    return min((s.p for s in steps(values, is_share=False)), default=1.0)


def alone(values: Array) -> Step:
    (found,) = steps(values, is_share=False)
    return found


def test_the_nile_fell_with_the_year_1899_and_only_then():
    """Zeileis, Leisch, Hornik & Kleiber 2002 (strucchange): one break, 1,097.75 to 849.97."""
    flow = np.array(NILE.split(), dtype=float)
    found = alone(flow)
    assert 1871 + found.at == 1899
    assert found.p / (flow.size - 28) < SURE, "as one year, not picked from the 72 there were"
    assert found.before == pytest.approx(flow[: found.at].mean(), rel=0.03)
    assert found.low < flow[found.at :].mean() < found.high


def test_in_worlds_where_nothing_happens_few_tell_a_shift():
    series = normal_days(21, series=40 * 30)
    chances = [[s.p for s in steps(v, is_share=False)] or [1.0] for v in series]
    worlds = [[*chain(*chances[n : n + 40])] for n in range(0, len(chances), 40)]
    assert np.mean([min(c) < SURE for c in chances]) <= 0.05
    assert np.mean([min(benjamini_hochberg(world)) <= SURE for world in worlds]) <= 0.1


def test_a_fifth_more_from_one_day_on_is_told_of_nearly_all_series_with_its_day_and_size():
    series = normal_days(5, series=100)
    series[:, BREAK:] *= 1.2
    found = [[s for s in steps(v, is_share=False) if s.p < SURE] for v in series]
    near = [s for told in found for s in told if abs(s.at - BREAK) <= 2]
    assert len(near) >= 85
    assert sum(map(len, found)) - len(near) <= 5
    assert np.mean([s.low <= s.before * 1.2 <= s.high for s in near]) >= 0.85


def test_what_comes_in_over_ten_days_is_a_shift_too():
    series = normal_days(6, series=60)
    series *= np.exp(np.interp(np.arange(series.shape[1]), [BREAK - 5, BREAK + 5], [0, 0.2]))
    assert np.mean([least(v) < SURE for v in series]) >= 0.85


def test_growth_and_an_outage_of_days_are_no_shift():
    growing = normal_days(7, series=100)
    growing *= np.exp(np.linspace(0, 0.4, growing.shape[1]))
    out = normal_days(8, series=100)
    out[:, 100:103] *= 0.5
    assert np.mean([least(v) < SURE for v in growing]) <= 0.05
    assert np.mean([least(v) < SURE for v in out]) <= 0.05


def test_neither_unit_nor_weekday_of_the_first_day_matter():
    series = normal_days(9)[0]
    series[BREAK:] *= 1.3
    one, other, later = alone(series), alone(series * 1000), alone(series[3:])
    assert other.at == one.at == later.at + 3
    assert other.p == pytest.approx(one.p, rel=1e-6)
    assert other.after == pytest.approx(1000 * one.after, rel=1e-6)


def test_a_share_stays_one_and_days_that_are_not_known_are_left_out():
    random = np.random.default_rng(4)
    share = np.clip(random.normal(0.97, 0.004, 120), 0, 1)
    share[60:] = np.clip(random.normal(0.995, 0.004, 60), 0, 1)
    share[[10, 70]] = np.nan
    (found,) = steps(share, is_share=True)
    assert found.at == 60
    assert 0.96 < found.before < 0.98 < found.after <= found.high <= 1


def test_too_few_days_or_no_noise_tell_nothing():
    assert steps(np.full(27, 5.0), is_share=False) == []
    assert steps(np.full(100, 5.0), is_share=False) == []
    assert steps(np.full(100, np.nan), is_share=False) == []


def answers(values: Array, accounts: list[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Answers by day and country, as `queries.analyses.anomaly.questions` are answered."""
    days = [date(2026, 1, 5) + timedelta(n) for n in range(values.shape[1])]
    keys = pl.DataFrame({
        "day": days * len(values),
        "country": [f"C{n}" for n in range(len(values)) for _ in days],
    })  # fmt: skip
    counted = [n for n in accounts for _ in days]
    return (
        keys.with_columns(pl.Series("amount", values.ravel())),
        keys.with_columns(pl.Series("accounts", counted)),
    )


def test_what_is_told_names_its_day_and_slice_and_small_slices_are_left_out_and_counted():
    values = normal_days(12, series=4)
    values[1:3, BREAK:] *= 1.4
    found = shifts([AMOUNT], *answers(values, [500, 500, 150, 500]))
    assert (found.series, found.few) == (3, 1)
    (told,) = found.told
    assert (told.metric, told.slice) == ("amount", "C1")
    assert told.day == date(2026, 1, 5) + timedelta(BREAK)
    assert shifts([AMOUNT], pl.DataFrame(), pl.DataFrame()).told == ()
