"""The contract files agree with themselves, and say what every table is."""

import duckdb
import pytest

from queries.lake import contract
from queries.lake.contract import Table

TABLES = tuple(contract.tables().values())
EIGHTEEN = {
    "accounts", "profiles", "billing_events", "titles", "videos", "availability", "artworks",
    "experiments", "allocations", "marketing_daily", "locations", "productions",
    "production_days", "post_tasks", "visits", "impressions", "searches", "playback",
}  # fmt: skip


def test_the_eighteen_tables_are_there():
    assert set(contract.tables()) >= EIGHTEEN


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_check_is_a_predicate_over_the_columns_of_its_table(table: Table):
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{c.name}" {c.type}' for c in table.columns)
        connection.execute(f"CREATE TABLE t ({columns})")
        for check in table.checks:
            kind = connection.sql(f"SELECT ({check.holds}) AS x FROM t").types[0]
            assert str(kind) == "BOOLEAN", check.code
        assert len({c.code for c in table.checks}) == len(table.checks)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_keys_are_required(table: Table):
    assert all(table.column(k).required for k in table.key)


@pytest.mark.parametrize("name", ["playback", "impressions", "visits", "searches"])
def test_facts_carry_feed_kind_bucket_and_three_clocks(name: str):
    table = contract.tables()[name]
    assert {"feed", "account_kind", "bucket", "account_id"} <= set(table.names)
    assert table.clocks.day
    assert table.clocks.event
    assert table.clocks.arrival
    assert table.column("bucket").type == "SMALLINT"


def test_a_contract_that_names_a_column_it_lacks_is_refused():
    text = "name: t\ngrain: g\nkey: [b]\ncolumns:\n  a: {type: BIGINT}\n"
    with pytest.raises(ValueError, match="unknown columns"):
        contract.parse(text)


def test_an_unknown_field_of_a_contract_is_refused():
    text = "name: t\ngrain: g\nkey: [a]\ncolumns:\n  a: {type: BIGINT, nulable: true}\n"
    with pytest.raises(ValueError, match="nulable"):
        contract.parse(text)
