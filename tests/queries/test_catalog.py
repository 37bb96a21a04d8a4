"""The catalog's loader: what it reads, and what it refuses, in words that lead to the fix."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.cache import FrameCache
from queries.catalog import builtin, read_dataset, read_metric
from queries.catalog.yaml_text import MAX_BYTES, parse_yaml
from queries.dataset import ROWS, Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery, QueryError, UnknownField
from queries.estimation import Estimation
from queries.formula import parse
from queries.lake.lake import Lake
from queries.question import Question, ask
from queries.warehouse import Warehouse

SMALL = dedent("""
    name: orders
    label: Orders
    table: file_orders
    row_label: orders
    entity: customer
    exclusive: level
    time: {column: ordered_on}
    joins:
      - {name: shops, column: shop_id, key: shop_id}
    dimensions:
      - {name: country, role: country}
      - {name: level}
      - {name: city, expression: shops.city}
    rollups:
      - {name: daily, dimensions: [country]}
    metrics:
      - {name: revenue, formula: sum(amount), unit: EUR, tests: [value >= 0]}
      - {name: basket, formula: sum(amount) / count(*), format: decimal}
      - {name: customers, formula: count(distinct customer)}
      - {name: typical, formula: "quantile_cont(amount, 0.5)"}
      - {name: worth, formula: "sum(amount) filter (where policy = $policy)", class: model}
""")


def test_the_built_in_catalog_has_every_promised_dataset_and_metric():
    catalog = builtin()
    promised = {
        "playback": {"hours_viewed", "views", "plays", "accounts", "long_view_rate"}
        | {"startup_seconds", "startup_seconds_p95", "rows"},
        "impressions": {"click_rate", "take_rate", "long_view_rate", "rows"}
        | {"ips_value", "snips_value", "dr_value", "switch_dr_value", "effective_sample_size"},
        "visits": {"rows"},
        "searches": {"rows"},
        "top10": {"hours_viewed", "views", "rows"},
        "engagement": {"hours_viewed", "views", "rows"},
        "packaging": {"click_rate", "rows"},
        "wages": {"rows"},
    }
    for name, metrics in promised.items():
        assert metrics <= {m.name for m in catalog.dataset(name).metrics}, name


def test_every_built_in_metric_says_what_it_is():
    for dataset in builtin().datasets:
        assert dataset.description, dataset.name
        assert dataset.load_hint, dataset.name
        for metric in dataset.metrics:
            assert metric.label, (dataset.name, metric.name)
            assert metric.owner, (dataset.name, metric.name)
            assert metric.unit, (dataset.name, metric.name)


def test_a_dataset_is_read_with_its_defaults_filled_in():
    dataset = read_dataset(SMALL, "orders.yaml")
    assert dataset.time.name == "date"
    assert dataset.time.role == "time"
    assert dataset.dimension("country").expression == '"country"'
    assert dataset.dimension("city").expression == '"shops.city"'
    assert dataset.metric("revenue").label == "Revenue"
    assert dataset.metric("rows").label == "Orders"
    assert dataset.joins[0].table == "shops"


def test_the_class_and_the_interval_follow_from_the_formula():
    dataset = read_dataset(SMALL, "orders.yaml")
    found = {m.name: (m.kind, m.interval) for m in dataset.metrics}
    assert found == {
        "revenue": ("additive", "bucket"),
        "basket": ("ratio", "bucket"),
        "customers": ("distinct", "wilson"),
        "typical": ("quantile", "quantile"),
        "worth": ("model", "bucket"),
        "rows": ("additive", "bucket"),
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("of: daily, dimensions: [country]", "activity days: of: there is no “daily”"),
        ("of: buyers, dimensions: [level]", "activity days: there is no “level”"),
        ("of: buyers, by: [country]", "activities days by is not a field"),
    ],
)
def test_an_activity_is_folded_from_a_rollup_that_knows_accounts_and_its_dimensions(
    written: str, message: str
) -> None:
    rollups = (
        "  - {name: buyers, dimensions: [country], by_account: true}\n"
        f"activities:\n  - {{name: days, {written}}}\nmetrics:"
    )
    with pytest.raises(InvalidQuery) as refused:
        read_dataset(SMALL.replace("metrics:", rollups, 1), "orders.yaml")
    assert message in refused.value.message


@pytest.mark.parametrize("written", ["dimensions: [city]", "dimensions: [country], only: a > 1"])
def test_a_rollup_without_buckets_is_of_columns_of_all_rows(written: str) -> None:
    rollups = f"  - {{name: whole, by_bucket: false, {written}}}\nmetrics:"
    with pytest.raises(InvalidQuery, match="rollup whole: without buckets"):
        read_dataset(SMALL.replace("metrics:", rollups, 1), "orders.yaml")


def test_published_totals_have_no_interval():
    text = SMALL.replace("entity: customer\n", "")
    dataset = read_dataset(text, "orders.yaml")
    assert {m.interval for m in dataset.metrics} == {"none"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(a) / 3600.0", "additive"),
        ("sum(a) - sum(b)", "additive"),
        ("2 * count(*)", "additive"),
        ("sum(a) * (count(a) / count(a))", "additive"),
        ("sum(a) + 1", "ratio"),
        ("sum(a) / sum(b)", "ratio"),
        ("sum(a) * sum(b)", "ratio"),
        ("power(sum(a), 2) / count(*)", "model"),
        ("max(a)", "model"),
        ("count(*) / count(distinct a)", "distinct"),
        ("quantile_cont(a, 0.9) / 60", "quantile"),
    ],
)
def test_a_formula_shows_its_own_class(formula: str, expected: str):
    text = SMALL.replace("formula: sum(amount),", f'formula: "{formula}",')
    assert read_dataset(text, "orders.yaml").metric("revenue").kind == expected


@pytest.mark.parametrize(
    ("wrong", "right", "message", "hint"),
    [
        ("unit: EUR", "unti: EUR", "metrics revenue unti is not a field", "“unit”"),
        ("label: Orders", "lable: Orders", "lable is not a field", "Did you mean"),
        ("role: country", "role: contry", "dimensions country role", ""),
        ("name: level}", "name: Level}", "lower_snake_case", ""),
        ("name: level}", "name: a__b}", "single underscores", ""),
        ("name: level}", "name: bucket}", "answers use themselves", ""),
        ("name: level}", "name: revenue}", "“revenue” is used twice", ""),
        ("exclusive: level", "leading: [levle]", "leading: there is no “levle”", "“level”"),
        ("exclusive: level", "leading: [level, level]", "“level” is used twice", ""),
        ("exclusive: level", "exclusive: levle", "there is no “levle”", "“level”"),
        ("[country]", "[cuontry]", "rollup daily: there is no “cuontry”", "“country”"),
        ("shops.city", "shop.city", "dimension city: joined table", "“shops”"),
        ("sum(amount), unit", "avg(amount), unit", "averages values", "sum(…) / count(*)"),
        ("sum(amount), unit", "sum(, unit", "not SQL", ""),
        ("sum(amount), unit", "amount, unit", "not an aggregate", ""),
        ("sum(amount), unit", "sum(read_text('x')), unit", "cannot be used", ""),
        ("column: ordered_on", "column: (select 1)", "cannot be used", ""),
        ("[value >= 0]", "[amount >= 0]", "is not about value", "between 0 and 1"),
        ("unit: EUR", "class: ratio", "declared ratio, but its formula is additive", "additive"),
        ("table: file_orders\n", "", "table: Field required", ""),
    ],
)
def test_a_mistake_names_the_file_the_field_and_the_nearest_right_name(
    wrong: str, right: str, message: str, hint: str
):
    assert wrong in SMALL
    with pytest.raises(QueryError) as caught:
        read_dataset(SMALL.replace(wrong, right, 1), "orders.yaml")
    assert caught.value.message.startswith("orders.yaml")
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "anchors"),
        ("a: !!python/object/apply:os.system [x]", "tags"),
        ("a: 1\na: 2", "written twice"),
        ("- 1", "list of fields"),
        ("a: [", "not YAML"),
        ("a: 1\n\tb: 2", "not YAML"),
        ("x" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_yaml_that_is_more_than_plain_data_is_refused(text: str, message: str):
    with pytest.raises(QueryError, match=message):
        parse_yaml(text, "t.yaml")


def test_norway_stays_a_country_and_a_day_stays_text():
    assert parse_yaml("a: NO\nb: on\nc: 2026-01-02\nd: 1:30\ne: true\nf: -3", "t.yaml") == {
        "a": "NO",
        "b": "on",
        "c": "2026-01-02",
        "d": "1:30",
        "e": True,
        "f": -3,
    }


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_but_never_crashes(text: str):
    with pytest.raises(QueryError, match=r"^t\.yaml"):
        read_dataset(text, "t.yaml")


def test_an_unknown_dataset_comes_with_the_nearest_name():
    with pytest.raises(UnknownField) as caught:
        builtin().dataset("playbak")
    assert "“playback”" in caught.value.hint


def test_a_lake_brings_its_own_datasets_but_replaces_none():
    catalog = builtin().extended({"orders": SMALL})
    assert catalog.dataset("orders").metric("rows")
    assert catalog.dataset("playback") is builtin().dataset("playback")
    again = catalog.extended({"orders": SMALL.replace("Orders", "Others")})
    assert again.dataset("orders").label == "Orders"


def test_one_that_cannot_be_read_takes_no_other_with_it():
    broken = SMALL.replace("orders", "sales").replace("city", "small")
    catalog = builtin().extended({"orders": SMALL, "sales": broken, "other": SMALL})
    assert catalog.dataset("orders").metric("rows")
    with pytest.raises(InvalidQuery, match="a name that answers use themselves"):
        catalog.dataset("sales")
    with pytest.raises(InvalidQuery, match="calls itself"):
        catalog.dataset("other")


def test_a_file_of_a_built_in_name_is_left_out_and_says_so():
    catalog = builtin().extended({"playback": SMALL.replace("orders", "playback")})
    message, hint = catalog.left_out["playback"]
    assert "a built-in one has that name" in message
    assert "another name" in hint
    assert catalog.dataset("playback") is builtin().dataset("playback")


def test_why_a_file_is_left_out_is_not_quoted_to_who_may_not_see_every_number():
    broken = SMALL.replace("sum(amount)", "sum(amount) filter (where")
    catalog = builtin().extended({"orders": broken})
    everything = catalog.seen_with(Access())
    assert everything.left_out == catalog.left_out
    assert "orders" in " ".join(everything.left_out["orders"])
    narrowed = catalog.seen_with(Access(hidden=frozenset({ROWS})))
    assert narrowed.left_out["orders"][0] == "The dataset “orders” of a file is left out."


def test_a_metric_of_ones_own_follows_the_same_rules():
    dataset = read_dataset(SMALL, "orders.yaml")
    text = "{name: per_customer, formula: sum(amount) / count(distinct customer)}"
    metric = read_metric(text, dataset, "my metric")
    assert metric.kind == "distinct"
    with pytest.raises(QueryError, match="used twice"):
        read_metric(text, replace(dataset, metrics=(*dataset.metrics, metric)), "my metric")
    with pytest.raises(QueryError, match="joined table: there is no “shop”"):
        read_metric("{name: a, formula: sum(shop.b)}", dataset, "my metric")


def test_a_parameter_is_bound_before_a_metric_can_be_computed():
    metric = builtin().dataset("impressions").metric("ips_value")
    assert metric.parameters == {"policy"}
    bound = metric.bind({"policy": 'it\'s "quoted"'})
    assert bound.parameters == frozenset()
    assert "it''s" in bound.formula.sql


@pytest.mark.parametrize(
    ("guardrail", "message"),
    [
        ("baskett", "there is no “baskett”"),
        ("revenue", "there is no “revenue”"),
        ("basket", "of basket nobody can say when it got worse"),
    ],
)
def test_a_guardrail_is_another_metric_with_a_good_and_a_bad_side(guardrail: str, message: str):
    guarded = SMALL.replace("unit: EUR,", f"unit: EUR, guardrail: {guardrail},")
    with pytest.raises(InvalidQuery, match=message):
        read_dataset(guarded, "orders.yaml")
    sided = guarded.replace("name: basket,", "name: basket, better: up,")
    if guardrail == "basket":
        assert read_dataset(sided, "orders.yaml").metric("revenue").guardrail == "basket"


def test_every_formula_survives_being_written_and_read_again():
    for dataset in builtin().datasets:
        for metric in dataset.metrics:
            if isinstance(metric.formula, Estimation):
                continue
            again = parse(metric.formula.sql.replace('"titles.', 'titles."'))
            written = {a.operation for a in again.aggregates()}
            assert written == {a.operation for a in metric.formula.aggregates()}, metric.name


def test_who_names_it_is_not_told_more_of_a_file_that_is_left_out(tmp_path: Path):
    broken = SMALL.replace("sum(amount)", "sum(amount) filter (where")
    lake = Lake(tmp_path)
    lake.commit([], "orders", datasets={"orders": broken})
    warehouse = Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())
    question = Question(dataset="orders", metrics=("revenue",))
    with pytest.raises(InvalidQuery, match="orders") as everything:
        ask(question, warehouse, Access())
    assert everything.value.message == warehouse.catalog().left_out["orders"][0]
    with pytest.raises(InvalidQuery) as narrowed:
        ask(question, warehouse, Access(hidden=frozenset({ROWS})))
    assert narrowed.value.message == "The dataset “orders” of a file is left out."
