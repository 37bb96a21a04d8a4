"""Look at what people watch in a new data version, and tell them what is more than chance.

Everything is asked as its watcher would ask it, with their access, and each day, each week and each
data version is looked at once. All that is new to one person is one family of tests
(`queries.analyses.watching`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.components import format as written
from portal.components import sentence
from portal.context import Context
from portal.open_page import open_page
from portal.page import Page
from portal.store import alerts, people, subscriptions
from portal.store.alerts import Alert, Judged, Kind
from portal.store.people import Person
from portal.store.store import Store
from portal.store.subscription import Subscription
from portal.tiles.forecast import Forecast
from portal.view import View
from queries.analyses.findings import Candidate, candidates
from queries.analyses.watching import Lag, WatchedDay, lag, last_week, told, watched_days
from queries.dataset import Metric
from queries.errors import Cancelled, QueryError
from queries.health import Health, failed_tests, tables_of
from queries.model import Comparison, Query, Result
from queries.period import Period
from queries.warehouse import Warehouse

logger = logging.getLogger(__name__)

_WEEK = timedelta(7)
_SHOWN = timedelta(27)
_MOST_DAYS = 28
Through = Sequence[Mapping[str, date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a subscription came to: the days and the week that are new, and what is wrong."""

    subscription: Subscription
    context: Context
    metric: Metric
    latest: date | None
    days: Sequence[WatchedDay]
    week: Period | None
    change: Candidate | None
    troubles: Mapping[str, str]
    """Sentences, by a name that stays while the trouble does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at the newest data version: `page` is the one that an alert leads to.

    `through` is what the tables of each data version are complete through, the newest first.
    """

    warehouse: Warehouse
    page: Page
    version: str
    through: Through = ()

    def ask(self, question: Query, person: Person) -> Result | None:
        """None where there is no right answer: then nothing is told."""
        try:
            return self.warehouse.ask(question, person.access, self.version)
        except Cancelled:
            raise
        except QueryError:
            return None


def raise_alerts(store: Store, one: Round) -> int:
    """Look at everything that somebody watches; says what is new. Raises Cancelled."""
    active = (person for person in people.everybody(store) if person.is_active)
    return sum(_for_person(store, person, one) for person in active)


def _for_person(store: Store, person: Person, this: Round) -> int:
    new = [s for s in subscriptions.of(store, person) if s.judged_version != this.version]
    found = [_look(one, person, this) for one in new]
    looks = [look for look in found if look is not None]
    today = store.now().date()
    awake = [look for look in looks if not look.subscription.is_snoozed(today)]
    family = _family(awake)
    judged = [_judged(look, family.get(look.subscription.id), this.version) for look in looks]
    return alerts.keep(store, person, this.version, judged)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What of one subscription is told, and of how many hypotheses its family was."""

    days: Sequence[WatchedDay]
    has_changed: bool
    family: int


def _family(looks: Sequence[_Look]) -> Mapping[str, _Verdict]:
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


def _judged(look: _Look, verdict: _Verdict | None, version: str) -> Judged:
    """One that is snoozed, without a verdict, was looked at all the same and tells nothing.

    What is wrong is told when it wakes, if it still is.
    """
    before, raised = look.subscription, list[Alert]()
    if verdict is not None:
        raised += [_of_day(look, day, verdict.family, version) for day in verdict.days]
        if look.change is not None and verdict.has_changed:
            raised.append(_of_week(look, look.change, verdict.family, version))
        raised += _of_troubles(look, version)
    return Judged(
        subscription=before,
        day=max((d for d in (before.judged_day, look.latest) if d), default=None),
        week=look.week.end if look.week else before.judged_week,
        troubles=before.troubles if verdict is None else tuple(look.troubles),
        alerts=tuple(raised),
    )


def opened_for(one: Subscription, person: Person, this: Round) -> Context | None:
    """What is watched as its watcher may see it; None where they may not, any more.

    A filter that cannot be read any more would widen the rows: then nothing is told either.
    """
    pinned = f"dataset={one.dataset}&metric={one.metric}&period=all&v={this.version}"
    try:
        opened = open_page(this.page, f"{pinned}&{one.filters}", this.warehouse, person.access)
        context = opened.context_of(one.dataset)
        context.metric(one.metric)
    except Cancelled:
        raise
    except QueryError:
        return None
    chosen = tuple(c for c in opened.view.choices if c not in opened.assumed)
    is_read = View(choices=chosen).to_url() == one.filters
    is_whole = is_read and not context.unreached and not context.notices
    is_seen = one.metric not in context.withheld
    return replace(context, period=None, compare=None) if is_whole and is_seen else None


def _look(one: Subscription, person: Person, this: Round) -> _Look | None:
    """One that breaks stops no other."""
    try:
        context = opened_for(one, person, this)
        return None if context is None else _looked(one, context, person, this)
    except Cancelled:
        raise
    except Exception:
        logger.exception("not watched", extra={"metric": f"{one.dataset}.{one.metric}"})
        return None


def _looked(one: Subscription, context: Context, person: Person, this: Round) -> _Look:
    metric, latest, week = context.metric(one.metric), context.extent.latest, _week(one, context)
    by_day = [this.ask(q, person) for q in Forecast(metric=metric.name).questions(context)]
    weekly = this.ask(_by_week(context, metric, week), person) if week else None
    results = [r for r in (*by_day, weekly) if r is not None]
    return _Look(
        subscription=one,
        context=context,
        metric=metric,
        latest=latest,
        days=_new_days(one, next(iter(by_day), None), metric, latest),
        week=week,
        change=next(iter(candidates([weekly])), None) if weekly else None,
        troubles={
            **_broken(context, metric, results, this.warehouse.health(person.access, this.version)),
            **_late(context, metric, this.through),
        },
    )


def _new_days(
    one: Subscription, by_day: Result | None, metric: Metric, latest: date | None
) -> list[WatchedDay]:
    """The days that were not looked at before; of a new subscription the newest alone."""
    if by_day is None or latest is None:
        return []
    frame = by_day.frame.drop_nulls(by_day.query.by[0].name)
    values = dict(zip(frame[by_day.query.by[0].name], frame[metric.name], strict=True))
    foretold = watched_days(
        values,
        latest,
        is_share=metric.format == "percent",
        is_amount=metric.kind == "additive",
    )
    since = one.judged_day or latest - timedelta(1)
    return [day for day in foretold if since < day.day <= latest][-_MOST_DAYS:]


def _week(one: Subscription, context: Context) -> Period | None:
    """The last whole week, unless it was looked at before or the data does not reach back."""
    latest, first = context.extent.latest, context.extent.first
    if latest is None or first is None:
        return None
    end = last_week(latest)
    week = Period(end - _WEEK + timedelta(1), end)
    is_new = one.judged_week is None or one.judged_week < end
    return week if is_new and week.start - _WEEK >= first else None


def _by_week(context: Context, metric: Metric, week: Period) -> Query:
    return replace(
        context.question([metric.name]),
        period=week,
        compare=Comparison("previous", week.shifted(-_WEEK.days)),
    )


def _broken(
    context: Context, metric: Metric, results: Sequence[Result], health: Health
) -> Mapping[str, str]:
    """What must hold and does not, of the tables it is read from and of its answers."""
    found = {
        f"invariant {o.invariant.name}": f"Does not hold in {o.invariant.table}: "
        f"{o.invariant.label.removesuffix('.')}."
        for o in health.failing(metric, context.dataset)
    }
    tests = (t for r in results for t in failed_tests(metric, (r.frame,)))
    return {**found, **{f"test {t}": f"It breaks its own test: {t}." for t in tests}}


def _late(context: Context, metric: Metric, through: Through) -> Mapping[str, str]:
    """Tables that lag farther behind the newest of the lake than in any version before."""
    tables = sorted(tables_of(metric, context.dataset)) if through else []
    lags = {table: lag(through, table) for table in tables}
    return {f"late {t}": _said_late(t, one, through) for t, one in lags.items() if one.is_late}


def _said_late(table: str, one: Lag, through: Through) -> str:
    last = written.day(through[0][table])
    return (
        f"{table} is complete through {last}, {one.days} days behind the newest table; in "
        f"{one.versions} data versions before it was never more than {one.usual}."
    )


def subject(metric: Metric, context: Context) -> str:
    """What is watched, in words."""
    rows = sentence.in_words(context.condition)
    return f"{metric.label}, {rows}" if rows else metric.label


def _of_day(look: _Look, day: WatchedDay, family: int, version: str) -> Alert:
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


def _of_week(look: _Look, change: Candidate, family: int, version: str) -> Alert:
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


def _of_troubles(look: _Look, version: str) -> list[Alert]:
    """What was not broken or not late when it was last looked at."""
    new = {n: s for n, s in look.troubles.items() if n not in look.subscription.troubles}
    late = [s for n, s in new.items() if n.startswith("late ")]
    broken = [s for n, s in new.items() if not n.startswith("late ")]
    day = look.latest or date.min
    query = _link(look, Period(day - _SHOWN, day), version, "none") if look.latest else ""
    what = subject(look.metric, look.context)
    kinds: tuple[tuple[Kind, str, list[str]], ...] = (
        ("test", "not to be trusted, a test of its data fails.", broken),
        ("late", "late, its data is behind.", late),
    )
    return [
        Alert(
            kind=kind,
            day=day,
            sentence=f"{what}: {says}",
            detail=" ".join(said),
            tone="bad",
            query=query,
        )
        for kind, says, said in kinds
        if said
    ]


def _tested(family: int) -> str:
    tried = "Tried alone" if family == 1 else f"{family} tried together"
    return f"{tried}; at most one look in ten tells chance (Benjamini-Hochberg)."


def _link(look: _Look, period: Period, version: str, compare: str) -> str:
    """The query string of the page that shows it: these rows, these days, this data."""
    one = look.subscription
    named = f"dataset={one.dataset}&metric={one.metric}"
    rows = f"&{one.filters}" if one.filters else ""
    days = f"&period={period.start}+to+{period.end}&compare={compare}&grain=day"
    return f"{named}{rows}{days}&v={version}"
