"""The tiles of a distribution: in a sentence, as a function, as a histogram, in numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, isnan
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore import held_apart
from portal.explore.distribution_drawn import cumulated, histogram, steps
from portal.explore.held_apart import OTHERS, Sides
from portal.page import Place
from portal.tiles.experiment import p_value
from queries.analyses.cluster import Estimate
from queries.analyses.distribution import (
    FEWEST,
    LEVELS,
    SMALLEST_P,
    differences,
    distance,
    figures,
    quantile_difference,
)
from queries.dataset import Metric
from queries.distribution import Distribution
from queries.model import Query, Result

_FEW = 200
_LEVEL = 0.05
_LEAST_ZERO = 0.0005
_NAMES = {
    "mean": "Mean",
    "zero": "Share of exactly 0",
    "gini": "Gini index",
    "top_percent": "Share of the top 1%",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile(ABC):
    """What all of them ask."""

    metric: str
    place: Place = field(default_factory=Place)

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query | Distribution, ...]:
        return held_apart.questions(context, self.metric)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Distribution, ...]:
        return held_apart.following(results, context, self.metric)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = held_apart.sides(results, context, self.metric)
        frame = pl.DataFrame() if isinstance(found, Drawing) else self.frame(found)
        return (replace(results[-1], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = held_apart.sides(results, context, self.metric)
        if isinstance(found, Drawing):
            return found
        if all(s.low[0] == s.high[-1] for s in found.spreads):
            value = written.number(float(found.spreads[0].low[0]), found.metric)
            return empty("nothing", f"Each of the {found.noun} has the same value: {value}.")
        return self.drawn(found)

    @abstractmethod
    def frame(self, found: Sides) -> pl.DataFrame: ...

    @abstractmethod
    def drawn(self, found: Sides) -> Drawing: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(_Tile):
    """The distribution in a sentence, and whether two differ."""

    def frame(self, found: Sides) -> pl.DataFrame:
        return _numbers(found)

    def drawn(self, found: Sides) -> Drawing:
        word, tone = "Spread", "flat"
        reasons = [{"text": text, "tone": "flat"} for text in _described(found)]
        sentence = reasons.pop(0)["text"]
        if len(found.spreads) > 1:
            reasons.insert(0, {"text": sentence, "tone": "flat"})
            apart = distance(*found.spreads)
            word = "Too few to say" if isnan(apart.p) else "Alike, as far as one can tell"
            if apart.p <= _LEVEL:
                word, tone = "They differ", "moved"
            ends = apart.estimate
            unit = written.unit(found.metric)
            at = f"{written.number(apart.at, found.metric)} {unit}".strip()
            shares = [_percent(share) for share in apart.shares]
            names = [written.lowered(n) if n == OTHERS else n for n in found.names]
            sentence = (
                f"Kolmogorov-Smirnov distance {ends.value:.3f}{_ends(ends)}, "
                f"p {_p(apart.p)}: {shares[0]} of {names[0]} and {shares[1]} of {names[1]} have "
                f"{at} or less."
            )
        content = {
            "word": word,
            "tone": tone,
            "kind": "descriptive",
            "sentence": sentence,
            "reasons": reasons,
        }
        return Drawing(kind="verdict", content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecdf(_Tile):
    """The share of values at or below each, with a band for all of them at once."""

    def frame(self, found: Sides) -> pl.DataFrame:
        parts = [
            cumulated(side).with_columns(pl.lit(name).alias("side"))
            for side, name in zip(found.spreads, found.names, strict=True)
        ]
        return pl.concat(parts).select("side", pl.exclude("side"))

    def drawn(self, found: Sides) -> Drawing:
        return steps(found, notes=tuple(_basis(found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramOfValues(_Tile):
    """The share of values in each bar."""

    def frame(self, found: Sides) -> pl.DataFrame:
        return histogram(found)[0]

    def drawn(self, found: Sides) -> Drawing:
        return histogram(found)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresOfSpread(_Tile):
    """Mean, quantiles and concentration of each side and their difference, with intervals."""

    def frame(self, found: Sides) -> pl.DataFrame:
        return _numbers(found)

    def drawn(self, found: Sides) -> Drawing:
        columns: list[dict[str, Any]] = [{"label": "", "is_text": True}]
        for name in found.names:
            columns += [{"label": name}, {"label": "95 %"}]
        if len(found.spreads) > 1:
            columns += [{"label": "difference"}, {"label": "95 %"}]
        rows = [
            [{"text": f"Number of {found.noun}"}, *_counts(found)],
            *(_row(*one, metric=found.metric) for one in _estimates(found)),
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, notes=(_read_as(found),))


def _described(found: Sides) -> Iterator[str]:
    """What the first side is like, in words."""
    side, metric = found.spreads[0], found.metric
    middle, high = (side.quantile(level) for level in (0.5, 0.9))
    unit = written.unit(metric)
    one, other = (f"{written.number(e.value, metric)} {unit}".strip() for e in (middle, high))
    many = written.count(side.n)
    whose = f"{found.names[0]}: half" if len(found.spreads) > 1 else "Half"
    yield (
        f"{whose} of the {many} {found.noun} have {one} or less{_written(middle, metric)}, "
        f"one in ten more than {other}{_written(high, metric)}."
    )
    known = figures(side)
    if _is_shared(found):
        top = known["top_percent"]
        yield f"The top 1% make {_percent(top.value)} of it all{_written(top, None)}."
    if known["zero"].value >= _LEAST_ZERO:
        yield f"{_percent(known['zero'].value)} have exactly 0."


def _basis(found: Sides) -> Iterator[str]:
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


def _read_as(found: Sides) -> str:
    metric = found.metric
    if found.over == "rows":
        return f"Values of single rows; {metric.label} is a statistic of them."
    if _is_shared(found):
        return f"Of {found.noun} with a row in the period; those without any are not among them."
    return (
        f"{metric.label} of each of the {found.noun} by itself: the mean of these is not the "
        "number of all together, where whoever does more weighs more."
    )


def _estimates(found: Sides) -> Iterator[tuple[str, list[Estimate], Estimate | None, str]]:
    """A label, the sides' numbers, their difference, and how they are written."""
    known = [figures(side) for side in found.spreads]
    is_two = len(found.spreads) > 1
    apart = differences(found.spreads[0], found.spreads[1]) if is_two else {}
    yield "Mean", [k["mean"] for k in known], apart.get("mean"), "value"
    for level in LEVELS:
        if any(s.n * min(level, 1 - level) < FEWEST for s in found.spreads):
            continue
        label = "Median" if level == 0.5 else f"P{level * 100:.0f}"  # noqa: PLR2004
        gap = quantile_difference(found.spreads[0], found.spreads[1], level) if is_two else None
        yield label, [s.quantile(level) for s in found.spreads], gap, "value"
    shown = ["zero", *(("gini", "top_percent") if _is_shared(found) else ())]
    for name in shown:
        form = "index" if name == "gini" else "share"
        yield _NAMES[name], [k[name] for k in known], apart.get(name), form


def _row(
    label: str,
    sides: list[Estimate],
    apart: Estimate | None,
    form: str,
    *,
    metric: Metric,
) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = [{"text": label}]
    for one in sides:
        cells += [{"text": _text(one.value, form, metric)}, {"text": _between(one, form, metric)}]
    if apart is not None:
        tone = written.tone(metric, *_or_none(apart)) if form == "value" else "flat"
        cells += [
            {"text": _signed(apart.value, form, metric), "tone": tone},
            {"text": _between(apart, form, metric, signed=True)},
        ]
    return cells


def _counts(found: Sides) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for side in found.spreads:
        cells += [{"text": f"{side.n:,.0f}".replace(",", "\u2009")}, {"text": ""}]
    return [*cells, *([{"text": ""}, {"text": ""}] if len(found.spreads) > 1 else [])]


def _numbers(found: Sides) -> pl.DataFrame:
    """The table as a file holds it: a row for each number and side."""
    rows: list[Mapping[str, Any]] = [
        {"statistic": "n", "side": name, "value": side.n, "low": None, "high": None}
        for side, name in zip(found.spreads, found.names, strict=True)
    ]
    for label, sides, apart, _ in _estimates(found):
        named = [*zip(found.names, sides, strict=True)]
        named += [("difference", apart)] if apart is not None else []
        rows += [_facts(label, name, one) for name, one in named]
    if len(found.spreads) > 1:
        apart = distance(*found.spreads)
        rows.append(_facts("Kolmogorov-Smirnov distance", "difference", apart.estimate))
        p = Estimate(apart.p, float("nan"), float("nan"))
        rows.append(_facts("p of no distance", "difference", p))
    return pl.DataFrame(rows, infer_schema_length=None)


def _facts(label: str, side: str, one: Estimate) -> dict[str, Any]:
    low, high = _or_none(one)
    value = one.value if isfinite(one.value) else None
    return {"statistic": label, "side": side, "value": value, "low": low, "high": high}


def _is_shared(found: Sides) -> bool:
    """Whether the sum of all values is a volume that has shares."""
    is_sum = found.metric.kind in ("additive", "semi-additive")
    return is_sum and all(s.is_volume for s in found.spreads)


def _or_none(one: Estimate) -> tuple[float | None, float | None]:
    return (one.low, one.high) if isfinite(one.low) and isfinite(one.high) else (None, None)


def _text(value: float, form: str, metric: Metric) -> str:
    if form == "share":
        return _percent(value)
    return f"{value:.3f}" if form == "index" else written.number(value, metric)


def _signed(value: float, form: str, metric: Metric) -> str:
    if form == "value":
        return written.change(value, metric, relative=False)
    sign = "−" if value < 0 else "+"  # a minus, not a hyphen
    return f"{sign}{abs(value):.3f}" if form == "index" else f"{sign}{abs(value) * 100:.1f} pt"


def _between(one: Estimate, form: str, metric: Metric, *, signed: bool = False) -> str:
    if not (isfinite(one.low) and isfinite(one.high)):
        return ""
    write = _signed if signed else _text
    return f"{write(one.low, form, metric)} to {write(one.high, form, metric)}"


def _percent(share: float) -> str:
    return f"{abs(share) * 100:.1f}%"


def _p(p: float) -> str:
    """No draw of all was as far apart: p is not known to be any smaller."""
    return p_value(p) if p > SMALLEST_P else f"\u2264 {p_value(p)}"


def _written(one: Estimate, metric: Metric | None) -> str:
    if not (isfinite(one.low) and isfinite(one.high)):
        return ""
    if metric is None:
        return f" (95 % {_percent(one.low)} to {_percent(one.high)})"
    return f" (95 % {written.number(one.low, metric)} to {written.number(one.high, metric)})"


def _ends(one: Estimate) -> str:
    return "" if isnan(one.low) else f" (95 % {one.low:.3f} to {one.high:.3f})"
