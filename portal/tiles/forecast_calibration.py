"""Calibration of past forecasts: how often what came lay under a quantile, against its level."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, figure
from queries.model import Query, Result

_LEVELS = ((0.1, "under_p10"), (0.5, "under_p50"), (0.9, "over_p90"))
_ASIDE = 0.012


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastCalibration:
    """A line a model; on the diagonal a forecast is as sure as it says. Intervals are Wilson's."""

    place: Place = field(default_factory=lambda: Place(span=5, height=340, dataset="forecasts"))
    metrics: tuple[str, ...] = ("under_p10", "under_p50", "over_p90")

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = context.question(self.metrics, by=("forecast_model",))
        return (replace(asked, period=None, compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        rows = results[0].frame.drop_nulls(list(self.metrics)).sort("forecast_model").to_dicts()
        if not rows:
            return no_rows(context)
        dimension = context.dataset.dimension("forecast_model")
        named = [(written.value_label(row["forecast_model"], dimension), row) for row in rows]
        right: Trace = {
            "type": "scatter", "mode": "lines", "name": "As sure as it says", "x": [0, 1],
            "y": [0, 1], "line": {"color": "@muted", "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
        }  # fmt: skip
        traces = [
            _line(name, row, colour, _ASIDE * (nth - (len(named) - 1) / 2))
            for nth, ((name, row), colour) in enumerate(zip(named, SERIES, strict=False))
        ]
        layout: Layout = {
            "xaxis": {"title": {"text": "Level of the quantile"}, "range": [0, 1],
                      "tickvals": [level for level, _ in _LEVELS],
                      "ticktext": [f"P{level * 100:.0f}" for level, _ in _LEVELS]},
            "yaxis": {"title": {"text": "Launches that came under it"}, "range": [0, 1],
                      "tickformat": ".0%"},
            "showlegend": True,
            "hovermode": "closest",
        }  # fmt: skip
        note = "A line flatter than the diagonal: too sure. Bars 95 % (Wilson), by launches."
        return figure([right, *traces], layout, notes=(note,))


def _line(name: str, row: dict[str, Any], colour: str, aside: float) -> Trace:
    shares = [_under(row, metric) for _, metric in _LEVELS]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [level + aside for level, _ in _LEVELS],
        "y": [share for share, _, _ in shares],
        "error_y": {"type": "data", "symmetric": False, "width": 0, "thickness": 1.5,
                    "color": colour,
                    "array": [high - share for share, _, high in shares],
                    "arrayminus": [share - low for share, low, _ in shares]},
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 8},
        "customdata": [
            f"{share:.0%} (95 % {low:.0%} to {high:.0%}) came under P{level * 100:.0f}"
            for (level, _), (share, low, high) in zip(_LEVELS, shares, strict=True)
        ],
        "hovertemplate": "%{fullData.name}: %{customdata}<extra></extra>",
    }  # fmt: skip


def _under(row: dict[str, Any], metric: str) -> tuple[float, float, float]:
    """The share under a quantile with its interval; of those above P90 what is left."""
    share, low, high = (row[f"{metric}{end}"] for end in ("", "__low", "__high"))
    return (1 - share, 1 - high, 1 - low) if metric.startswith("over") else (share, low, high)
