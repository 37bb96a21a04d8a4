"""Plays per page had a policy filled whole pages: the pseudo-inverse estimator for slates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, figure
from portal.tiles.rankers import scope
from portal.tiles.target_policy import chosen
from queries.analyses import offpolicy
from queries.model import Query, Result

_ROWS = {"slate_logged_value": "The log, as it was", "slate_value": "Slate, PI"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateValue:
    """The policy's plays per page beside those of the log, on the same pages."""

    place: Place = field(default_factory=lambda: Place(span=4, height=150, dataset="page_requests"))
    metrics: tuple[str, ...] = ("slate_value", "slate_logged_value", "slate_mean_weight")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context), "slate_weights"),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        policy = chosen(results[0], context)
        question = context.question(self.metrics)
        bound = tuple(m.bind({"policy": policy}) for m in question.metrics)
        return (replace(question, metrics=bound, compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = results[-1].frame.row(0, named=True) if results[-1].frame.height else {}
        if row.get("slate_value") is None:
            return no_rows(context)
        traces = [_mark(row, name, label) for name, label in _ROWS.items()]
        layout: Layout = {
            "xaxis": {"tickformat": ",.3~f", "showgrid": True, "title": {"text": "Plays per page"}},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "hovermode": "closest",
            "showlegend": False,
        }
        weight = row["slate_mean_weight"]
        notes = (
            f"The mean weight of a page is {weight:.3f}: 1 where all is right.",
            "Holds where what is played in a slot does not depend on its neighbours.",
        )
        return figure(traces, layout, notes=notes)


def _mark(row: dict[str, Any], name: str, label: str) -> dict[str, Any]:
    value, low, high = (row[f"{name}{end}"] for end in ("", "__low", "__high"))
    has_interval = low is not None and not math.isnan(low)
    said = f"{low:.3f} to {high:.3f}" if has_interval else "no interval"
    colour = "@accent" if name == "slate_value" else "@before"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [value],
        "y": [label],
        "marker": {"color": colour, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value if has_interval else 0],
            "arrayminus": [value - low if has_interval else 0],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "hovertemplate": f"{label}: <b>%{{x:.3f}}</b> ({said})<extra></extra>",
    }
