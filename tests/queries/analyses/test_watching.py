"""What is told of watched numbers: at most one quiet look in ten, and what happened is found."""

from datetime import date, timedelta

import numpy as np
from scipy.stats import false_discovery_control
from scipy.stats import t as student_t

from queries.analyses.anomaly import foretold
from queries.analyses.findings import two_sided
from queries.analyses.watching import (
    WatchedDay,
    last_week,
    told,
    watched_days,
)
from queries.catalog import builtin
from tests.queries.analyses.candidates import changed

LAST = date(2026, 3, 1)
DAYS = 120
PEOPLE, METRICS = 200, 8


def quiet(series: int, seed: int) -> np.ndarray:
    """A drifting level, a week and errors that last, of amounts."""
    draw = np.random.default_rng(seed)
    level = np.cumsum(draw.normal(0, 0.004, (series, DAYS)), axis=1)
    week = np.tile(draw.normal(0, 0.12, (series, 7)), (1, DAYS // 7 + 1))[:, :DAYS]
    errors = draw.normal(0, 0.03, (series, DAYS))
    errors[:, 1:] += 0.3 * errors[:, :-1]
    return 1_000 * np.exp(level + week + errors)


def test_of_two_hundred_quiet_people_at_most_one_in_ten_is_told_anything():
    made = foretold(quiet(PEOPLE * METRICS, 7), is_share=False)
    z = made.z[:, -1].reshape(PEOPLE, METRICS)
    t = np.random.default_rng(8).standard_t(255, (PEOPLE, METRICS))
    alarms = 0
    for person in range(PEOPLE):
        days = [WatchedDay(LAST, 1, 1, 1, 1, float(one)) for one in z[person]]
        changes = [
            changed(n, float(one), two_sided(float(one), 255)) for n, one in enumerate(t[person])
        ]
        found = told(days, changes)
        alarms += any(found.days) or any(found.changes)
    assert alarms <= 0.10 * PEOPLE


def test_what_is_told_is_what_scipy_s_procedure_rejects_of_all_together():
    dice = np.random.default_rng(9)
    z, t = 3 * dice.standard_t(12, 40), 2 * dice.standard_t(255, 40)
    days = [WatchedDay(LAST, 1, 1, 1, 1, float(one)) for one in z]
    changes = [changed(n, float(one), two_sided(float(one), 255)) for n, one in enumerate(t)]
    p = np.concatenate([2 * student_t.sf(np.abs(z), 12), 2 * student_t.sf(np.abs(t), 255)])
    rejected = false_discovery_control(p) <= 0.10
    found = told(days, changes)
    assert found.days == tuple((rejected[:40] & (np.abs(z) > 3.5)).tolist())
    assert {n for n, is_told in enumerate(found.changes) if is_told} <= {
        n for n, is_one in enumerate(rejected[40:]) if is_one
    }
    assert any(found.days)
    assert any(found.changes)


def test_a_day_that_is_out_of_line_and_a_change_that_is_sure_are_told():
    days = [WatchedDay(LAST, 1, 1, 1, 1, z) for z in (0.4, -9.0, 1.1)]
    changes = [changed(0, 0.5, two_sided(0.5, 255)), None, changed(1, 9.0, two_sided(9.0, 255))]
    found = told(days, changes)
    assert found.days == (False, True, False)
    assert found.changes == (False, False, True)


def test_a_sure_change_that_does_not_matter_is_not_told():
    metric = builtin().dataset("playback").metric("hours_viewed")
    tiny = changed(0, 9.0, two_sided(9.0, 255), size=metric.material / 2)
    assert told([], [tiny]).changes == (False,)


def test_a_fall_shows_on_its_day_and_not_on_a_weekday_that_is_always_low():
    values = {
        LAST - timedelta(n): 1_000.0 * (0.5 if (LAST - timedelta(n)).weekday() == 0 else 1) + n % 3
        for n in range(DAYS)
    }
    seen = watched_days(values, LAST, is_share=False, is_amount=True)
    assert {d.day.weekday() for d in seen if abs(d.z) > 3.5} == set()
    values[LAST] = 500.0
    *_, newest = watched_days(values, LAST, is_share=False, is_amount=True)
    assert newest.day == LAST
    assert newest.z < -3.5
    assert newest.value < newest.low < newest.expected


def test_a_missing_day_is_none_of_an_amount_and_unknown_of_a_rate():
    values: dict[date, float | None] = {LAST - timedelta(n): 0.5 + n % 5 / 100 for n in range(DAYS)}
    del values[LAST]
    amounts = watched_days(values, LAST, is_share=False, is_amount=True)
    assert (amounts[-1].day, amounts[-1].value) == (LAST, 0.0)
    rates = watched_days(values, LAST, is_share=True, is_amount=False)
    assert rates[-1].day == LAST - timedelta(1)
    values[LAST] = None
    withheld = watched_days(values, LAST, is_share=False, is_amount=True)
    assert withheld[-1].day == LAST - timedelta(1)


def test_too_short_a_past_foretells_nothing():
    assert watched_days({}, LAST, is_share=False, is_amount=True) == []
    assert watched_days({LAST: 1.0}, LAST, is_share=False, is_amount=True) == []


def test_a_week_ends_on_sunday():
    assert [last_week(date(2026, 3, n)) for n in (1, 2, 7, 8)] == [
        date(2026, 3, 1),
        date(2026, 3, 1),
        date(2026, 3, 1),
        date(2026, 3, 8),
    ]
