"""The promises metrics make, whichever engine answers."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from queries.condition import Filter
from queries.dataset import Access, Dataset, TimeBucket
from queries.errors import AccessDenied, InvalidQuery, NotLoaded, UnknownField, UnsafeQuestion
from queries.formula import Aggregate, parse
from queries.gather import gather
from queries.lake.lake import Change, Lake
from queries.model import Calculation, Comparison, Query, Threshold
from queries.period import Grain, Period, previous
from queries.plan import plan
from queries.reduction import Engine
from queries.warehouse import Warehouse
from tests.queries.formulas import formula_of
from tests.queries.small_lake import (
    COUNTRY,
    DATASET,
    DAY,
    DEVICE,
    GENRE,
    TITLE,
    Files,
    metric,
    plays,
)

MARCH = Period(date(2026, 3, 1), date(2026, 3, 24))


def ask(warehouse: Warehouse, *metrics: str, **options: Any) -> pl.DataFrame:  # noqa: ANN401
    query = Query(dataset=DATASET, metrics=tuple(DATASET.metric(m) for m in metrics), **options)
    return warehouse.ask(query, Access()).frame


def test_a_ratio_is_a_ratio_of_totals_not_a_mean_of_ratios(engine: Engine, files: Files) -> None:
    metrics = tuple(DATASET.metric(m) for m in ("hours_viewed", "accounts", "hours_per_account"))
    planned = plan(Query(dataset=DATASET, metrics=metrics, interval=False), Access(), files)
    cells = gather(planned, planned.groups, lambda r: engine.reduce(r, files), None)
    hours, accounts, ratio = (cells.values(formula_of(m))[0] for m in metrics)
    assert ratio == pytest.approx(hours / accounts)


def test_a_total_is_recomputed_and_distinct_accounts_are_never_added(warehouse: Warehouse) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("accounts"),), by=(DEVICE,))
    answer = warehouse.ask(query, Access())
    assert answer.total["accounts"].item() == plays()["account_id"].n_unique()
    assert answer.frame["accounts"].sum() > answer.total["accounts"].item()


@pytest.mark.parametrize("key", [DEVICE, TITLE, TimeBucket(DAY, Grain.WEEK)], ids=lambda k: k.name)
def test_a_total_is_the_same_with_and_without_intervals(
    warehouse: Warehouse, key: TimeBucket
) -> None:
    for name in ("hours_viewed", "tv_share", "accounts"):
        query = Query(dataset=DATASET, metrics=(DATASET.metric(name),), by=(key,), limit=3)
        totals = [
            warehouse.ask(replace(query, interval=interval), Access()).total[name].item()
            for interval in (True, False)
        ]
        assert totals[0] == pytest.approx(totals[1])


def test_access_filters_apply_even_when_the_question_does_not_mention_them(
    warehouse: Warehouse,
) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),), by=(COUNTRY,))
    seen = warehouse.ask(query, Access(rows=(("country", ("KR",)),)))
    assert seen.frame["country"].to_list() == ["KR"]
    assert seen.total["hours_viewed"].item() == pytest.approx(seen.frame["hours_viewed"].item())


def test_filter_choices_are_within_access(warehouse: Warehouse) -> None:
    access = Access(rows=(("country", ("KR", "DE")),))
    assert set(warehouse.values(DATASET, COUNTRY, access)) == {"KR", "DE"}


def test_hiding_a_number_hides_every_metric_it_could_be_worked_out_from(files: Files) -> None:
    access = Access(hidden=frozenset({Aggregate("count_distinct", '"account_id"')}))
    for name in ("accounts", "hours_per_account"):
        question = Query(dataset=DATASET, metrics=(DATASET.metric(name),), by=(GENRE,))
        with pytest.raises(AccessDenied):
            plan(question, access, files)


def test_a_row_rule_that_a_dataset_cannot_apply_closes_it(files: Files) -> None:
    question = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    with pytest.raises(AccessDenied):
        plan(question, Access(rows=(("market", ("LATAM",)),)), files)


def test_an_unknown_metric_suggests_the_nearest_name() -> None:
    with pytest.raises(UnknownField) as error:
        DATASET.metric("hours_view")
    assert error.value.hint == "Did you mean “hours_viewed”?"


def test_a_missing_table_says_so(files: Files) -> None:
    elsewhere = Dataset(
        name="x",
        label="X",
        table="nowhere",
        time=DAY,
        dimensions=(),
        metrics=(metric("rows", "count(*)"),),
    )
    with pytest.raises(NotLoaded):
        plan(Query(dataset=elsewhere, metrics=elsewhere.metrics), Access(), files)


@pytest.mark.parametrize(
    ("formula", "code"),
    [("avg(watched_s)", "averages_ratio"), ("sum(watched_s", "invalid_query"),
     ("watched_s / 2", "invalid_query"), ("sum(read_text('/etc/passwd'))", "invalid_query"),
     ("count(*) filter (where (select 1) = 1)", "invalid_query")],
)  # fmt: skip
def test_a_formula_that_would_mislead_or_reach_out_is_refused(formula: str, code: str) -> None:
    with pytest.raises((UnsafeQuestion, InvalidQuery)) as error:
        parse(formula)
    assert error.value.code == code


def test_a_parameter_left_open_is_refused_and_a_bound_one_is_a_literal() -> None:
    value = metric("ips", "sum(cast(clicked as int) * targets[$policy] / propensity) / count(*)")
    assert value.parameters == {"policy"}
    assert "'x'']; drop'" in value.bind({"policy": "x']; drop"}).formula.sql


def test_levels_that_overlap_are_never_added(files: Files) -> None:
    exclusive = replace(DATASET, exclusive="device")
    question = Query(dataset=exclusive, metrics=(exclusive.metric("hours_viewed"),))
    with pytest.raises(UnsafeQuestion) as error:
        plan(question, Access(), files)
    assert error.value.code == "overlapping_levels"
    plan(replace(question, where=Filter(DEVICE, "in", ("tv",))), Access(), files)
    plan(replace(question, by=(DEVICE,)), Access(), files)
    plan(replace(question, metrics=(exclusive.metric("rows"),)), Access(), files)


def test_levels_that_overlap_have_no_total(warehouse: Warehouse) -> None:
    exclusive = replace(DATASET, exclusive="device")
    question = Query(dataset=exclusive, metrics=(exclusive.metric("hours_viewed"),), by=(DEVICE,))
    answer = warehouse.ask(question, Access())
    assert answer.frame["hours_viewed"].null_count() == 0
    assert answer.total["hours_viewed"].to_list() == [None]
    kept = replace(question, where=Filter(DEVICE, "in", ("tv",)))
    assert warehouse.ask(kept, Access()).total["hours_viewed"].null_count() == 0


def test_a_running_total_of_a_ratio_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UnsafeQuestion) as error:
        ask(warehouse, "click_rate", by=(TimeBucket(DAY, Grain.WEEK),),
            calculations=(Calculation("running", "click_rate"),))  # fmt: skip
    assert error.value.code == "averages_ratio"


def test_the_share_of_distinct_accounts_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UnsafeQuestion) as error:
        ask(warehouse, "accounts", by=(DEVICE,), calculations=(Calculation("share", "accounts"),))
    assert error.value.code == "adds_distinct"


def test_shares_ranks_and_running_totals_add_up(warehouse: Warehouse) -> None:
    shares = ask(warehouse, "hours_viewed", by=(DEVICE,), calculations=(
        Calculation("share", "hours_viewed"), Calculation("rank", "hours_viewed")))  # fmt: skip
    assert shares["hours_viewed__share"].sum() == pytest.approx(1)
    assert shares["hours_viewed__rank"].to_list() == [1, 2, 3]
    weeks = ask(warehouse, "hours_viewed", by=(TimeBucket(DAY, Grain.WEEK),),
                calculations=(Calculation("running", "hours_viewed"),))  # fmt: skip
    assert weeks["hours_viewed__running"][-1] == pytest.approx(weeks["hours_viewed"].sum())


def test_thresholds_keep_groups_and_leave_the_total_alone(warehouse: Warehouse) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),), by=(COUNTRY,),
                  thresholds=(Threshold("hours_viewed", ">=", 500),))  # fmt: skip
    answer = warehouse.ask(query, Access())
    assert all(hours >= 500 for hours in answer.frame["hours_viewed"])
    assert answer.total["hours_viewed"].item() > answer.frame["hours_viewed"].sum()


def test_a_ranking_cut_to_its_top_has_the_same_numbers_as_the_whole(warehouse: Warehouse) -> None:
    top = ask(warehouse, "views", by=(TITLE,), limit=5)
    whole = ask(warehouse, "views", by=(TITLE,), limit=10_000)
    assert top["views"].to_list() == pytest.approx(whole["views"][:5].to_list())
    assert top["views__low"].to_list() == pytest.approx(whole["views__low"][:5].to_list())


def test_a_change_is_this_period_less_the_one_before(warehouse: Warehouse) -> None:
    compared = ask(warehouse, "hours_viewed", period=MARCH,
                   compare=Comparison("previous", previous(MARCH)))  # fmt: skip
    before = ask(warehouse, "hours_viewed", period=previous(MARCH))
    assert compared["hours_viewed__previous"].item() == pytest.approx(before["hours_viewed"].item())
    assert compared["hours_viewed__delta_low"].item() < compared["hours_viewed__delta"].item()
    row = compared.row(0, named=True)
    assert row["hours_viewed__relative"] == pytest.approx(
        row["hours_viewed"] / row["hours_viewed__previous"] - 1
    )


def test_weeks_are_held_against_the_weeks_before_in_order(warehouse: Warehouse) -> None:
    period = Period(date(2026, 3, 2), date(2026, 3, 15))
    compared = ask(warehouse, "rows", period=period, by=(TimeBucket(DAY, Grain.WEEK),),
                   compare=Comparison("previous", previous(period)))  # fmt: skip
    before = ask(warehouse, "rows", period=previous(period), by=(TimeBucket(DAY, Grain.WEEK),))
    assert compared["rows__previous"].to_list() == before["rows"].to_list()


def test_the_same_question_again_comes_from_the_cache(warehouse: Warehouse) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),), by=(COUNTRY,))
    first, second = (warehouse.ask(query, Access()) for _ in range(2))
    assert (first.source, second.source) == ("raw", "cache")
    assert first.frame.equals(second.frame)


def test_two_people_with_different_rows_never_share_an_answer(warehouse: Warehouse) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    everything = warehouse.ask(query, Access())
    some = warehouse.ask(query, Access(rows=(("country", ("KR",)),)))
    assert some.source == "raw"
    assert some.frame["rows"].item() < everything.frame["rows"].item()


def test_an_answer_can_be_asked_again_at_its_data_version(warehouse: Warehouse, lake: Lake) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("rows"),))
    before = warehouse.ask(query, Access())
    more = plays(50, seed=1).with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=more, day="local_date")], "more")
    after = warehouse.ask(query, Access())
    again = warehouse.ask(query, Access(), before.data_version)
    assert after.frame["rows"].item() == before.frame["rows"].item() + 50
    assert again.frame.equals(before.frame)
    assert again.data_version == before.data_version


def test_a_ranking_cut_to_its_top_comes_from_the_cache_the_second_time(
    warehouse: Warehouse,
) -> None:
    query = Query(
        dataset=DATASET,
        metrics=(DATASET.metric("views"),),
        by=(TITLE,),
        limit=5,
        period=MARCH,
        compare=Comparison("previous", previous(MARCH)),
    )
    assert [warehouse.ask(query, Access()).source for _ in range(3)] == ["raw", "cache", "cache"]


@pytest.mark.parametrize("order", ["hours_viewed", "views"])
def test_a_rank_in_a_ranking_cut_to_its_end_counts_all_that_are_ahead(
    order: str, warehouse: Warehouse
) -> None:
    options: dict[str, Any] = {
        "by": (TITLE,),
        "order_by": order,
        "descending": False,
        "calculations": (Calculation("rank", "hours_viewed"),),
    }
    last = ask(warehouse, "hours_viewed", "views", limit=3, **options)
    whole = ask(warehouse, "hours_viewed", "views", **options)
    assert last["hours_viewed__rank"].to_list() == whole["hours_viewed__rank"][:3].to_list()
    assert max(last["hours_viewed__rank"].to_list()) > 3


def test_time_comes_in_order_whatever_the_limit_and_with_or_without_an_interval(
    warehouse: Warehouse,
) -> None:
    options: dict[str, Any] = {"by": (TimeBucket(DAY, Grain.WEEK), TITLE), "limit": 5}
    bare = ask(warehouse, "hours_viewed", interval=False, **options)
    assert (
        ask(warehouse, "hours_viewed", **options)
        .select("day", "title")
        .equals(bare.select("day", "title"))
    )


def test_how_many_rows_is_hidden_behind_every_number_too(warehouse: Warehouse) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("hours_viewed"),), by=(DEVICE,))
    seen = warehouse.ask(query, Access(hidden=frozenset({Aggregate("count")})))
    assert seen.frame["hours_viewed"].null_count() == 0
    assert seen.frame["hours_viewed__n"].null_count() == seen.frame.height
    assert seen.total["hours_viewed__n"].item() is None


def test_what_nobody_measured_is_unknown_and_has_no_interval_and_no_change(
    warehouse: Warehouse,
) -> None:
    comparison = Comparison("previous", previous(MARCH))
    frame = ask(warehouse, "waited", by=(DEVICE,), period=MARCH, compare=comparison)
    phone = frame.row(by_predicate=pl.col("device") == "phone", named=True)
    rows = phone.pop("waited__n")
    assert rows > 0
    assert {value for column, value in phone.items() if column != "device"} == {None}
    others = frame.filter(pl.col("device") != "phone")
    assert others.null_count().sum_horizontal().item() == 0


def test_a_total_adds_what_is_known_and_is_unknown_only_where_nothing_is(
    warehouse: Warehouse,
) -> None:
    query = Query(dataset=DATASET, metrics=(DATASET.metric("waited"),), by=(DEVICE,))
    answer = warehouse.ask(query, Access())
    assert answer.total["waited"].item() == pytest.approx(answer.frame["waited"].sum())
    nowhere = replace(query, period=Period(date(2030, 1, 1), date(2030, 1, 2)))
    assert warehouse.ask(nowhere, Access()).total["waited"].item() == 0
    phones = replace(query, where=Filter(DEVICE, "in", ("phone",)))
    assert warehouse.ask(phones, Access()).total["waited"].item() is None


def test_a_total_that_nobody_asked_for_is_not_worked_out_but_a_share_of_it_is(
    warehouse: Warehouse,
) -> None:
    query = Query(
        dataset=DATASET, metrics=(DATASET.metric("accounts"),), by=(DEVICE,), with_total=False
    )
    asked = warehouse.ask(query, Access())
    assert asked.total.null_count().sum_horizontal().item() == len(asked.total.columns)
    whole = warehouse.ask(replace(query, with_total=True), Access())
    assert asked.frame.equals(whole.frame)
    hours = replace(
        query,
        metrics=(DATASET.metric("hours_viewed"),),
        calculations=(Calculation("share", "hours_viewed"),),
    )
    assert warehouse.ask(hours, Access()).frame["hours_viewed__share"].sum() == pytest.approx(1)


def test_a_question_mark_in_a_text_is_a_letter_like_any_other(warehouse: Warehouse) -> None:
    asked = metric("who", "count(*) filter (where device = $device)", id="plays.who")
    dataset = replace(DATASET, metrics=(*DATASET.metrics, asked))
    query = Query(
        dataset=dataset,
        metrics=(asked.bind({"device": "tv?"}),),
        where=Filter(COUNTRY, "in", ("US?",)),
    )
    answer = warehouse.ask(query, Access())
    assert answer.frame["who"].item() == 0
    assert "'tv?'" in answer.sql
    assert "'US?'" in answer.sql
