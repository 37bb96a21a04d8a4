"""Price changes: plans that became dearer or cheaper, as they were charged."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from portal.components import format as written
from portal.events.event import Event, Kind
from queries.analyses import price_change
from queries.analyses.cluster import Scope
from queries.condition import conjunction
from queries.model import Query, Result


def questions(scope: Scope) -> tuple[Query, ...]:
    asked = price_change.question()
    return (replace(asked, where=conjunction(asked.where, scope.where)),)


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    country, plan = (scope.dataset.dimension(name) for name in ("country", "plan"))
    for change in price_change.changes(results[0].frame):
        where = written.value_label(change.country, country)
        verb = "dearer" if change.after_usd > change.before_usd else "cheaper"
        moved = change.after_usd / change.before_usd - 1
        yield Event(
            day=change.day,
            text=f"{written.value_label(change.plan, plan)} became {verb} in {where}",
            detail=f"${change.before_usd:.2f} to ${change.after_usd:.2f}, "
            f"{'+' if moved > 0 else '−'}{abs(moved):.0%}",
            size=abs(moved),
            path="/membership",
            filters=(("country", change.country), ("plan", change.plan)),
        )


KIND = Kind(
    name="price",
    label="Price changes",
    dataset="prices",
    questions=questions,
    read=read,
    units=("product", "content", "membership", "marketing"),
    filters=("country", "plan"),
)
