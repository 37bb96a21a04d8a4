"""Look at what somebody watches in a data version, as they would ask it, with their access."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.context import Context
from portal.open_page import open_page
from portal.page import Page
from portal.store.people import Person
from portal.store.subscription import Subscription
from portal.tiles.forecast import Forecast
from portal.view import View
from queries.analyses.findings import Candidate, candidates
from queries.analyses.watching import WatchedDay, last_week, watched_days
from queries.dataset import Metric
from queries.errors import Cancelled, QueryError
from queries.health import Health, failed_tests, tables_of
from queries.model import Comparison, Query, Result
from queries.period import Period
from queries.warehouse import Warehouse

logger = logging.getLogger(__name__)

_WEEK = timedelta(7)
_MOST_DAYS = 28
LATE = "late "


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a subscription came to: the days and the week that are new, and what is wrong.

    `looked_to` and `week_looked_to` are the last day and week that were answered; not `is_whole`
    where a question was refused.
    """

    subscription: Subscription
    context: Context
    metric: Metric
    latest: date | None
    looked_to: date | None
    week_looked_to: date | None
    is_whole: bool
    days: Sequence[WatchedDay]
    change: Candidate | None
    troubles: Mapping[str, str]
    """Sentences, by a name that stays while the trouble does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at the newest data version on a day: `page` is the one that an alert leads to.

    `late` says of each table that is late by now that it is.
    """

    warehouse: Warehouse
    page: Page
    version: str
    today: date
    late: Mapping[str, str]

    def ask(self, question: Query, person: Person) -> Result | None:
        """None where there is no right answer: then nothing is told."""
        try:
            return self.warehouse.ask(question, person.access, self.version)
        except Cancelled:
            raise
        except QueryError:
            return None


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


def looked_at(one: Subscription, person: Person, this: Round) -> Look | None:
    """None where there is nothing to look at. One that breaks stops no other."""
    is_new = one.judged_version != this.version
    if not is_new and not this.late and not any(t.startswith(LATE) for t in one.troubles):
        return None
    try:
        context = opened_for(one, person, this)
        if context is None:
            return None
        return _looked(one, context, person, this) if is_new else _again(one, context, this)
    except Cancelled:
        raise
    except Exception:
        logger.exception("not watched", extra={"metric": f"{one.dataset}.{one.metric}"})
        return None


def _looked(one: Subscription, context: Context, person: Person, this: Round) -> Look:
    metric, latest, week = context.metric(one.metric), context.extent.latest, _week(one, context)
    by_day = [this.ask(q, person) for q in Forecast(metric=metric.name).questions(context)]
    weekly = this.ask(_by_week(context, metric, week), person) if week else None
    results = [r for r in (*by_day, weekly) if r is not None]
    has_days, has_week = all(r is not None for r in by_day), week is None or weekly is not None
    days = (one.judged_day, latest if has_days else None)
    return Look(
        subscription=one,
        context=context,
        metric=metric,
        latest=latest,
        looked_to=max((d for d in days if d), default=None),
        week_looked_to=week.end if week and weekly else one.judged_week,
        is_whole=has_days and has_week,
        days=_new_days(one, next(iter(by_day), None), metric, latest),
        change=next(iter(candidates([weekly])), None) if weekly else None,
        troubles={
            **_broken(context, metric, results, this.warehouse.health(person.access, this.version)),
            **_late(context, metric, this.late),
        },
    )


def _again(one: Subscription, context: Context, this: Round) -> Look | None:
    """A data version that was looked at before, in which only what is late can be new."""
    metric = context.metric(one.metric)
    late = _late(context, metric, this.late)
    if set(late) == {name for name in one.troubles if name.startswith(LATE)}:
        return None
    broken = {name: "" for name in one.troubles if not name.startswith(LATE)}
    return Look(
        subscription=one,
        context=context,
        metric=metric,
        latest=context.extent.latest,
        looked_to=one.judged_day,
        week_looked_to=one.judged_week,
        is_whole=True,
        days=(),
        change=None,
        troubles={**broken, **late},
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


def _late(context: Context, metric: Metric, late: Mapping[str, str]) -> Mapping[str, str]:
    """The tables it is read from that are late by the clock."""
    return {f"{LATE}{t}": late[t] for t in tables_of(metric, context.dataset) if t in late}
