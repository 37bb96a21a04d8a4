"""Derived tables are built beside the rollups, hold while their sources do, and are never stale."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from queries.cache import FrameCache
from queries.catalog import Catalog
from queries.catalog.derived import declared, read_derived
from queries.condition import Dimension
from queries.dataset import Access, Dataset, DerivedTable, Metric, Rollup
from queries.derived import complete_through, sources
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import InvalidQuery, NotLoaded
from queries.formula import parse
from queries.lake.lake import Change, Lake
from queries.lake.snapshot import Snapshot
from queries.model import Query
from queries.rollups import refresh
from queries.warehouse import Warehouse
from tests.queries.small_lake import COUNTRY, plays

FIRSTS = DerivedTable(
    name="firsts",
    grain="one account",
    key=("account_id",),
    inputs=("plays",),
    day="first_date",
    follow_up_days=8,
    select="""
        SELECT account_id, min(bucket) AS bucket, min(country) AS country,
               min(local_date) AS first_date, count(*) AS plays_n,
               min(local_date) + 7 <= getvariable('complete_through') AS is_followed
        FROM plays GROUP BY account_id
    """,
)
HEAVY = DerivedTable(
    name="heavy",
    grain="one account with over ten plays",
    key=("account_id",),
    inputs=("firsts",),
    day="first_date",
    select="SELECT * FROM firsts WHERE plays_n > 10",
    over=(FIRSTS,),
)


def over(*derived: DerivedTable) -> Dataset:
    """A dataset over the last of the tables, with a rollup."""
    return Dataset(
        name="people",
        label="People",
        table=derived[-1].name,
        time=Dimension("date", "First play", '"first_date"', kind="date", role="time"),
        dimensions=(COUNTRY,),
        metrics=tuple(
            Metric(name=name, label=name, formula=parse(formula))
            for name, formula in (
                ("accounts", "count(*)"),
                ("plays", "sum(plays_n)"),
                ("followed", "count(*) filter (where is_followed)"),
            )
        ),
        entity="account_id",
        rollups=(Rollup("daily", ()),),
        derived=derived,
        load_hint="playhead demo",
    )


PEOPLE = over(FIRSTS)
HEAVIES = over(FIRSTS, HEAVY)


def asked(lake: Lake, engine: DuckDBEngine, dataset: Dataset) -> tuple[pl.DataFrame, str]:
    warehouse = Warehouse(lake, engine, FrameCache(None), Catalog((dataset,)))
    query = Query(dataset=dataset, metrics=dataset.metrics)
    answer = warehouse.ask(query, Access())
    return answer.frame, answer.source


def more(lake: Lake, rows: int = 500) -> pl.DataFrame:
    """Plays that arrive later."""
    late = plays(rows, seed=3).with_columns(pl.col("bucket").cast(pl.Int16))
    lake.commit([Change(table="plays", rows=late, day="local_date")], "late")
    return late


def test_a_derived_table_is_built_in_one_commit_with_the_rollups_over_it(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    before = lake.snapshot_now().record.number
    built = refresh(lake, [HEAVIES], duckdb_engine)
    assert [b.table for b in built] == ["firsts", "heavy", "rollup_people_daily"]
    assert lake.snapshot_now().record.number == before + 1
    frame, source = asked(lake, duckdb_engine, HEAVIES)
    by_account = plays().group_by("account_id").len().filter(pl.col("len") > 10)
    assert source == "rollup"
    assert frame["accounts"].item() == by_account.height
    assert frame["plays"].item() == by_account["len"].sum()
    assert frame["accounts__low"].item() < frame["accounts"].item()


def test_what_is_current_is_not_built_again(lake: Lake, duckdb_engine: DuckDBEngine) -> None:
    refresh(lake, [HEAVIES], duckdb_engine)
    version = lake.snapshot_now().data_version
    assert refresh(lake, [HEAVIES], duckdb_engine) == ()
    assert lake.snapshot_now().data_version == version


def test_a_missing_one_is_refused_with_how_to_build_it(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    with pytest.raises(NotLoaded, match="not built yet") as refused:
        asked(lake, duckdb_engine, PEOPLE)
    assert "playhead rollups" in refused.value.hint


@pytest.mark.parametrize("dataset", [PEOPLE, HEAVIES], ids=["direct", "through another"])
def test_a_stale_one_is_refused_until_it_is_built_again(
    dataset: Dataset, lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    refresh(lake, [dataset], duckdb_engine)
    old, _ = asked(lake, duckdb_engine, dataset)
    more(lake)
    warehouse = Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((dataset,)))
    for look in (
        lambda: asked(lake, duckdb_engine, dataset),
        lambda: warehouse.span(dataset),
        lambda: warehouse.values(dataset, COUNTRY, Access()),
    ):
        with pytest.raises(NotLoaded, match="older than the data"):
            look()
    refresh(lake, [dataset], duckdb_engine)
    new, source = asked(lake, duckdb_engine, dataset)
    assert source == "rollup"
    assert new["plays"].item() > old["plays"].item()


def test_an_old_data_version_keeps_its_own(lake: Lake, duckdb_engine: DuckDBEngine) -> None:
    refresh(lake, [PEOPLE], duckdb_engine)
    version = lake.snapshot_now().data_version
    more(lake)
    warehouse = Warehouse(lake, duckdb_engine, FrameCache(None), Catalog((PEOPLE,)))
    query = Query(dataset=PEOPLE, metrics=PEOPLE.metrics, interval=False)
    assert warehouse.ask(query, Access(), version).frame["plays"].item() == plays().height


@pytest.mark.parametrize(
    "changed",
    [
        replace(FIRSTS, select=FIRSTS.select.replace("count(*)", "2 * count(*)")),
        replace(FIRSTS, follow_up_days=15),
    ],
)
def test_another_definition_makes_it_stale_and_all_that_is_made_of_it(
    changed: DerivedTable, lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    refresh(lake, [HEAVIES], duckdb_engine)
    dataset = over(changed, replace(HEAVY, over=(changed,)))
    with pytest.raises(NotLoaded, match="older than the data"):
        asked(lake, duckdb_engine, dataset)
    assert len(refresh(lake, [dataset], duckdb_engine)) == 3


def test_a_lake_without_an_input_lacks_the_table_and_says_what_to_load(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    lonely = replace(FIRSTS, name="lonely", inputs=("plays", "elsewhere"))
    dataset = over(lonely)
    assert refresh(lake, [dataset], duckdb_engine) == ()
    with pytest.raises(NotLoaded, match="no elsewhere yet") as refused:
        asked(lake, duckdb_engine, dataset)
    assert refused.value.hint == "Load it with: playhead demo"


def test_it_is_complete_through_the_last_day_whose_follow_up_is(
    lake: Lake, duckdb_engine: DuckDBEngine
) -> None:
    refresh(lake, [PEOPLE], duckdb_engine)
    tables: Snapshot = lake.snapshot_now()
    through = tables.complete_through("plays")
    assert through == date(2026, 3, 25)
    assert tables.complete_through("firsts") == complete_through(FIRSTS, tables)
    assert tables.complete_through("firsts") == date(2026, 3, 18)
    firsts = plays().group_by("account_id").agg(pl.col("local_date").min())["local_date"]
    assert tables.days("firsts") == (firsts.min(), firsts.max())
    frame, _ = asked(lake, duckdb_engine, PEOPLE)
    assert frame["followed"].item() == (firsts <= date(2026, 3, 18)).sum()


def test_the_sources_of_a_chain_are_what_was_loaded() -> None:
    assert sources(HEAVY) == ("plays",)
    assert sources(declared()["member_days"]) == ("accounts", "billing_events", "playback")


WRITTEN = """
name: {name}
description: Some.
grain: one account
key: [account_id]
inputs: [{input}]
select: SELECT account_id FROM {input}
"""


def test_tables_are_built_after_those_they_are_made_of() -> None:
    texts = {
        "a.yaml": WRITTEN.format(name="first", input="second"),
        "b.yaml": WRITTEN.format(name="second", input="plays"),
    }
    read = read_derived(texts)
    assert list(read) == ["second", "first"]
    assert read["first"].over == (read["second"],)


def test_tables_made_of_each_other_are_refused() -> None:
    texts = {
        "a.yaml": WRITTEN.format(name="first", input="second"),
        "b.yaml": WRITTEN.format(name="second", input="first"),
    }
    with pytest.raises(InvalidQuery, match="Made of each other: first, second"):
        read_derived(texts)


def test_a_misspelt_field_is_named() -> None:
    text = WRITTEN.format(name="first", input="plays").replace("grain:", "grains:")
    with pytest.raises(InvalidQuery, match=r"a\.yaml: grain"):
        read_derived({"a.yaml": text})
