"""The tiles of a distribution: in a sentence, as a function, as a histogram, in numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, isnan
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore import held_apart
from portal.explore.distribution_drawn import cumulated, histogram, steps
from portal.explore.distribution_numbers import (
    Statistic,
    basis,
    ends_of,
    estimates,
    is_shared,
    numbers,
    read_as,
)
from portal.explore.held_apart import OTHERS, Sides
from portal.page import Place
from portal.tiles.experiment import p_value
from queries.analyses.cluster import Estimate
from queries.analyses.distribution import (
    SMALLEST_P,
    distance,
    figures,
)
from queries.dataset import Metric
from queries.distribution import Distribution
from queries.model import Query, Result

_LEVEL = 0.05
_LEAST_ZERO = 0.0005


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
        return numbers(found)

    def drawn(self, found: Sides) -> Drawing:
        return Drawing(kind="verdict", content=said(found))


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
        return steps(found, notes=tuple(basis(found)))


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
        return numbers(found)

    def drawn(self, found: Sides) -> Drawing:
        content = {"tables": [figures_table(found)]}
        return Drawing(kind="table", content=content, notes=(read_as(found),))


def said(found: Sides) -> dict[str, Any]:
    """The distribution in words: a verdict where there are two sides, and what else there is."""
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
        unit = "" if unit == found.noun else unit
        at = f"{written.number(apart.at, found.metric)} {unit}".strip()
        shares = [_percent(share) for share in apart.shares]
        names = [written.lowered(n) if n == OTHERS else n for n in found.names]
        sentence = (
            f"Kolmogorov-Smirnov distance {ends.value:.3f}{_ends(ends)}, "
            f"p {_p(apart.p)}: {shares[0]} of {names[0]} and {shares[1]} of {names[1]} have "
            f"{at} or less."
        )
    return {
        "word": word,
        "tone": tone,
        "kind": "descriptive",
        "sentence": sentence,
        "reasons": reasons,
    }


def figures_table(found: Sides) -> dict[str, Any]:
    """Columns and rows of texts: a pair of columns for each side, and for their difference."""
    columns: list[dict[str, Any]] = [{"label": "", "is_text": True}]
    for name in found.names:
        columns += [{"label": name}, {"label": "95 %"}]
    if len(found.spreads) > 1:
        columns += [{"label": "Difference"}, {"label": "95 %"}]
    rows = [
        [{"text": f"Number of {found.noun}"}, *_counts(found)],
        *(_row(one, found.metric) for one in estimates(found)),
    ]
    return {"columns": columns, "rows": rows, "more": 0}


def _described(found: Sides) -> Iterator[str]:
    """What the first side is like, in words."""
    side, metric = found.spreads[0], found.metric
    middle, high = (side.quantile(level) for level in (0.5, 0.9))
    unit = written.unit(metric)
    unit = "" if unit == found.noun else unit
    one, other = (f"{written.number(e.value, metric)} {unit}".strip() for e in (middle, high))
    many = written.count(side.n)
    whose = f"{found.names[0]}: half" if len(found.spreads) > 1 else "Half"
    yield (
        f"{whose} of the {many} {found.noun} have {one} or less{_written(middle, metric)}, "
        f"one in ten {other} or more{_written(high, metric)}."
    )
    known = figures(side)
    if is_shared(found):
        top = known["top_percent"]
        yield f"The top 1% make {_percent(top.value)} of it all{_written(top, None)}."
    if known["zero"].value >= _LEAST_ZERO:
        yield f"{_percent(known['zero'].value)} have exactly 0."


def _row(statistic: Statistic, metric: Metric) -> list[dict[str, Any]]:
    form, apart = statistic.form, statistic.apart
    cells: list[dict[str, Any]] = [{"text": statistic.label}]
    for one in statistic.sides:
        cells += [{"text": _text(one.value, form, metric)}, {"text": _between(one, form, metric)}]
    if apart is not None:
        tone = written.tone(metric, *ends_of(apart)) if form == "value" else "flat"
        cells += [
            {"text": _signed(apart.value, form, metric), "tone": tone},
            {"text": _between(apart, form, metric, signed=True)},
        ]
    return cells


def _counts(found: Sides) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for side in found.spreads:
        cells += [{"text": written.grouped(side.n)}, {"text": ""}]
    return [*cells, *([{"text": ""}, {"text": ""}] if len(found.spreads) > 1 else [])]


def _text(value: float, form: str, metric: Metric) -> str:
    if not isfinite(value):
        return written.NOTHING
    if form == "share":
        return _percent(value)
    return f"{value:.3f}" if form == "index" else written.number(value, metric)


def _signed(value: float, form: str, metric: Metric) -> str:
    if not isfinite(value):
        return written.NOTHING
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
