"""Forest plot: effects one below the other, each with the interval of one look and of all looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.tiles.figure import Layout, Trace

_APART = 0.17


@dataclass(frozen=True, slots=True)
class Mark:
    """An effect in a row of the plot. The ends for all looks may be the same as for one.

    `of` are the dimension and the value that its rows have, where they are those of a group.
    """

    value: float
    low: float
    high: float
    always_low: float
    always_high: float
    text: str
    of: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Marks by row; None where a row has none. `side` moves them off the middle of their row."""

    name: str
    colour: str
    marks: Sequence[Mark | None]
    side: float = 0.0


def forest(labels: Sequence[str], series: Sequence[Series]) -> tuple[list[Trace], Layout]:
    """Traces and layout: thick what holds for one look, thin what holds for all of them."""
    traces: list[Trace] = []
    for one in series:
        shown = [(row, mark) for row, mark in enumerate(one.marks) if mark is not None]
        at = [row + one.side * _APART for row, _ in shown]
        marks = [mark for _, mark in shown]
        thin = [(m.always_low, m.always_high) for m in marks]
        thick = [(m.low, m.high) for m in marks]
        traces += [
            _bars(at, marks, thin, (one.colour, 1.25)) | {"showlegend": False},
            _bars(at, marks, thick, (one.colour, 4))
            | {
                "name": one.name,
                "marker": {"color": one.colour, "size": 9},
                "text": [m.text for m in marks],
                "customdata": [[None, m.of and [list(m.of)]] for m in marks],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ]
    layout: Layout = {
        "xaxis": {"tickformat": "+,.3~p", "showgrid": True, "zeroline": False},
        "yaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": list(labels),
            "range": [len(labels) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": 0,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": {"color": "@muted", "width": 1, "dash": "dot"},
            }
        ],
        "hovermode": "closest",
        "showlegend": len(series) > 1,
    }
    return traces, layout


def _bars(
    at: Sequence[float],
    marks: Sequence[Mark],
    ends: Sequence[tuple[float, float]],
    drawn: tuple[str, float],
) -> dict[str, Any]:
    colour, width = drawn
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [m.value for m in marks],
        "y": list(at),
        "marker": {"color": colour, "size": 1},
        "hoverinfo": "skip",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - m.value for m, (_, high) in zip(marks, ends, strict=True)],
            "arrayminus": [m.value - low for m, (low, _) in zip(marks, ends, strict=True)],
            "color": colour,
            "thickness": width,
            "width": 0,
        },
    }
