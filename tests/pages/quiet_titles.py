"""Titles alike: where they are left, what they cost, how their launches go."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTERS

LAST = date(2026, 11, 23)
Dice = np.random.Generator
Frames = tuple[pl.DataFrame, ...]


def one_title(seed: int) -> Frames:
    """Two episodes beside those of other titles."""
    dice, numbers = np.random.default_rng(seed), (1, 2)
    own = [_watched(dice, 1_200, episode=n) for n in numbers]
    others = [_watched(dice, 4_000, episode=n) for n in numbers]
    runtime = pl.DataFrame(
        {"kind": "season", "episode": numbers, "runtime_minutes": [50.0] * len(numbers)}
    )
    entries, exits = (pl.concat(side[nth] for side in own) for nth in (0, 1))
    return entries, exits, runtime, _whole(pl.concat(side[1] for side in others))


def all_titles(seed: int) -> Frames:
    """Four seasons of two episodes; those of all are what each is held against."""
    dice, titles, numbers = np.random.default_rng(seed), "ABCD", (1, 2)
    seen = [
        _watched(dice, int(dice.integers(300, 1_500)), title=t, episode=n)
        for t in titles
        for n in numbers
    ]
    entries, exits = (pl.concat(one[nth] for one in seen) for nth in (0, 1))
    everyone = (
        one.group_by(pl.exclude("title", "rows")).agg(pl.col("rows").sum())
        for one in (entries, exits)
    )
    played = pl.DataFrame({"title": list(titles), "plays": [1_000] * 4})
    return played, entries, exits, *everyone


def _watched(dice: Dice, plays: int, **about: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where plays begin and end, by accounts of different patience."""
    accounts = plays // 3
    who = dice.integers(0, accounts, plays)
    patience = dice.gamma(4, 0.25, accounts)[who]
    left = np.minimum(dice.exponential(1, plays) / (0.012 * patience), 100)
    cluster = dice.integers(0, CLUSTERS, accounts)[who]
    code, rows = np.unique(np.floor(left) * CLUSTERS + cluster, return_counts=True)
    position, cluster = np.divmod(code.astype(np.int64), CLUSTERS)
    exits = {"position": position, "was_left": position < 100, "cluster": cluster, "rows": rows}
    begun = np.bincount(cluster, weights=rows, minlength=CLUSTERS)
    entries = {"start_position": 0, "cluster": np.arange(CLUSTERS), "rows": begun}
    return pl.DataFrame(about | entries), pl.DataFrame(about | exits)


def _whole(exits: pl.DataFrame) -> pl.DataFrame:
    """Plays by where they begin, which is the start of all, and where they end."""
    return exits.with_columns(start_position=0)


def ending(seed: int, count: int = 25) -> Frames:
    """Titles whose hours cost what those of their substitutes do, of all sizes from 20 viewers."""
    dice, ids = np.random.default_rng(seed), np.arange(count)
    usual = np.exp(dice.uniform(np.log(20), np.log(800), count))
    viewers = dice.poisson(usual)
    title = np.repeat(ids, viewers)
    hours = 3 * np.exp(dice.normal(-0.45, 0.95, len(title)))
    place = title * CLUSTERS + dice.integers(0, CLUSTERS, len(title))
    hours, people = (np.bincount(place, w, count * CLUSTERS) for w in (hours, np.ones(len(title))))
    watched = pl.DataFrame(
        {
            "title_id": np.repeat(ids, CLUSTERS), "fee": "licensed",
            "cluster": np.tile(np.arange(CLUSTERS), count),
            "hours_28_days": hours, "viewings_28_days": people,
        }
    )  # fmt: skip
    everything = watched.group_by("cluster").agg(pl.col("hours_28_days").sum() * 100)
    windows = pl.DataFrame(
        {
            "title_id": ids, "title": [f"T{n}" for n in ids], "genre": "crime", "country": "BR",
            "window_end": LAST + timedelta(20), "fee": "licensed", "fee_usd": 9.0 * usual,
            "accrued_28_days_usd": 0.3 * usual,
        }
    )  # fmt: skip
    others = pl.DataFrame(
        {
            "title_id": 1_000 + np.arange(9), "genre": "crime", "country": "BR",
            "accrued_28_days_usd": [1.0] * 9, "hours_28_days": [10.0] * 9,
        }
    )  # fmt: skip
    return watched, everything, windows, others


def launches(seed: int, count: int = 30, days: int = 91) -> Frames:
    """Launches of one kind and of all sizes that are alike day by day; the first is under way."""
    dice = np.random.default_rng(seed)
    released = [LAST - timedelta(10 if nth == 0 else 95 + 5 * nth) for nth in range(count)]
    hours = np.exp(dice.normal(5, 1, (count, 1))) * dice.gamma(20, 0.05, (count, days))
    title, day = (at.ravel() for at in np.indices((count, days)))
    every = pl.DataFrame(
        {
            "title_id": title, "release_date": [released[t] for t in title],
            "days_since_release": day, "kind": "film", "genre": "drama", "title_minutes": 90.0,
            "hours_viewed": hours.ravel(),
        }
    )  # fmt: skip
    every = every.filter((pl.col("title_id") > 0) | (pl.col("days_since_release") <= 10))
    parts = pl.DataFrame({"cluster": range(CLUSTERS)})
    own = every.filter(pl.col("title_id") == 0).select(
        "title_id", "days_since_release", "hours_viewed", title=pl.lit("A")
    )
    return every, own.join(parts, how="cross")
