"""Experiments read from their accounts: cells, counts, effects, and how they came to be day by day.

One question serves every tile about experiments, so that they agree and share one answer.

Small cells: experiments with a cell of a handful are left out, segments and days below 200 accounts
too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from queries.analyses.account_moments import (
    LETTERS,
    PAIRS,
    Moments,
    is_account_ratio,
    moments,
    with_moments,
)
from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.dataset import Metric, TimeBucket
from queries.estimators.effect import Effect, Level, effect, levels, shared_alpha
from queries.estimators.sample_ratio import SampleRatio, sample_ratio
from queries.formula import parse
from queries.model import Query
from queries.period import Grain
from queries.small_cells import FEWEST_SHOWN

_ABOUT = (
    "experiment_id", "experiment", "unit", "primary_metric", "guardrails", "planned_accounts",
    "started", "ends", "cell", "cell_position", "planned_share",
)  # fmt: skip
_COUNTS = ("rows", "exposed")
FEWEST_ACCOUNTS = 200
_PLANNED = 5_000


@dataclass(frozen=True, slots=True)
class Cell:
    """`moments` by metric, over the accounts exposed."""

    name: str
    position: int
    share: float
    allocated: float
    exposed: float
    moments: Mapping[str, Moments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """The control is the first of `cells`. `planned` is the number of accounts in all."""

    number: int
    name: str
    unit: str
    primary: str
    guardrails: tuple[str, ...]
    planned: float
    started: date | None
    ends: date | None
    cells: tuple[Cell, ...]

    @property
    def treatments(self) -> tuple[Cell, ...]:
        return self.cells[1:]

    @property
    def exposed(self) -> float:
        return sum(cell.exposed for cell in self.cells)

    @property
    def alpha(self) -> float:
        return shared_alpha(len(self.treatments))

    def is_running(self, latest: date | None) -> bool:
        """Whether days of it are still to come after the last complete one."""
        return latest is not None and self.ends is not None and self.ends > latest

    def ratios(self) -> tuple[SampleRatio, SampleRatio]:
        """Of the accounts allocated, and of those exposed."""
        shares = [cell.share for cell in self.cells]
        allocated = sample_ratio([cell.allocated for cell in self.cells], shares)
        return allocated, sample_ratio([cell.exposed for cell in self.cells], shares)

    @property
    def is_broken(self) -> bool:
        return any(ratio.is_broken for ratio in self.ratios())

    def levels(self, metric: str, *, adjusted: bool = True) -> tuple[Level, ...]:
        return levels([cell.moments[metric] for cell in self.cells], adjusted=adjusted)

    def effects(self, metric: str, *, adjusted: bool = True) -> tuple[Effect, ...]:
        """Of each treatment against the control."""
        control, *treated = self.levels(metric, adjusted=adjusted)
        return tuple(effect(level, control, self.planned, self.alpha) for level in treated)


def question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """Counts and moments by experiment and cell, and by `by`; over every day there is."""
    dataset = scope.dataset
    asked = [m for m in dataset.metrics if is_account_ratio(m)]
    able, metrics = with_moments(dataset, asked)
    counts = tuple(dataset.metric(name) for name in _COUNTS)
    return Query(
        dataset=able,
        metrics=(*counts, *metrics),
        by=tuple(dataset.dimension(name) for name in (*_ABOUT, *by)),
        where=scope.where,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def read(frame: pl.DataFrame) -> tuple[Experiment, ...]:
    """The experiments of an answer to `question`, the newest first.

    Not those of which a cell has some accounts, but fewer than ten: its effect would be theirs.
    """
    known = frame.drop_nulls(["experiment_id", "cell", "cell_position"])
    every = [_experiment(group) for group in known.partition_by("experiment_id")]
    found = [e for e in every if not any(_is_of_few(cell) for cell in e.cells)]
    return tuple(sorted(found, key=lambda e: (e.started or date.min, e.number), reverse=True))


def _is_of_few(cell: Cell) -> bool:
    return any(0 < n < FEWEST_SHOWN for n in (cell.allocated, cell.exposed))


def segments(frame: pl.DataFrame, by: str) -> Iterator[tuple[Any, Experiment]]:
    """One experiment in each of its segments: read the answer to a question by `by` too."""
    for group in frame.drop_nulls([by]).partition_by(by):
        for experiment in read(group):
            yield group[by][0], experiment


def days_question(scope: Scope, by: Sequence[str] = ()) -> Query:
    """What every day added to the moments of an experiment's primary metric, by cell and `by`."""
    dataset = scope.dataset
    added = tuple(
        Metric(name=letters, label=letters, formula=parse(f"sum({letters})"), interval="none")
        for letters in (*LETTERS, *PAIRS)
    )
    keys = (
        "experiment_id", "primary_metric", "planned_accounts", "cell", "cell_position",
        "planned_share",
    )  # fmt: skip
    return Query(
        dataset=replace(dataset, metrics=(*dataset.metrics, *added)),
        metrics=(dataset.metric("newly_exposed"), *added),
        by=(*(dataset.dimension(n) for n in (*keys, *by)), TimeBucket(dataset.time, Grain.DAY)),
        where=scope.where,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


@dataclass(frozen=True, slots=True)
class Cumulative:
    """One experiment's primary metric day by day.

    `frame` has columns day, cell, accounts, effect, low, high, always_low, always_high. Days on
    which a cell had fewer than `FEWEST_ACCOUNTS` accounts, or nothing to compare, are left out.
    `ratio` is of the accounts exposed.
    """

    metric: str
    ratio: SampleRatio
    frame: pl.DataFrame


def cumulative(frame: pl.DataFrame, *, adjusted: bool = True) -> Cumulative | None:
    """The effect as it stood at the end of each day, of the newest experiment in the answer."""
    own = days_of_newest(frame)
    if own.is_empty():
        return None
    groups = own.partition_by("cell", maintain_order=True)
    about = own.row(0, named=True)
    cells = {group["cell"][0]: _by_day(group) for group in groups}
    ratio = sample_ratio(
        [days[-1][1].count for days in cells.values()], [g["planned_share"][0] for g in groups]
    )
    planned = float(about["planned_accounts"] or _PLANNED)
    rows = [
        row
        for day in own["date"].unique().sort()
        for row in _effects_on(day, cells, planned, adjusted=adjusted)
    ]
    return Cumulative(about["primary_metric"], ratio, pl.DataFrame(rows))


def days_of_newest(frame: pl.DataFrame) -> pl.DataFrame:
    """Of an answer to `days_question`, the rows of the newest experiment, cell by cell."""
    known = frame.drop_nulls(["date", "cell_position", "planned_share"])
    if known.is_empty():
        return known
    newest = known.sort("date", "experiment_id")["experiment_id"][-1]
    return known.filter(pl.col("experiment_id") == newest).sort("cell_position", "date")


def _effects_on(
    day: date, cells: Mapping[str, "_Days"], planned: float, *, adjusted: bool
) -> Iterator[dict[str, Any]]:
    so_far = [_upto(days, day) for days in cells.values()]
    enough = [s for s in so_far if s is not None and s.count >= FEWEST_ACCOUNTS]
    if len(enough) < max(len(cells), len(("control", "treatment"))):
        return
    control, *treated = levels(enough, adjusted=adjusted)
    for name, level in zip([*cells][1:], treated, strict=True):
        found = effect(level, control, planned, shared_alpha(len(treated)))
        if not found.is_known:
            continue
        yield {
            "day": day,
            "cell": name,
            "accounts": level.count + control.count,
            "effect": found.value,
            "low": found.low,
            "high": found.high,
            "always_low": found.always_low,
            "always_high": found.always_high,
        }


_Days = list[tuple[date, Moments]]


def _by_day(group: pl.DataFrame) -> _Days:
    found: _Days = []
    for row in group.iter_rows(named=True):
        added = moments(row, "", float(row["newly_exposed"] or 0))
        found.append((row["date"], found[-1][1] + added if found else added))
    return found


def _upto(days: _Days, day: date) -> Moments | None:
    return next((so_far for when, so_far in reversed(days) if when <= day), None)


def _experiment(group: pl.DataFrame) -> Experiment:
    about = group.row(0, named=True)
    metrics = [name.removeprefix("y_of_") for name in group.columns if name.startswith("y_of_")]
    cells = [
        Cell(
            name=row["cell"],
            position=row["cell_position"],
            share=float(row["planned_share"] or 0),
            allocated=float(row["rows"] or 0),
            exposed=float(row["exposed"] or 0),
            moments={name: moments(row, name, float(row["exposed"] or 0)) for name in metrics},
        )
        for row in group.iter_rows(named=True)
    ]
    return Experiment(
        number=about["experiment_id"],
        name=about["experiment"] or f"Experiment {about['experiment_id']}",
        unit=about["unit"] or "",
        primary=about["primary_metric"] or "",
        guardrails=tuple(g for g in (about["guardrails"] or "").split(", ") if g),
        planned=float(about["planned_accounts"] or _PLANNED),
        started=about["started"],
        ends=about["ends"],
        cells=tuple(sorted(cells, key=lambda cell: cell.position)),
    )
