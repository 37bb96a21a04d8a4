"""Values as people read them."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.components import format as written
from queries.condition import Dimension
from queries.dataset import Metric
from queries.formula import parse
from queries.period import Period


def metric(form: str = "number", better: str = "up", unit: str = "h") -> Metric:
    return Metric(
        name="m",
        label="M",
        formula=parse("sum(x)"),
        format=form,
        better=better,  # pyright: ignore[reportArgumentType]
        unit=unit,
    )


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (96_512.3, "number", "96.5 k"),
        (999_999, "number", "1.00 M"),
        (123, "number", "123"),
        (0.123, "percent", "12.3%"),
        (0.00042, "percent", "0.042%"),
        (1.234, "seconds", "1.23 s"),
        (95, "seconds", "1 min 35 s"),
        (3_725, "seconds", "1 h 02 min"),
        (1_234_567, "usd", "$1.23 M"),
        (1.5, "ratio", "1.50×"),
        (-28.2, "decimal", "−28.20"),
        (None, "number", "–"),
        (float("nan"), "number", "–"),
    ],
)
def test_a_number_is_short_and_carries_its_unit(value: float | None, form: str, text: str) -> None:
    assert written.number(value, metric(form)).replace("\u2009", " ") == text


def test_a_change_of_a_share_is_in_points_and_of_anything_else_relative() -> None:
    share = {"m__delta": 0.018, "m__delta_low": 0.01, "m__delta_high": 0.026, "m__relative": 0.2}
    assert written.delta(share, metric("percent")).text == "+1.8 pt"
    hours = {
        "m__delta": -30.0,
        "m__delta_low": -40.0,
        "m__delta_high": -20.0,
        "m__relative": -0.031,
        "m__relative_low": -0.04,
        "m__relative_high": -0.022,
    }
    assert written.delta(hours, metric()) == written.Delta("−3.1%", "−4.0% to −2.2%", "bad")


@given(st.floats(-1, 1), st.floats(0, 1), st.sampled_from(["up", "down", "none"]))
def test_an_interval_that_spans_zero_is_neither_good_nor_bad(
    low: float, width: float, better: str
) -> None:
    high = low + width
    tone = written.tone(metric(better=better), low, high)
    assert (tone == "flat") == (low <= 0 <= high)
    if tone == "good":
        assert (low > 0) == (better == "up")


def test_a_change_without_an_interval_has_no_colour() -> None:
    row = {"m__delta": 5.0, "m__relative": 0.1}
    assert written.delta(row, metric()).tone == "unsure"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 11, 1), date(2026, 11, 23), "1–23 Nov 2026"),
        (date(2026, 10, 27), date(2026, 11, 23), "27 Oct – 23 Nov 2026"),
        (date(2025, 12, 27), date(2026, 1, 3), "27 Dec 2025 – 3 Jan 2026"),
        (date(2026, 1, 3), date(2026, 1, 3), "3 Jan 2026"),
    ],
)
def test_a_period_says_no_word_twice(start: date, end: date, text: str) -> None:
    assert written.period(Period(start, end)) == text


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        ("continue_watching", Dimension("source", "Source", "source"), "Continue watching"),
        ("tv", Dimension("device", "Device", "device"), "TV"),
        ("BR", Dimension("country", "Country", "country", role="country"), "Brazil"),
        ("e_t", Dimension("title", "Title", "name", role="title"), "e_t"),
        (7, Dimension("hour", "Hour", "h", "number", role="hour"), "07:00"),
        (None, Dimension("genre", "Genre", "genre"), "(missing)"),
        (True, Dimension("flag", "Flag", "flag", "boolean"), "Yes"),
    ],
)
def test_values_are_written_as_people_would(value: object, dimension: Dimension, text: str) -> None:
    assert written.value_label(value, dimension) == text  # pyright: ignore[reportArgumentType]


def test_words_of_a_list_begin_with_a_capital_and_what_people_typed_stays() -> None:
    reason = Dimension(name="reason", label="Reason", expression="reason")
    query = replace(reason, is_wide=True)
    assert written.value_label("nothing to watch", reason) == "Nothing to watch"
    assert written.value_label("continue_watching", reason) == "Continue watching"
    assert written.value_label("nothing to watch", query) == "nothing to watch"


def test_a_small_change_of_a_small_rate_keeps_the_digits_it_has():
    tiny = metric("percent")
    sizes = (0.02, 0.0012, 0.0002, -0.000003, 0.0)
    said = [written.change(size, tiny, relative=False) for size in sizes]
    assert said == ["+2.0 pt", "+0.1 pt", "+0.02 pt", "−0.0003 pt", "±0.0 pt"]
    assert written.exact(0.00064, tiny) == "0.064%"


@pytest.mark.parametrize(
    ("value", "unit", "form", "text"),
    [
        (9_998.0, "accounts", "number", "10.0\u2009k"),
        (9.998, "h", "number", "10.0"),
        (99.97, "h", "number", "100"),
        (12.1, "USD", "usd", "$12.10"),
        (12.0, "USD", "usd", "$12"),
        (427.3, "USD", "usd", "$427"),
        (1_234.5, "USD", "usd", "$1.23\u2009k"),
        (5_742.0, "kbit/s", "number", "5\u2009742"),
    ],
)
def test_a_number_has_three_digits_money_its_cents_and_no_thousands_of_thousands(
    value: float, unit: str, form: str, text: str
) -> None:
    assert written.number(value, metric(form, unit=unit)) == text


@pytest.mark.parametrize(
    ("chance", "text"),
    [
        (1.0, "> 99.9%"),
        (0.9995, "> 99.9%"),
        (0.9994, "99.9%"),
        (0.5, "50.0%"),
        (0.0, "< 0.1%"),
        (None, "–"),
    ],
)
def test_a_chance_is_never_said_to_be_certain(chance: float | None, text: str) -> None:
    assert written.chance(chance) == text


@pytest.mark.parametrize(
    ("merged", "text"), [(0, ""), (1, "One small group"), (2, "2 small groups")]
)
def test_small_groups_are_counted_in_words(merged: int, text: str) -> None:
    assert written.small_groups(merged) == text
