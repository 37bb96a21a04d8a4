"""Scenes that lose viewers: where in an episode more leave than in the same episode of comparables.

Positions are per cent of the runtime, so that titles of different length can be held against each
other. In each window of five per cent, those who left are held against how many would have at the
comparables' hazard (the numerator of the one-sample log-rank test, Breslow 1975, International
Statistical Review 43, 45-57, cut by position); how that varies is read
off the jackknife over clusters of accounts, so that one account's plays count as they resemble each
other. Benjamini & Hochberg 1995 over every episode and window.

Small cells: windows that fewer than 200 plays reach are no part, and curves end where fewer than
ten accounts are left.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from queries.analyses.cluster import CLUSTER, CLUSTERS, Scope, counted_by, named
from queries.analyses.multiple_testing import q_values
from queries.analyses.survival import Counts, crowd_of, told
from queries.condition import Condition, Filter, conjunction
from queries.formula import Array
from queries.interval import FEWEST_CLUSTERS, is_present, left_out, student
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN
from queries.tails import stdtr

GRID: Array = np.arange(0.0, 101.0)
WINDOW = 5
LAST = 90
LEVEL = 0.05
MATERIAL = 2.0
MATERIAL_WHOLE = 1.25
FEWEST_AT_RISK = 200
_PLACE = "__place"
_NUMBERS = ("at_risk", "left", "expected", "rate", "usual", "error", "p")


def questions(scope: Scope, by: tuple[str, ...] = ("episode",)) -> tuple[Query, Query]:
    """Plays by where they began, and by where and why they ended."""
    played = conjunction(scope.where, *_only_plays(scope))
    whole = replace(scope, where=played)
    return (
        counted_by(whole, ["rows"], [*by, "start_position"]),
        counted_by(whole, ["rows"], [*by, "position", "was_left"]),
    )


def question(scope: Scope, by: tuple[str, ...] = ("episode",)) -> Query:
    """The same in one: plays by where they began, ended and why. For few groups, of many rows.

    Its answer is both of theirs.
    """
    whole = replace(scope, where=conjunction(scope.where, *_only_plays(scope)))
    return counted_by(whole, ["rows"], [*by, "start_position", "position", "was_left"])


def _only_plays(scope: Scope) -> tuple[Condition, ...]:
    dataset = scope.dataset
    return (
        Filter(dataset.dimension("outcome"), "in", ("played",)),
        Filter(dataset.dimension("position"), "not missing"),
        Filter(dataset.dimension("was_left"), "not missing"),
    )


def positions(entries: pl.DataFrame, exits: pl.DataFrame) -> Counts:
    """Counts on the grid of per cents, from answers to `questions` about one group."""
    return _counted(entries, exits, pl.DataFrame({_PLACE: [0]}))[0]


def positions_by(
    entries: pl.DataFrame, exits: pl.DataFrame, keys: tuple[str, ...]
) -> dict[tuple[Any, ...], Counts]:
    """The same of every group that plays end in, by its values of the keys, in their order."""
    groups = exits.select(keys).drop_nulls().unique().sort(keys)
    places = groups.with_row_index(_PLACE)
    began, ended = (f.join(places, on=list(keys), how="inner") for f in (entries, exits))
    return dict(zip(groups.rows(), _counted(began, ended, places), strict=True))


def _counted(entries: pl.DataFrame, exits: pl.DataFrame, places: pl.DataFrame) -> list[Counts]:
    left = pl.col("was_left")

    def gridded(began: pl.DataFrame, ended: pl.DataFrame) -> list[Counts]:
        grids = (
            _on_grids(ended.filter(left), "position", places.height),
            _on_grids(ended.filter(~left), "position", places.height),
            _on_grids(began, "start_position", places.height),
        )
        return [Counts(GRID, *(grid[place] for grid in grids)) for place in range(places.height)]

    whole, began, ended = gridded(entries, exits), named(entries), named(exits)
    if began is entries and ended is exits:
        return whole
    crowds = (crowd_of(counted) for counted in gridded(began, ended))
    return [replace(c, crowd=crowd) for c, crowd in zip(whole, crowds, strict=True)]


def at_risk(counted: Counts) -> Array:
    """Plays that pass each per cent, by cluster."""
    leaving = counted.events + counted.censored
    entered = leaving * 0 if counted.entered is None else counted.entered
    return np.asarray(np.cumsum(entered, axis=0) - np.cumsum(leaving, axis=0) + leaving)


def accounts_of(counted: Counts) -> Array:
    """How many accounts pass each per cent, or more: the clusters of accounts that do."""
    return crowd_of(counted) if counted.crowd is None else counted.crowd


@dataclass(frozen=True, slots=True)
class Part:
    """One episode of a title, and the same episode of its comparables."""

    title: str
    episode: int
    own: Counts
    comparables: Counts


def scenes(parts: list[Part]) -> pl.DataFrame:
    """Every window of every part, the surest excess first.

    Columns title, episode, start, end (per cent), at_risk, left, expected, rate (share of those who
    came there that left in it), usual (the same of the comparables), error (the standard error of
    left less expected, as a share of at_risk), p and q. Windows that fewer than 200 plays reach are
    not judged.
    """
    rows = [row for part in parts for row in _windows(part)]
    places = {"title": pl.String, "episode": pl.Int64, "start": pl.Int64, "end": pl.Int64}
    schema = {**places, **dict.fromkeys(_NUMBERS, pl.Float64)}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(q=q_values(table["p"])).sort("q", "p", "title", "episode", "start")


def losing(table: pl.DataFrame) -> pl.DataFrame:
    """The windows that lose more than chance allows, neighbours joined; the surest first.

    And at least twice as many as usual: large titles show small differences that no cut explains.
    """
    sure = table.filter((pl.col("q") <= LEVEL) & (pl.col("rate") >= MATERIAL * pl.col("usual")))
    keys = ["title", "episode"]
    run = (pl.col("start") != pl.col("end").shift().over(keys)).fill_null(value=True)
    return (
        sure.sort(*keys, "start")
        .with_columns(run=run.cast(pl.Int64).cum_sum())
        .group_by(*keys, "run")
        .agg(
            pl.col("start").min(),
            pl.col("end").max(),
            pl.col("at_risk").max(),
            pl.col("left", "expected").sum(),
            (pl.col("error") * pl.col("at_risk")).sum().alias("error"),
            pl.col("p", "q").min(),
        )
        .with_columns(
            pl.col("error") / pl.col("at_risk"),
            rate=pl.col("left") / pl.col("at_risk"),
            usual=pl.col("expected") / pl.col("at_risk"),
        )
        .sort("q", "p")
        .drop("run")
    )


def whole_curves(parts: list[Part]) -> pl.DataFrame:
    """How many leave each part in all, against how many would at the comparables' hazard.

    Columns title, episode, at_risk (plays that begin it), left, expected, ratio (left over
    expected, which is the hazard ratio of the log-rank test: Peto & Peto 1972) with low and high,
    p and q. Two-sided, and clustered by account as the windows are.
    """
    rows = [row for part in parts if (row := _whole(part)) is not None]
    places = {"title": pl.String, "episode": pl.Int64}
    numbers = ("at_risk", "left", "expected", "ratio", "low", "high", "p")
    table = pl.DataFrame(
        rows, schema={**places, **dict.fromkeys(numbers, pl.Float64)}, orient="row"
    )
    return table.with_columns(q=q_values(table["p"])).sort("q", "p", "title", "episode")


def standing_apart(curves: pl.DataFrame) -> pl.DataFrame:
    """The parts that are left more than chance allows, and by a quarter more than comparables."""
    return curves.filter((pl.col("q") <= LEVEL) & (pl.col("ratio") >= MATERIAL_WHOLE))


def _whole(part: Part) -> tuple[object, ...] | None:
    own, others = at_risk(part.own), at_risk(part.comparables)
    begun = float(part.own.events.sum() + part.own.censored.sum())
    crowd = min(accounts_of(side).max() for side in (part.own, part.comparables))
    if min(begun, others[0].sum()) < FEWEST_AT_RISK or crowd < FEWEST_SHOWN:
        return None
    sides = [s[None, :LAST] for s in (part.own.events, own, part.comparables.events, others)]
    left, expected = (
        float(n[0, 0]) for n in _excess([s.sum(axis=2, keepdims=True) for s in sides])
    )
    present = is_present(np.concatenate([sides[1][0], sides[3][0]]))
    ends = _excess([left_out(s, present) for s in sides])
    with np.errstate(all="ignore"):
        logs = np.log(ends[0][0] / ends[1][0])
    clusters = len(logs)
    if clusters < FEWEST_CLUSTERS or not np.isfinite([*logs, np.log(left / expected)]).all():
        return (part.title, part.episode, begun, left, expected, *([None] * 3), 1.0)
    error = float(np.sqrt((clusters - 1) / clusters * ((logs - logs.mean()) ** 2).sum()))
    middle = float(np.log(left / expected))
    p = 2 * float(stdtr(clusters - 1, -abs(middle) / error)) if error > 0 else 1.0
    wide = student(clusters - 1) * error
    low, ratio, high = (float(np.exp(middle + end)) for end in (-wide, 0.0, wide))
    return (part.title, part.episode, begun, left, expected, ratio, low, high, p)


def curve(counted: Counts) -> pl.DataFrame:
    """The survival curve of one group with its clustered bands, where ten accounts are at risk."""
    return told(counted).frame


def lost(counted: Counts, start: int, end: int) -> float:
    """Of those still watching at `start`, the share that leaves before `end` (product limit)."""
    here = slice(start, end)
    events, risk = counted.events[here].sum(axis=1), at_risk(counted)[here].sum(axis=1)
    with np.errstate(all="ignore"):
        staying = np.where(risk > 0, 1 - events / risk, 1.0)
    return 1 - float(np.prod(staying))


def _windows(part: Part) -> list[tuple[object, ...]]:
    own, others = at_risk(part.own), at_risk(part.comparables)
    parts = (part.own.events, own, part.comparables.events, others)
    sides = [_cut(side) for side in parts]
    came = sides[1][:, 0].sum(axis=1)
    reached = np.minimum(came, sides[3][:, 0].sum(axis=1)) >= FEWEST_AT_RISK
    sides, came = [side[reached] for side in sides], came[reached]
    left, expected = (n[:, 0] for n in _excess([s.sum(axis=2, keepdims=True) for s in sides]))
    p, error = _chances(sides, left - expected)
    numbers = (came, left, expected, left / came, expected / came, error / came, p)
    starts = np.arange(0, LAST, WINDOW)[reached].tolist()
    found = zip(starts, *(n.tolist() for n in numbers), strict=True)
    return [(part.title, part.episode, at, at + WINDOW, *rest) for at, *rest in found]


def _cut(grid: Array) -> Array:
    """A grid as `windows x per cents x clusters`."""
    return grid[:LAST].reshape(LAST // WINDOW, WINDOW, -1)


def _excess(sides: list[Array]) -> tuple[Array, Array]:
    events, risk, other_events, other_risk = sides
    with np.errstate(all="ignore"):
        hazard = np.where(other_risk > 0, other_events / other_risk, 0)
    return events.sum(axis=1), (risk * hazard).sum(axis=1)


def _chances(sides: list[Array], excess: Array) -> tuple[Array, Array]:
    """One-sided p of excesses, as only a scene that loses more is a finding; and their errors."""
    present = (sides[1] + sides[3]).sum(axis=1) != 0
    clusters = present.sum(axis=1)
    left, expected = _excess([s.sum(axis=2, keepdims=True) - s for s in sides])
    with np.errstate(all="ignore"):
        # Totals of one cluster fewer: scaled back to all of them.
        parts = (left - expected) * (clusters / (clusters - 1))[:, None]
        mean = np.where(present, parts, 0.0).sum(axis=1) / clusters
        squares = np.where(present, (parts - mean[:, None]) ** 2, 0.0).sum(axis=1)
        error = np.sqrt((clusters - 1) / clusters * squares)
        p = np.where(error > 0, stdtr(clusters - 1, -excess / error), 1.0)
    is_known = clusters >= FEWEST_CLUSTERS
    return np.where(is_known, p, 1.0), np.where(is_known, error, np.inf)


def _on_grids(frame: pl.DataFrame, name: str, groups: int) -> Array:
    """Plays as `groups x per cents x clusters`; all of one group where no place is told."""
    place = frame[name].cast(pl.Float64).fill_null(0).clip(0, 100).cast(pl.Int64).to_numpy()
    if _PLACE in frame.columns:
        place = frame[_PLACE].cast(pl.Int64).to_numpy() * len(GRID) + place
    if CLUSTER.name in frame.columns:
        cluster = frame[CLUSTER.name].cast(pl.Int64).fill_null(0).to_numpy()
        place = place * CLUSTERS + cluster % CLUSTERS
    else:
        place = place * CLUSTERS
    shape = (groups, len(GRID), CLUSTERS)
    found = np.bincount(place, frame["rows"].to_numpy(), minlength=int(np.prod(shape)))
    return found.astype(np.float64).reshape(shape)
