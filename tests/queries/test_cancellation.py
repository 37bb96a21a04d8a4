"""Work that nobody waits for is stopped; what somebody else waits for is not."""

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event
from time import sleep

import polars as pl
import pytest

from queries.cache import FrameCache
from queries.cancellation import Cancellation, Stop, check, current, during, stopped_by
from queries.engines.duckdb_engine import DuckDBEngine
from queries.engines.fold import Folding
from queries.errors import Cancelled
from queries.formula import Aggregate
from queries.reduction import Reduction, Source
from tests.queries.small_lake import Files

FRAME = pl.DataFrame({"hours": [1.5]})


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as workers:
        yield workers


class Slow:
    """A computation that goes on until it is let go, or stopped."""

    def __init__(self) -> None:
        self.runs = 0
        self.has_begun = Event()
        self.goes_on = Event()
        self.was_stopped = False

    def __call__(self) -> pl.DataFrame:
        self.runs += 1
        self.has_begun.set()
        with stopped_by(self._stop):
            self.goes_on.wait(60)
        check()
        return FRAME

    def _stop(self) -> None:
        self.was_stopped = True
        self.goes_on.set()


def asked(
    pool: ThreadPoolExecutor, cache: FrameCache, slow: Slow, by: Cancellation | None
) -> Future[pl.DataFrame]:
    def remembered() -> pl.DataFrame:
        if by is None:
            return cache.remember("key", slow)[0]
        with during(by):
            return cache.remember("key", slow)[0]

    return pool.submit(remembered)


def waiting(cache: FrameCache, number: int) -> None:
    """Until so many wait for the one computation."""
    while sum(flight.waiting for flight in cache._flights.values()) < number:  # pyright: ignore[reportPrivateUsage]
        sleep(0.005)


def test_a_computation_is_stopped_when_the_only_one_who_waits_leaves(pool: ThreadPoolExecutor):
    cache, slow, one = FrameCache(None), Slow(), Cancellation()
    answer = asked(pool, cache, slow, one)
    slow.has_begun.wait()
    one.cancel()
    with pytest.raises(Cancelled):
        answer.result(60)
    assert slow.was_stopped


@pytest.mark.parametrize("leaver", ["first", "second"])
def test_who_shares_a_computation_is_not_failed_by_one_who_leaves(
    pool: ThreadPoolExecutor, leaver: str
):
    cache, slow = FrameCache(None), Slow()
    askers = {"first": Cancellation(), "second": Cancellation()}
    answers = {"first": asked(pool, cache, slow, askers["first"])}
    slow.has_begun.wait()
    answers["second"] = asked(pool, cache, slow, askers["second"])
    waiting(cache, 2)
    askers[leaver].cancel()
    assert not slow.was_stopped
    (stays,) = askers.keys() - {leaver}
    if leaver == "second":
        with pytest.raises(Cancelled):
            answers["second"].result(60)
    slow.goes_on.set()
    assert answers[stays].result(60).equals(FRAME)
    assert slow.runs == 1


def test_it_is_stopped_when_the_last_of_all_who_wait_has_left(pool: ThreadPoolExecutor):
    cache, slow = FrameCache(None), Slow()
    askers = [Cancellation() for _ in range(4)]
    answers = [asked(pool, cache, slow, askers[0])]
    slow.has_begun.wait()
    answers += [asked(pool, cache, slow, asker) for asker in askers[1:]]
    waiting(cache, 4)
    for asker in askers[:3]:
        asker.cancel()
    assert not slow.was_stopped
    askers[3].cancel()
    assert slow.was_stopped
    for answer in answers:
        with pytest.raises(Cancelled):
            answer.result(60)


def test_who_cannot_leave_is_waited_for(pool: ThreadPoolExecutor):
    cache, slow, one = FrameCache(None), Slow(), Cancellation()
    answers = [asked(pool, cache, slow, None)]
    slow.has_begun.wait()
    answers.append(asked(pool, cache, slow, one))
    waiting(cache, 2)
    one.cancel()
    slow.goes_on.set()
    assert answers[0].result(60).equals(FRAME)


def test_after_a_stop_the_next_one_computes_anew(pool: ThreadPoolExecutor, tmp_path: Path):
    cache, slow, one = FrameCache(tmp_path), Slow(), Cancellation()
    answer = asked(pool, cache, slow, one)
    slow.has_begun.wait()
    one.cancel()
    with pytest.raises(Cancelled):
        answer.result(60)
    again = Slow()
    again.goes_on.set()
    assert asked(pool, cache, again, Cancellation()).result(60).equals(FRAME)
    assert again.runs == 1


def test_a_running_query_of_duckdb_stops_and_only_that_one(
    pool: ThreadPoolExecutor, tmp_path: Path
):
    file = tmp_path / "numbers.parquet"
    pl.DataFrame({"n": pl.repeat(2_000, 4_000_000, eager=True)}).write_parquet(file)
    files = Files("v1", {"numbers": (str(file),)})
    engine = DuckDBEngine()
    endless = Aggregate("sum", "list_sum(range(n))", alias="endless")
    short = Aggregate("sum", "n", alias="short")

    def reduced(aggregate: Aggregate, by: Cancellation) -> pl.DataFrame:
        source = Source("numbers")
        with during(by):
            return engine.reduce(Reduction(source=source, keys=(), aggregates=(aggregate,)), files)

    one, other = Cancellation(), Cancellation()
    stopped = pool.submit(reduced, endless, one)
    sleep(0.5)
    assert not stopped.done()
    one.cancel()
    assert pool.submit(reduced, short, other).result(60)["short"].item() == 8e9
    with pytest.raises(Cancelled):
        stopped.result(60)
    with pytest.raises(Cancelled):
        reduced(short, one)
    engine.close()


class LeftAtOnce(Cancellation):
    """Whoever asked leaves when what runs can be stopped, and before it has begun."""

    @contextmanager
    def stopping(self, stop: Stop) -> Generator[None]:
        with super().stopping(stop):
            self.cancel()
            yield


def test_nothing_is_written_for_who_leaves_just_before_it_is_begun(tmp_path: Path):
    file, path = tmp_path / "days.parquet", tmp_path / "written.parquet"
    row = {"day": [date(2026, 1, 1)], "account": [7], "bucket": [3], "n": [1]}
    pl.DataFrame(row).write_parquet(file)
    files, engine = Files("v1", {"days": (str(file),)}), DuckDBEngine()
    counted = Reduction(source=Source("days"), keys=(), aggregates=(Aggregate("sum", "n"),))
    folding = Folding(dimensions=(), columns=(("n_1", "n", 1),), width=63, grain="grain")
    for work in (
        lambda: engine.write(counted, files, str(path), counted.aggregates[0].key),
        lambda: engine.fold(folding, (str(file),), (), (), str(path)),
        lambda: engine.days("day", (str(file),)),
    ):
        with during(LeftAtOnce()), pytest.raises(Cancelled):
            work()
        assert not path.exists()
    engine.close()


def test_nothing_is_stopped_after_its_block_has_been_left():
    one, stops = Cancellation(), list[int]()
    with during(one), stopped_by(lambda: stops.append(1)):
        assert current() is one
    one.cancel()
    assert not stops
    assert current() is None
    check()
