"""What a membership is worth against before: two parts that are the change, and their coverage."""

import numpy as np
import pytest

from queries.analyses.lifetime import worth
from queries.analyses.value_change import FEWEST, ValueChange, value_change
from queries.estimators.shifted_beta_geometric import Fit, discounted
from tests.queries.analyses.test_lifetime import worlds
from tests.queries.analyses.test_value_apart import FICKLE, LOYAL, TERMS, group


def changed(seed: int, number: int) -> list[ValueChange]:
    """Fickle members at $10 a month, then loyal ones at $12, in as many worlds."""
    sides = zip(
        worlds(seed, FICKLE, number, 700), worlds(seed + 1, LOYAL, number, 900), strict=True
    )
    split = (value_change(group(a, 10.0), group(b, 12.0), TERMS) for a, b in sides)
    return [found for found in split if found is not None]


def months(fit: Fit) -> float:
    """Discounted months times the margin, of the curve that was drawn from."""
    return float(discounted(fit.survival(TERMS.horizon), 1.0, TERMS)[-1])


def test_both_parts_are_the_change_and_the_change_is_that_of_the_two_values():
    before, now = worlds(21, FICKLE, 1, 900)[0], worlds(22, LOYAL, 1, 900)[0]
    sides = group(before, 10.0), group(now, 12.0)
    found = value_change(*sides, TERMS)
    values = [one.value.value for side in sides if (one := worth(side, TERMS))]
    assert found is not None
    assert (found.before, found.now) == pytest.approx(values, rel=1e-6)
    assert found.change.value == pytest.approx(found.now - found.before, rel=1e-12)
    assert found.by_pay.value + found.by_months.value == pytest.approx(found.change.value, rel=1e-9)


def test_a_price_alone_moves_nothing_by_months_and_loyalty_alone_nothing_by_pay():
    counted, loyal = worlds(23, FICKLE, 1, 900)[0], worlds(24, LOYAL, 1, 900)[0]
    dearer = value_change(group(counted, 10.0), group(counted, 12.0), TERMS)
    longer = value_change(group(counted, 10.0), group(loyal, 10.0), TERMS)
    assert dearer is not None
    assert longer is not None
    assert dearer.by_months.value == pytest.approx(0, abs=1e-9)
    assert dearer.by_pay.value == pytest.approx(0.2 * dearer.before, rel=1e-9)
    assert longer.by_pay.value == pytest.approx(0, abs=1e-9)
    assert longer.by_months.low > 0


def test_the_parts_turn_round_with_the_periods():
    sides = group(worlds(25, FICKLE, 1, 900)[0], 10.0), group(worlds(26, LOYAL, 1, 900)[0], 12.0)
    there, back = value_change(*sides, TERMS), value_change(sides[1], sides[0], TERMS)
    assert there is not None
    assert back is not None
    for name in ("change", "by_pay", "by_months"):
        assert getattr(there, name).value == pytest.approx(-getattr(back, name).value, rel=1e-6)


def test_the_intervals_cover_the_true_parts_as_often_as_they_say():
    """Of 60 worlds, 95 % less three standard errors of a share of so many."""
    found = changed(31, 60)
    assert len(found) == 60
    earlier, later = months(FICKLE), months(LOYAL)
    truths = {
        "change": 12 * later - 10 * earlier,
        "by_pay": 2 * (earlier + later) / 2,
        "by_months": (later - earlier) * 11,
    }
    for name, truth in truths.items():
        ends = [(getattr(f, name).low, getattr(f, name).high) for f in found]
        assert np.mean([low <= truth <= high for low, high in ends]) >= 0.95 - 0.085


def test_too_few_memberships_are_not_spoken_of():
    known, few = worlds(27, LOYAL, 1, 900)[0], worlds(28, LOYAL, 1, FEWEST - 1)[0]
    assert value_change(group(known, 10.0), group(few, 10.0), TERMS) is None
    assert value_change(group(few, 10.0), group(known, 10.0), TERMS) is None
