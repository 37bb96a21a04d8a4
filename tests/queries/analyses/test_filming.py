"""Cost of a script at two locations: projections against plain algebra, intervals by simulation."""

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from mapie.regression import CrossConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut

from queries.analyses import filming
from queries.analyses.filming import Rates, Script, Terms, contest, drivers, project
from queries.formula import Array

CITIES = {"Here": 0.0, "There": -0.4, "Else": 0.2}


def past(
    dice: np.random.Generator,
    count: int = 60,
    noise: float = 0.2,
    cities: Mapping[str, float] = CITIES,
) -> pl.DataFrame:
    """Productions at places that are dearer or cheaper, on the log scale."""
    city = dice.choice(list(cities), count)
    pages, scale = dice.uniform(50, 300, count), np.exp(dice.normal(11, 0.5, count))
    effect = np.array([cities[c] for c in city])
    cost = pages * scale * 0.5 * np.exp(effect + noise * dice.standard_normal(count))
    return pl.DataFrame(
        {
            "production_id": np.arange(count),
            "genre": dice.choice(["drama", "comedy"], count),
            "kind": dice.choice(["film", "season"], count),
            "city": city,
            "is_shot": True,
            "cost_usd": cost,
            "pages": pages,
            "script_pages": pages,
            "budget_usd": pages * scale,
        }
    )


def test_four_of_five_new_productions_fall_into_the_interval():
    dice = np.random.default_rng(21)
    inside: list[bool] = []
    for _ in range(120):
        fit = project(past(dice))
        assert fit is not None
        for new in past(dice, 10).iter_rows(named=True):
            script = Script(new["genre"], new["kind"], new["script_pages"], new["budget_usd"])
            low, high = fit.interval(script, new["city"])
            inside.append(low <= new["cost_usd"] / new["pages"] <= high)
    assert 0.78 <= np.mean(inside) <= 0.83


def by_scikit_learn(x: Array, y: Array) -> Array:
    """Ridge on all but three columns, which are taken out of both sides (Frisch-Waugh)."""
    plain, held = x[:, :3], x[:, 3:]

    def rest(of: Array) -> Array:
        return of - plain @ np.linalg.lstsq(plain, of, rcond=None)[0]

    weights = (
        Ridge(alpha=1.0, fit_intercept=False, solver="cholesky").fit(rest(held), rest(y)).coef_
    )
    free = np.linalg.lstsq(plain, y - held @ weights, rcond=None)[0]
    return np.concatenate([free, weights])


class Shrunk(RegressorMixin, BaseEstimator):
    """The same as an estimator that MAPIE can leave rows out of."""

    def fit(self, x: Array, y: Array) -> "Shrunk":
        self.weights_, self.n_features_in_ = by_scikit_learn(x, y), x.shape[1]
        return self

    def predict(self, x: Array) -> Array:
        return x @ self.weights_


def test_the_line_is_scikit_learn_s_ridge_and_the_interval_is_mapie_s_jackknife_plus():
    frame = past(np.random.default_rng(25), 44)
    fit = project(frame)
    assert fit is not None
    x = filming._design(fit.past, fit.genres, fit.kinds, fit.cities)
    y = np.log(fit.past["cost_usd"].to_numpy() / fit.past["pages"].to_numpy())
    assert fit.weights == pytest.approx(by_scikit_learn(x, y), abs=1e-6)
    script = Script("drama", "film", 120, 9e6)
    other = CrossConformalRegressor(
        Shrunk(), confidence_level=0.8, method="plus", cv=LeaveOneOut()
    ).fit_conformalize(x, y)
    _, ends = other.predict_interval(fit._row(script, "There")[None])
    assert fit.interval(script, "There") == pytest.approx(tuple(np.exp(ends[0, :, 0])), rel=1e-6)


def test_leaving_one_out_in_closed_form_is_leaving_it_out():
    frame = past(np.random.default_rng(22), 30)
    whole, without = project(frame), project(frame[1:])
    assert whole is not None
    assert without is not None
    assert whole.left_out[0] == pytest.approx(without.weights, abs=1e-5)


def test_the_cheaper_place_is_told_and_the_same_terms_twice_are_a_toss():
    fit = project(past(np.random.default_rng(23), 120, 0.1))
    assert fit is not None
    script, plain = Script("drama", "film", 100, 8e6), Terms(0, 0)
    found = contest(fit, script, (("There", plain), ("Here", plain)))
    assert found.first_is_cheaper > 0.95
    same = contest(fit, script, (("Here", plain), ("Here", plain)))
    assert same.first_is_cheaper == pytest.approx(0.5, abs=0.02)


def test_an_incentive_is_of_the_qualifying_share_and_ends_at_its_cap():
    gross = np.array([1e6, 1e7])
    assert Terms(0.3, 0.8).net(gross).tolist() == pytest.approx([760_000, 7_600_000])
    assert Terms(0.3, 0.8, cap_usd=1e6).net(gross).tolist() == pytest.approx([760_000, 9_000_000])


def test_drivers_of_places_that_differ_in_one_thing_are_that_one():
    one = Rates(40, 10, 100, 400, 1.0, 20_000, 0.05, Terms(0.3, 0.8))
    other = Rates(40, 10, 100, 400, 0.6, 20_000, 0.05, Terms(0.3, 0.8))
    found = {s.driver: s.contribution for s in drivers(one, other)}
    assert found.pop("labour") == pytest.approx(other.net_usd - one.net_usd)
    assert set(found.values()) == {0.0}


def test_too_few_productions_are_no_past_to_learn_from():
    assert project(past(np.random.default_rng(24), 14)) is None
