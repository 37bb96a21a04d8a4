"""Tell people what is more than chance in what they watch, and what is late.

Each day, each week and each data version is looked at once (`portal.looking`); what was refused
then is looked at again. Whether data is late is looked at each time, load or not. All that is new
to one person is one family of tests (`queries.analyses.watching`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.components import format as written
from portal.components import sentence
from portal.context import Context
from portal.looking import LATE, Look, Round, looked_at
from portal.store import alerts, people, subscriptions
from portal.store.alerts import Alert, Judged, Kind
from portal.store.people import Person
from portal.store.store import Store
from queries.analyses.findings import Candidate
from queries.analyses.watching import WatchedDay, told
from queries.dataset import Metric
from queries.period import Period

_SHOWN = timedelta(27)


def raise_alerts(store: Store, one: Round) -> int:
    """Look at everything that somebody watches; says what is new. Raises Cancelled."""
    active = (person for person in people.everybody(store) if person.is_active)
    return sum(_for_person(store, person, one) for person in active)


def _for_person(store: Store, person: Person, this: Round) -> int:
    found = [looked_at(one, person, this) for one in subscriptions.of(store, person)]
    looks = [look for look in found if look is not None]
    awake = [look for look in looks if not look.subscription.is_snoozed(this.today)]
    family = _family(awake)
    judged = [_judged(look, family.get(look.subscription.id), this) for look in looks]
    return alerts.keep(store, person, this.version, judged)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What of one subscription is told, and of how many hypotheses its family was."""

    days: Sequence[WatchedDay]
    has_changed: bool
    family: int


def _family(looks: Sequence[Look]) -> Mapping[str, _Verdict]:
    """Everything that is new to one person, tried together; by subscription."""
    days = [day for look in looks for day in look.days]
    decided = told(days, [look.change for look in looks])
    size = len(days) + sum(look.change is not None for look in looks)
    is_told = iter(decided.days)
    verdicts: dict[str, _Verdict] = {}
    for look, has_changed in zip(looks, decided.changes, strict=True):
        mine = [day for day in look.days if next(is_told)]
        verdicts[look.subscription.id] = _Verdict(mine, has_changed, size)
    return verdicts


def _judged(look: Look, verdict: _Verdict | None, this: Round) -> Judged:
    """One that is snoozed, without a verdict, was looked at all the same and tells nothing.

    What is wrong is told when it wakes, if it still is.
    """
    before, raised = look.subscription, list[Alert]()
    if verdict is not None:
        raised += [_of_day(look, day, verdict.family, this.version) for day in verdict.days]
        if look.change is not None and verdict.has_changed:
            raised.append(_of_week(look, look.change, verdict.family, this.version))
        raised += _of_troubles(look, this)
    return Judged(
        subscription=before,
        is_whole=look.is_whole,
        day=look.looked_to,
        week=look.week_looked_to,
        troubles=before.troubles if verdict is None else tuple(look.troubles),
        alerts=tuple(raised),
    )


def subject(metric: Metric, context: Context) -> str:
    """What is watched, in words."""
    rows = sentence.in_words(context.condition)
    return f"{metric.label}, {rows}" if rows else metric.label


def _of_day(look: Look, day: WatchedDay, family: int, version: str) -> Alert:
    metric = look.metric
    value, low, high = (written.number(v, metric) for v in (day.value, day.low, day.high))
    unit = written.unit(metric)
    on = written.day(day.day)
    said = f"{f'{value} {unit}'.strip()} on {on}, foretold {low} to {high}"
    return Alert(
        kind="day",
        day=day.day,
        sentence=f"{subject(metric, look.context)}: {said}.",
        detail=f"{abs(day.z):.1f} scales of its own past errors from what was foretold the day "
        f"before, weekday in it. {_tested(family)}",
        tone=written.tone(metric, day.z, day.z),
        query=_link(look, Period(day.day - _SHOWN, day.day), version, "none"),
    )


def _of_week(look: Look, change: Candidate, family: int, version: str) -> Alert:
    size, around = sentence.amount(change)
    days, before = (written.period(p) for p in (change.period, change.comparison.period))
    verb = sentence.verb(change, "descriptive")
    return Alert(
        kind="week",
        day=change.period.end,
        sentence=f"{subject(look.metric, look.context)}: {verb} by {size} ({around}) in {days}.",
        detail=f"Against {before}, paired by account. {_tested(family)}",
        tone=written.tone(look.metric, change.change.low, change.change.high),
        query=_link(look, change.period, version, "previous"),
    )


def _of_troubles(look: Look, this: Round) -> list[Alert]:
    """What was not broken or not late when it was last looked at."""
    new = {n: s for n, s in look.troubles.items() if n not in look.subscription.troubles}
    late = [s for n, s in new.items() if n.startswith(LATE)]
    broken = [s for n, s in new.items() if not n.startswith(LATE)]
    day, query = look.latest or date.min, ""
    if look.latest:
        query = _link(look, Period(day - _SHOWN, day), this.version, "none")
    what = subject(look.metric, look.context)
    kinds: tuple[tuple[Kind, date, str, list[str]], ...] = (
        ("test", day, "not to be trusted, a test of its data fails.", broken),
        ("late", this.today, "its data is late.", late),
    )
    return [
        Alert(
            kind=kind,
            day=on,
            sentence=f"{what}: {says}",
            detail=" ".join(said),
            tone="bad",
            query=query,
        )
        for kind, on, says, said in kinds
        if said
    ]


def _tested(family: int) -> str:
    tried = "Tried alone" if family == 1 else f"{family} tried together"
    return f"{tried}; at most one look in ten tells chance (Benjamini-Hochberg)."


def _link(look: Look, period: Period, version: str, compare: str) -> str:
    """The query string of the page that shows it: these rows, these days, this data."""
    one = look.subscription
    named = f"dataset={one.dataset}&metric={one.metric}"
    rows = f"&{one.filters}" if one.filters else ""
    days = f"&period={period.start}+to+{period.end}&compare={compare}&grain=day"
    return f"{named}{rows}{days}&v={version}"
