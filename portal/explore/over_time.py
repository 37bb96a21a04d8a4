"""Over time: the chosen metrics below each other on one time axis. A drag sets the period."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.context import Context
from portal.drawing import Drawing
from portal.explore.advice import advice
from portal.explore.askable import grains
from portal.explore.choices import Choices, chosen
from portal.page import Place
from portal.tiles.trend import Trend
from queries.errors import QueryError
from queries.model import Query, Result

MOST_PANELS = 4
_HEIGHT = 236
_PANEL = 150
_GAP = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTime:
    """One panel a metric, each with its own axis, interval and comparison."""

    place: Place = field(default_factory=lambda: Place(span=12, height=_HEIGHT))

    @property
    def metrics(self) -> tuple[str, ...]:
        return ()

    def questions(self, context: Context) -> tuple[Query, ...]:
        context, choices = _cut(*chosen(context))
        return tuple(q for trend in _trends(choices) for q in trend.questions(context))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        context, choices = _cut(*chosen(context))
        title = f"{' · '.join(m.label for m in choices.metrics[:MOST_PANELS])} by {context.grain}"
        drawings = [
            trend.draw((result,), context)
            for trend, result in zip(_trends(choices), results, strict=True)
        ]
        figures = [d for d in drawings if d.kind == "figure"]
        if not figures:
            return replace(drawings[0], content={**drawings[0].content, "title": title})
        names = [trend.metric for trend in _trends(choices)]
        content = _stacked([d.content for d in figures], [context.metric(n).label for n in names])
        notes = (*figures[0].notes, *choices.without)
        return replace(figures[0], content=content | {"title": title}, notes=notes)

    def advise(self, error: QueryError, context: Context) -> Drawing:
        return advice(error, context)


def _trends(choices: Choices) -> list[Trend]:
    return [Trend(metric=metric.name) for metric in choices.metrics[:MOST_PANELS]]


def _cut(context: Context, choices: Choices) -> tuple[Context, Choices]:
    """At the grain of the view, or the finest that all of the metrics have."""
    allowed = grains(choices.dataset, choices.metrics)
    grain = context.grain if context.grain in allowed else allowed[0]
    return replace(context, grain=grain), choices


def _stacked(figures: Sequence[Any], labels: Sequence[str]) -> dict[str, Any]:
    """The figures as panels of one, the first on top."""
    if len(figures) == 1:
        return {**figures[0], "height": _HEIGHT}
    size = (1 - _GAP * (len(figures) - 1)) / len(figures)
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": [], "margin": {"l": 8, "r": 12, "t": 22, "b": 8}}
    for number, (figure, label) in enumerate(zip(figures, labels, strict=False)):
        top = 1 - number * (size + _GAP)
        axis = "y" if number == 0 else f"y{number + 1}"
        data += [{**trace, "yaxis": axis} for trace in figure["data"]]
        layout[axis.replace("y", "yaxis")] = {
            **figure["layout"]["yaxis"],
            "domain": [max(0.0, top - size), top],
            "nticks": 3,
            "fixedrange": True,
        }
        layout["annotations"].append(_named(label, top))
    lowest = f"y{len(figures)}"
    layout["xaxis"] = {**figures[0]["layout"]["xaxis"], "anchor": lowest}
    shared = {"brush": True, "grain": figures[0]["grain"]}
    return {"data": data, "layout": layout, "height": _PANEL * len(figures), **shared}


def _named(label: str, top: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": top}
    anchor = {"xanchor": "left", "yanchor": "bottom", "yshift": -2, "showarrow": False}
    return {"text": label, **place, **anchor, "font": {"size": 11, "color": "@muted"}}
