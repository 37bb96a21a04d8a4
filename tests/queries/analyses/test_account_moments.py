"""Moments over accounts: who did nothing is nothing, and never left out of the variance."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from queries.analyses.account_moments import Moments, moments, with_moments
from queries.catalog import builtin
from queries.dataset import merged
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.polars_engine import PolarsEngine
from queries.reduction import Engine, Reduction, Source
from tests.queries.formulas import formula_of
from tests.queries.small_lake import Files

METRIC = "hours_per_account"


def accounts(dice: np.random.Generator, number: int = 400) -> pl.DataFrame:
    """Three in five watched nothing and have NULL; some were allocated and never exposed."""
    hours = dice.lognormal(1, 0.7, (2, number)).round() * 3_600
    is_missing = dice.random((2, number)) < 0.6
    now, before = (
        pl.Series([None if gone else float(h) for h, gone in zip(row, missing, strict=True)])
        for row, missing in zip(hours, is_missing, strict=True)
    )
    return pl.DataFrame(
        {
            "account_kind": ["member"] * number,
            "is_exposed": dice.random(number) < 0.8,
            "watched_s": now,
            "pre_watched_s": before,
        }
    )


def counted(engine: Engine, frame: pl.DataFrame, folder: Path) -> Moments:
    path = str(folder / "accounts.parquet")
    frame.write_parquet(path)
    dataset = builtin().dataset("experiments")
    _, asked = with_moments(dataset, [dataset.metric(METRIC)])
    reduction = Reduction(
        source=Source("experiment_accounts"),
        keys=(),
        aggregates=merged([*asked]),
        base=dataset.base,
    )
    answer = engine.reduce(reduction, Files("v1", {"experiment_accounts": (path,)}))
    sums = {a.key: answer[a.key].to_numpy() for a in reduction.aggregates}
    row = {m.name: float(formula_of(m).evaluate(sums)[0]) for m in asked}
    return moments(row, METRIC, float(frame["is_exposed"].sum()))


@pytest.mark.parametrize("make", [PolarsEngine, DuckDBEngine], ids=["Polars", "DuckDB"])
def test_an_account_without_a_value_counts_as_nothing_in_the_covariance(
    make: type[PolarsEngine | DuckDBEngine], tmp_path: Path
):
    """The trap: SQL's var_samp and covar_samp leave NULL out, so that errors come out too small."""
    frame = accounts(np.random.default_rng(1))
    found = counted(make(), frame, tmp_path)
    exposed = frame.filter("is_exposed")
    hours = [exposed[c].fill_null(0).to_numpy() / 3_600 for c in ("watched_s", "pre_watched_s")]
    ones = np.ones(exposed.height)
    expected = np.cov(np.stack([hours[0], ones, hours[1], ones]))
    assert found.covariance == pytest.approx(expected, abs=1e-9)
    trapped = exposed["watched_s"].drop_nulls().to_numpy() / 3_600
    own = np.sqrt(found.covariance[0, 0] / found.count) / found.means[0]
    assert own > 1.5 * trapped.std(ddof=1) / np.sqrt(found.count) / trapped.mean()
