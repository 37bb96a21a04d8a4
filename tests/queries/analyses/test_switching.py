"""Who moved a share: Berkeley's admissions, an example by hand, identities, and coverage."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from queries.analyses.switching import Kind, Moved, split, switching
from queries.errors import UnsafeQuestion
from queries.formula import Array
from tests.queries.analyses.switching_worlds import SCREENS, added_up, lasting
from tests.queries.analyses.test_decomposition import MEN, WOMEN

hours_of_many = arrays(np.float64, (2, 40, 3), elements=st.integers(0, 9).map(float))


def parts(hours: Array, place: int = 0) -> tuple[float, dict[Kind, float]]:
    """The change of a share and its parts, of everybody together."""
    sums = added_up(hours, np.zeros(hours.shape[1], dtype=np.int64))
    laid_out = {name: sums[name].cast(pl.Float64).to_numpy() for name in sums.columns}
    (now, before), found = split(laid_out, place)
    return float(now[0] - before[0]), {kind: float(v[0]) for kind, v in found.items()}


def told(hours: Array) -> tuple[Moved, ...]:
    accounts = hours.shape[1]
    return switching(added_up(hours, np.arange(accounts) % 64), SCREENS)


def by_the_book(hours: Array, place: int) -> dict[Kind, float]:
    """The four sums as the paper writes them, account by account."""
    now, before = hours
    weights = [side.sum(axis=1) / side.sum() for side in (now, before)]
    with np.errstate(all="ignore"):
        shares = [np.nan_to_num(side[:, place] / side.sum(axis=1)) for side in (now, before)]
    middle = sum(side[:, place].sum() / side.sum() for side in (now, before)) / 2
    both = (weights[0] > 0) & (weights[1] > 0)
    came, went = ((weights[one] > 0) & (weights[1 - one] == 0) for one in (0, 1))
    return {
        "switched": float((sum(weights) / 2 * (shares[0] - shares[1]))[both].sum()),
        "weighed": float(((weights[0] - weights[1]) * (sum(shares) / 2 - middle))[both].sum()),
        "joined": float((weights[0] * (shares[0] - middle))[came].sum()),
        "left": float(-(weights[1] * (shares[1] - middle))[went].sum()),
    }


def test_departments_as_accounts_give_berkeleys_mix_and_rate() -> None:
    """Published: −14.2 points are −17.8 of where they applied and +3.6 within departments."""
    hours = np.array([[(a, n - a) for a, n in rows] for rows in (WOMEN, MEN)])
    change, found = parts(hours)
    assert round(100 * change, 1) == -14.2
    assert round(100 * found["weighed"], 1) == -17.8
    assert round(100 * found["switched"], 1) == 3.6
    assert found["joined"] == found["left"] == 0


def test_four_accounts_by_hand() -> None:
    """Of 8 hours 5 were on TV, of 10 now 7: from 5/8 to 7/10, with the mean of 53/80.

    One turns from half to all of its 4 hours; one watches 2 hours instead of 2, both on TV; one of
    2 hours, one of them on TV, goes; one of 4 hours, one of them on TV, comes.
    """
    now = np.array([(4, 0), (2, 0), (0, 0), (1, 3)], float)
    before = np.array([(2, 2), (2, 0), (1, 1), (0, 0)], float)
    change, found = parts(np.array([now, before]))
    assert change == pytest.approx(7 / 10 - 5 / 8)
    assert found["switched"] == pytest.approx((4 / 10 + 4 / 8) / 2 * (1 - 1 / 2))
    weights = (4 / 10 - 4 / 8) * (3 / 4 - 53 / 80) + (2 / 10 - 2 / 8) * (1 - 53 / 80)
    assert found["weighed"] == pytest.approx(weights)
    assert found["joined"] == pytest.approx(4 / 10 * (1 / 4 - 53 / 80))
    assert found["left"] == pytest.approx(-(2 / 8) * (1 / 2 - 53 / 80))


@settings(max_examples=60)
@given(hours_of_many, st.integers(0, 2))
def test_the_parts_are_those_of_the_paper_and_close_exactly(hours: Array, place: int) -> None:
    hours[:, 0, :] += 1
    change, found = parts(hours, place)
    book = by_the_book(hours, place)
    assert {kind: found[kind] for kind in book} == pytest.approx(book, abs=1e-12)
    assert sum(book.values()) == pytest.approx(change, abs=1e-12)


@settings(max_examples=40)
@given(hours_of_many)
def test_backwards_in_time_signs_turn_and_who_came_has_left(hours: Array) -> None:
    hours[:, 0, :] += 1
    (_, forth), (_, back) = parts(hours), parts(hours[::-1])
    turned: dict[Kind, Kind] = {
        "switched": "switched",
        "weighed": "weighed",
        "joined": "left",
        "left": "joined",
    }
    assert {k: -back[turned[k]] for k in turned} == pytest.approx(
        {k: forth[k] for k in turned}, abs=1e-12
    )


@settings(max_examples=20)
@given(hours_of_many, st.integers(1, 5))
def test_what_nobody_changes_is_nothing(hours: Array, scale: int) -> None:
    """Neither where all watch as before, nor where all watch as many times as much."""
    hours[:, 0, :] += 1
    change, found = parts(np.array([hours[0] * scale, hours[0]]))
    assert change == pytest.approx(0, abs=1e-12)
    assert [*found.values()] == pytest.approx([0] * len(found), abs=1e-12)


def test_parts_over_all_screens_cancel_since_shares_add_up_to_one() -> None:
    found = told(lasting(np.random.default_rng(1), 3_000))
    assert sum(one.change.value for one in found) == pytest.approx(0, abs=1e-12)
    for place in range(4):
        assert sum(m.parts[place].estimate.value for m in found) == pytest.approx(0, abs=1e-12)


def test_who_came_and_who_went_stand_together_where_one_of_them_is_a_handful() -> None:
    hours = lasting(np.random.default_rng(2), 2_000) + 1
    hours[1, :9, :] = 0
    hours[0, 100:130, :] = 0
    found = told(hours)[0]
    assert [(p.kind, p.accounts) for p in found.parts[2:]] == [("moved", 39)]
    assert sum(p.estimate.value for p in found.parts) == pytest.approx(found.change.value)


def test_a_part_of_a_handful_is_refused_where_nothing_can_stand_with_it() -> None:
    hours = lasting(np.random.default_rng(3), 2_000) + 1
    hours[1, :9, :] = 0
    with pytest.raises(UnsafeQuestion, match="Fewer than 10 accounts"):
        told(hours)


def test_no_hours_in_a_period_are_no_shares() -> None:
    hours = lasting(np.random.default_rng(4), 100)
    hours[1] = 0
    assert told(hours) == ()
    assert switching(pl.DataFrame(), SCREENS) == ()


def test_fewer_than_200_accounts_are_few() -> None:
    hours = lasting(np.random.default_rng(5), 1_500) + 1
    hours[1, :150, :] = 0
    hours[0, 200:500, :] = 0
    assert [p.few for p in told(hours)[0].parts] == [False, False, True, False]


def test_intervals_hold_the_truth_95_times_in_100() -> None:
    """Accounts drawn from 60,000 of whom some turned to another screen, some came and some went."""
    dice = np.random.default_rng(11)
    everybody = lasting(dice, 60_000)
    turned = dice.random(60_000) < 0.1
    everybody[0, turned, 0], everybody[0, turned, 1] = 0, everybody[0, turned].sum(axis=1)
    _, truth = parts(everybody)
    held: dict[Kind, int] = {"switched": 0, "weighed": 0, "joined": 0, "left": 0}
    rounds = 400
    for _ in range(rounds):
        drawn = everybody[:, dice.integers(0, 60_000, 1_500)]
        found = switching(added_up(drawn, dice.integers(0, 256, 1_500)), SCREENS)[0]
        for part in found.parts:
            held[part.kind] += part.estimate.low <= truth[part.kind] <= part.estimate.high
    assert all(0.92 <= n / rounds <= 0.98 for n in held.values()), held


def test_a_surer_change_has_a_smaller_q() -> None:
    hours = lasting(np.random.default_rng(7), 4_000)
    qs: list[float] = []
    for share in (0.0, 0.05, 0.5):
        moved = hours.copy()
        turned = np.arange(4_000) < share * 4_000
        moved[0, turned, 0], moved[0, turned, 2] = 0, hours[0, turned].sum(axis=1)
        qs.append(told(moved)[0].q)
    assert all(one > other for one, other in pairwise(qs))
