"""Who may read a note goes by what it is about, whoever wrote it for them."""

from datetime import UTC, date, datetime

import pytest

from portal.components.notes import is_within
from portal.store.note import Note
from queries.catalog import Catalog, builtin
from queries.dataset import Access

CATALOG: Catalog = builtin()
DAY, NOW = date(2026, 11, 1), datetime(2026, 11, 2, tzinfo=UTC)


def note(dataset: str = "", metric: str = "", country: str = "") -> Note:
    return Note(
        id="1", author_id="ada", author_name="Ada", unit="product", text="noted",
        first_day=DAY, last_day=DAY, path="/", dataset=dataset, metric=metric, country=country,
        visibility="everyone", version=1, created_at=NOW, updated_at=NOW, deleted_at=None,
    )  # fmt: skip


BRAZIL = Access(rows=(("country", ("BR",)),))


@pytest.mark.parametrize(
    ("about", "access", "is_read"),
    [
        (note(country="US"), Access(), True),
        (note(country="US"), BRAZIL, False),
        (note(country="BR"), BRAZIL, True),
        (note("playback", "hours_viewed"), BRAZIL, True),
        (note("post_tasks", "cycle_days"), Access(), True),
        (note("gone", "rows"), Access(), True),
        (note("gone", "rows"), BRAZIL, False),
    ],
)
def test_a_note_is_read_by_whom_its_rows_are_for(about: Note, access: Access, is_read: bool):
    assert is_within(about, access, CATALOG) is is_read


def test_a_note_on_a_dataset_that_a_row_rule_closes_is_not_read():
    closed = [
        d for d in CATALOG.datasets if not d.open and not d.has_dimension("country") and d.metrics
    ]
    assert closed
    for dataset in closed:
        about = note(dataset.name, dataset.metrics[0].name)
        assert not is_within(about, BRAZIL, CATALOG)
        assert is_within(about, Access(), CATALOG)
