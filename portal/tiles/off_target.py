"""Against the plan: a metric that misses its target by more than noise, as a statement of its page.

No page shows it: the findings of a page hold each number that has a target against it. A target
that is met is no news; it is tried all the same, so that what is claimed stays in its family.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components import format as written
from portal.components.target import aimed_at, grows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.store.target import Target
from queries.analyses.cluster import Estimate
from queries.analyses.findings import chance
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class OffTarget:
    """One metric over the period of its page, and the target of just its rows and days."""

    metric: str
    place: Place = field(default_factory=Place)

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (replace(context.question(self.metrics), compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (said,) = self.statements(results, context) or (None,)
        is_missed = said is not None and said.is_sure
        return empty("no_rows", "The target is missed." if is_missed else "No target is missed.")

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        metric, aim = context.metric(self.metric), aim_of(self.metric, context)
        row = results[0].frame.row(0, named=True) if results[0].frame.height else {}
        value, low, high = (row.get(f"{metric.name}{end}") for end in ("", "__low", "__high"))
        if aim is None or aim.value is None or value is None or low is None or high is None:
            return ()
        near = low if value > aim.value else high
        half = abs(value - near)
        p = chance(Estimate(value - aim.value, value - aim.value - half, value - aim.value + half))
        is_below = value < aim.value
        if is_below != (aim.direction == "at least") or low <= aim.value <= high:
            return (Statement.unsaid(p),)
        days = f" in {aim.days} days" if aim.days and grows(metric) else ""
        return (
            Statement(
                subject=metric.label,
                verb="missed the target:",
                size=_with_unit(written.number(value, metric), written.unit(metric)),
                interval=f"95 % {written.interval(row, metric)}",
                against=f"against {aim.direction} "
                + _with_unit(written.number(aim.value, metric), written.unit(metric))
                + days,
                reason=f"A target of {aim.unit or 'the company'} since "
                f"{written.day(aim.valid_from)}; a plan that is missed, not a change.",
                evidence="descriptive",
                probability=p,
                is_sure=True,
                tone="bad",
            ),
        )


def aim_of(metric: str, context: Context) -> Target | None:
    """What is aimed at over the days of the view; None where nothing is, or nothing may be seen."""
    found = context.metric(metric)
    if metric in context.withheld or found.parameters or context.period is None:
        return None
    return aimed_at(context.targets, found, context.period)


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}".strip()
