"""Truths of everywhere and always: what moves the company where nothing is planted at one place.

Growth, who stays, how often members come, the weekdays and the launches. Pages may claim what
follows from them; `tests/portal/test_claims_are_true.py` says what does.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from queries.lake.demo.accounts import CHANNELS
from queries.lake.demo.catalogue import GENRES
from queries.lake.demo.geography import geography
from queries.lake.demo.membership import hazards
from queries.lake.demo.popularity import LAUNCH_DAYS
from queries.lake.demo.truth import Truth, span
from queries.lake.demo.viewing import FILM_STARTS
from queries.lake.demo.visits import A_DAY, WEEKDAY
from queries.lake.demo.world import World

MONTHS = 26
_WEEK = 7
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def drivers(of: World) -> list[Truth]:
    """Growth and who stays by month, wanted visits by week, the weekdays and every launch."""
    return [*_members(of), *_leaving(of), *_visits(of), *_weekdays(), *_launches(of)]


def wanted_visits(of: World) -> np.ndarray:
    """Visits expected on each day of the world, of members as often as they are wont to come.

    Experiments are in it; the weather of days and the moods of accounts, 1 on average, are not.
    """
    days = of.clock.days
    coming = np.zeros(days)
    for accounts in of.size.blocks:
        often = of.paid.alive(accounts, days) * of.cells.effect(of.plan, accounts, days)
        coming += of.people.activity[accounts.start : accounts.stop] @ often
    return coming * A_DAY * WEEKDAY[of.clock.weekday] / WEEKDAY.mean()


def _members(of: World) -> Iterator[Truth]:
    for first, last in _months(of):
        yield Truth(
            "members", "billing_events", "Members on the last day of a month.",
            float(of.paid.on_day(last).sum()), {}, span(of.clock, first, last),
        )  # fmt: skip


def _leaving(of: World) -> Iterator[Truth]:
    """By month and sign-up channel: those who stay are the loyal ones, so it falls."""
    account, day, hazard = hazards(of.paid, of.people, of.plan, of.seed)
    months = list(_months(of))
    month = np.searchsorted([first for first, _ in months], day, "right") - 1
    kept = (month >= 0) & (day <= months[-1][1])
    cell = (month * len(CHANNELS) + of.people.channel[account])[kept]
    shape = (len(months), len(CHANNELS))
    due = np.bincount(cell, minlength=len(months) * len(CHANNELS)).reshape(shape)
    leaving = np.bincount(cell, hazard[kept], due.size).reshape(shape)
    for nth, (first, last) in enumerate(months):
        sums = zip(CHANNELS, leaving[nth].tolist(), due[nth].tolist(), strict=True)
        for name, much, many in (*sums, ("", leaving[nth].sum(), due[nth].sum())):
            yield Truth(
                "leaving_at_renewal", "billing_events",
                "Mean chance of leaving by oneself at the renewals of a month.",
                much / max(many, 1), {"signup_channel": name} if name else {},
                span(of.clock, first, last),
            )  # fmt: skip


def _visits(of: World) -> Iterator[Truth]:
    wanted, end = wanted_visits(of), of.clock.days
    for first in range(end % _WEEK, end, _WEEK):
        after = first + _WEEK
        yield Truth(
            "wanted_visits", "visits", "Visits a day that members were wont to make in a week.",
            float(wanted[first:after].mean()), {}, span(of.clock, first, after - 1),
        )  # fmt: skip


def _weekdays() -> Iterator[Truth]:
    for name, factor in zip(_WEEKDAYS, WEEKDAY / WEEKDAY.mean(), strict=True):
        yield Truth(
            "weekday", "visits", "Factor on visits over those of the mean day of a week.",
            float(factor), {"weekday": name},
        )  # fmt: skip


def _launches(of: World) -> Iterator[Truth]:
    """The release calendar: titles out since the quarter before the world, and their size."""
    titles, codes = of.titles, geography().codes
    daily = of.popular.daily
    share = np.empty_like(daily)
    for kind, starts in ((titles.is_season, 1 - FILM_STARTS), (~titles.is_season, FILM_STARTS)):
        share[:, kind] = starts * daily[:, kind] / daily[:, kind].sum(axis=1, keepdims=True)
    for title in np.flatnonzero(titles.release > -LAUNCH_DAYS).tolist():
        out = int(titles.release[title])
        young = share[max(out, 0) : out + LAUNCH_DAYS, title]
        yield Truth(
            "launch", "titles",
            "Wanted share of all starts in its first 91 days, as far as they lie in the world.",
            float(young.mean()),
            {
                "title_id": title + 1,
                "genre": GENRES[titles.genre[title]],
                "origin_country": codes[titles.origin[title]],
                "kind": "season" if titles.is_season[title] else "film",
            },
            span(of.clock, out, out + LAUNCH_DAYS - 1),
        )  # fmt: skip


def _months(of: World) -> Iterator[tuple[int, int]]:
    """First and last day of the world's clock of whole months, the oldest first."""
    after = of.clock.last + timedelta(1)
    months = [date(*_month_before(after, back), 1) for back in range(MONTHS, 0, -1)]
    for first in months:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        yield of.clock.day(first), of.clock.day(last)


def _month_before(day: date, back: int) -> tuple[int, int]:
    """Year and month so many months before that of a day."""
    months = day.year * 12 + day.month - 1 - back
    return months // 12, months % 12 + 1
