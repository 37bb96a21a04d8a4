"""What moved the value of a membership: what members pay, or how long they stay."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.rankers import scope
from portal.tiles.value_groups import VALUE, terms
from queries.analyses.lifetime import attrition, attrition_question
from queries.analyses.value_change import FEWEST, value_change
from queries.interval import Estimate
from queries.model import Query, Result

_PARTS = (
    ("All together", "What a membership of those who joined now is worth, less before."),
    ("By what is paid", "The change of what is paid in a month, at the mean of the months."),
    ("By how long they stay", "The change of the discounted months, at the mean of what is paid."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMoved:
    """The change of a membership's value, split exactly into pay and months."""

    place: Place = field(default_factory=lambda: Place(span=12, height=96))
    metrics: tuple[str, ...] = (VALUE,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Those who joined now, and those who joined before."""
        if context.compare is None:
            return ()
        whole = scope(context)
        periods = (whole.period, context.compare.period)
        return tuple(attrition_question(replace(whole, period=period)) for period in periods)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a part."""
        names = ("value", "low", "high")
        schema = {"part": pl.String, **dict.fromkeys(names, pl.Float64)}
        rows = [(label, e.value, e.low, e.high) for label, _, e in _split(results, context)]
        return (replace(results[0], frame=pl.DataFrame(rows, schema=schema, orient="row")),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if not results:
            said = "Nothing is compared, so nothing changed."
            return empty("no_rows", said, "Choose what to compare with.")
        metric = context.metric(VALUE)
        scores = [
            {
                "label": label,
                "description": about,
                "value": written.change(found.value, metric, relative=False),
                "unit": written.unit(metric),
                "interval": " to ".join(
                    written.change(end, metric, relative=False) for end in (found.low, found.high)
                ),
            }
            for label, about, found in _split(results, context)
        ]
        if not scores:
            return empty(
                "not_defined",
                f"Fewer than {FEWEST} memberships joined in one of the periods, or too few of "
                "their months are over.",
                "Choose a longer period.",
            )
        notes = (
            (
                "Value is what is paid in a month × margin × discounted months. Each part changes "
                "one of them and leaves the other at its mean, so both make the change exactly."
            ),
        )
        return Drawing(kind="scores", content={"scores": scores}, notes=notes)


def _split(results: Sequence[Result], context: Context) -> list[tuple[str, str, Estimate]]:
    now, before = (attrition(result.frame) for result in results)
    found = value_change(before, now, terms(context)[0])
    if found is None:
        return []
    parts = (found.change, found.by_pay, found.by_months)
    return [(label, about, one) for (label, about), one in zip(_PARTS, parts, strict=True)]
