"""The numbers of a distribution: mean, quantiles and concentration, each with its interval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any, Literal

import polars as pl

from portal.components import format as written
from portal.explore.held_apart import Sides
from queries.analyses.cluster import Estimate
from queries.analyses.distribution import (
    FEWEST,
    LEVELS,
    differences,
    distance,
    figures,
    quantile_difference,
)

_FEW = 200
_NAMES = {
    "mean": "Mean",
    "zero": "Share of exactly 0",
    "gini": "Gini index",
    "top_percent": "Share of the top 1%",
}


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number of each side and, of two, the first less the second."""

    name: str
    label: str
    sides: tuple[Estimate, ...]
    apart: Estimate | None
    form: Literal["value", "share", "index"] = "value"


def estimates(found: Sides) -> Iterator[Statistic]:
    """Those that the sides are large enough for; of a volume its concentration too."""
    known = [figures(side) for side in found.spreads]
    is_two = len(found.spreads) > 1
    apart = differences(found.spreads[0], found.spreads[1]) if is_two else {}

    def of(name: str) -> tuple[Estimate, ...]:
        return tuple(k[name] for k in known)

    yield Statistic("mean", "Mean", of("mean"), apart.get("mean"))
    for level in LEVELS:
        if any(s.n * min(level, 1 - level) < FEWEST for s in found.spreads):
            continue
        name = f"p{level * 100:.0f}"
        label = "Median" if name == "p50" else name.upper()
        gap = quantile_difference(found.spreads[0], found.spreads[1], level) if is_two else None
        yield Statistic(name, label, tuple(s.quantile(level) for s in found.spreads), gap)
    for name in ("zero", *(("gini", "top_percent") if is_shared(found) else ())):
        form = "index" if name == "gini" else "share"
        yield Statistic(name, _NAMES[name], of(name), apart.get(name), form)


def numbers(found: Sides) -> pl.DataFrame:
    """The table as a file holds it: a row for each number and side."""
    rows: list[Mapping[str, Any]] = [
        {"statistic": "n", "side": name, "value": side.n, "low": None, "high": None}
        for side, name in zip(found.spreads, found.names, strict=True)
    ]
    for one in estimates(found):
        named = [*zip(found.names, one.sides, strict=True)]
        named += [("difference", one.apart)] if one.apart is not None else []
        rows += [_facts(one.label, name, estimate) for name, estimate in named]
    if len(found.spreads) > 1:
        apart = distance(*found.spreads)
        rows.append(_facts("Kolmogorov-Smirnov distance", "difference", apart.estimate))
        p = Estimate(apart.p, float("nan"), float("nan"))
        rows.append(_facts("p of no distance", "difference", p))
    return pl.DataFrame(rows, infer_schema_length=None)


def _facts(label: str, side: str, one: Estimate) -> dict[str, Any]:
    low, high = ends_of(one)
    value = one.value if isfinite(one.value) else None
    return {"statistic": label, "side": side, "value": value, "low": low, "high": high}


def is_shared(found: Sides) -> bool:
    """Whether the sum of all values is a volume that has shares."""
    is_sum = found.metric.kind in ("additive", "semi-additive")
    return is_sum and all(s.is_volume for s in found.spreads)


def ends_of(one: Estimate) -> tuple[float | None, float | None]:
    """Its interval, or two times None."""
    return (one.low, one.high) if isfinite(one.low) and isfinite(one.high) else (None, None)


def basis(found: Sides) -> Iterator[str]:
    """What is to be known of the numbers before they are believed."""
    if any(s.n < _FEW for s in found.spreads):
        yield f"Fewer than {_FEW} {found.noun} on a side: read it with care."
    side = max(found.spreads, key=lambda s: s.design_effect)
    if found.over == "rows" and side.design_effect > 1:
        as_many = written.count(round(side.n / side.design_effect))
        yield (
            f"Rows of one {found.unit} are alike: as wide a band as of {as_many} independent rows "
            f"of {written.count(side.n)}."
        )
    if any(isnan(s.band) for s in found.spreads):
        yield "Too few clusters for a band."


def read_as(found: Sides) -> str:
    """What each value is of, and what it is not."""
    metric = found.metric
    if found.over == "rows":
        return f"Values of single rows; {metric.label} is a statistic of them."
    if is_shared(found):
        return f"Of {found.noun} with a row in the period; those without any are not among them."
    return (
        f"{metric.label} of each of the {found.noun} by itself: the mean of these is not the "
        "number of all together, where whoever does more weighs more."
    )
