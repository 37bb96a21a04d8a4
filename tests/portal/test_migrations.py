from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from portal.store import audit, migrate, views
from portal.store.saved_view import Draft
from portal.store.schema import metadata
from portal.store.store import Store
from tests.portal.conftest import add_person


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names()) - {"alembic_version"}


def test_the_migrations_lead_to_the_tables_the_code_knows(store: Store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_database_is_not_mistaken_for_a_released_one(empty_store: Store):
    with pytest.raises(migrate.SchemaOutdated, match="release"):
        migrate.check(empty_store)
    migrate.upgrade(empty_store)
    migrate.check(empty_store)


def test_down_and_up_again_works_with_people_in_the_tables(empty_store: Store):
    store = empty_store
    migrate.upgrade(store)
    views.save(store, add_person(store, "Ann"), Draft(name="Mine", path="/"))
    migrate.downgrade(store)
    assert tables(store) == set()
    migrate.upgrade(store)
    assert tables(store) == set(metadata.tables)


def test_upgrading_twice_changes_nothing(store: Store):
    ann = add_person(store, "Ann")
    migrate.upgrade(store)
    assert [entry.deed.object_id for entry in audit.newest(store)] == [ann.id]


def test_processes_that_start_together_migrate_once(empty_store: Store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrate.upgrade(empty_store), range(4)))
    migrate.check(empty_store)
