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
from portal.tiles.headline import number
from portal.tiles.rankers import scope
from queries.analyses import concentration
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSize:
    """The effective catalogue size and how uneven viewing is, with their changes."""

    place: Place = field(default_factory=lambda: Place(span=4, height=280))
    metrics: tuple[str, ...] = ("effective_catalogue_size", "viewing_gini")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (context.question(self.metrics), concentration.question(scope(context)))

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The metrics, and what the first titles carry."""
        found = concentration.concentration(results[1].frame)
        tops = pl.DataFrame() if found is None else _tops(found)
        return (results[0], replace(results[1], frame=tops))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = concentration.concentration(results[1].frame)
        if found is None or results[0].frame.is_empty():
            return no_rows(context)
        row = results[0].frame.row(0, named=True)
        scores: list[dict[str, Any]] = []
        for name in self.metrics:
            metric = context.metric(name)
            said = {"label": metric.label, "description": metric.description}
            scores.append(number(row, metric, context) | said)
        scores[0]["unit"] = f"of {written.count(found.titles)} titles"
        for label, share in (("First 1% of titles", found.top_percent),
                             ("First 10% of titles", found.top_tenth)):  # fmt: skip
            scores.append({"label": label, "value": f"{share:.1%}", "unit": "of hours"})
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


def _tops(found: concentration.Concentration) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "titles": [found.titles],
            "share_of_first_percent": [found.top_percent],
            "share_of_first_tenth": [found.top_tenth],
        }
    )
