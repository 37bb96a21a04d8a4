"""Distributions as figures: step functions with their band, and histograms.

The axis is logarithmic where values are positive and their P99 is many times their median. The
first and last few are beyond the picture: of units, so that nobody's own value can be read.
"""

from dataclasses import dataclass
from math import isnan

import numpy as np
import polars as pl

from portal.components import format as written
from portal.drawing import Drawing
from portal.explore.held_apart import Sides
from portal.tiles.figure import Layout, Trace, band, figure, rounded, value_axis
from queries.analyses.distribution import FEWEST, Spread
from queries.formula import Array

_COLOURS = ("@accent", "@before")
_SKEWED = 8
_OUTER = 0.001
_ROUNDING = 1e-9
_POINTS = 400
_BARS = 40
_MOST_WHOLE = 60
_MOST_TICKS = 12
_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the axis that is drawn."""

    low: float
    high: float
    is_log: bool

    def axis(self, found: Sides) -> Layout:
        unit = written.unit(found.metric)
        title = f"{found.label}{f', {unit}' if unit else ''}"
        axis = value_axis(found.metric, title={"text": title}, rangemode="normal")
        is_small = self.low < 1 if self.is_log else max(-self.low, self.high) < _THOUSAND
        # Thousandths are no milli: an axis of hours would read as minutes.
        plain = {"tickformat": ",~g"} if is_small and found.metric.format == "number" else {}
        if self.is_log:
            ends = [float(np.log10(self.low)), float(np.log10(self.high))]
            return (
                axis | plain | {"type": "log", "range": ends, "dtick": "D2" if _near(self) else 1}
            )
        span = self.high - self.low
        room = span * 0.02
        whole = {"dtick": 1} if _is_whole(found) and span <= _MOST_TICKS else {}
        return axis | plain | whole | {"range": [self.low - room, self.high + room]}


def _near(window: Window) -> bool:
    """Whether a decade is so wide that its 2 and 5 have room."""
    return window.high / window.low < 1e4  # noqa: PLR2004


def window(found: Sides) -> Window:
    """What both sides have beyond their outermost values."""
    ends: list[tuple[float, float]] = []
    for side in found.spreads:
        out = max(FEWEST / side.n, _OUTER)
        low, high = (
            side.histogram.quantile(np.array([out])),
            side.histogram.quantile(np.array([1 - out])),
        )
        ends.append((float(low[0]), float(high[0])))
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    lowest = min(float(s.low[s.by_bin > 0][0]) for s in found.spreads)
    if lowest >= 0:
        positive = [_positive(s) for s in found.spreads]
        middle, last = min(p[0] for p in positive), max(p[1] for p in positive)
        if middle > 0 and last / middle > _SKEWED:
            first = min(p[2] for p in positive)
            return Window(max(low, first), high, is_log=True)
    start = 0.0 if 0 <= low < high / 2 else low
    return Window(start, high if high > start else start + 1, is_log=False)


def _positive(side: Spread) -> tuple[float, float, float]:
    """Median, P99 and P0.5 of what is above 0."""
    kept = side.low > 0
    above = float(side.by_bin[kept].sum())
    if not above:
        return 0.0, 0.0, 0.0
    zero = 1 - above / side.n
    found = [
        side.histogram.quantile(np.array([zero + (1 - zero) * level]))
        for level in (0.5, 0.99, 0.005)
    ]
    return float(found[0][0]), float(found[1][0]), float(found[2][0])


def cumulated(side: Spread) -> pl.DataFrame:
    """`value`, `share` at or below it, and the ends of the band; thinned to what an eye can see."""
    share = side.cumulated
    kept = side.by_bin > 0
    out = max(FEWEST / side.n, _OUTER)
    # A value that is known to be shared by many may be the last; the end of a bin may not.
    is_shared = (side.low == side.high) & (side.by_bin >= out * side.n)
    kept &= (share >= out) & ((share <= 1 - out) | is_shared)
    kept &= np.diff(np.floor(share * _POINTS), prepend=-1) > 0
    value = side.high[kept]
    reach = side.band
    return pl.DataFrame(
        {
            "value": value,
            "share": share[kept],
            "low": np.clip(share[kept] - reach, 0, 1),
            "high": np.clip(share[kept] + reach, 0, 1),
        }
    ).with_columns(pl.col("low", "high").fill_nan(None))


def steps(found: Sides, notes: tuple[str, ...]) -> Drawing:
    """The distribution functions of both sides."""
    shown = window(found)
    traces: list[Trace] = []
    for side, name, colour in reversed(
        list(zip(found.spreads, found.names, _COLOURS, strict=False))
    ):
        frame = cumulated(side)
        value = rounded(frame["value"])
        if not isnan(side.band):
            edges = band(value, rounded(frame["low"]), rounded(frame["high"]), colour)
            traces += [{**edge, "line": {"width": 0, "shape": "hv"}} for edge in edges]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name or found.noun,
                "x": value,
                "y": rounded(frame["share"]),
                "line": {"color": colour, "width": 2.25, "shape": "hv"},
                "text": [written.number(v, found.metric) for v in frame["value"]],
                "hovertemplate": "<b>%{y:.1%}</b> have %{text} or less<extra>"
                + (name or "")
                + "</extra>",
            }
        )
    layout: Layout = {
        "xaxis": shown.axis(found),
        "yaxis": {
            "title": {"text": f"Share of {found.noun}"},
            "tickformat": ",.0%",
            "range": [0, 1.02],
        },
        "showlegend": len(found.spreads) > 1,
        "hovermode": "closest",
        "legend": {"traceorder": "reversed"},
    }
    return figure(traces, layout, notes=notes)


def histogram(found: Sides) -> tuple[pl.DataFrame, Drawing]:
    """`side`, `from`, `to` and `share` of each bar, and the bars drawn."""
    shown = window(found)
    edges = _edges(found, shown)
    frames: list[pl.DataFrame] = []
    traces: list[Trace] = []
    is_cut = False
    for side, name, colour in zip(found.spreads, found.names, _COLOURS, strict=False):
        counts = np.diff(side.below(edges))
        is_few = (counts > 0) & (counts < FEWEST) & (found.over == "units")
        is_cut |= bool(is_few.any())
        share = np.where(is_few, np.nan, counts / side.n)
        frame = pl.DataFrame(
            {"side": [name] * len(share), "from": edges[:-1], "to": edges[1:], "share": share}
        ).with_columns(pl.col("share").fill_nan(None))
        frames.append(frame)
        traces.append(_bars(found, frame, name, colour))
    layout: Layout = {
        "xaxis": shown.axis(found),
        "yaxis": {
            "title": {"text": f"Share of {found.noun}"},
            "tickformat": ",.1~%",
            "rangemode": "tozero",
        },
        "showlegend": len(found.spreads) > 1,
        "hovermode": "closest",
        "legend": {"traceorder": "reversed"},
    }
    notes = _left_out(found, shown, edges)
    if is_cut:
        notes.append(f"Bars of fewer than {FEWEST} {found.noun} are left out.")
    return pl.concat(frames), figure(list(reversed(traces)), layout, notes=notes)


def _edges(found: Sides, shown: Window) -> Array:
    if shown.is_log:
        return np.geomspace(shown.low, shown.high, _BARS + 1)
    span = shown.high - shown.low
    if _is_whole(found) and span <= _MOST_WHOLE:
        return np.arange(np.floor(shown.low) - 0.5, np.floor(shown.high) + 1.5)
    return np.linspace(shown.low, np.nextafter(shown.high, np.inf), _BARS + 1)


def _is_whole(found: Sides) -> bool:
    """Whether every value is a whole number."""
    return all(
        bool((s.low == np.floor(s.low)).all() and (s.high == np.floor(s.high)).all())
        for s in found.spreads
    )


def _bars(found: Sides, frame: pl.DataFrame, name: str, colour: str) -> Trace:
    """Steps with the area below them, which fit a logarithmic axis as bars do not."""
    share = [v if v is not None else 0.0 for v in frame["share"]]
    first = frame["from"].to_list()
    texts = [
        f"{written.number(low, found.metric)} to {written.number(high, found.metric)}"
        for low, high in frame.select("from", "to").iter_rows()
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name or found.noun,
        "x": rounded(pl.Series([first[0], *first, frame["to"][-1], frame["to"][-1]])),
        "y": rounded(pl.Series([0.0, *share, share[-1], 0.0])),
        "text": [texts[0], *texts, texts[-1], texts[-1]],
        "line": {"color": colour, "width": 1.5, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": f"{colour}/{0.28 if colour == '@accent' else 0.16}",
        "hovertemplate": "<b>%{y:.2%}</b> have %{text}<extra>" + (name or "") + "</extra>",
    }


def _left_out(found: Sides, shown: Window, edges: Array) -> list[str]:
    """What has no place on the axis."""
    notes: list[str] = []
    for side, name in zip(found.spreads, found.names, strict=True):
        zero = float(side.by_bin[(side.low == 0) & (side.high == 0)].sum()) / side.n
        whose = f" of {name}" if len(found.spreads) > 1 else ""
        if shown.is_log and zero > 0:
            notes.append(f"{zero * 100:.1f}%{whose} are exactly 0: no place on this axis.")
    beyond = max(1 - np.diff(s.below(edges[[0, -1]]))[0] / s.n for s in found.spreads)
    if beyond > _ROUNDING and not notes:
        notes.append("The first and last values are beyond the picture.")
    return notes
