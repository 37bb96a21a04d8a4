"""What “95 %” means: over simulated worlds the intervals hold the truth 94 to 96 times in 100.

Accounts are skewed (lognormal, sigma .95), many are away, and the same accounts come back in the
second period; rows of an account go together. Each world is a row, so a batch is one array.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from queries.formula import Array, parse
from queries.interval import (
    Histogram,
    influence,
    margin,
    quantile_bounds,
    replicates,
    wilson,
)

BATCHES, WORLDS, ACCOUNTS, BUCKETS = 50, 120, 4_000, 256
AWAY = 0.3

Integers = NDArray[np.int64]


def summed(values: Array, bucket: Integers) -> Array:
    """Per world and bucket. `values` is worlds x accounts."""
    onehot = np.zeros((ACCOUNTS, BUCKETS))
    onehot[np.arange(ACCOUNTS), bucket] = 1.0
    return values @ onehot


class Batch:
    """Worlds that share which account is in which bucket."""

    def __init__(self, rng: np.random.Generator) -> None:
        shape = (WORLDS, ACCOUNTS)
        self.bucket = rng.integers(0, BUCKETS, ACCOUNTS)
        self.population = np.bincount(self.bucket, minlength=BUCKETS).astype(float)
        taste = rng.normal(0, 0.7, shape)
        self.here = [rng.random(shape) > AWAY for _ in range(2)]
        self.hours = [np.exp(taste + rng.normal(0, 0.64, shape)) * here for here in self.here]
        rate = rng.beta(0.7, 6, shape)
        self.seen = [rng.poisson(8, shape) * here for here in self.here]
        self.clicks = [rng.binomial(seen, rate) for seen in self.seen]

    def cells(self, values: NDArray[Any]) -> Array:
        return summed(values.astype(float), self.bucket)


def held(low: Array, high: Array, truth: float) -> float:
    return float(np.mean((low <= truth) & (truth <= high)))


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    rng = np.random.default_rng(20_261_124)
    return [Batch(rng) for _ in range(BATCHES)]


HOURS = parse("sum(hours)")
RATE = parse("sum(clicks) / sum(seen)")
ACCOUNTS_FORMULA = parse("count(distinct account_id)")
MEAN_HOURS = (1 - AWAY) * np.exp((0.7**2 + 0.64**2) / 2)
MEAN_RATE = 0.7 / 6.7


def keyed(formula: str, cells: Array) -> dict[str, Array]:
    (aggregate,) = parse(formula).aggregates()
    return {aggregate.key: cells}


def rates(batch: Batch, period: int) -> dict[str, Array]:
    return keyed("sum(clicks)", batch.cells(batch.clicks[period])) | keyed(
        "sum(seen)", batch.cells(batch.seen[period])
    )


def coverage(found: list[float]) -> float:
    return sum(found) / len(found)


def test_the_interval_of_a_total_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        cells = batch.cells(batch.hours[0])
        spread = replicates(HOURS, keyed("sum(hours)", cells), batch.population)
        total, error = cells.sum(axis=1), margin(spread)
        found.append(held(total - error, total + error, ACCOUNTS * MEAN_HOURS))
    assert 0.94 <= coverage(found) <= 0.96


def test_the_interval_of_a_ratio_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        cells = rates(batch, 0)
        value = RATE.evaluate({k: c.sum(axis=1) for k, c in cells.items()})
        error = margin(replicates(RATE, cells, batch.population))
        found.append(held(value - error, value + error, MEAN_RATE))
    assert 0.94 <= coverage(found) <= 0.96


def test_the_interval_of_a_change_of_a_total_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        cells = [batch.cells(hours) for hours in batch.hours]
        spreads = [replicates(HOURS, keyed("sum(hours)", c), batch.population) for c in cells]
        change = cells[1].sum(axis=1) - cells[0].sum(axis=1)
        error = margin(spreads[1] - spreads[0])
        found.append(held(change - error, change + error, 0.0))
    assert 0.94 <= coverage(found) <= 0.96


def test_the_interval_of_a_change_of_a_ratio_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        cells = [rates(batch, period) for period in (0, 1)]
        values = [RATE.evaluate({k: c.sum(axis=1) for k, c in cs.items()}) for cs in cells]
        spreads = [replicates(RATE, cs, batch.population) for cs in cells]
        error = margin(spreads[1] - spreads[0])
        change = values[1] - values[0]
        found.append(held(change - error, change + error, 0.0))
    assert 0.94 <= coverage(found) <= 0.96


def test_treating_the_periods_as_different_people_would_be_far_too_wide(
    batches: list[Batch],
) -> None:
    batch = batches[0]
    cells = [batch.cells(batch.clicks[p]) for p in (0, 1)]
    formula = parse("sum(clicks)")
    spreads = [replicates(formula, keyed("sum(clicks)", c), batch.population) for c in cells]
    paired = margin(spreads[1] - spreads[0]).mean()
    unpaired = np.sqrt(margin(spreads[0]) ** 2 + margin(spreads[1]) ** 2).mean()
    assert unpaired > 1.1 * paired


def test_the_interval_of_a_number_of_accounts_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        active = batch.here[0].sum(axis=1).astype(float)
        share = wilson(active, np.full(WORLDS, float(ACCOUNTS)))
        found.append(held(share.low, share.high, 1 - AWAY))
    assert 0.94 <= coverage(found) <= 0.96


def test_the_interval_of_a_change_in_accounts_holds(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        cells = [batch.cells(here) for here in batch.here]
        spreads = [
            replicates(ACCOUNTS_FORMULA, keyed("count(distinct account_id)", c), batch.population)
            for c in cells
        ]
        change = cells[1].sum(axis=1) - cells[0].sum(axis=1)
        error = margin(spreads[1] - spreads[0])
        found.append(held(change - error, change + error, 0.0))
    assert 0.94 <= coverage(found) <= 0.96


def test_a_binomial_interval_of_the_rate_would_hold_far_too_seldom(batches: list[Batch]) -> None:
    found: list[float] = []
    for batch in batches:
        clicks, seen = (x[0].sum(axis=1).astype(float) for x in (batch.clicks, batch.seen))
        naive = wilson(clicks, seen)
        found.append(held(naive.low, naive.high, MEAN_RATE))
    assert coverage(found) < 0.9


QUANTILE_WORLDS, ROWS_EACH, SUPERBUCKETS = 400, 12, 32
BIN_RATIO = 1.01


def histogram_of(rng: np.random.Generator, shift: Array, slot: Integers) -> Histogram:
    """Values lognormal around their account's own level, binned by one per cent."""
    accounts = shift.shape[1]
    values = np.exp(
        7 + shift[:, :, None] + rng.normal(0, 0.4, (QUANTILE_WORLDS, accounts, ROWS_EACH))
    )
    bins = np.floor(np.log(values) / np.log(BIN_RATIO)).astype(int)
    low, high = bins.min(), bins.max()
    counts = np.zeros((QUANTILE_WORLDS, SUPERBUCKETS, high - low + 1))
    worlds = np.arange(QUANTILE_WORLDS)[:, None, None]
    np.add.at(counts, (worlds, slot[None, :, None], bins - low), 1)
    edges = BIN_RATIO ** np.arange(low, high + 1).astype(float)
    return Histogram(edges, edges * BIN_RATIO, counts)


def test_the_interval_of_a_quantile_and_of_its_change_holds() -> None:
    rng = np.random.default_rng(5)
    truth = np.exp(7 + 1.6448536 * np.sqrt(0.3**2 + 0.4**2))
    value_held: list[float] = []
    change_held: list[float] = []
    for _ in range(5):
        slot = rng.integers(0, SUPERBUCKETS, 600)
        shift = rng.normal(0, 0.3, (QUANTILE_WORLDS, 600))
        first, second = (histogram_of(rng, shift, slot) for _ in range(2))
        values = [h.quantile(np.full(QUANTILE_WORLDS, 0.95)) for h in (first, second)]
        bounds = quantile_bounds(first, values[0], 0.95)
        value_held.append(held(bounds.low, bounds.high, truth))
        pulls = [influence(h, v, 0.95) for h, v in zip((first, second), values, strict=True)]
        error = margin(pulls[1] - pulls[0])
        change = values[1] - values[0]
        change_held.append(held(change - error, change + error, 0.0))
    assert 0.935 <= coverage(value_held) <= 0.965
    assert 0.93 <= coverage(change_held) <= 0.97
