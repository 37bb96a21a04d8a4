"""Starters, watchers and completers, counted once an account however often it plays."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.completion import completion

SEASON = 36_000


def _accounts(rows: list[tuple[int | None, int, int, float]], title: int = 1) -> pl.DataFrame:
    """Rows of account, starts, reached, share of the runtime watched."""
    return pl.DataFrame(
        {
            "account": [r[0] for r in rows],
            "cluster": [(r[0] or 0) % 32 for r in rows],
            "title_id": [title] * len(rows),
            "runtime": [SEASON] * len(rows),
            "starts": [float(r[1]) for r in rows],
            "reached": [float(r[2]) for r in rows],
            "watched": [r[3] * SEASON for r in rows],
        }
    )


def test_each_step_counts_accounts_that_took_it():
    rows = [(1, 1, 0, 0.05), (2, 3, 1, 0.3), (3, 9, 8, 0.95), (4, 0, 0, 0.001), (None, 5, 5, 1.0)]
    found = completion(_accounts(rows))
    assert found is not None
    assert (found.starters, found.watchers, found.completers) == (3, 2, 1)
    assert found.watcher_rate.value == pytest.approx(2 / 3)
    assert found.completion_rate.value == pytest.approx(1 / 3)
    # Wilson's interval of 1 in 3.
    assert found.completion_rate.low == pytest.approx(0.0615, abs=5e-4)
    assert found.completion_rate.high == pytest.approx(0.7923, abs=5e-4)


def test_nobody_who_started_is_no_answer():
    assert completion(_accounts([(1, 0, 0, 0.0)])) is None
    assert completion(_accounts([]).head(0)) is None


def test_without_a_runtime_completing_is_unknown_and_not_zero():
    frame = _accounts([(1, 1, 1, 0.9)]).with_columns(runtime=pl.lit(None, pl.Int64))
    found = completion(frame)
    assert found is not None
    assert found.starters == 1
    assert np.isnan(found.completers)
    assert np.isnan(found.completion_rate.value)


def test_of_several_titles_the_interval_knows_that_accounts_repeat():
    rng = np.random.default_rng(5)
    keen = rng.beta(0.4, 0.6, 500)
    titles = [
        _accounts([(a, 1, 1, 1.0 if rng.random() < keen[a] else 0.2) for a in range(500)], title=t)
        for t in range(8)
    ]
    together = completion(pl.concat(titles))
    assert together is not None
    width = together.completion_rate.high - together.completion_rate.low
    as_strangers = 2 * 1.96 * (0.24 / 4_000) ** 0.5
    assert width > 1.5 * as_strangers
