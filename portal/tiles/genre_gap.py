"""Genres by what is watched of them, beside how much of them there is to watch."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.licences import other, whole
from queries.analyses import genre_gap
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GenreGap:
    """Share of hours against share of windows; a click filters to a genre."""

    place: Place = field(default_factory=lambda: Place(span=6, height=400))
    metrics: tuple[str, ...] = ("hours_28_days", "available_windows")

    def questions(self, context: Context) -> tuple[Query, ...]:
        every = context.without("genre")
        viewing = whole(other(every, "licensed_viewing"))
        return tuple(genre_gap.questions(viewing, whole(every)))

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a genre."""
        watched, supplied = results
        return (replace(supplied, frame=genre_gap.gap(watched.frame, supplied.frame)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (joined,) = self.joined(results, context)
        frame = joined.frame
        if frame.is_empty():
            return no_rows(context)
        dimension = context.dataset.dimension("genre")
        labels = [written.value_label(g, dimension) for g in frame["genre"]]
        layout: Layout = {
            "xaxis": {"tickformat": ",.0%", "rangemode": "tozero", "showgrid": True,
                      "title": {"text": "Share of hours, and of titles on offer by country"}},
            "yaxis": {"type": "category", "dtick": 1, "categoryorder": "array",
                      "categoryarray": labels[::-1]},
            "hovermode": "closest",
            "showlegend": True,
        }  # fmt: skip
        first = frame.row(0, named=True)
        says = (
            f"{labels[0]} is watched {first['times']:.2g} times its share of what is on offer "
            f"(95 % {first['times_low']:.2g} to {first['times_high']:.2g})."
        )
        note = "Demand: last 28 days. Blue: more watched than on offer; orange: less; grey: alike."
        return figure(_marks(frame, labels), layout, filters="genre", says=says, notes=(note,))


def _marks(frame: pl.DataFrame, labels: list[str]) -> list[Trace]:
    keys = [[genre] for genre in frame["genre"]]
    more = (frame["demand_low"] > frame["supply"]).to_list()
    less = (frame["demand_high"] < frame["supply"]).to_list()
    colours = [
        "@accent" if m else "@series-3" if f else "@before" for m, f in zip(more, less, strict=True)
    ]
    texts = [
        f"{row['times']:.2g}× supply (95 % {row['times_low']:.2g} to {row['times_high']:.2g})"
        for row in frame.iter_rows(named=True)
    ]
    return [
        {"type": "scatter", "mode": "markers", "name": "Supply: share of windows",
         "x": rounded(frame["supply"]), "y": labels, "customdata": keys,
         "marker": {"color": "@ink-soft", "size": 12, "symbol": "line-ns",
                    "line": {"width": 2, "color": "@ink-soft"}},
         "hovertemplate": "%{y}: <b>%{x:.1%}</b> of what is on offer<extra></extra>"},
        {"type": "scatter", "mode": "markers", "name": "Demand: share of hours",
         "x": rounded(frame["demand"]), "y": labels, "customdata": keys, "text": texts,
         "error_x": {"type": "data", "symmetric": False, "width": 0, "thickness": 1.5,
                     "color": "@ink-soft",
                     "array": rounded(frame["demand_high"] - frame["demand"]),
                     "arrayminus": rounded(frame["demand"] - frame["demand_low"])},
         "marker": {"color": colours, "size": 9},
         "hovertemplate": "%{y}: <b>%{x:.1%}</b> of hours, %{text}<extra></extra>"},
    ]  # fmt: skip
