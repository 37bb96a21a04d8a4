"""Answers laid out as arrays: the same, whether all groups are taken or the same ones are named."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from queries.cells import laid_out
from queries.formula import Aggregate
from queries.reduction import Column, Reduction, Source

COUNT, MEDIAN = Aggregate("count"), Aggregate("quantile", '"x"', level=0.5)
REDUCTION = Reduction(
    source=Source("plays"),
    keys=(Column("device", '"device"'), Column("hour", '"hour"')),
    aggregates=(COUNT, MEDIAN),
)
KEYS = st.tuples(st.sampled_from(["tv", "web", "", None]), st.sampled_from([0, 1, 23, None]))
NUMBERS = st.none() | st.floats(0, 9)


@given(st.dictionaries(KEYS, st.tuples(st.integers(0, 9), NUMBERS), min_size=1))
def test_all_groups_of_an_answer_are_laid_out_as_the_same_groups_named(
    answer: dict[tuple[str | None, int | None], tuple[int, float | None]],
) -> None:
    schema = {"device": pl.String, "hour": pl.Int64, COUNT.key: pl.Float64, MEDIAN.key: pl.Float64}
    frame = pl.DataFrame([(*k, *v) for k, v in answer.items()], schema=schema, orient="row")
    whole = laid_out(frame, REDUCTION, None)
    named = laid_out(frame.reverse(), REDUCTION, frame.select("device", "hour"))
    assert whole.groups.equals(named.groups)
    for place, key in enumerate((COUNT.key, MEDIAN.key)):
        told = np.array([v[place] for v in answer.values()], dtype=np.float64)
        np.testing.assert_array_equal(whole.totals[key], told)
        np.testing.assert_array_equal(named.totals[key], told)
