"""What people type becomes a typed condition, and nothing else."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.condition import Both, Condition, Dimension, Either, Filter, negated
from queries.dataset import ROWS
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery, QueryError, UnknownField
from queries.model import Threshold
from queries.reduction import Reduction, Source
from queries.where import Where, parse_where
from queries.where_text import written
from tests.queries.small_lake import COUNTRY, DATASET, DEVICE, GENRE, HOUR, TITLE, Files
from tests.queries.strategies import conditions

RELEASED = Dimension("released", "Released", '"released"', "date")
PAID = Dimension("paid", "Paid", '"paid"', "boolean")
ORDER = Dimension("order", "Order", '"order"', "number")
WIDER = replace(DATASET, dimensions=(*DATASET.dimensions, RELEASED, PAID, ORDER))

numbers = st.integers(-(2**62), 2**62) | st.floats(-1e15, 1e15).filter(lambda x: x % 1 != 0)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    dimension = draw(st.sampled_from([COUNTRY, HOUR, RELEASED, PAID, ORDER]))
    scalars = {"text": texts, "number": numbers, "date": dates, "boolean": st.booleans()}
    values = scalars[dimension.kind]
    named = st.lists(values, min_size=1, max_size=4).map(tuple)
    choices = [
        st.builds(Filter, st.just(dimension), st.sampled_from(["in", "not in"]), named),
        st.builds(Filter, st.just(dimension), st.sampled_from(["missing", "not missing"])),
    ]
    one = st.tuples(values)
    if dimension.kind in ("number", "date"):
        bounds = st.sampled_from(["above", "at least", "below", "at most"])
        choices.append(st.builds(Filter, st.just(dimension), bounds, one))
        between = st.tuples(values, values)
        choices.append(st.builds(Filter, st.just(dimension), st.just("between"), between))
    if dimension.kind == "text":
        found = st.sampled_from(["contains", "not contains"])
        choices.append(st.builds(Filter, st.just(dimension), found, one))
    return draw(st.one_of(choices))


trees: st.SearchStrategy[Condition] = st.recursive(
    filters(),
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([Both, Either]),
        st.lists(inner, min_size=2, max_size=4),
    ),
    max_leaves=8,
)
thresholds = st.lists(
    st.builds(
        Threshold,
        st.sampled_from(["hours_viewed", "click_rate"]),
        st.sampled_from([">=", ">", "<=", "<", "="]),
        st.floats(-1e9, 1e9),
    ),
    max_size=2,
).map(tuple)


@given(condition=st.none() | trees, kept=thresholds)
def test_a_condition_written_and_read_is_the_same(
    condition: Condition | None, kept: tuple[Threshold, ...]
):
    where = Where(condition, kept)
    assert parse_where(WIDER, written(where)) == where


@given(text=st.text(max_size=60) | st.text("country hour=<>'()andornt,0.9%-", max_size=80))
def test_any_text_is_read_or_refused(text: str):
    with suppress(QueryError):
        parse_where(WIDER, text)


@given(condition=conditions)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_not_keeps_exactly_the_rest(
    condition: Condition, duckdb_engine: DuckDBEngine, files: Files
):
    def rows(kept: Condition | None) -> float:
        source = Source(DATASET.table, DATASET.joins)
        reduction = Reduction(source=source, keys=(), aggregates=(ROWS,), where=kept)
        return duckdb_engine.reduce(reduction, files)[ROWS.key].item()

    assert rows(condition) + rows(negated(condition)) == rows(None)


def test_and_binds_tighter_than_or():
    where = parse_where(
        DATASET, "country in ('US','BR') and device = 'tv' and not genre = 'kids' or hour > 18"
    )
    together = (
        Filter(COUNTRY, "in", ("US", "BR")),
        Filter(DEVICE, "in", ("tv",)),
        Filter(GENRE, "not in", ("kids",)),
    )
    assert where.condition == Either((Both(together), Filter(HOUR, "above", (18,))))


def test_contains_is_written_three_ways():
    expected = Where(Filter(TITLE, "contains", ("love",)))
    for text in ("title contains 'love'", "title like '%love%'", "title ilike '%love%'"):
        assert parse_where(DATASET, text) == expected


def test_a_metric_compared_at_the_top_keeps_groups():
    where = parse_where(DATASET, "country = 'US' and hours_viewed >= 100 and 0.5 > click_rate")
    assert where.condition == Filter(COUNTRY, "in", ("US",))
    assert where.thresholds == (
        Threshold("hours_viewed", ">=", 100.0),
        Threshold("click_rate", "<", 0.5),
    )


@pytest.mark.parametrize("text", ["hours_viewed > 1 or hour = 3", "not hours_viewed > 1"])
def test_a_metric_below_or_and_not_is_refused(text: str):
    with pytest.raises(InvalidQuery, match="is a metric"):
        parse_where(DATASET, text)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownField) as refused:
        parse_where(DATASET, "contry = 'US'")
    assert refused.value.code == "unknown_dimension"
    assert "country" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "country = US",
        "country = null",
        "country < 'US'",
        "country in (select 1)",
        "country = (select 1)",
        "lower(country) = 'us'",
        "titles.name = 'x'",
        "country = 'US'; drop table plays",
        "hour = 'nan'",
        "hour = 1e400",
        "hour = 3 + 1",
        "1 < hour < 5",
        "title like 'love%'",
        "country = 'US' and",
        "country",
        "(" * 900 + "hour = 1" + ")" * 900,
        "not " * 900 + "hour = 1",
        "hour = 1" + " " * 30_000,
    ],
)
def test_what_is_no_condition_is_refused(text: str):
    with pytest.raises(QueryError):
        parse_where(DATASET, text)


def test_long_ids_keep_every_digit():
    where = parse_where(DATASET, "hour = 5234567890123456789")
    assert where.condition == Filter(HOUR, "in", (5234567890123456789,))


def test_a_filter_on_a_missing_name_is_told_apart_from_no_filter(
    duckdb_engine: DuckDBEngine, files: Files
):
    condition = parse_where(DATASET, "country is null").condition
    reduction = Reduction(source=Source("plays"), keys=(), aggregates=(ROWS,), where=condition)
    kept = duckdb_engine.reduce(reduction, files)[ROWS.key].item()
    frame = pl.read_parquet(list(files.files("plays")))
    assert kept == frame["country"].null_count()
