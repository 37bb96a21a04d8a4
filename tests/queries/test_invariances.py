"""What no definition of the catalogue may depend on: the order of rows, how an account's rows are
cut, the unit of a ratio's two sides, the clock of a closed window; and what a total lies between.

The rows are those of the demo company, with two weeks of playback in a lake of their own.
"""

import math
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, Dataset, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.estimation import Estimation
from queries.lake.lake import Change, Lake
from queries.model import Query, Result
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 15)
JOINED = ("titles", "videos", "accounts")
Turn = Callable[[pl.DataFrame], pl.DataFrame]


class Company:
    """The demo's plays of two weeks, as they are and turned."""

    def __init__(self, home: Path, folder: Path, engine: DuckDBEngine) -> None:
        self.engine, self.folder = engine, folder
        tables = Lake(home / "lake").snapshot()
        self.joined = {t: _read(tables.files(t)) for t in JOINED}
        self.plays = _read(tables.files("playback")).filter(
            pl.col("local_date").is_between(FIRST, LAST)
        )
        self.plain = self.turned(lambda plays: plays)

    def turned(self, turn: Turn) -> Warehouse:
        """A warehouse over the plays as `turn` leaves them."""
        lake = Lake(self.folder / str(len(list(self.folder.iterdir()))))
        rows = turn(self.plays)
        lake.commit(
            [
                Change(table="playback", rows=rows, day="local_date"),
                *(Change(table=t, rows=frame) for t, frame in self.joined.items()),
            ],
            "demo",
        )
        return Warehouse(lake, self.engine, FrameCache(None), builtin(), fewest=0)


@pytest.fixture(scope="module")
def company(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    engine = DuckDBEngine(memory="1GB")
    yield Company(demo_home, tmp_path_factory.mktemp("turned"), engine)
    engine.close()


def _read(files: tuple[str, ...]) -> pl.DataFrame:
    return duckdb.connect().read_parquet(list(files)).pl()


def plainly(dataset: Dataset, keep: Callable[[Metric], bool] = lambda _: True) -> list[Metric]:
    """The metrics of a formula: what is estimated has tests of its own."""
    metrics = [
        m for m in dataset.metrics if not isinstance(m.formula, Estimation) and not m.parameters
    ]
    return [m for m in metrics if keep(m)]


def asked(warehouse: Warehouse, metrics: list[Metric], by: str, *, interval: bool) -> Result:
    dataset = warehouse.dataset("playback")
    query = Query(
        dataset=dataset,
        metrics=tuple(metrics),
        by=(dataset.dimension(by),),
        interval=interval,
    )
    return warehouse.ask(query, Access())


def same(ours: Result, theirs: Result, *, rows: bool = True) -> None:
    """Equal numbers and intervals; without `rows`, whatever the number of rows behind them."""
    for one, other in ((ours.frame, theirs.frame), (ours.total, theirs.total)):
        keys = [k.name for k in ours.query.by if k.name in one.columns]
        kept = [c for c in one.columns if rows or not c.endswith("__n")]
        assert_frame_equal(
            one.select(kept).sort(keys, nulls_last=True) if keys else one.select(kept),
            other.select(kept).sort(keys, nulls_last=True) if keys else other.select(kept),
            rel_tol=1e-9,
            check_dtypes=False,
        )


def test_the_order_of_rows_changes_no_number_and_no_interval(company: Company):
    metrics = plainly(company.plain.dataset("playback"))
    shuffled = company.turned(lambda plays: plays.sample(fraction=1, shuffle=True, seed=4))
    same(
        asked(shuffled, metrics, "country", interval=True),
        asked(company.plain, metrics, "country", interval=True),
    )


def test_an_account_s_rows_may_be_cut_in_two_and_nothing_said_of_accounts_changes(company: Company):
    dataset = company.plain.dataset("playback")
    metrics = [
        dataset.metric(name)
        for name in (
            "hours_viewed", "views", "accounts", "hours_per_account", "daily_accounts",
            "stickiness", "hours_per_account_day", "titles_played", "originals_share",
        )
    ]  # fmt: skip
    cut = company.turned(_cut_in_two)
    same(
        asked(cut, metrics, "country", interval=True),
        asked(company.plain, metrics, "country", interval=True),
        rows=False,
    )


def _cut_in_two(plays: pl.DataFrame) -> pl.DataFrame:
    """Every play as two: what was watched is shared out, all else is repeated."""
    half = pl.col("watched_s") // 2
    second = plays.with_columns(session_id=pl.col("session_id") + 2**40, watched_s=half)
    return pl.concat([plays.with_columns(watched_s=pl.col("watched_s") - half), second])


def test_the_unit_of_what_was_watched_changes_no_share_of_it(company: Company):
    def of_watching(metric: Metric) -> bool:
        parts = metric.formula.aggregates()
        return metric.kind == "ratio" and {(p.operation, p.argument) for p in parts} == {
            ("sum", '"watched_s"')
        }

    metrics = plainly(company.plain.dataset("playback"), of_watching)
    assert len(metrics) >= 8
    scaled = company.turned(lambda plays: plays.with_columns(pl.col("watched_s") * 7))
    same(
        asked(scaled, metrics, "country", interval=True),
        asked(company.plain, metrics, "country", interval=True),
    )


@pytest.mark.parametrize("by", ["country", "device", "source", "is_autoplay"])
def test_a_ratio_of_all_lies_between_those_of_its_slices(company: Company, by: str):
    dataset = company.plain.dataset("playback")
    metrics = plainly(dataset, lambda m: m.kind == "ratio")
    found = asked(company.plain, metrics, by, interval=False)
    held = 0
    for metric in metrics:
        total = found.total[metric.name].item()
        if total is None or math.isnan(total):
            continue
        slices = found.frame[metric.name].drop_nulls().drop_nans()
        assert slices.min() - 1e-9 <= total <= slices.max() + 1e-9, metric.name  # type: ignore[operator]
        held += 1
    assert held >= 20


def test_all_days_together_are_the_same_by_the_viewers_clocks_and_by_utc(company: Company):
    dataset = company.plain.dataset("playback")
    metrics = [dataset.metric(n) for n in ("hours_viewed", "plays", "accounts", "good_play_rate")]
    local, utc = (asked(company.plain, metrics, by, interval=True) for by in ("hour", "utc_hour"))
    assert_frame_equal(local.total, utc.total, rel_tol=1e-9)
    for name in ("hours_viewed", "plays"):
        assert local.frame[name].sum() == pytest.approx(utc.frame[name].sum(), rel=1e-9)
    assert not local.frame["hours_viewed"].equals(utc.frame["hours_viewed"])
