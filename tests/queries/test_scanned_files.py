"""Which files of a table a question reads: those of its days, and others for what these lack."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from queries.engines.duckdb_engine import DuckDBEngine
from queries.formula import Aggregate
from queries.lake.lake import Change, Lake
from queries.lake.snapshot import Snapshot
from queries.period import Period
from queries.reduction import Days, Reduction, Source


@pytest.fixture
def readings(tmp_path: Path) -> Snapshot:
    """A file a day of March; from the third on with one more column."""
    lake = Lake(tmp_path / "lake")
    for day in (1, 2, 3, 4):
        columns = {"day": [date(2026, 3, day)], "n": [day]}
        rows = pl.DataFrame(columns | {"extra": [10 * day]} if day > 2 else columns)
        lake.commit([Change(table="readings", rows=rows, day="day")], str(day))
    return lake.snapshot()


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory="256MB")
    yield engine
    engine.close()


def of_march(first: int, last: int) -> Period:
    return Period(date(2026, 3, first), date(2026, 3, last))


def total(column: str, period: Period) -> Reduction:
    return Reduction(
        source=Source("readings"),
        keys=(),
        aggregates=(Aggregate("sum", f'"{column}"'),),
        time='"day"',
        period=period,
    )


@pytest.mark.parametrize(
    ("column", "days", "value"),
    [("n", (1, 1), 1), ("n", (2, 3), 5), ("extra", (2, 3), 30), ("extra", (4, 4), 40)],
)
def test_files_of_other_days_are_not_missed(
    readings: Snapshot, engine: DuckDBEngine, column: str, days: tuple[int, int], value: int
):
    period = of_march(*days)
    for file in {*readings.files("readings")} - {*readings.files("readings", Days("day", period))}:
        Path(file).unlink()
    assert engine.reduce(total(column, period), readings).item() == value


def test_a_column_that_only_files_of_other_days_have_is_missing_and_no_mistake(
    readings: Snapshot, engine: DuckDBEngine
):
    assert engine.reduce(total("extra", of_march(1, 2)), readings).item() is None


def test_rows_are_listed_with_the_columns_of_their_days(readings: Snapshot, engine: DuckDBEngine):
    days = {last: Days("day", of_march(1, last)) for last in (2, 3)}
    assert engine.columns("readings", readings, days[2]) == ("day", "n")
    assert engine.columns("readings", readings, days[3]) == ("day", "n", "extra")
    assert engine.columns("readings", readings) == ("day", "n", "extra")
