"""Metric row: one metric of the dataset as a number, its change and a thin line, to be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components.problem import few_accounts, problem
from portal.context import Context
from portal.drawing import Drawing
from portal.explore.askable import asked, grains
from portal.explore.choices import METRIC, chosen, waits_for
from portal.page import Place
from portal.tiles.headline import no_number, number, spark
from queries.dataset import Metric, TimeBucket
from queries.errors import QueryError
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A click chooses the metric; one that waits for a parameter says which.

    It asks twice: one question by day with its total answers both, but costs a quarter more, for
    an interval around every day that the thin line does not show.
    """

    metric: str
    place: Place = field(default_factory=lambda: Place(span=12, height=58, is_bare=True))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        context, choices = chosen(context)
        metric = context.metric(self.metric)
        if waits_for(metric):
            return ()
        allowed = grains(choices.dataset, (metric,))
        grain = context.grain if context.grain in allowed else allowed[0]
        whole = context.question(self.metrics)
        line = replace(whole, by=(TimeBucket(context.dataset.time, grain),), compare=None)
        return (whole, replace(line, interval=False))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        context, choices = chosen(context)
        metric = context.metric(self.metric)
        content = _named(metric) | {"chosen": self.metric in choices.names}
        if not results:
            return Drawing(kind="metric", content=content | {"needs": sorted(waits_for(metric))})
        whole, line = results
        missing = no_number(whole, metric, context)
        if missing is not None:
            return Drawing(kind="metric", content=content | _without(missing))
        row = whole.total.row(0, named=True)
        return Drawing(kind="metric", content=content | number(row, metric, context) | spark(line))

    def advise(self, error: QueryError, context: Context) -> Drawing:
        """Its own row says why it has no number; one that the viewer may not see is not listed."""
        metric = context.metric(self.metric)
        content = problem(error).content
        if self.metric in context.withheld and self.metric not in context.view.every(METRIC):
            return Drawing(kind="nothing", content={})
        said = {"reason": content["reason"], "message": f"{error.message} {error.hint}".strip()}
        names = asked((metric,)) if error.code == "missing_dimension" else ()
        if names:
            said["short"] = f"By {context.dataset.dimension(names[0]).label.lower()} only"
        return Drawing(kind="metric", content=_named(metric) | said)


def _without(missing: Drawing) -> dict[str, Any]:
    """Why there is no number: at length for who points at it, and in two words."""
    reason, message = missing.content["reason"], missing.content["message"]
    words = {"no_rows": "No rows", "late": "Not there yet"}
    usual = "Withheld" if missing == few_accounts() else "No value here"
    return {"reason": reason, "message": message, "short": words.get(reason, usual)}


def _named(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "description": metric.description,
        "status": metric.status,
    }
