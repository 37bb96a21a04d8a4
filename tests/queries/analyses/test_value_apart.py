"""One group's membership against another's: the parts, coverage, and what is called."""

import numpy as np
import polars as pl
import pytest
from scipy.special import beta as beta_of

from queries.analyses.cluster import CLUSTERS
from queries.analyses.lifetime import Attrition, attrition, worth
from queries.analyses.value_apart import Apart, pairs, surest, worths
from queries.estimators.shifted_beta_geometric import Fit, Terms, discounted
from queries.formula import Array
from tests.queries.analyses.test_lifetime import PUBLISHED, frame_of, worlds

TERMS = Terms(0.4, 0.1, 24)
LOYAL, FICKLE = Fit(1.1, 18.0), Fit(1.3, 9.0)


def group(counted: Array, price: float) -> Attrition:
    return attrition(frame_of(counted).with_columns(paid_usd=price * pl.col("at_risk")))


def compared(seed: int, number: int) -> list[Apart]:
    """Loyal members at $12 a month against fickle ones at $10, in as many worlds."""
    loyal = worlds(seed, LOYAL, number, 900)
    fickle = worlds(seed + 1, FICKLE, number, 700)
    return [
        pairs(worths([("loyal", group(a, 12.0)), ("fickle", group(b, 10.0))], TERMS))[0]
        for a, b in zip(loyal, fickle, strict=True)
    ]


def true_ratio() -> float:
    one, other = (
        discounted(fit.survival(24), price, TERMS)[-1]
        for fit, price in ((LOYAL, 12.0), (FICKLE, 10.0))
    )
    return float(one / other)


def test_the_interval_covers_the_true_ratio_as_often_as_it_says():
    found = compared(11, 200)
    inside = [a.value.low <= true_ratio() <= a.value.high for a in found]
    assert 0.92 <= np.mean(inside) <= 0.985
    assert np.mean([a.value.value for a in found]) == pytest.approx(true_ratio(), rel=0.01)


def test_what_they_pay_times_how_long_they_stay_is_the_ratio():
    apart = compared(12, 1)[0]
    assert apart.paid.value == pytest.approx(1.2)
    assert apart.paid.value * apart.months.value == pytest.approx(apart.value.value, rel=1e-12)


def test_the_ratio_is_that_of_the_two_values_whatever_the_margin():
    counted = [worlds(seed, fit, 1, 900)[0] for seed, fit in ((13, LOYAL), (14, FICKLE))]
    groups = [("loyal", group(counted[0], 12.0)), ("fickle", group(counted[1], 10.0))]
    values = [found.value.value for _, c in groups if (found := worth(c, TERMS))]
    for margin in (0.0, 0.4, 1.0):
        apart = pairs(worths(groups, Terms(margin, 0.1, 24)))[0]
        assert apart.value.value == pytest.approx(values[0] / values[1], rel=1e-6)


def test_the_surest_pair_has_the_more_valuable_group_first_whichever_came_first():
    counted = [worlds(seed, fit, 1, 2_000)[0] for seed, fit in ((15, FICKLE), (16, LOYAL))]
    groups = [("fickle", group(counted[0], 10.0)), ("loyal", group(counted[1], 12.0))]
    found = pairs(worths(groups, TERMS))
    best = surest(found)
    assert best is not None
    assert (best.first, best.other) == ("loyal", "fickle")
    assert 1 < best.value.low < best.value.value < best.value.high
    assert best.turned == found[0] or best.turned.value.value == pytest.approx(found[0].value.value)


def test_every_pair_counts_among_those_tried():
    counted = worlds(17, LOYAL, 4, 600)
    found = pairs(worths([(f"{n}", group(c, 10.0)) for n, c in enumerate(counted)], TERMS))
    assert len(found) == 6
    assert all(a.q >= a.p for a in found)


def test_a_group_without_a_curve_or_without_clusters_is_compared_with_none():
    counted = worlds(18, LOYAL, 1, 600)[0]
    known = group(counted, 10.0)
    nobody_leaves = Attrition(known.at_risk[:1], 0 * known.leaving[:1], known.paid[:1])
    flat = Attrition(*(part.sum(axis=1) for part in (known.at_risk, known.leaving, known.paid)))
    assert not pairs(worths([("a", known), ("b", nobody_leaves), ("c", flat)], TERMS))
    assert worths([], TERMS) == ()


def test_the_ratio_of_two_published_segments_is_that_of_their_published_parameters():
    """Fader & Hardie 2007, table 1: high end and regular, seven years fitted; by SciPy's beta."""
    terms = Terms(1.0, 0.1, 24)
    groups: list[tuple[str, Attrition]] = []
    expected: list[float] = []
    for name, (shares, alpha, beta) in PUBLISHED.items():
        left = np.array(shares, dtype=np.float64)
        counted = np.stack([left[:-1], left[:-1] - left[1:]], axis=1)[:, :, None]
        groups.append((name, group(np.repeat(counted, CLUSTERS, axis=2), 10.0)))
        month = np.arange(24)
        survival = beta_of(alpha, beta + month) / beta_of(alpha, beta)
        expected.append(float((survival / 1.1 ** (month / 12)).sum()))
    (apart,) = pairs(worths(groups, terms))
    assert apart.months.value == pytest.approx(expected[0] / expected[1], rel=1e-3)
    assert apart.paid.value == pytest.approx(1)
