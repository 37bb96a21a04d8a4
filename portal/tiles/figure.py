"""What every figure has in common: plain dicts without a template, points that can be clicked.

A trace's `customdata` is a list of `[value of the filter, ...]` per point, so that the browser can
turn a click into a filter without asking.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from portal.drawing import Drawing
from queries.dataset import Metric

Trace = dict[str, Any]
Layout = dict[str, Any]

_SIGNIFICANT = 6


def figure(
    traces: Sequence[Trace],
    layout: Layout,
    *,
    brush: bool = False,
    filters: str = "",
    notes: Sequence[str] = (),
    grain: str = "",
    option: str = "",
    says: str = "",
    ratio: float = 0.0,
) -> Drawing:
    """A figure; `brush` lets a drag over the time axis set the period, cut by `grain`.

    Days of a grain `none` have no rows: those of a forecast.

    With an `option` a drag sets that option of the page to the two ends, as `12-30`. What it `says`
    stands over it, large: the number that the picture is there for. One whose width over its height
    is a fixed `ratio` is no taller than that on a phone.
    """
    content = {"data": list(traces), "layout": layout, "brush": brush, "grain": grain}
    content |= {"option": option} if option else {}
    content |= {"says": says} if says else {}
    content |= {"ratio": ratio} if ratio else {}
    return Drawing(kind="figure", content=content, filters=filters, notes=tuple(notes))


def rounded(values: pl.Series) -> list[float | None]:
    """Values with as many digits as a picture can show: half the bytes of full precision."""
    return [None if v is None else float(f"{v:.{_SIGNIFICANT}g}") for v in values]


def value_axis(metric: Metric, **more: object) -> Layout:
    """An axis whose ticks are written as the metric is."""
    axis: Layout = {"rangemode": "tozero", **more}
    match metric.format:
        case "percent":
            axis |= {"tickformat": ",.3~p"}
        case "usd":
            axis |= {"tickformat": "$,.2~s"}
        case "seconds":
            axis |= {"tickformat": ",.2~f", "ticksuffix": " s"}
        case "number":
            axis |= {"tickformat": ",.3~s"}
        case _:
            axis |= {"tickformat": ",.3~f"}
    return axis


def band(
    x: Sequence[object], low: Sequence[float | None], high: Sequence[float | None], colour: str
) -> list[Trace]:
    """The interval of a line: two edges and the area between them."""
    edge: Trace = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    edge["showlegend"] = False
    return [
        {**edge, "x": list(x), "y": list(low)},
        {**edge, "x": list(x), "y": list(high), "fill": "tonexty", "fillcolor": f"{colour}/0.14"},
    ]


def said_at(x: str | float, text: str) -> Layout:
    """A few words on top of the picture, right of where `x` is."""
    return {
        "x": x,
        "y": 1,
        "yref": "paper",
        "text": text,
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 6,
        "font": {"size": 11, "color": "@muted"},
    }


def runtime_axis() -> Layout:
    """An axis of the runtime in per cent, for a panel with little room."""
    return {
        "range": [0, 100],
        "tickvals": [0, 50, 100],
        "ticktext": ["0%", "50%", "100%"],
        "fixedrange": True,
    }
