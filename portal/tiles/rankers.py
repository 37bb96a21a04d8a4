"""Rankers and slots, with what the place of a row does to them taken out.

The position-based model of `queries.analyses.debias`: examination of a slot is read off traffic
that was shown at random; without any of it, there is nothing to correct by and the tile says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Trace, figure
from portal.tiles.heat import Heat, heat
from queries.analyses import debias
from queries.analyses.cluster import Scope
from queries.model import Query, Result

RATES = "rates"
_NEARLY_ALL = 0.995
_SLOTS = Heat(metric="take_rate", rows="row", columns="column", most_rows=16, with_text=True)
_NO_RANDOM = empty(
    "not_defined",
    "Nothing was shown at random.",
    "Position can only be taken out where some titles are shown at random (explore traffic).",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerRates:
    """Take rate of each ranker as it is and with position taken out, with intervals."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="impressions"))
    metrics: tuple[str, ...] = ("take_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (debias.question(scope(context.without("ranker"))),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = debias.debiased(results[0].frame)
        frame = pl.DataFrame() if found is None else found.rates
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = debias.debiased(results[0].frame)
        if found is None:
            return _NO_RANDOM
        dimension = context.dataset.dimension("ranker")
        rows = [
            row | {"label": written.value_label(row["ranker"], dimension)}
            for row in found.rates.sort("debiased", nulls_last=True).iter_rows(named=True)
            if row["ranker"] is not None
        ]
        traces = [
            _points(rows, "take_rate", ("As it is", "@before")),
            _points(rows, "debiased", ("Position taken out", "@accent")),
        ]
        layout = {
            "xaxis": {"tickformat": ",.3~p", "rangemode": "tozero", "showgrid": True},
            "yaxis": {"type": "category", "showgrid": False, "tickmode": "linear", "dtick": 1},
            "hovermode": "closest",
            "showlegend": True,
        }
        covered = min((float(r["covered"]) for r in rows if r["covered"] is not None), default=1.0)
        notes: tuple[str, ...] = ()
        if covered < _NEARLY_ALL:
            notes = (f"Only {covered:.0%} of what was seen lies in slots of known examination.",)
        return figure(traces, layout, filters="ranker", notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRates:
    """Take rate by row and column; `rates=raw` in the view shows it as it is."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="impressions"))
    metrics: tuple[str, ...] = ("take_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (debias.question(scope(context.without("row", "column"))),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = debias.debiased(results[0].frame, debias.SLOT)
        frame = pl.DataFrame() if found is None else found.rates
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = debias.debiased(results[0].frame, debias.SLOT)
        if found is None:
            return _NO_RANDOM
        column = "take_rate" if context.view.option(RATES) == "raw" else "debiased"
        metric = context.metric("take_rate")
        cells = {
            (row["row"], row["column"]): {
                "value": row[column],
                "text": written.number(row[column], metric),
                "exact": written.exact(row[column], metric),
                "interval": f"{written.number(row[f'{column}_low'], metric)} to "
                f"{written.number(row[f'{column}_high'], metric)}",
                "n": written.count(row["seen"]),
                "few": row["seen"] < debias.FEWEST_SEEN,
            }
            for row in found.rates.iter_rows(named=True)
            if row[column] is not None
        }
        if not cells:
            return _NO_RANDOM
        keys = (context.dataset.dimension("row"), context.dataset.dimension("column"))
        said = "as it is" if column == "take_rate" else "position taken out"
        return heat(cells, keys, _SLOTS, (f"Take rate, {said}.",))


def scope(context: Context) -> Scope:
    """What the view looks at, as analyses take it."""
    return Scope(context.dataset, context.period, context.condition)


def _points(rows: Sequence[dict[str, Any]], name: str, drawn: tuple[str, str]) -> Trace:
    label, colour = drawn
    shown = [row for row in rows if row[name] is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "x": [row[name] for row in shown],
        "y": [row["label"] for row in shown],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [row[f"{name}_high"] - row[name] for row in shown],
            "arrayminus": [row[name] - row[f"{name}_low"] for row in shown],
            "color": colour,
            "thickness": 1.5,
            "width": 0,
        },
        "marker": {"color": colour, "size": 9},
        "customdata": [
            [row["ranker"], f"{row[f'{name}_low']:.2%} to {row[f'{name}_high']:.2%}"]
            for row in shown
        ],
        "hovertemplate": f"{label}: <b>%{{x:.2%}}</b> (%{{customdata[1]}})<extra>%{{y}}</extra>",
    }
