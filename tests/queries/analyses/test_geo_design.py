"""A campaign read by hand: regions left out, other days; against counting every way to draw."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import permutation_test

from queries.analyses.geo_design import Chosen, Design, chosen, with_outcome
from queries.analyses.geo_experiment import GeoExperiment, brought, redrawn, weekly
from queries.errors import UnsafeQuestion
from queries.estimators.geo_difference import assignments, difference
from tests.queries.analyses.test_geo_experiment import COUNTRIES, drawn


def campaign(seed: int, lift: float = 0.4, a_day: float = 0.5) -> GeoExperiment:
    return drawn(np.random.default_rng(seed), lift, a_day)[0]


def every_way(found: GeoExperiment) -> np.ndarray:
    """All ways to treat as many regions of each country."""
    country = np.array(found.countries)
    ways = [
        [
            set(picked)
            for picked in combinations(
                np.flatnonzero(country == name), int(found.treated[country == name].sum())
            )
        ]
        for name in sorted(set(found.countries))
    ]
    drawn_ways = [set[int]().union(*way) for way in product(*ways)]
    return np.array([[n in way for n in range(len(country))] for way in drawn_ways], float)


def test_what_was_registered_is_read_as_it_is_without_a_choice():
    made = campaign(1)
    found = chosen(made, Design())
    assert brought(found.experiment) == brought(made)
    assert weekly(found.experiment).equals(weekly(made))
    assert found.lost_countries == ()


def test_the_permutation_is_over_the_allowed_ways_to_draw_what_is_left():
    """Every way counted, in three countries of few regions, one region of which is left out."""
    made = campaign(2)
    small = replace(
        made,
        regions=made.regions[10:],
        countries=made.countries[10:],
        treated=made.treated[10:],
        days=made.days[10:],
    )
    left = chosen(small, Design(without=frozenset([small.regions[0]]))).experiment
    assert len(left.regions) == 13
    ways = every_way(left)
    assert len(ways) == assignments(left.seen)
    own = abs(float(difference(left.change, left.treated.astype(float))))
    exact = float((np.abs(difference(left.change, ways)) >= own - 1e-9).mean())
    assert brought(left).p == pytest.approx(exact, abs=0.025)
    drawn_ways = redrawn(left)
    assert {tuple(way) for way in drawn_ways.tolist()} <= {tuple(way) for way in ways.tolist()}


def test_the_same_choice_is_the_same_number():
    design = Design(without=frozenset(["US-3", "BR-11"]), before=14, during=21)
    first, again = (brought(chosen(campaign(3), design).experiment) for _ in range(2))
    assert first == again


def test_the_p_of_one_country_is_that_of_scipy_s_permutation_test():
    made = campaign(11)
    here = np.flatnonzero(np.array(made.countries) == "US")
    left = replace(
        made,
        regions=tuple(made.regions[n] for n in here),
        countries=("US",) * len(here),
        treated=made.treated[here],
        days=made.days[here],
    )
    exact = permutation_test(
        (left.change[left.treated], left.change[~left.treated]),
        lambda one, other: abs(one.mean() - other.mean()),
        n_resamples=1_000,
        alternative="greater",
    )
    assert brought(left).p == pytest.approx(exact.pvalue, abs=0.025)


def test_unequal_windows_are_held_against_each_other_by_the_day():
    made = campaign(4)
    left = chosen(made, Design(before=7, during=14)).experiment
    expected = made.days[:, 28:42].sum(axis=1) - 2 * made.days[:, 21:28].sum(axis=1)
    assert left.change == pytest.approx(expected)
    assert (left.dates[0], left.dates[-1]) == (made.dates[21], made.dates[41])
    assert weekly(left)["week"].to_list() == [-1, 1, 2]


def test_a_country_that_is_left_with_one_kind_is_left_out():
    made = campaign(5)
    held_out = {
        name
        for name, country, treated in zip(made.regions, COUNTRIES, made.treated, strict=True)
        if country == "DE" and not treated
    }
    found = chosen(made, Design(without=frozenset(held_out)))
    assert found.lost_countries == ("DE",)
    assert "DE" not in found.experiment.countries
    assert len(found.experiment.regions) == 20


def test_spend_and_claims_are_those_of_the_regions_and_days_that_are_left():
    made = campaign(6)
    spent = np.zeros_like(made.days)
    spent[:, 28:] = np.arange(24)[:, None]
    made = replace(made, spent=spent, claimed=2 * spent)
    left = chosen(made, Design(without=frozenset(["US-9"]), during=7)).experiment
    assert left.spend == 7 * (sum(range(24)) - 9)
    assert left.attributed == 2 * left.spend


def test_a_campaign_that_brings_nothing_is_called_as_rarely_whatever_set_is_kept():
    dice, ps = np.random.default_rng(8), []
    for _ in range(300):
        made, _ = drawn(dice, 0.0, 0.5)
        out = frozenset(dice.choice(made.regions, 3, replace=False).tolist())
        left = chosen(made, Design(without=out, before=14)).experiment
        ps.append(brought(left, redrawn(left, draws=300)).p)
    assert 0.02 < np.mean([p < 0.05 for p in ps]) < 0.085


def test_a_choice_of_which_a_side_is_of_a_handful_is_refused():
    made = campaign(9)
    few = np.zeros_like(made.days)
    few[made.treated, 0] = 1.0
    few[~made.treated, :] = 1.0
    few[np.flatnonzero(made.treated)[9:], 0] = 0
    quiet = replace(made, days=few)
    assert isinstance(chosen(quiet, Design()), Chosen)
    with pytest.raises(UnsafeQuestion) as refused:
        chosen(quiet, Design(before=None, during=14))
    assert refused.value.code == "few_accounts"


def test_another_outcome_of_which_a_side_is_of_a_handful_is_refused_as_it_is():
    made = campaign(9)
    crowds = np.zeros((*made.days.shape, 256), bool)
    crowds[..., :20] = True
    assert isinstance(chosen(with_outcome(made, made.days, crowds), Design()), Chosen)
    crowds[made.treated, :, 9:] = False
    with pytest.raises(UnsafeQuestion) as refused:
        chosen(with_outcome(made, made.days, crowds), Design())
    assert refused.value.code == "few_accounts"
