"""Licences that end: substitutes and shares by hand, and coverage by simulation."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
import pytest

from queries.analyses import genre_gap
from queries.analyses.cluster import CLUSTERS, Estimate
from queries.analyses.licences import Rivals, Stake, stake

WINDOWS = pl.DataFrame(
    {
        "title_id": [1, 1, 2, 3],
        "title": ["One", "One", "Two", "Three"],
        "genre": ["crime", "crime", "crime", None],
        "country": ["BR", "US", "BR", "BR"],
        "window_end": [date(2026, 12, 9), date(2026, 12, 2), date(2026, 12, 30), date(2027, 1, 4)],
        "fee": ["licensed", "licensed", "unknown", "licensed"],
        "fee_usd": [100.0, 50.0, None, 40.0],
        "accrued_28_days_usd": [10.0, 5.0, None, 4.0],
    }
)


def watched(hours: dict[int, float], fees: dict[int, str] | None = None) -> pl.DataFrame:
    """Hours of titles, spread evenly over clusters."""
    rows = [
        {
            "title_id": title,
            "fee": (fees or {}).get(title, "licensed"),
            "cluster": cluster,
            "hours_28_days": amount / CLUSTERS,
            "viewings_28_days": 10.0,
        }
        for title, amount in hours.items()
        for cluster in range(CLUSTERS)
    ]
    return pl.DataFrame(rows)


def everything(hours: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"cluster": list(range(CLUSTERS)), "hours_28_days": [hours / CLUSTERS] * CLUSTERS}
    )


def rivals(costs: Mapping[int, tuple[float, float]], country: str = "BR") -> pl.DataFrame:
    """Accrued fees and hours by title, in one country."""
    return pl.DataFrame(
        {
            "title_id": list(costs),
            "genre": ["crime"] * len(costs),
            "country": [country] * len(costs),
            "accrued_28_days_usd": [fee for fee, _ in costs.values()],
            "hours_28_days": [hours for _, hours in costs.values()],
        }
    )


OTHERS = rivals({10: (1, 10), 11: (2, 10), 12: (3, 10), 13: (4, 10), 14: (9, 10)})


def small() -> Stake:
    found = watched({1: 30.0, 2: 10.0}, {2: "unknown"})
    return stake(found, everything(1_000.0), WINDOWS, OTHERS)


def test_a_title_is_held_against_the_median_of_its_genre():
    # Fees of 15 dollars over 30 hours: 0.50 an hour; the median of .1, .2, .3, .4 and .9 is .30.
    row = small().titles.row(by_predicate=pl.col("title") == "One", named=True)
    assert row["cost_per_hour"] == pytest.approx(0.5)
    assert row["substitute_usd"] == pytest.approx(0.3)
    assert row["times"] == pytest.approx(5 / 3)
    assert (row["ends_on"], row["countries"], row["substitutes"]) == (date(2026, 12, 2), 2, 5)


def test_what_ends_carries_its_share_of_all_hours():
    found = small()
    assert found.hours.value == pytest.approx(40)
    assert found.share.value == pytest.approx(0.04)
    assert found.titles["share"].to_list() == pytest.approx([0.03, 0.01, 0.0])


def test_what_is_not_known_is_told_and_kept():
    titles = {row["title"]: row for row in small().titles.iter_rows(named=True)}
    assert set(titles) == {"One", "Two", "Three"}
    assert titles["Two"]["unknown_fees"] == 1
    assert titles["Two"]["fee_usd"] is titles["Two"]["cost_per_hour"] is None
    assert titles["Three"]["cost_per_hour"] is titles["Three"]["substitute_usd"] is None
    assert titles["Three"]["hours"] == 0


def test_dear_is_what_lies_beyond_the_threshold_with_its_whole_interval():
    found = small()
    assert found.dearer(1.0)["title"].to_list() == ["One"]
    assert found.dearer(1.7).is_empty()


def test_substitutes_are_of_the_same_countries_and_never_the_title_itself():
    elsewhere = rivals(dict.fromkeys(range(20, 30), (100, 1)), "JP")
    both = Rivals.of(pl.concat([OTHERS, elsewhere]))
    assert both.median(1, "crime", ["BR"]) == (5, pytest.approx(0.3))
    assert both.median(10, "crime", ["BR"]) == (4, None)


def test_a_substitute_that_nobody_watched_costs_more_than_any():
    costs = {10: (1, 10), 11: (2, 10), 12: (3, 10), 13: (4, 10), 14: (1, 0)}
    assert Rivals.of(rivals(costs)).median(1, "crime", ["BR"]) == (5, pytest.approx(0.3))
    idle = {10: (1, 10), 11: (2, 10), 12: (3, 10), 13: (4, 0), 14: (9, 0)}
    assert Rivals.of(rivals(idle)).median(1, "crime", ["BR"]) == (5, None)


@pytest.mark.parametrize("count", [5, 6, 7, 12, 31])
def test_what_substitutes_cost_is_what_none_of_them_costs(count: int):
    costs = {title: (0.1 * 1.7**title, 1.0) for title in range(10, 10 + count)}
    _, middle = Rivals.of(rivals(costs)).median(1, "crime", ["BR"])
    own = sorted(fee / hours for fee, hours in costs.values())
    assert middle is not None
    assert min(abs(middle / cost - 1) for cost in own) > 0.05
    assert own[(count - 1) // 2 - 1] < middle < own[count // 2 + 1]


def test_intervals_cover_what_a_title_costs_as_often_as_they_say():
    rng = np.random.default_rng(5)
    activity = np.exp(rng.normal(0, 0.9, 40_000))
    title = rng.poisson(activity * 0.4).astype(float)
    rest = rng.poisson(activity * 9).astype(float)
    accounts = 2_000
    truly_hours = title.mean() * accounts
    truly_share = title.sum() / (title.sum() + rest.sum())
    windows = WINDOWS.head(1).with_columns(accrued_28_days_usd=pl.lit(0.5 * truly_hours))
    shares = costs = 0
    for _ in range(400):
        picked = rng.integers(0, 40_000, accounts)
        cluster = np.arange(accounts) % CLUSTERS
        mine = np.bincount(cluster, title[picked], CLUSTERS)
        whole = mine + np.bincount(cluster, rest[picked], CLUSTERS)
        rows = pl.DataFrame(
            {
                "title_id": [1] * CLUSTERS, "fee": ["licensed"] * CLUSTERS,
                "cluster": range(CLUSTERS), "hours_28_days": mine,
                "viewings_28_days": mine,
            }
        )  # fmt: skip
        all_hours = pl.DataFrame({"cluster": range(CLUSTERS), "hours_28_days": whole})
        found = stake(rows, all_hours, windows, OTHERS)
        row = found.titles.row(0, named=True)
        costs += row["cost_per_hour_low"] <= 0.5 <= row["cost_per_hour_high"]
        shares += found.share.low <= truly_share <= found.share.high
    assert 0.925 <= costs / 400 <= 0.975
    assert 0.925 <= shares / 400 <= 0.975


def test_demand_is_held_against_supply():
    hours = pl.DataFrame(
        {
            "genre": [g for g in ("crime", "drama") for _ in range(CLUSTERS)],
            "cluster": list(range(CLUSTERS)) * 2,
            "hours_28_days": [3.0] * CLUSTERS + [1.0] * CLUSTERS,
        }
    )
    supplied = pl.DataFrame(
        {"genre": ["drama", "crime", "horror"], "available_windows": [60.0, 30.0, 10.0]}
    )
    found = genre_gap.gap(hours, supplied)
    assert found["genre"].to_list() == ["crime", "drama", "horror"]
    assert found["demand"].to_list() == pytest.approx([0.75, 0.25, 0])
    assert found["times"].to_list() == pytest.approx([2.5, 0.25 / 0.6, 0])
    assert found["supply"].sum() == pytest.approx(1)


def test_the_chance_of_so_few_hours_is_fay_and_feuer_s():
    """Down's syndrome in Michigan, mothers of five children or more (Fleiss 1981, table 14.4).

    R's dsrTest prints 75.52901 in 100,000 births and ends at 188.30017 (vignette of 2022-06-19).
    """
    cases = np.array([0, 8, 63, 112, 262, 295])
    births = np.array([327, 30_666, 123_419, 149_919, 104_088, 34_392])
    standard = np.array([319_933, 931_318, 786_511, 488_235, 237_863, 61_313])
    weight = 1e5 * standard / standard.sum() / births
    rate = float((weight * cases).sum())
    assert rate == pytest.approx(75.52901, abs=5e-6)
    titles = pl.DataFrame(
        {
            "title_id": [1], "viewers": [740], "times": [1.0], "substitute_usd": [1.0],
            "accrued_28_days_usd": [188.30017], "priced_hours": [rate],
            "variance": [float((weight**2 * cases).sum())], "heaviest": [float(weight.max())],
        }
    )  # fmt: skip
    nothing = Estimate(rate, rate, rate)
    assert Stake(titles, nothing, nothing).tested()["p"].item() == pytest.approx(0.025, abs=1e-7)
