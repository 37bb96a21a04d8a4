"""Efficiency against reach: what launches earn of their cost, and how many they were started by."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from queries import small_cells
from queries.catalog import builtin
from queries.model import Query, Result

_REACH = "launch_reach"
_MOST_TITLES = 10_000
_EVEN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """A dot a launch whose 28 days are over. Efficiency is of the period, reach of the 28 days."""

    place: Place = field(default_factory=lambda: Place(span=8, height=360, dataset="title_value"))
    metrics: tuple[str, ...] = ("efficiency",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Of all titles: shares of everything, among which the chosen ones stand."""
        everything = context.without("title", "genre", "kind", "is_original")
        earned = everything.question(self.metrics, by=("title_id", "title", "kind"))
        reach = builtin().dataset(_REACH)
        started = Query(
            dataset=reach,
            metrics=(reach.metric("reach"),),
            by=(reach.dimension("title_id"),),
            limit=_MOST_TITLES,
            interval=False,
            with_total=False,
        )
        plain = {"compare": None, "interval": False, "with_total": False, "limit": _MOST_TITLES}
        return (replace(earned, **plain), started)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:  # noqa: ARG002  # one protocol
        """A row a launch."""
        return (replace(results[0], frame=_launches(results)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = _launches(results)
        if frame.is_empty():
            return no_rows(context)
        chosen = context.view.values("title")
        traces = [
            _dots(frame.filter(pl.col("kind") == kind), label, colour, faded=bool(chosen))
            for kind, label, colour in (
                ("film", "Film", "@series-2"), ("season", "Season", "@series-1"),
            )
        ]  # fmt: skip
        if chosen:
            own = frame.filter(pl.col("title").is_in(chosen))
            traces.append(_dots(own, "Chosen", "@ink", faded=False, size=13))
        middle = float(frame.select(pl.col("reach").median()).item())
        layout: Layout = {
            "xaxis": {"type": "log", "tickformat": ",.2~p", "showgrid": True, "dtick": 1,
                      "title": {"text": "Reach: accounts that started it in 28 days, log scale"}},
            "yaxis": {"type": "log", "tickformat": ",.2~r", "ticksuffix": "×",
                      "title": {"text": "Efficiency, log scale"}},
            "showlegend": True,
            "hovermode": "closest",
            "shapes": [
                _line({"x0": 0, "x1": 1, "xref": "paper", "y0": _EVEN, "y1": _EVEN}),
                _line({"y0": 0, "y1": 1, "yref": "paper", "x0": middle, "x1": middle}),
            ],
        }  # fmt: skip
        above = frame.filter(pl.col("efficiency") >= _EVEN).height
        notes = [
            f"{above} of {frame.height} launches earn their cost (1× or more).",
            f"Lines: even, and the median reach of {middle:.1%}.",
            *_own(frame, chosen, context),
            *small_cells.said(frame),
        ]
        drawn = figure(traces, layout, filters="title", notes=notes)
        return replace(drawn, shows=0)


def _launches(results: Sequence[Result]) -> pl.DataFrame:
    earned, started = (r.frame for r in results)
    frame = earned.join(started.select("title_id", "reach"), on="title_id", how="inner")
    kept = frame.drop_nulls(["efficiency", "reach"])
    return kept.filter((pl.col("efficiency") > 0) & (pl.col("reach") > 0)).sort("title_id")


def _line(where: dict[str, object]) -> dict[str, object]:
    return {"type": "line", "line": {"color": "@muted", "width": 1, "dash": "4px,3px"}} | where


def _dots(frame: pl.DataFrame, name: str, colour: str, *, faded: bool, size: int = 8) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": rounded(frame["reach"]),
        "y": rounded(frame["efficiency"]),
        "marker": {"color": f"{colour}/0.45" if faded else colour, "size": size},
        "customdata": [[title] for title in frame["title"].to_list()],
        "hovertemplate": "%{customdata[0]}: %{y:.2f}×, reach %{x:.1%}<extra></extra>",
    }


def _own(frame: pl.DataFrame, chosen: Sequence[str], context: Context) -> list[str]:
    own = frame.filter(pl.col("title").is_in(chosen))
    metric = context.metric("efficiency")
    said = [
        f"{r['title']}: {written.number(r['efficiency'], metric)}, reach {r['reach']:.1%}."
        for r in own.to_dicts()
    ]
    missing = [t for t in chosen if t not in own["title"]]
    return said + [f"{t}: its 28 days are not over, or its cost is unknown." for t in missing]
