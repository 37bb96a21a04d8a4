"""Random questions about the small lake."""

from datetime import timedelta

from hypothesis import strategies as st

from queries.condition import Both, Condition, Either, Filter
from queries.dataset import TimeBucket
from queries.model import Comparison, Query
from queries.period import Grain, Period, previous
from tests.queries.small_lake import (
    COUNTRY,
    DATASET,
    DAY,
    DAYS,
    DEVICE,
    GENRE,
    HOUR,
    METRICS,
    START,
    TITLE,
    WEEKDAY,
)

filters = st.sampled_from(
    [
        Filter(COUNTRY, "in", ("US", "KR")),
        Filter(COUNTRY, "not in", ("US",)),
        Filter(COUNTRY, "missing"),
        Filter(GENRE, "not missing"),
        Filter(GENRE, "in", ("drama",)),
        Filter(TITLE, "contains", ("title 1",)),
        Filter(TITLE, "not contains", ("title 1",)),
        Filter(HOUR, "between", (8, 17)),
        Filter(HOUR, "above", (17,)),
        Filter(HOUR, "at least", (17,)),
        Filter(HOUR, "below", (6,)),
        Filter(HOUR, "at most", (6,)),
        Filter(DEVICE, "not in", ("tv", "web")),
    ]
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    filters,
    lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
        lambda parts: st.sampled_from([Both(tuple(parts)), Either(tuple(parts))])
    ),
    max_leaves=4,
)
periods = st.tuples(st.integers(0, DAYS - 1), st.integers(1, 40)).map(
    lambda pair: Period(START + timedelta(pair[0]), START + timedelta(pair[0] + pair[1] - 1))
)
keys = st.lists(
    st.sampled_from([TimeBucket(DAY, Grain.WEEK), COUNTRY, DEVICE, GENRE, WEEKDAY, TITLE]),
    unique_by=lambda key: key.name,
    max_size=2,
).map(tuple)


@st.composite
def questions(draw: st.DrawFn) -> Query:
    """A query that may well have no rows."""
    period = draw(st.none() | periods)
    compared = period is not None and draw(st.booleans())
    return Query(
        dataset=DATASET,
        metrics=tuple(
            draw(st.lists(st.sampled_from(METRICS), min_size=1, max_size=4, unique=True))
        ),
        by=draw(keys),
        where=draw(st.none() | conditions),
        period=period,
        compare=Comparison("previous", previous(period)) if period and compared else None,
    )
