"""Texts become the question a person meant, or a refusal that says how to write it."""

from dataclasses import replace
from datetime import date

import pytest

from queries.answer import label, plain
from queries.dataset import Access, TimeBucket
from queries.errors import InvalidQuery, QueryError, UnknownField, UnsafeQuestion
from queries.model import Calculation, Comparison, Threshold
from queries.period import Grain, Period
from queries.question import Question, ask, read
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, DATASET, DAY, DAYS, DEVICE, METRICS, START, metric

SPAN = Period(date(2026, 1, 1), date(2026, 3, 24))
HOURS = Question(dataset="plays", metrics=("hours_viewed",))


def span() -> Period:
    return SPAN


def test_a_bare_question_asks_for_everything_there_is():
    query = read(HOURS, DATASET, span)
    assert [m.name for m in query.metrics] == ["hours_viewed"]
    assert (query.by, query.where, query.period, query.compare) == ((), None, None, None)


def test_everything_that_can_be_said_is_heard():
    question = replace(
        HOURS,
        by=("country", "day:week"),
        where="device = 'tv' and hours_viewed >= 3",
        period="2026-02",
        compare="previous",
        order="country desc",
        limit=7,
        calculations=("share:hours_viewed", "rolling:hours_viewed:4"),
    )
    query = read(question, DATASET, span)
    assert query.by == (COUNTRY, TimeBucket(DAY, Grain.WEEK))
    assert query.period == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert query.compare == Comparison("previous", Period(date(2026, 1, 1), date(2026, 1, 31)))
    assert query.thresholds == (Threshold("hours_viewed", ">=", 3.0),)
    assert (query.order_by, query.descending, query.limit) == ("country", True, 7)
    assert query.calculations == (
        Calculation("share", "hours_viewed"),
        Calculation("rolling", "hours_viewed", 4),
    )


@pytest.mark.parametrize("text", ["day:month", "date:month", "time:month", "month"])
def test_time_has_several_names(text: str):
    assert read(replace(HOURS, by=(text,)), DATASET, span).by == (TimeBucket(DAY, Grain.MONTH),)


def test_time_without_a_grain_is_cut_as_finely_as_it_can_be():
    assert read(replace(HOURS, by=("day",)), DATASET, span).by == (TimeBucket(DAY, Grain.DAY),)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", (None, True)),
        ("hours_viewed", ("hours_viewed", True)),
        ("hours_viewed asc", ("hours_viewed", False)),
        ("-hours_viewed", ("hours_viewed", True)),
        ("country", ("country", False)),
        ("-country", ("country", True)),
        ("hours_viewed__delta", ("hours_viewed__delta", True)),
    ],
)
def test_numbers_come_largest_first_and_names_in_order(order: str, expected: tuple[str, bool]):
    query = read(
        replace(HOURS, by=("country",), order=order, period="2026-02", compare="previous"),
        DATASET,
        span,
    )
    assert (query.order_by, query.descending) == expected


def test_a_relative_period_ends_on_the_last_complete_day():
    query = read(replace(HOURS, period="last 7 days", compare="last-year"), DATASET, span)
    assert query.period == Period(date(2026, 3, 18), date(2026, 3, 24))
    assert query.compare is not None
    assert query.compare.period == Period(date(2025, 3, 19), date(2025, 3, 25))


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": ("hours",)},
        {"metrics": ()},
        {"by": ("contry",)},
        {"by": ("country:week",)},
        {"by": ("day:fortnight",)},
        {"by": ("country", "country")},
        {"where": "contry = 'US'"},
        {"where": "views > 3"},
        {"period": "sometime"},
        {"compare": "previous"},
        {"period": "2026-02", "compare": "whatever"},
        {"order": "hours viewed"},
        {"order": "accounts"},
        {"order": "hours_viewed__delta"},
        {"order": "hours_viewed__best"},
        {"limit": 0},
        {"limit": 10**9},
        {"parameters": {"policy": "bts"}},
        {"calculations": ("median:hours_viewed",)},
        {"calculations": ("rolling:hours_viewed:often",)},
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(change: dict[str, object]):
    with pytest.raises(QueryError) as refused:
        read(replace(HOURS, **change), DATASET, span)
    assert refused.value.message


def test_the_nearest_name_is_in_the_hint():
    with pytest.raises(UnknownField, match="hours") as refused:
        read(replace(HOURS, metrics=("hours_view",)), DATASET, span)
    assert "hours_viewed" in refused.value.hint


def test_parameters_bind_the_metrics_that_wait_for_them(warehouse: Warehouse):
    waiting = metric(
        "share_of", "count(*) filter (where device = $device) / count(*)", kind="ratio"
    )
    dataset = replace(DATASET, metrics=(*METRICS, waiting))
    question = Question(dataset="plays", metrics=("share_of",), parameters={"device": "tv"})
    result = warehouse.ask(read(question, dataset, span), Access())
    only_tv = ask(replace(HOURS, metrics=("rows",), where="device = 'tv'"), warehouse, Access())
    everything = ask(replace(HOURS, metrics=("rows",)), warehouse, Access())
    expected = only_tv.total["rows"].item() / everything.total["rows"].item()
    assert result.total["share_of"].item() == pytest.approx(expected)
    with pytest.raises(UnsafeQuestion):
        warehouse.ask(read(replace(question, parameters={}), dataset, span), Access())


def test_an_answer_in_plain_form_says_what_it_is_of(warehouse: Warehouse):
    question = replace(
        HOURS,
        by=("device",),
        where="country = 'US'",
        period="last 14 days",
        compare="previous",
        calculations=("share:hours_viewed",),
    )
    result = ask(question, warehouse, Access())
    answer = plain(result)
    assert answer["columns"][0] == DEVICE.name
    assert all(len(row) == len(answer["columns"]) for row in answer["rows"])
    assert answer["total"]["hours_viewed"] == pytest.approx(result.frame["hours_viewed"].sum())
    assert answer["data_version"] == result.data_version
    end = result.complete_through
    assert end is not None
    assert answer["period"]["end"] == end.isoformat() == answer["complete_through"]
    assert answer["compare"]["kind"] == "previous"
    assert answer["where"] == "Country is US"
    assert set(answer["labels"]) == set(answer["columns"])
    assert answer["source"] in ("rollup", "raw", "cache")


def test_a_question_names_a_version_and_gets_that_one(warehouse: Warehouse):
    version = warehouse.snapshot().data_version
    assert ask(replace(HOURS, version=version), warehouse, Access()).data_version == version
    with pytest.raises(QueryError):
        ask(replace(HOURS, version="v9-nothing"), warehouse, Access())


def test_all_includes_the_days_that_are_not_complete_yet(warehouse: Warehouse):
    whole = ask(replace(HOURS, metrics=("rows",)), warehouse, Access())
    until = f"{START} to {date.fromordinal(START.toordinal() + DAYS)}"
    dated = ask(replace(HOURS, metrics=("rows",), period=until), warehouse, Access())
    assert whole.total["rows"].item() == dated.total["rows"].item() == 20_000


def test_columns_have_labels():
    query = read(replace(HOURS, by=("day:week", "country")), DATASET, span)
    assert label(query, "day") == "Week"
    assert label(query, "country") == "Country"
    assert label(query, "hours_viewed__delta_low") == "hours viewed, change, lower end of 95 %"


def test_an_unreadable_period_gives_examples():
    with pytest.raises(InvalidQuery) as refused:
        read(replace(HOURS, period="the day before"), DATASET, span)
    assert "last 28 days" in refused.value.hint
