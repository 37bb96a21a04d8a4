"""An experiment after so many days: SciPy's tests on what accounts had done by then."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import ttest_ind

from queries.analyses.experiment_horizon import last_day, segments_after
from queries.estimators.moments import LETTERS, PAIRS
from queries.formula import Array
from tests.queries.estimators.counts import Integers

FIRST, DAYS, ACCOUNTS = date(2026, 3, 2), 10, 300
CELLS = ("control", "treatment")
SEGMENTS = ("light", "heavy")


def watched(dice: np.random.Generator, lift: float) -> tuple[Array, Integers]:
    """Hours of accounts by day, from the day of their exposure on, and that day."""
    exposed = dice.integers(0, 5, ACCOUNTS)
    hours = dice.gamma(2, 1 + lift, (ACCOUNTS, DAYS))
    return np.where(np.arange(DAYS) >= exposed[:, None], hours, 0.0), exposed


def added(hours: Array, exposed: Integers) -> list[dict[str, float]]:
    """What each day added to the sums and products over the accounts exposed by then."""
    rows: list[dict[str, float]] = []
    before = np.zeros(len(LETTERS) + len(PAIRS) + 1)
    for day in range(DAYS):
        here = exposed <= day
        now, ones = hours[here, : day + 1].sum(axis=1), np.ones(here.sum())
        letters: dict[str, Array] = dict(zip(LETTERS, (now, ones, 0 * ones, 0 * ones), strict=True))
        sums = [float(letters[one].sum()) for one in LETTERS]
        products = [float(letters[a] @ letters[b]) for a, b in PAIRS]
        so_far = np.array([*sums, *products, float(here.sum())])
        rows.append(dict(zip((*LETTERS, *PAIRS, "newly_exposed"), so_far - before, strict=True)))
        before = so_far
    return rows


def answer(made: dict[tuple[str, str], tuple[Array, Integers]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "experiment_id": 1, "primary_metric": "hours_per_account",
                "planned_accounts": 1_200, "cell": cell, "cell_position": CELLS.index(cell) + 1,
                "planned_share": 0.5, "segment": segment, "date": FIRST + timedelta(day), **row,
            }
            for (cell, segment), (hours, exposed) in made.items()
            for day, row in enumerate(added(hours, exposed))
        ]
    )  # fmt: skip


def test_the_effect_after_some_days_is_welch_s_on_what_was_done_by_then():
    """Of each cell over its own mean, so that the difference is that of logarithms (delta)."""
    dice = np.random.default_rng(4)
    made = {(c, s): watched(dice, 0.2 * CELLS.index(c)) for s in SEGMENTS for c in CELLS}
    for days in (5, 8, DAYS):
        found = segments_after(answer(made), "segment", days, adjusted=False)
        assert found is not None
        assert found.until == FIRST + timedelta(days - 1)
        assert {p.value: p.accounts for p in found.parts} == dict.fromkeys(SEGMENTS, 2 * ACCOUNTS)
        for part in found.parts:
            control, treated = (made[c, part.value][0][:, :days].sum(axis=1) for c in CELLS)
            test = ttest_ind(treated / treated.mean(), control / control.mean(), equal_var=False)
            ends = test.confidence_interval()
            ((name, effect),) = part.effects
            assert name == "treatment"
            assert effect.value == pytest.approx(treated.mean() / control.mean() - 1)
            width = np.log1p(effect.high) - np.log1p(effect.low)
            assert width == pytest.approx(ends.high - ends.low)


def test_who_was_exposed_later_does_not_count_and_small_segments_are_only_counted():
    dice = np.random.default_rng(5)
    made = {(c, "light"): watched(dice, 0.0) for c in CELLS}
    frame = answer(made)
    assert last_day(frame, 1) == FIRST
    found = segments_after(frame, "segment", 1)
    assert found is not None
    assert (found.parts, found.small) == ((), 1)
    assert segments_after(frame.clear(), "segment", 3) is None
