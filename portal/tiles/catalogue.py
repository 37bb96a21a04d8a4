"""How much of the catalogue carries the viewing: effective size, Gini and the Lorenz curve."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import figure, rounded
from portal.tiles.rankers import scope
from queries.analyses import concentration
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSize:
    """The effective catalogue size with its interval, and how uneven viewing is."""

    place: Place = field(default_factory=lambda: Place(span=4, height=280))
    metrics: tuple[str, ...] = ("hours_viewed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (concentration.question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = concentration.concentration(results[0].frame)
        frame = pl.DataFrame() if found is None else _scores(found)
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = concentration.concentration(results[0].frame)
        if found is None:
            return no_rows(context)
        size, gini = found.effective_size, found.gini
        scores: list[dict[str, Any]] = [
            {
                "label": "Effective catalogue size",
                "value": f"{size.value:.0f}",
                "unit": f"of {written.count(found.titles)} titles",
                "interval": f"{size.low:.0f} to {size.high:.0f}",
                "description": "Titles that would carry the viewing if all were watched alike.",
            },
            {
                "label": "Gini",
                "value": f"{gini.value:.3f}",
                "interval": f"{gini.low:.3f} to {gini.high:.3f}",
                "description": "0: every title is watched alike; 1: one title is all viewing.",
            },
            {
                "label": "First 1% of titles",
                "value": f"{found.top_percent:.1%}",
                "unit": "of hours",
            },
            {"label": "First 10% of titles", "value": f"{found.top_tenth:.1%}", "unit": "of hours"},
        ]
        return Drawing(kind="scores", content={"scores": scores})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lorenz:
    """Share of viewing that the first so many per cent of titles carry."""

    place: Place = field(default_factory=lambda: Place(span=4, height=280))
    metrics: tuple[str, ...] = ("hours_viewed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (concentration.question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = concentration.concentration(results[0].frame)
        frame = pl.DataFrame() if found is None else found.curve
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = concentration.concentration(results[0].frame)
        if found is None:
            return no_rows(context)
        share: dict[str, Any] = {"tickformat": ",.0%", "range": [0, 1.01]}
        traces = [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": "@before", "dash": "4px,3px", "width": 1.5},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": rounded(found.curve["titles"]),
                "y": rounded(found.curve["viewing"]),
                "line": {"color": "@accent", "width": 2.25},
                "fill": "tozeroy",
                "fillcolor": "@accent/0.1",
                "hovertemplate": "%{x:.1%} of titles: <b>%{y:.1%}</b> of hours<extra></extra>",
            },
        ]
        layout = {
            "xaxis": share | {"title": {"text": "Titles, most watched first"}},
            "yaxis": share | {"title": {"text": "Share of hours"}},
            "hovermode": "closest",
        }
        return figure(traces, layout)


def _scores(found: concentration.Concentration) -> pl.DataFrame:
    size, gini = found.effective_size, found.gini
    return pl.DataFrame(
        [
            ("effective catalogue size", size.value, size.low, size.high),
            ("titles", float(found.titles), None, None),
            ("gini", gini.value, gini.low, gini.high),
            ("share of the first 1% of titles", found.top_percent, None, None),
            ("share of the first 10% of titles", found.top_tenth, None, None),
        ],
        schema={"measure": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64},
        orient="row",
    )
