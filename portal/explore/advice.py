"""Advice: a refusal in words, with the nearest question that has an answer as a button."""

from typing import Any

from portal.components.problem import problem
from portal.context import Context
from portal.drawing import Drawing
from portal.explore.askable import asked
from portal.explore.choices import (
    BY,
    METRIC,
    OPEN,
    PIVOT,
    parameter_options,
    read_choices,
    waits_for,
)
from queries.errors import QueryError


def advice(error: QueryError, context: Context) -> Drawing:
    """The problem as a drawing; `actions` are buttons that change the URL."""
    drawing = problem(error)
    actions = _actions(error, context)
    return Drawing(kind="empty", content={**drawing.content, "actions": actions})


def _actions(error: QueryError, context: Context) -> list[dict[str, Any]]:
    dataset = context.dataset
    match error.code:
        case "missing_parameter":
            first = parameter_options(dataset)[:1]
            return [{"label": f"Choose a {o.partition('.')[2]}", "ask": o} for o in first]
        case "access_denied":
            names = read_choices(context.view, dataset).names
            names = {*names, *context.withheld}
            rest = [m for m in dataset.metrics if m.name not in names and not waits_for(m)]
            return [{"label": f"Show {m.label}", "set": {METRIC: m.name}} for m in rest[:1]]
        case "grain_too_fine":
            label = f"By {dataset.smallest_grain}"
            return [{"label": label, "set": {"grain": dataset.smallest_grain.value}}]
        case "missing_dimension":
            names = asked(read_choices(context.view, dataset).metrics)
            return [
                {"label": f"By {dataset.dimension(n).label.lower()}", "set": {BY: n, PIVOT: None}}
                for n in names[:1]
            ]
        case "overlapping_levels":
            return [{"label": f"By {dataset.exclusive}", "set": {BY: dataset.exclusive}}]
        case "dimension_not_allowed":
            cleared = dict.fromkeys((BY, PIVOT, OPEN))
            names = [c.name for c in context.view.choices]
            cleared |= {f"{name}{way}": None for name in names for way in _WAYS}
            return [{"label": "Without breakdown and filters", "set": cleared}]
        case _:
            return []


_WAYS = ("", ".not", ".contains", ".missing", ".from", ".to")
