"""Ridgeline: how each group spreads its hours over the day, one ridge a group on one scale.

The same question as the heat of the index, so that the view can turn to that without another scan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.heat import looking_through
from portal.tiles.mix import Mix, MixIndex, untold
from portal.tiles.options import Option
from queries.condition import Dimension
from queries.model import Query, Result
from queries.small_cells import FEW, SMALL

SHOWN = Option(
    name="hours",
    label="Hours of the day as",
    choices=(("", "shape of the day"), ("index", "index v. all together")),
)
_OVERLAP = 1.7
_HOURS = range(24)
_DAY_STARTS = 5
_EVERY = 3
_Lifted = Callable[[Sequence[float | None]], list[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridgeline(MixIndex):
    """A ridge a value of `by`: each hour's share of its hours, its peak said beside its name.

    Where the view keeps a single value of `by`, the ridges are of `inside` within it. With
    `hours=index` in the view the same answer is a heat, against all groups together.
    """

    inside: str
    of: str = "hour"
    place: Place = field(default_factory=lambda: Place(span=12, height=460))

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Hours by group, hour and cluster; and which groups are of few accounts."""
        asked = Mix.questions(self, context)
        if SHOWN.read(context.view):
            return asked
        dimensions = [context.dataset.dimension(name) for name in self.keys(context)]
        every = looking_through(context, dimensions)
        groups = every.question(self.metrics[:1], by=dimensions[:1])
        return (*asked, replace(groups, compare=None, interval=False, with_total=False))

    def keys(self, context: Context) -> tuple[str, str]:
        by, of = Mix.keys(self, context)
        is_one = len(context.view.values(by)) == 1 and context.dataset.has_dimension(self.inside)
        return (self.inside if is_one else by, of)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a group and hour, with its share and how that compares with all groups."""
        return Mix.joined(self, results, context)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if SHOWN.read(context.view):
            return MixIndex.draw(self, results, context)
        by, of = (context.dataset.dimension(name) for name in self.keys(context))
        told = self._told(results[0].frame, context)
        if (why := untold(told, context)) is not None:
            return why
        ridges = _ridges(told, _few(results[1], by))
        return _drawn(ridges, (by, of), told["group"].n_unique() - len(ridges))


@dataclass(frozen=True, slots=True)
class _Ridge:
    """A group's shares by hour, 24 of each; None where an hour is withheld or has no interval."""

    group: Any
    share: list[float | None]
    low: list[float | None]
    high: list[float | None]
    usual: list[float | None]
    is_few: bool

    @property
    def peak(self) -> int:
        return max(_HOURS, key=lambda hour: self.share[hour] or 0)

    @property
    def top(self) -> float:
        return max(self.share[self.peak] or 0, *(u or 0 for u in self.usual))


def _few(result: Result, by: Dimension) -> frozenset[Any]:
    """The groups of fewer than 200 accounts."""
    if SMALL not in result.frame.columns:
        return frozenset()
    return frozenset(result.frame.filter(pl.col(SMALL) == FEW)[by.name].to_list())


def _ridges(told: pl.DataFrame, few: frozenset[Any]) -> list[_Ridge]:
    """From the earliest peak to the latest, the day begun at five; those of few accounts last.

    A group all of whose hours are withheld has none. An hour in which nothing was watched is zero.
    """
    usual = {
        row["value"]: row["share"] / row["index"]
        for row in told.drop_nulls("index").filter(pl.col("index") > 0).iter_rows(named=True)
    }
    found: list[_Ridge] = []
    for group in told["group"].unique(maintain_order=True).to_list():
        rows = {r["value"]: r for r in told.filter(pl.col("group") == group).iter_rows(named=True)}
        if all(row["share"] is None for row in rows.values()):
            continue
        by_hour = [rows.get(hour, {"share": 0.0, "low": None, "high": None}) for hour in _HOURS]
        share, low, high = ([row[name] for row in by_hour] for name in ("share", "low", "high"))
        means = [usual.get(hour) for hour in _HOURS]
        found.append(_Ridge(group, share, low, high, means, group in few))
    return sorted(found, key=lambda one: (one.is_few, (one.peak - _DAY_STARTS) % len(_HOURS)))


def _drawn(ridges: Sequence[_Ridge], keys: tuple[Dimension, Dimension], withheld: int) -> Drawing:
    by, of = keys
    scale = _OVERLAP / max(ridge.top for ridge in ridges)
    bases = [float(len(ridges) - 1 - place) for place in range(len(ridges))]
    traces = [
        trace
        for ridge, base in zip(ridges, bases, strict=True)
        for trace in _traces(ridge, (base, scale), keys)
    ]
    ticks = [hour for hour in _HOURS if hour % _EVERY == 0]
    layout: Layout = {
        "xaxis": {
            "range": [-0.3, 23.3],
            "tickvals": ticks,
            "ticktext": [f"{hour:02d}" for hour in ticks],
            "tickangle": 0,
            "title": {"text": f"Hour of the day, {'local' if of.name == 'hour' else 'UTC'}"},
            "zeroline": False,
        },
        "yaxis": {
            "range": [-0.25, len(ridges) - 1 + max(1.15, _OVERLAP * 1.04)],
            "tickvals": [base + 0.3 for base in bases],
            "ticktext": [_name(ridge, keys) for ridge in ridges],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 40,
    }  # fmt: skip
    drawn = figure(traces, layout, filters=by.name, notes=_notes(ridges, by, withheld))
    return replace(drawn, shows=1)


def _name(ridge: _Ridge, keys: tuple[Dimension, Dimension]) -> str:
    """The group over its peak."""
    by, of = keys
    share = written.value_label(ridge.peak, of), ridge.share[ridge.peak] or 0
    return f"{written.value_label(ridge.group, by)}<br>peak {share[0]}, <b>{share[1]:.1%}</b>"


def _traces(
    ridge: _Ridge, at: tuple[float, float], keys: tuple[Dimension, Dimension]
) -> list[Trace]:
    """Its ground, all together behind it, its area, its interval, its line, its peak."""
    colour, strength = ("@faint", 0.5) if ridge.is_few else ("@accent", 1.0)
    base, scale = at

    def lifted(values: Sequence[float | None]) -> list[float | None]:
        return [None if v is None else round(base + scale * v, 4) for v in values]

    edge = [base if height is None else height for height in lifted(ridge.share)]
    ground = [base] * len(edge)
    hours, peak = list(_HOURS), ridge.peak
    shown: Trace = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    line: Trace = {
        **shown, "x": hours, "y": lifted(ridge.share), "line": {"color": colour, "width": 1.5},
        "customdata": [[str(ridge.group), _said(ridge, hour, keys)] for hour in hours],
        "hoverinfo": None, "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip
    marked: Trace = {
        **shown, "mode": "markers", "x": [peak], "y": [edge[peak]],
        "marker": {"color": colour, "size": 7, "line": {"color": "@surface", "width": 1.5}},
    }  # fmt: skip
    usual = {"color": "@muted", "width": 1, "dash": "dot"}
    return [
        {**shown, **_area(hours, ground, edge, "@surface")},
        {**shown, "x": hours, "y": lifted(ridge.usual), "line": usual},
        {**shown, **_area(hours, ground, edge, f"{colour}/{0.16 * strength:.2f}")},
        *_interval(ridge, lifted, shown, f"{colour}/{0.3 * strength:.2f}"),
        line,
        marked,
    ]


def _interval(ridge: _Ridge, lifted: _Lifted, shown: Trace, colour: str) -> list[Trace]:
    pairs = zip(_HOURS, lifted(ridge.low), lifted(ridge.high), strict=True)
    known = [(hour, low, high) for hour, low, high in pairs if low is not None and high is not None]
    if not known:
        return []
    hours, low, high = (list(column) for column in zip(*known, strict=True))
    return [{**shown, **_area(hours, low, high, colour)}]


def _area(x: Sequence[int], low: Sequence[float], high: Sequence[float], colour: str) -> Trace:
    return {
        "x": [*x, *reversed(x)], "y": [*high, *reversed(low)], "fill": "toself",
        "fillcolor": colour, "line": {"width": 0},
    }  # fmt: skip


def _said(ridge: _Ridge, hour: int, keys: tuple[Dimension, Dimension]) -> str:
    by, of = keys
    share, low, high, usual = (v[hour] for v in (ridge.share, ridge.low, ridge.high, ridge.usual))
    words = f"{written.value_label(ridge.group, by)}, {written.value_label(hour, of)}: "
    if share is None:
        return ""
    words += f"<b>{share:.1%}</b> of the day’s hours"
    interval = f"95 % {low:.1%} to {high:.1%}" if low is not None else "too few for an interval"
    lines = [words, interval]
    if usual is not None:
        lines.append(f"All together: {usual:.1%}")
    if hour == ridge.peak:
        lines.append("Its peak")
    if ridge.is_few:
        lines.append("Fewer than 200 accounts: little can be read into it")
    return "<br>".join(lines)


def _notes(ridges: Sequence[_Ridge], by: Dimension, withheld: int) -> tuple[str, ...]:
    plural = "regions" if by.name == "region" else "countries"
    tallest = max(ridge.share[ridge.peak] or 0 for ridge in ridges)
    pale = " Grey: fewer than 200 accounts." if any(ridge.is_few for ridge in ridges) else ""
    gone = f" Withheld: {withheld} of fewer than ten accounts." if withheld else ""
    drawn = (
        f"The largest {plural}, the earliest peak on top, from 05:00 on; all on one scale, the "
        f"tallest {tallest:.1%}. Dotted: all {plural} together.{pale}{gone}"
    )
    band = (
        "Band: 95 % interval. Where it is as high an hour before or after, that hour may be the "
        "peak as well."
    )
    return (drawn, band)
