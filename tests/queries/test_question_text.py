"""A query put into words and read again is the same query."""

from dataclasses import replace
from shlex import split

from hypothesis import given
from hypothesis import strategies as st

from queries.dataset import Metric
from queries.model import Calculation, Comparison, Query, Threshold
from queries.period import Period, last_year, previous
from queries.question import read
from queries.question_text import command, question_of
from tests.queries.small_lake import DATASET, DAYS, METRICS, START, metric
from tests.queries.strategies import questions

SPAN = Period(START, START.replace(month=3))
VALUE = metric("value_of", "count(*) filter (where device = $device) / count(*)", kind="ratio")
DATED = replace(DATASET, metrics=(*METRICS, VALUE))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """The random questions, with all else that a question may say."""
    query = replace(draw(questions()), dataset=DATED)
    names = [m.name for m in query.metrics]
    if query.period is not None:
        period = query.period
        others = [
            None,
            Comparison("previous", previous(period)),
            Comparison("last year", last_year(period)),
            Comparison("custom", Period(START, period.end)),
        ]
        query = replace(query, compare=draw(st.sampled_from(others)))
    calculations = st.builds(
        Calculation, st.sampled_from(["share", "rank", "running"]), st.sampled_from(names)
    ) | st.builds(Calculation, st.just("rolling"), st.sampled_from(names), st.integers(2, DAYS))
    signs = st.sampled_from([">=", ">", "<=", "<", "="])
    kept = st.builds(Threshold, st.sampled_from(names), signs, st.floats(0, 1e6))
    bound: list[Metric] = [VALUE.bind({"device": "tv"})] if draw(st.booleans()) else []
    ordered = draw(st.none() | st.sampled_from(names))
    return replace(
        query,
        metrics=(*query.metrics, *bound),
        calculations=tuple(draw(st.lists(calculations, max_size=2))),
        thresholds=tuple(draw(st.lists(kept, max_size=2))),
        order_by=ordered,
        descending=draw(st.booleans()) if ordered else True,
        limit=draw(st.integers(1, 1_000)),
        interval=draw(st.booleans()),
    )


@given(query=queries())
def test_a_query_in_words_is_read_as_the_same_query(query: Query):
    assert read(question_of(query), DATED, lambda: SPAN) == query


@given(query=queries())
def test_a_command_survives_a_shell(query: Query):
    words = split(command(question_of(query, "v1-abcdef")))
    assert words[:3] == ["playhead", "ask", "plays"]
    assert "v1-abcdef" in words
    assert words.count("--by") == len(query.by)
