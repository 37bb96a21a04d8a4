"""What says that keys of nothing tell it nothing gives the same answer with and without them."""

import numpy as np
import polars as pl
import pytest

from queries.estimators.estimator import Counted, Inner
from queries.estimators.registry import estimators
from queries.formula import Array

CLUSTERS = 32
_SKIPPING = sorted(name for name, found in estimators().items() if found.skips_empty)


def counts(name: str, *, with_empty: bool) -> Counted:
    """Two groups of ten strata with four arms, one arm in two of which nobody saw; one of none."""
    dice = np.random.default_rng(7)
    rows = 3 * 40
    number = np.arange(rows)
    is_seen = (dice.random(rows) < 0.5) & (number < 80)
    shown = dice.poisson(3, (rows, CLUSTERS)) * is_seen[:, None]
    amounts: dict[str, Array] = {
        amount: (shown if n % 2 == 0 else dice.binomial(shown, 0.3)).astype(float)
        for n, amount in enumerate(estimators()[name].amounts)
    }
    if "squares" in amounts:
        amounts["squares"] = amounts["shown"]
    keys = pl.DataFrame(
        {k.name: number % 40 // 4 if k.name == "stratum" else number for k in _keys(name)}
    )
    kept = np.any([a.any(axis=1) for a in amounts.values()], axis=0) | with_empty
    return Counted(
        groups=3,
        group=(number // 40)[kept],
        around=(number // 40)[kept],
        keys=keys.filter(pl.Series(kept)),
        amounts={amount: values[kept] for amount, values in amounts.items()},
        has_clusters=True,
    )


def _keys(name: str) -> tuple[Inner, ...]:
    return estimators()[name].inner


@pytest.mark.parametrize("name", _SKIPPING)
def test_keys_whose_amounts_are_all_zero_change_nothing(name: str) -> None:
    estimate = estimators()[name].estimate
    bare, full = (counts(name, with_empty=is_full) for is_full in (False, True))
    assert bare.keys.height < full.keys.height
    found, expected = estimate(bare), estimate(full)
    assert np.isfinite(expected.values).any()
    for end in ("values", "low", "high", "replicates", "present"):
        np.testing.assert_allclose(getattr(found, end), getattr(expected, end), rtol=1e-12)
