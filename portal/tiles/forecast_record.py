"""Past forecasts against what came: each with its interval, in order of what was expected."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.greenlight_views import views_axis
from queries.analyses.cluster import EVERY_GROUP
from queries.dataset import Metric
from queries.model import Query, Result

_BY = ("production_id", "production", "forecast_model", "p10", "p50", "p90", "is_known")
_LEAST = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRecord:
    """Every production whose 91 days are over."""

    place: Place = field(default_factory=lambda: Place(span=7, height=340, dataset="forecasts"))
    metrics: tuple[str, ...] = ("views",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = context.question(self.metrics, by=_BY)
        each = replace(asked, period=None, compare=None, interval=False, limit=EVERY_GROUP)
        held = context.question(("coverage",), by=())
        return each, replace(held, period=None, compare=None)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:  # noqa: ARG002  # one protocol
        """A row a forecast, with whether its interval held."""
        return (replace(results[0], frame=_known(results[0].frame)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = _known(results[0].frame)
        if frame.is_empty():
            return no_rows(context)
        metric = context.metric("views")
        traces = [*_intervals(frame), *(_came(frame, metric, held=held) for held in (True, False))]
        layout: Layout = {
            "xaxis": {"title": {"text": "Past forecasts, smallest P50 first"},
                      "showticklabels": False},
            "yaxis": views_axis("Views in 91 days, log scale"),
            "showlegend": True,
            "hovermode": "closest",
        }  # fmt: skip
        return figure(traces, layout, notes=_said(results, frame.height))


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    return (
        frame.filter(pl.col("is_known"))
        .drop_nulls(["p10", "p50", "p90", "views"])
        .with_columns(held=pl.col("views").is_between("p10", "p90"))
        .drop("is_known")
        .sort("p50", "production_id")
        .with_row_index("place", offset=1)
    )


def _said(results: Sequence[Result], shown: int) -> list[str]:
    """Of all that are known: those of few viewers are counted, though their views are not shown."""
    each, whole = (result.frame for result in results)
    row = whole.row(0, named=True)
    held, low, high = (row[f"coverage{end}"] for end in ("", "__low", "__high"))
    count = each.filter(pl.col("is_known")).height
    said = [
        (
            f"Intervals of 80 % held {held:.0%} of the time (95 % {low:.0%} to {high:.0%}, "
            f"n {written.grouped(count)}); 80 % is right."
        ),
    ]
    if count > shown:
        said.append(f"Drawn are {shown}; of the others too few accounts watched to show how many.")
    return said


def _intervals(frame: pl.DataFrame) -> list[Trace]:
    x: list[int | None] = []
    y: list[float | None] = []
    for place, low, high in frame.select("place", "p10", "p90").iter_rows():
        x += [place, place, None]
        y += [max(low, _LEAST), high, None]
    lines: Trace = {
        "type": "scatter", "mode": "lines", "name": "P10 to P90", "x": x, "y": y,
        "line": {"color": "@before/0.45", "width": 2}, "hoverinfo": "skip",
    }  # fmt: skip
    return [lines]


def _came(frame: pl.DataFrame, metric: Metric, *, held: bool) -> Trace:
    rows = frame.filter(pl.col("held") == held)
    texts = [
        f"{row['production']}: {came} came, forecast {middle} ({low} to {high})"
        for row in rows.to_dicts()
        for came, middle, low, high in [
            [written.number(row[name], metric) for name in ("views", "p50", "p10", "p90")]
        ]
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Came, inside" if held else "Came, outside",
        "x": rows["place"].to_list(),
        "y": rounded(rows["views"].clip(lower_bound=_LEAST)),
        "marker": {"color": "@good" if held else "@bad", "size": 6},
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
