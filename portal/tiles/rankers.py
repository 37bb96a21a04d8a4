"""Rankers and slots, with what the place of a row does to them taken out.

The metrics `debiased_take_rate` and `debiased_take_index`: how much a slot is looked at is read off
traffic that was shown at random; without any of it, there is nothing to correct by and the tile
says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows, no_values
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Trace, figure
from portal.tiles.heat import FEWEST_ROWS, Heat, heat
from portal.tiles.options import Option
from queries.analyses.cluster import Scope
from queries.model import Query, Result

RATES = Option(
    name="rates",
    label="Slots",
    choices=(("", "position taken out"), ("raw", "as they are")),
)
_SAID = {
    "take_rate": "As it is.",
    "debiased_take_rate": "Position taken out. What still fades to the right is what rankers put "
    "further back.",
}
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
    metrics: tuple[str, ...] = ("debiased_take_rate", "take_rate", "debiased_take_index")

    def questions(self, context: Context) -> tuple[Query, ...]:
        """All rankers, whichever the view keeps: what is random of all of them is needed."""
        every = context.without("ranker")
        return (
            replace(every.question(self.metrics, by=("ranker",)), compare=None, with_total=False),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = results[0].frame.drop_nulls("ranker")
        if frame.drop_nulls("debiased_take_rate").is_empty():
            return _nothing(results[0], context)
        dimension = context.dataset.dimension("ranker")
        rows = [
            row | {"label": written.value_label(row["ranker"], dimension)}
            for row in frame.sort("debiased_take_rate", nulls_last=True).iter_rows(named=True)
        ]
        traces = [
            _points(rows, "take_rate", ("As it is", "@before")),
            _points(rows, "debiased_take_rate", ("Position taken out", "@accent")),
        ]
        layout = {
            "xaxis": {"tickformat": ",.3~p", "rangemode": "tozero", "showgrid": True},
            "yaxis": {"type": "category", "showgrid": False, "tickmode": "linear", "dtick": 1},
            "hovermode": "closest",
            "showlegend": True,
        }
        without = [row["label"] for row in rows if row["debiased_take_rate"] is None]
        notes = (f"Position is not taken out of: {', '.join(without)}.",) if without else ()
        return figure(traces, layout, filters="ranker", notes=(*_ends_of(rows), *notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRates:
    """Take rate by row and column; `rates=raw` in the view shows it as it is."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="impressions"))
    metrics: tuple[str, ...] = ("debiased_take_rate", "take_rate")

    def questions(self, context: Context) -> tuple[Query, ...]:
        every = context.without("row", "column")
        return (
            replace(
                every.question(self.metrics, by=("row", "column")), compare=None, with_total=False
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        name = self.metrics[1 if context.view.option(RATES.name) == "raw" else 0]
        metric = context.metric(name)
        cells = {
            (row["row"], row["column"]): {
                "value": row[name],
                "text": written.number(row[name], metric),
                "exact": written.exact(row[name], metric),
                "interval": written.interval(row, metric),
                "n": written.count(row[f"{name}__n"]),
                "few": row[f"{name}__n"] < FEWEST_ROWS,
            }
            for row in results[0].frame.drop_nulls(["row", "column", name]).iter_rows(named=True)
        }
        if not cells:
            return _nothing(results[0], context)
        keys = (context.dataset.dimension("row"), context.dataset.dimension("column"))
        return heat(cells, keys, _SLOTS, (_SAID[name],))


def _nothing(result: Result, context: Context) -> Drawing:
    """Why position is not taken out: no rows, no plays in the log, or nothing shown at random."""
    if not result.frame["take_rate__n"].sum():
        return no_rows(context)
    if result.frame["take_rate"].null_count() == result.frame.height:
        return no_values(result, context.metric("take_rate"), context)
    return _NO_RANDOM


def _ends_of(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Which ranker earns most and which least of what is seen, once position is taken out."""
    name = "debiased_take_index"
    known = sorted((r for r in rows if r[f"{name}__low"] is not None), key=lambda r: r[name])
    if len(known) < 2:  # noqa: PLR2004 - a most and a least
        return ()
    most, least = (
        f"{row['label']}, {row[name]:.2f}× the average slot (95 % {row[f'{name}__low']:.2f} to "
        f"{row[f'{name}__high']:.2f})"
        for row in (known[-1], known[0])
    )
    return (f"Position taken out, most: {most}; least: {least}.",)


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
            "array": [_reach(row, name, "high") for row in shown],
            "arrayminus": [_reach(row, name, "low") for row in shown],
            "color": colour,
            "thickness": 1.5,
            "width": 0,
        },
        "marker": {"color": colour, "size": 9},
        "customdata": [
            [
                row["ranker"],
                f"{row[f'{name}__low'] or 0:.2%} to {row[f'{name}__high'] or 1:.2%}",
                _index(row) if name == "debiased_take_rate" else "",
            ]
            for row in shown
        ],
        "hovertemplate": f"{label}: <b>%{{x:.2%}}</b> (%{{customdata[1]}})%{{customdata[2]}}"
        "<extra>%{y}</extra>",
    }


def _index(row: dict[str, Any]) -> str:
    """How it compares with the others: what is not known of the first slot is out of this."""
    value, low, high = (row[f"debiased_take_index{end}"] for end in ("", "__low", "__high"))
    if value is None or low is None:
        return ""
    return f"<br>{value:.2f}× the average ({low:.2f} to {high:.2f})"


def _reach(row: dict[str, Any], name: str, end: str) -> float:
    """How far the interval reaches from the value; nothing where there is none."""
    bound = row[f"{name}__{end}"]
    return 0.0 if bound is None else abs(bound - row[name])
