"""A view's texts get their meaning against a dataset and its last complete day."""

from dataclasses import dataclass
from datetime import date

import pytest

from portal.context import Context, Extent, resolve
from portal.view import View
from queries.condition import Either, Filter
from queries.dataset import Dataset
from queries.period import Grain, Period
from tests.queries.small_lake import DATASET

EXTENT = Extent(date(2026, 1, 1), date(2026, 3, 25), "v1")


@dataclass(frozen=True)
class Usual:
    period: str = "last 28 days"
    compare: str = "previous"
    grain: str = ""


def read(query: str, dataset: Dataset = DATASET, extent: Extent = EXTENT) -> Context:
    names = [d.name for d in dataset.dimensions] + ["elsewhere"]
    return resolve(View.from_url(query, names), Usual(), dataset, extent)


def test_an_empty_view_means_what_the_page_says() -> None:
    context = read("")
    assert context.period == Period(date(2026, 2, 26), date(2026, 3, 25))
    assert context.compare is not None
    assert context.compare.period == Period(date(2026, 1, 29), date(2026, 2, 25))
    assert context.grain is Grain.DAY
    assert context.condition is None
    assert context.notices == ()


def test_a_period_that_cannot_be_read_is_said_and_the_usual_one_is_shown() -> None:
    context = read("period=whenever")
    assert context.period == read("").period
    assert "“whenever”" in context.notices[0]


def test_a_clock_that_there_is_none_of_is_said() -> None:
    assert read("clock=utc").notices == read("clock=local").notices == ()
    assert "“mars”" in read("clock=mars").notices[0]


def test_a_period_is_never_held_against_one_the_data_does_not_reach() -> None:
    context = read("period=last+60+days")
    assert context.compare is None
    assert context.compare_note == "no data before 1 Jan 2026"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("none", None),
        ("previous", date(2026, 1, 29)),
        ("2026-01-05 to 2026-01-11", date(2026, 1, 5)),
        ("2026-02", date(2026, 2, 1)),
    ],
)
def test_every_way_of_comparing_has_a_spelling(text: str, start: date | None) -> None:
    compare = read(f"compare={text}").compare
    assert (compare.period.start if compare else None) == start


def test_a_comparison_that_cannot_be_read_is_said() -> None:
    context = read("compare=sometime")
    assert context.compare is None
    assert "“sometime” is no comparison" in context.notices[0]


def test_the_grain_fits_the_period_unless_it_is_said() -> None:
    assert read("period=last+7+days").grain is Grain.DAY
    assert read("period=2024-06-01+to+2025-03-01").grain is Grain.WEEK
    assert read("period=2020-01-01+to+2024-12-31").grain is Grain.MONTH
    assert read("grain=month").grain is Grain.MONTH
    assert read("grain=fortnight").notices


def test_a_filter_the_dataset_does_not_know_is_named_and_not_applied() -> None:
    context = read("elsewhere=1&country=BR")
    assert context.unreached == ("elsewhere",)
    assert context.condition == Filter(DATASET.dimension("country"), "in", ("BR",))


def test_a_value_that_cannot_be_read_leaves_its_filter_out_and_says_so() -> None:
    context = read("hour.from=soon&country=BR")
    assert "A filter was left out" in context.notices[0]
    assert context.condition == Filter(DATASET.dimension("country"), "in", ("BR",))


def test_a_night_goes_over_midnight() -> None:
    condition = read("hour.from=22&hour.to=4").condition
    assert isinstance(condition, Either)
    assert [f.values for f in condition.filters()] == [(22,), (4,)]


def test_a_range_may_be_open_at_either_end() -> None:
    hour = DATASET.dimension("hour")
    assert read("hour.from=18").condition == Filter(hour, "at least", (18,))
    assert read("hour.to=6").condition == Filter(hour, "at most", (6,))
    assert read("hour.from=6&hour.to=18").condition == Filter(hour, "between", (6, 18))


def test_texts_have_no_range() -> None:
    assert "has no order" in read("country.from=A").notices[0]


def test_leaving_a_dimension_out_keeps_the_other_filters() -> None:
    context = read("country=BR&device=tv").without("country")
    assert context.condition == Filter(DATASET.dimension("device"), "in", ("tv",))


def test_without_any_data_nothing_is_asked_for() -> None:
    context = read("period=last+7+days", extent=Extent(None, None, "v0"))
    assert (context.period, context.compare) == (None, None)
