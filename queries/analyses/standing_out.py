"""Which value of a dimension stands out: its rates against those of all other values.

The rest is weighted to the value's own mix of devices. A difference is read with the jackknife over
clusters of accounts, its p-value off Student's t; Benjamini & Hochberg 1995 over every value and
metric that is looked at, and no value under 200 accounts is. Described, not explained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import Scope, cells, counted_by
from queries.analyses.multiple_testing import q_values
from queries.dataset import Metric
from queries.formula import Arithmetic, Array
from queries.interval import FEWEST_CLUSTERS, student
from queries.model import Query
from queries.small_cells import FEWEST_SHOWN
from queries.tails import stdtr

STRATUM = "device"
FEWEST_ACCOUNTS = 200
LEVEL = 0.05
_PARTS = ("numerator", "denominator")


def halves(metric: Metric) -> tuple[Metric, Metric]:
    """A ratio's numerator and denominator, each a metric that adds up.

    What tests the ratio tests neither of them.

    Raises ValueError where the metric is no ratio.
    """
    formula = metric.formula
    parts = formula.operands if isinstance(formula, Arithmetic) and formula.name == "/" else ()
    if not parts or not all(part.aggregates() for part in parts):
        raise ValueError(f"{metric.name} is no ratio")
    top, bottom = parts
    numerator, denominator = (f"{metric.name}__{part}" for part in _PARTS)
    return (
        replace(metric, name=numerator, formula=top, tests=()),
        replace(metric, name=denominator, formula=bottom, tests=()),
    )


def question(scope: Scope, by: str, metrics: Sequence[str], *, accounts: bool = True) -> Query:
    """Numerators, denominators and accounts by value, device and cluster."""
    dataset = scope.dataset
    parts = [part for name in metrics for part in halves(dataset.metric(name))]
    asked = replace(dataset, metrics=(*dataset.metrics, *parts))
    names = ["rows", *(("accounts",) if accounts else ()), *(part.name for part in parts)]
    return counted_by(Scope(asked, scope.period, scope.where), names, _keys(by))


def standing_out(frame: pl.DataFrame, by: str, metrics: Sequence[str]) -> pl.DataFrame:
    """A row per value and metric, those that stand out most first.

    Columns value, metric, rows, accounts, rate, rest, difference, low, high, p, q. A value without
    enough accounts, or without a rest on its devices, has no difference; one of fewer than ten has
    no number at all. Where the rows are nobody's, rows stand for accounts.
    """
    known = frame.filter(pl.col(by).is_not_null())
    groups, rows = cells(known, _keys(by), "rows")
    people = cells(known, _keys(by), "accounts")[1] if "accounts" in frame.columns else 0 * rows
    ratios = {
        metric: tuple(cells(known, _keys(by), f"{metric}__{part}")[1] for part in _PARTS)
        for metric in metrics
    }
    strata = groups[STRATUM].fill_null("").to_numpy() if by != STRATUM else np.zeros(len(rows))
    found: list[dict[str, object]] = []
    for value in groups[by].unique().sort().to_list():
        own = (groups[by] == value).to_numpy()
        count = float(rows[own].sum())
        size = float(people[own].sum(axis=1).max()) or count
        for metric, (top, bottom) in ratios.items():
            held = None
            if size >= FEWEST_ACCOUNTS:
                held = _held(strata, own, (top, bottom))
            is_few = 0 < size < FEWEST_SHOWN
            rows_n, size_n = (None, None) if is_few else (count, size)
            facts = {"value": value, "metric": metric, "rows": rows_n, "accounts": size_n}
            found.append({**facts, **_row(held)})
    schema = {"value": groups.schema[by], "metric": pl.String, "rows": pl.Float64}
    schema |= {"accounts": pl.Float64, **dict.fromkeys(_COLUMNS, pl.Float64)}
    table = pl.DataFrame(found, schema=schema)
    tested = table.filter(pl.col("p").is_not_null())
    adjusted = tested.with_columns(q=q_values(tested["p"]))
    rest = table.filter(pl.col("p").is_null()).with_columns(q=pl.lit(None, pl.Float64))
    return pl.concat([adjusted.sort("q", "p", "value", "metric"), rest])


def _keys(by: str) -> list[str]:
    return [by] if by == STRATUM else [by, STRATUM]


_COLUMNS = ("rate", "rest", "difference", "low", "high", "p")


@dataclass(frozen=True, slots=True)
class _Held:
    rate: float
    rest: float
    error: float
    freedom: int


def _row(held: _Held | None) -> dict[str, float | None]:
    if held is None:
        return dict.fromkeys(_COLUMNS)
    difference = held.rate - held.rest
    wide = student(held.freedom) * held.error
    p = 2 * float(stdtr(held.freedom, -abs(difference) / held.error)) if held.error else 1.0
    numbers = (held.rate, held.rest, difference, difference - wide, difference + wide, p)
    return dict(zip(_COLUMNS, numbers, strict=True))


def _held(strata: Array, own: NDArray[np.bool_], ratio: tuple[Array, Array]) -> _Held | None:
    """A value's rate and that of the rest with its devices' weights; None where there is none."""
    shared: list[list[Array]] = []
    for stratum in np.unique(strata[own]):
        here = strata == stratum
        sides = [part[here & side].sum(axis=0) for side in (own, ~own) for part in ratio]
        if sides[1].sum() > 0 and sides[3].sum() > 0:
            shared.append(sides)
    if not shared:
        return None
    parts = [np.array(p) for p in zip(*shared, strict=True)]
    totals = [p.sum(axis=1, keepdims=True) for p in parts]
    rate, rest = _rates(totals)
    present = np.flatnonzero((parts[1] + parts[3]).sum(axis=0))
    without = _rates([whole - p[:, present] for whole, p in zip(totals, parts, strict=True)])
    differences = without[0] - without[1]
    clusters = len(present)
    if clusters < FEWEST_CLUSTERS or not np.isfinite(differences).all():
        return None
    variance = (clusters - 1) / clusters * ((differences - differences.mean()) ** 2).sum()
    return _Held(float(rate[0]), float(rest[0]), float(np.sqrt(variance)), clusters - 1)


def _rates(parts: list[Array]) -> tuple[Array, Array]:
    """The own rate, and the rest's by stratum weighted with the own denominators."""
    own_top, own_bottom, rest_top, rest_bottom = parts
    with np.errstate(all="ignore"):
        weights = own_bottom / own_bottom.sum(axis=0)
        by_stratum = np.where(rest_bottom > 0, rest_top / rest_bottom, np.nan)
        return own_top.sum(axis=0) / own_bottom.sum(axis=0), (weights * by_stratum).sum(axis=0)
