"""A view and its URL are the same thing, written twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.view import Choice, View

DIMENSIONS = ("country", "genre", "hour", "title")
OPTIONS = ("metric", "tab")

texts = st.text(min_size=1, max_size=12).map(str.strip).filter(bool)
some = st.lists(texts, min_size=1, max_size=3, unique=True).map(lambda v: tuple(sorted(v)))
names = st.sampled_from(DIMENSIONS)
ends = st.tuples(texts | st.just(""), texts | st.just("")).filter(any)
choices = st.one_of(
    st.builds(Choice, names, st.sampled_from(["in", "not in"]), some),
    st.builds(Choice, names, st.just("contains"), st.tuples(texts)),
    st.builds(Choice, names, st.sampled_from(["missing", "not missing"])),
    st.builds(Choice, names, st.just("between"), ends),
)


def how(choice: Choice) -> tuple[str, str]:
    return (
        choice.name,
        choice.operation.removeprefix("not ") if not choice.values else choice.operation,
    )


views = st.builds(
    View,
    period=texts | st.just(""),
    compare=texts | st.just(""),
    grain=texts | st.just(""),
    clock=texts | st.just(""),
    version=texts | st.just(""),
    choices=st.lists(choices, max_size=5, unique_by=how).map(lambda c: tuple(sorted(c))),
    options=st.dictionaries(st.sampled_from(OPTIONS), texts).map(
        lambda d: tuple(sorted(d.items()))
    ),
)


@given(views)
def test_a_view_survives_its_own_url(view: View) -> None:
    assert View.from_url(view.to_url(), DIMENSIONS, OPTIONS) == view


@given(st.text(max_size=80))
def test_any_query_string_at_all_is_read_and_settles(query: str) -> None:
    once = View.from_url(query, DIMENSIONS, OPTIONS)
    assert View.from_url(once.to_url(), DIMENSIONS, OPTIONS) == once


def test_a_link_is_readable() -> None:
    view = View(
        period="last 28 days",
        choices=(Choice("country", "in", ("BR", "US")), Choice("hour", "between", ("18", "22"))),
    )
    assert view.to_url() == "period=last+28+days&country=BR&country=US&hour.from=18&hour.to=22"


def test_parameters_a_page_does_not_offer_are_ignored() -> None:
    assert View.from_url("?country=KR&admin=1&x.not=2", DIMENSIONS) == View(
        choices=(Choice("country", "in", ("KR",)),)
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("country.not=KR", Choice("country", "not in", ("KR",))),
        ("title.contains=love", Choice("title", "contains", ("love",))),
        ("genre.missing=yes", Choice("genre", "missing")),
        ("genre.missing=no", Choice("genre", "not missing")),
        ("hour.from=18", Choice("hour", "between", ("18", ""))),
        ("hour.to=6", Choice("hour", "between", ("", "6"))),
    ],
)
def test_each_way_of_filtering_has_a_spelling(query: str, expected: Choice) -> None:
    assert View.from_url(query, DIMENSIONS).choices == (expected,)


def test_looking_past_what_was_picked_keeps_what_was_excluded_and_the_rest() -> None:
    view = View.from_url("country=KR&country.not=US&genre=Drama", DIMENSIONS)
    assert view.without("country") == View.from_url("country.not=US&genre=Drama", DIMENSIONS)
