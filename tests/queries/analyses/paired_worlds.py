"""Worlds of skewed accounts in two periods, by group and bucket, without a lake."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from queries.dataset import ROWS, Metric
from queries.estimation import Estimation
from queries.formula import Array, Formula, parse
from queries.paired import Paired

BUCKETS = 256
HOURS = Metric(name="hours", label="Hours", formula=parse("sum(hours)"))
RATE = Metric(
    name="rate",
    label="Rate",
    formula=parse("sum(clicks) / sum(seen)"),
    kind="ratio",
    format="percent",
)


def keys_of(formula: Formula | Estimation) -> dict[str, str]:
    """The key of each aggregate, by the column that it sums."""
    return {next(iter(a.columns)): a.key for a in formula.aggregates() if a.columns}


KEYS = {**keys_of(HOURS.formula), **keys_of(RATE.formula), "rows": ROWS.key}


def paired_of(
    now: Mapping[str, Array], before: Mapping[str, Array], population: Array | None = None
) -> Paired:
    """Both periods from `groups x buckets` of the columns hours, clicks, seen, rows."""
    groups, buckets = next(iter(now.values())).shape
    names = pl.DataFrame({"group": [f"group {i}" for i in range(groups)]})
    people = np.full(buckets, 100.0) if population is None else population
    return Paired(
        names,
        {KEYS[name]: cells for name, cells in now.items()},
        {KEYS[name]: cells for name, cells in before.items()},
        people,
    )


def whole_of(paired: Paired) -> Paired:
    """All groups as one."""
    return Paired(
        pl.DataFrame({"__group": [0]}),
        {key: cells.sum(axis=0, keepdims=True) for key, cells in paired.now.items()},
        {key: cells.sum(axis=0, keepdims=True) for key, cells in paired.before.items()},
        paired.population,
    )


class World:
    """Accounts of one world: a group each, skewed habits that last, and luck in each period."""

    def __init__(self, rng: np.random.Generator, accounts: int, groups: int) -> None:
        self.rng = rng
        self.bucket = rng.integers(0, BUCKETS, accounts)
        self.population = np.bincount(self.bucket, minlength=BUCKETS).astype(float)
        weights = 1.0 / np.arange(1, groups + 1)
        self.group = rng.choice(groups, accounts, p=weights / weights.sum())
        self.groups = groups
        self.taste = rng.normal(0, 0.7, accounts)
        self.rate = rng.beta(0.7, 6, accounts)

    def period(self, lift: float | Array = 1.0, rates: float | Array = 1.0) -> dict[str, Array]:
        """One period by group and bucket."""
        return {name: self.cells(values) for name, values in self.columns(lift, rates).items()}

    def columns(self, lift: float | Array = 1.0, rates: float | Array = 1.0) -> dict[str, Array]:
        """By account. `lift` multiplies hours and slots seen, `rates` the chance of a click."""
        size, rng = len(self.bucket), self.rng
        is_here = rng.random(size) > 0.3
        hours = np.exp(self.taste + rng.normal(0, 0.64, size)) * is_here * lift
        seen = rng.poisson(8 * np.broadcast_to(lift, size)) * is_here
        clicks = rng.binomial(seen, np.clip(self.rate * rates, 0, 1))
        columns = {"hours": hours, "seen": seen, "clicks": clicks, "rows": is_here}
        return {name: values.astype(float) for name, values in columns.items()}

    def cells(self, values: Array) -> Array:
        laid_out = np.zeros((self.groups, BUCKETS))
        np.add.at(laid_out, (self.group, self.bucket), values)
        return laid_out
