"""Licences that end: what their windows carry, and what they cost against their substitutes.

A title's cost per hour is four weeks' fees of the windows that end over the hours in them.
Its substitutes are the other licensed titles of its genre, in just the countries where its windows
end; the middle of their costs per hour is what an hour in its place would cost. Costs are facts:
intervals are those of the hours, by leaving out clusters of accounts (grouped jackknife, Shao & Tu
1995, The Jackknife and Bootstrap, ch. 2). So a title is dearer only where that is more than who
happened to be watching, after all titles that end were tried (Benjamini & Hochberg 1995). Hours of
few viewers are skewed: they are tested by the gamma of Fay & Feuer 1997, Statistics in Medicine 16,
791-801, with the heaviest cluster for the largest weight.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTER, CLUSTERS, Estimate, Scope, counted_by, every_group
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Condition, Filter, conjunction
from queries.formula import Array
from queries.interval import left_out, margin, student
from queries.model import Query
from queries.small_cells import is_withheld
from queries.tails import gammaincc

FEWEST_SUBSTITUTES = 5
FEWEST_VIEWERS = 10
FALSE_DISCOVERIES = 0.05
_WINDOW = ("title_id", "title", "genre", "country", "window_end", "fee")
_OTHERS = ("title_id", "genre", "country")
_COST = "accrued_28_days_usd"
_OF_VIEWERS = (
    "hours", "share", "viewers", "cost_per_hour", "times", "priced_hours", "variance", "heaviest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stake:
    """What is at stake in the windows that end.

    `titles` has a row a title, the most watched first: `title_id`, `title`, `genre`, `ends_on` (the
    first end), `countries`, `viewers`; `hours`, `share` and `cost_per_hour`, each with `_low` and
    `_high`; `fee_usd` and `accrued_28_days_usd` of windows whose fee is known, `unknown_fees`;
    `substitutes`, `substitute_usd` (the middle of their costs per hour) and `times` (cost per hour
    over it) with its ends; `priced_hours`, of windows whose fee is known, with their `variance` and
    the `heaviest` cluster of them. All are of the last 28 days but `fee_usd`, which is whole. What
    is of viewers is null of titles with fewer than ten of them, and where it would give those away
    (`is_withheld`).
    """

    titles: pl.DataFrame
    hours: Estimate
    share: Estimate

    def tested(self, threshold: float = 1.0) -> pl.DataFrame:
        """Titles that can be held against so many times their substitutes, the surest first.

        With `p`, one-sided, of costing no more, and `q` over all of them. Titles with fewer than
        ten viewers in four weeks are not told.
        """
        wanted = pl.col("accrued_28_days_usd") / (threshold * pl.col("substitute_usd"))
        held = self.titles.filter(
            (pl.col("viewers") >= FEWEST_VIEWERS)
            & (pl.col("times") > 0)
            & pl.col("variance").is_finite()
        ).with_columns(wanted=wanted)
        amounts = (held[n].to_numpy() for n in ("priced_hours", "variance", "heaviest", "wanted"))
        p = _chance_of_fewer(*amounts)
        q = pl.Series(benjamini_hochberg(p.tolist()), dtype=pl.Float64)
        return (
            held.with_columns(p=pl.Series(p, dtype=pl.Float64), q=q).drop("wanted").sort("q", "p")
        )

    def dearer(self, threshold: float = 1.0) -> pl.DataFrame:
        """Those beyond so many times their substitutes by more than chance, the dearest first."""
        sure = self.tested(threshold).filter(pl.col("q") <= FALSE_DISCOVERIES)
        return sure.sort("times", descending=True)


def ending(scope: Scope, days: int) -> Condition:
    """What a scope keeps, of windows that end within so many days after the last complete one."""
    soon = Filter(scope.dataset.dimension("days_to_end"), "between", (1, days))
    kept = conjunction(scope.where, soon)
    assert kept is not None  # noqa: S101  # there is one
    return kept


def questions(viewing: Scope, licences: Scope, all_viewing: Scope, all_licences: Scope,
              days: int) -> list[Query]:  # fmt: skip
    """The questions of `stake`: of what ends in the view, then of everything it is held against."""
    soon = replace(viewing, where=ending(viewing, days))
    ends = replace(licences, where=ending(licences, days))
    licensed = Filter(all_licences.dataset.dimension("fee"), "in", ("licensed",))
    others = replace(all_licences, where=conjunction(all_licences.where, licensed))
    return [
        counted_by(soon, ["hours_28_days", "viewings_28_days"], ["title_id", "fee"]),
        counted_by(all_viewing, ["hours_28_days"], []),
        counted(ends, ("fee_usd", _COST), _WINDOW),
        counted(others, (_COST, "hours_28_days"), _OTHERS),
    ]


def counted(scope: Scope, metrics: tuple[str, ...], by: tuple[str, ...]) -> Query:
    """Metrics of every group, without intervals: what is no sample, or is read further."""
    return every_group(scope, metrics, map(scope.dataset.dimension, by))


def stake(
    watched: pl.DataFrame, everything: pl.DataFrame, windows: pl.DataFrame, others: pl.DataFrame
) -> Stake:
    """Read the answers to `questions`, in their order."""
    whole = laid_out(everything.with_columns(pl.lit(0).alias("title_id")), "hours_28_days", [0])
    ids: list[int] = windows["title_id"].unique().sort().to_list()
    cells = _Cells(
        hours=laid_out(watched, "hours_28_days", ids),
        priced=laid_out(watched.filter(pl.col("fee") == "licensed"), "hours_28_days", ids),
        viewers=laid_out(watched, "viewings_28_days", ids),
        whole=whole[0],
    )
    rows = list(_titles(windows, others, cells))
    gone = is_withheld(cells.people, FEWEST_VIEWERS)
    titles = pl.DataFrame(rows, schema=_SCHEMA, infer_schema_length=None).with_columns(
        pl.Series("is_withheld", gone, pl.Boolean)
    )
    of_people = [c for c in _SCHEMA if c.startswith(_OF_VIEWERS)]
    titles = titles.with_columns(
        pl.when("is_withheld").then(None).otherwise(pl.col(of_people)).name.keep()
    )
    at_stake = cells.hours.sum(axis=0)
    return Stake(
        titles=titles.sort(["hours", "title_id"], descending=[True, False], nulls_last=True),
        hours=_around(float(at_stake.sum()), float(_total_margin(at_stake[None, :])[0])),
        share=share_of(at_stake, cells.whole),
    )


_NUMBERS = (
    "hours", "hours_low", "hours_high", "share", "share_low", "share_high", "fee_usd",
    "accrued_28_days_usd", "cost_per_hour", "cost_per_hour_low", "cost_per_hour_high",
    "substitute_usd", "times", "times_low", "times_high", "priced_hours", "variance", "heaviest",
)  # fmt: skip
_SCHEMA: dict[str, Any] = {
    "title_id": pl.Int64, "title": pl.String, "genre": pl.String, "ends_on": pl.Date,
    "countries": pl.Int64, "viewers": pl.Int64, "unknown_fees": pl.Int64, "substitutes": pl.Int64,
    **dict.fromkeys(_NUMBERS, pl.Float64),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Cells:
    """By title and cluster: hours of four weeks, hours in windows with a fee, and who watched."""

    hours: Array
    priced: Array
    viewers: Array
    whole: Array

    @property
    def people(self) -> Array:
        """At least how many accounts watched each title: who has two windows is counted once."""
        seen = self.viewers.sum(axis=1)
        clusters = (self.viewers > 0).sum(axis=1).astype(np.float64)
        return np.minimum(seen, clusters) if self.viewers.shape[1] > 1 else seen


def _titles(windows: pl.DataFrame, others: pl.DataFrame, cells: _Cells) -> Iterator[dict[str, Any]]:
    """A row a title whose windows end, watched or not, in the order of their ids."""
    spread, priced_spread = _total_margin(cells.hours), _total_margin(cells.priced)
    variance = (priced_spread / student(CLUSTERS - 1)) ** 2
    rivals = Rivals.of(others)
    rows = windows.sort("title_id").iter_rows(named=True)
    for place, (title_id, group) in enumerate(groupby(rows, key=itemgetter("title_id"))):
        mine = list(group)
        licensed = [row for row in mine if row["fee"] == "licensed"]
        known = {
            "title_id": title_id,
            "title": mine[0]["title"],
            "genre": mine[0]["genre"],
            "ends_on": min(row["window_end"] for row in mine),
            "countries": len({row["country"] for row in mine}),
            "viewers": int(cells.viewers[place].sum()),
            "unknown_fees": sum(row["fee"] == "unknown" for row in mine),
            "priced_hours": float(cells.priced[place].sum()),
            "variance": float(variance[place]),
            "heaviest": float(cells.priced[place].max()),
        }
        hours = _around(float(cells.hours[place].sum()), float(spread[place]))
        priced = _around(float(cells.priced[place].sum()), float(priced_spread[place]))
        share = share_of(cells.hours[place], cells.whole)
        places = {row["country"] for row in licensed}
        substitutes = rivals.median(title_id, mine[0]["genre"], places)
        yield (
            known
            | ends_of("hours", hours)
            | ends_of("share", share)
            | _price(licensed, priced, substitutes)
        )


def _price(
    licensed: list[dict[str, Any]], hours: Estimate, substitutes: tuple[int, float | None]
) -> dict[str, Any]:
    """What the windows of a title cost by the hour, against what its substitutes do."""
    count, median = substitutes
    accrued = float(sum(row[_COST] or 0 for row in licensed))
    found: dict[str, Any] = {
        "fee_usd": float(sum(row["fee_usd"] or 0 for row in licensed)) if licensed else None,
        "accrued_28_days_usd": accrued if licensed else None,
        "substitutes": count,
        "substitute_usd": median,
    }
    for end, watched in (("", hours.value), ("_low", hours.high), ("_high", hours.low)):
        cost = _over(accrued, watched)
        found |= {f"cost_per_hour{end}": cost, f"times{end}": _over(cost, median)}
    return found


def _around(value: float, spread: float) -> Estimate:
    return Estimate(value, max(0.0, value - spread), value + spread)


def ends_of(name: str, found: Estimate) -> dict[str, float]:
    """An estimate as columns: the value and its two ends."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


@dataclass(frozen=True, slots=True)
class Rivals:
    """Accrued fees and hours of licensed titles, `titles x countries` by genre."""

    countries: dict[str, int]
    by_genre: dict[str, tuple[Array, Array, Array]]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Rivals":
        """From rows of a title, its genre and a country, with fees and hours of four weeks."""
        known = frame.drop_nulls(["genre", "country"])
        names: list[str] = known["country"].unique().sort().to_list()
        countries = {name: i for i, name in enumerate(names)}
        found: dict[str, tuple[Array, Array, Array]] = {}
        for (genre,), rows in known.group_by(["genre"]):
            ids, at = np.unique(rows["title_id"].to_numpy(), return_inverse=True)
            where = (at, np.array([countries[c] for c in rows["country"]], np.intp))
            fees, hours = (np.zeros((len(ids), len(names))) for _ in range(2))
            np.add.at(fees, where, rows[_COST].fill_null(0).to_numpy())
            np.add.at(hours, where, rows["hours_28_days"].fill_null(0).to_numpy())
            found[str(genre)] = (ids, fees, hours)
        return cls(countries, found)

    def median(
        self, title_id: int, genre: str | None, countries: Collection[str]
    ) -> tuple[int, float | None]:
        """How many others there are in these countries, and the middle of their costs per hour.

        The mean of the three in the middle of an odd number, of the two of an even one: a plain
        median would tell what one of them costs, and with its fee how much it is watched. One that
        nobody watched costs more per hour than any; None where there are fewer than five, or where
        nobody watched one of the middle.
        """
        if genre not in self.by_genre:
            return 0, None
        ids, fees, hours = self.by_genre[genre]
        columns = [self.countries[c] for c in countries if c in self.countries]
        fee, hour = fees[:, columns].sum(axis=1), hours[:, columns].sum(axis=1)
        kept = (fee > 0) & (ids != title_id)
        if kept.sum() < FEWEST_SUBSTITUTES:
            return int(kept.sum()), None
        with np.errstate(divide="ignore"):
            costs = np.sort(fee[kept] / hour[kept])
        edge = (len(costs) - 2) // 2
        middle = float(costs[edge : len(costs) - edge].mean())
        return len(costs), middle if np.isfinite(middle) else None


def laid_out(frame: pl.DataFrame, value: str, ids: list[int]) -> Array:
    """A value as `titles x clusters`, nothing where a title has no row."""
    clusters = CLUSTERS if CLUSTER.name in frame.columns else 1
    found = np.zeros((len(ids), clusters))
    place = {title: i for i, title in enumerate(ids)}
    numbers = frame[CLUSTER.name] if clusters > 1 else pl.repeat(0, frame.height, eager=True)
    rows = zip(frame["title_id"], numbers.fill_null(0), frame[value].fill_null(0), strict=True)
    for title, cluster, amount in rows:
        if title in place:
            found[place[title], int(cluster) % CLUSTERS] += amount
    return found


def share_of(part: Array, whole: Array) -> Estimate:
    """A part of a whole by cluster, the same clusters left out of both."""
    if whole.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan)
    above, below = left_out(np.stack([part, whole]), whole > 0)
    with np.errstate(all="ignore"):
        spread = float(margin((above / below)[None, :])[0])
    value = float(part.sum() / whole.sum())
    return Estimate(value, max(0.0, value - spread), min(1.0, value + spread))


def _total_margin(cells: Array) -> Array:
    """Half-widths of totals of `groups x clusters`: of a sum over clusters drawn alike."""
    clusters = cells.shape[1]
    if clusters < CLUSTERS:
        return np.full(len(cells), np.nan)
    spread = np.sqrt(clusters * cells.var(axis=1, ddof=1))
    return np.asarray(student(clusters - 1) * spread, dtype=np.float64)


def _chance_of_fewer(hours: Array, variance: Array, heaviest: Array, wanted: Array) -> Array:
    """The p of so few hours, were `wanted` hours usual: Fay and Feuer's upper gamma."""
    above, spread = hours + heaviest, variance + heaviest**2
    return np.asarray(gammaincc(above**2 / spread, wanted * above / spread), dtype=np.float64)


def _over(amount: float | None, by: float | None) -> float | None:
    """One over the other; None where there is nothing to divide, or to divide by."""
    return amount / by if amount and by else None
