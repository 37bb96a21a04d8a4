"""Scorecard: several metrics of one dataset at once, each with its change."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from portal.components.problem import no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.drawing import empty as nothing_yet
from portal.page import Place
from portal.tiles.headline import number
from queries.dataset import Metric
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One question for all of them, so they are of the same rows.

    `signs` stand before the metrics and make an equation of them: `("", "=", "×")`. `leads` are the
    paths of the pages that say more of each; a click on a name opens that, filtered as the view is.
    `pending` is said where there are no rows, of metrics that wait for days to come.
    """

    metrics: tuple[str, ...]
    signs: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    pending: str = ""
    place: Place = field(default_factory=lambda: Place(span=12, height=150))

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (context.question(self.metrics),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        row = result.frame.row(0, named=True) if result.frame.height else {}
        if all(row.get(name) is None or row.get(f"{name}__n") == 0 for name in self.metrics):
            first = self.metrics[0]
            has_rows = row.get(f"{first}__n", 0) != 0
            if self.pending and not has_rows:
                return nothing_yet("no_rows", self.pending)
            empty = replace(result, frame=result.frame if has_rows else result.frame.clear())
            return no_values(empty, context.metric(first), context)
        metrics = [context.metric(name) for name in self.metrics]
        scores = [
            number(row, metric, context)
            | {"label": metric.label, "description": metric.description, "sign": sign, "lead": lead}
            for metric, sign, lead in zip_longest(metrics, self.signs, self.leads, fillvalue="")
            if isinstance(metric, Metric)
        ]
        return Drawing(kind="scores", content={"scores": scores})
