"""When work that is under way will be done, by drawing from how it went before.

Two forecasts, each with the 80 % interval of its draws. Throughput: weeks are drawn from the recent
ones until the remaining tasks are done (Monte Carlo throughput forecast; Vacanti, Actionable Agile
Metrics, 2015). Delivery of a production: the stages that each episode still needs take turns, each
as long as a finished task of that stage took; the last episode to end is the delivery.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng

from queries.formula import Array

DRAWS = 2_000
TENTHS = (0.1, 0.5, 0.9)
FEWEST_WEEKS = 6
FEWEST_TASKS = 10
_SEED = 20_260_101
_LONGEST = 520


@dataclass(frozen=True, slots=True)
class Forecast:
    """A tenth, a half and nine tenths of the draws: the outer two are the 80 % interval."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, draws: Array) -> "Forecast":
        low, middle, high = np.quantile(draws, TENTHS)
        return cls(float(low), float(middle), float(high))


@dataclass(frozen=True, slots=True)
class Took:
    """What finished tasks of a stage took, in days: in the queue, and after it; as pairs."""

    wait: Array
    work: Array

    def drawn(self, dice: Generator, shape: tuple[int, ...], capacity: float) -> Array:
        """Cycle times drawn with replacement; waits shrink in proportion to more capacity."""
        at = dice.integers(0, len(self.wait), shape)
        return np.asarray(self.wait[at] / capacity + self.work[at])

    def rest(self, dice: Generator, age: float, count: int, capacity: float) -> Array:
        """What is left of a task of this age: of cycle times longer than that, less the age.

        Where none was longer, half the median cycle is taken: it is late already, and not known.
        """
        times = self.wait / capacity + self.work
        longer = times[times > age]
        if not len(longer):
            return np.full(count, float(np.median(times)) / 2)
        return np.asarray(longer[dice.integers(0, len(longer), count)] - age)


def weeks_to_clear(finished: Array, remaining: int, capacity: float = 1.0) -> Forecast | None:
    """Weeks until `remaining` tasks are done, from tasks finished in each recent week.

    None with fewer than six weeks, or where nothing was finished in any of them.
    """
    if len(finished) < FEWEST_WEEKS or finished.sum() <= 0:
        return None
    if remaining <= 0:
        return Forecast(0.0, 0.0, 0.0)
    dice = default_rng(_SEED)
    horizon = min(_LONGEST, max(8, int(6 * remaining / (finished.mean() * capacity)) + 8))
    drawn = finished[dice.integers(0, len(finished), (DRAWS, horizon))] * capacity
    done = np.cumsum(drawn, axis=1)
    before = done - drawn
    week = np.argmax(done >= remaining, axis=1)
    never = done[:, -1] < remaining
    rows = np.arange(DRAWS)
    with np.errstate(all="ignore"):
        part = (remaining - before[rows, week]) / drawn[rows, week]
    return Forecast.of(np.where(never, float(horizon), week + part))


def took(tasks: pl.DataFrame) -> dict[str, Took]:
    """What each stage took, from finished tasks; stages with fewer than ten are left out."""
    done = tasks.filter(pl.col("finished") > 0)
    found: dict[str, Took] = {}
    for stage, rows in done.partition_by("stage", as_dict=True).items():
        if rows.height >= FEWEST_TASKS:
            wait = rows["wait_total"].to_numpy().astype(np.float64)
            cycle = rows["age"].to_numpy().astype(np.float64)
            found[str(stage[0])] = Took(wait, np.maximum(cycle - wait, 0))
    return found


def deliveries(
    tasks: pl.DataFrame,
    past: pl.DataFrame,
    stages: Sequence[str],
    capacity: Mapping[str, float] | None = None,
    due: Mapping[int, float] | None = None,
) -> pl.DataFrame:
    """For each production that is not delivered: days from now to its delivery.

    `tasks` has a row a task, of all time: production_id, production, episode, stage, finished, age,
    wait_total; `past` the same of those to draw from. `capacity` is a factor by stage, `due`
    the days from now to the planned delivery. Episodes that were not queued yet are not known.
    Columns production_id, production, remaining, low, middle, high and on_time, the share of draws
    that are delivered as planned; missing where a stage that it still needs has too few finished
    tasks to draw from.
    """
    known = took(past)
    factors, planned = dict(capacity or {}), dict(due or {})
    rows: list[tuple[object, ...]] = []
    for (number, name), own in tasks.partition_by(
        "production_id", "production", as_dict=True, maintain_order=True
    ).items():
        chains = _chains(own, stages)
        remaining = sum(len(stages) - at for at, _ in chains)
        if not remaining:
            continue
        needed = {s for at, _ in chains for s in stages[at:]}
        found = (nan, nan, nan, nan)
        if needed <= set(known):
            draws = _ends(chains, stages, known, factors)
            forecast, by = Forecast.of(draws), planned.get(int(str(number)), nan)
            found = (forecast.low, forecast.middle, forecast.high, _on_time(draws, by))
        rows.append((number, name, remaining, *found))
    schema = {
        "production_id": pl.Int64, "production": pl.String, "remaining": pl.Int64,
        "low": pl.Float64, "middle": pl.Float64, "high": pl.Float64, "on_time": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.col("low", "middle", "high", "on_time").fill_nan(None)
    )


def _on_time(draws: Array, by: float) -> float:
    """The share of draws up to a day, the one that is to come among them, so that none is 0."""
    return nan if isnan(by) else float(((draws <= by).sum() + 1) / (len(draws) + 1))


def _chains(own: pl.DataFrame, stages: Sequence[str]) -> list[tuple[int, float]]:
    """For each episode that is not done: the stage it is in, and how old its task there is.

    An episode between two stages stands at the next one with age 0.
    """
    place = {stage: i for i, stage in enumerate(stages)}
    chains: list[tuple[int, float]] = []
    for rows in own.filter(pl.col("stage").is_in(list(stages))).partition_by("episode"):
        reached = zip(rows["stage"].to_list(), (rows["finished"] > 0).to_list(), strict=True)
        at = max((place[s] + int(done) for s, done in reached), default=0)
        if at >= len(stages):
            continue
        open_here = rows.filter((pl.col("finished") == 0) & (pl.col("stage") == stages[at]))
        age = float(open_here["age"].max() or 0) if open_here.height else 0.0  # type: ignore[arg-type]
        chains.append((at, age))
    return chains


def _ends(
    chains: list[tuple[int, float]],
    stages: Sequence[str],
    known: Mapping[str, Took],
    factors: Mapping[str, float],
) -> Array:
    """Days to the end of the last episode, one a draw."""
    dice = default_rng(_SEED)
    last = np.zeros(DRAWS)
    for at, age in chains:
        first = known[stages[at]]
        end = first.rest(dice, age, DRAWS, factors.get(stages[at], 1.0))
        for stage in stages[at + 1 :]:
            end = end + known[stage].drawn(dice, (DRAWS,), factors.get(stage, 1.0))
        last = np.maximum(last, end)
    return last
