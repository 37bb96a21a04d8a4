"""The one door: ask a question with an access, get an answer; or the rows behind it.

Tiles, exports, the API and the command line all come through here; nothing else reaches an engine.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter

import polars as pl

from queries.answer_cache import AnswerCache, key_of
from queries.both_periods import gathered, gathered_whole
from queries.cache import FrameCache
from queries.cancellation import check
from queries.catalog import Catalog
from queries.complete_days import clipped, complete_through, covered
from queries.condition import Dimension, Filter, Scalar
from queries.crowd import check_enough, refuse_few, told
from queries.dataset import ROWS, Access, Dataset, Metric
from queries.derived import require
from queries.distribution import Distribution, has_others, plan_distribution
from queries.errors import NotLoaded, QueryError
from queries.gather import first_scan
from queries.health import Health, doubts, health, late, lateness
from queries.lake.lake import Lake
from queries.lake.snapshot import Snapshot
from queries.listing import Listing, Rows, plan_rows
from queries.model import Query, Result
from queries.period import Period, end_of
from queries.plan import (
    INHABITED,
    Plan,
    adds_levels,
    crowd_plans,
    plan,
    plan_whole,
)
from queries.reader import MANY_ROWS, Reader
from queries.reduction import Days, Engine, Reduction
from queries.shape import (
    is_comparable,
    measured,
    paired,
    shaped,
    unknown,
    unnamed,
    without_changes,
)
from queries.share_split import ShareSplit, accounts_of, plan_share_split
from queries.small_cells import FEWEST_SHOWN, said

_COUNT = Metric(name="rows", label="Rows", formula=ROWS, interval="none")


class Warehouse:
    """Answers queries over one lake with one engine, and remembers the reductions."""

    def __init__(
        self,
        lake: Lake,
        engine: Engine,
        cache: FrameCache,
        catalog: Catalog,
        fewest: int = FEWEST_SHOWN,
        *,
        many_rows: int = MANY_ROWS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Cells of fewer than `fewest` accounts are withheld; 0 shows all.

        From `many_rows` on accounts are counted no further than is needed for that.
        """
        self._fewest, self._many_rows = fewest, many_rows
        self._lake = lake
        self._engine = engine
        self._cache = cache
        self._catalog = catalog
        self._answers = AnswerCache()
        self._clock = clock

    def ask(self, query: Query, access: Access, version: str | None = None) -> Result:
        """Answer `query` as someone with `access` may see it; at a data version, or the newest.

        Raises the errors of `queries.errors`; nothing else is meant for the person asking.
        """
        check()
        started = perf_counter()
        tables = self.snapshot(version)
        key = key_of(query, access, tables.data_version)
        known = self._answers.get(key)
        if known is not None:
            return self._now(replace(known, source="cache", took_ms=_since(started)))
        result = replace(self._answered(query, access, tables), took_ms=_since(started))
        self._answers.keep(key, result)
        return self._now(result)

    def _now(self, result: Result) -> Result:
        """With what is late by now: no answer that is kept says so, and time alone changes it."""
        late = lateness(result.query, self.late(result.data_version))
        return replace(result, doubts=(*result.doubts, *late), late=late) if late else result

    def read_together(
        self, questions: Sequence[Query], access: Access, version: str | None = None
    ) -> None:
        """Read at once what several questions ask of the same rows: their answers find it read.

        Those that are refused are left to `ask` to say so.
        """
        tables = self.snapshot(version)
        plans: dict[str, list[Plan]] = {}
        for question in questions:
            if self._answers.get(key_of(question, access, tables.data_version)) is None:
                with suppress(QueryError):
                    complete = complete_through(question.dataset, tables)
                    query = clipped(question.filled, complete)[0]
                    plans.setdefault(query.dataset.name, []).append(plan(query, access, tables))
        for same in (found for found in plans.values() if len(found) > 1):
            reader = Reader(self._engine, self._cache, tables, same[0].query.dataset)
            firsts = ((first_scan(planned), planned.query.periods) for planned in same)
            reader.read_ahead((first, periods) for first, periods in firsts if first and periods)

    def _answered(self, query: Query, access: Access, tables: Snapshot) -> Result:
        complete = complete_through(query.dataset, tables)
        query, notes = clipped(query.filled, complete)
        bound = covered(query.dataset, tables, complete)
        planned = plan(query, access, tables)
        reader = Reader(self._engine, self._cache, tables, query.dataset, many_rows=self._many_rows)
        if query.keeps_small and _is_narrowed(planned):
            refuse_few(crowd_plans(query, access, tables), reader, self._fewest)
        groups = gathered(planned, reader, self._fewest)
        frame = measured(query, groups)
        total = unknown(frame)
        if query.needs_total and not adds_levels(query, planned):
            whole = plan_whole(query, access, tables)
            together = gathered_whole(planned, groups, whole, reader)
            total = measured(whole.query, replace(together, fewest=groups.fewest))
        if not is_comparable(query, bound):
            total = without_changes(total)
            notes = notes or (f"The data covers {bound}; beyond it there is no change.",)
        frame = shaped(query, frame, total, bound)
        is_rollup = planned.is_rollup or not reader.has_read_table
        left_out = groups.current.left_out + unnamed(query, groups)
        keys = {k.name for k in query.by}
        return Result(
            query=query,
            frame=_seen(frame, access),
            total=_seen(total[[c for c in total.columns if c not in keys]], access),
            data_version=tables.data_version,
            source="cache" if reader.all_cached else "rollup" if is_rollup else "raw",
            table=planned.table,
            sql=";\n\n".join(
                self._engine.explain(scan, tables)
                for reduction in planned.scans
                for scan in reader.scans(reduction)
            ),
            took_ms=0.0,
            complete_through=complete,
            notes=(
                *notes,
                *said(frame, left_out if frame.height < query.limit else 0),
            ),
            paired=paired(groups) if query.interval and is_comparable(query, bound) else None,
            doubts=doubts(query, (frame, total), tables),
        )

    def rows(self, listing: Listing, access: Access, version: str | None = None) -> Rows:
        """The rows behind a number, as someone with `access` may see them, newest first.

        Raises the errors of `queries.errors`.
        """
        started = perf_counter()
        tables = self.snapshot(version)
        require(listing.dataset, tables)
        days = Days.of(listing.dataset.time.expression, listing.period)
        columns = self._engine.columns(listing.dataset.table, tables, days)
        planned = plan_rows(listing, access, columns)
        reader = Reader(self._engine, self._cache, tables, listing.dataset)
        if listing.dataset.is_of_accounts:
            counted = replace(planned.counted, aggregates=(INHABITED,))
            check_enough(int(reader.reduce(counted)[INHABITED.key].sum()), reader, self._fewest)
        return Rows(
            listing=listing,
            frame=self._engine.select(planned.selection, tables),
            columns=planned.columns,
            count=int(reader.reduce(planned.counted)[ROWS.key].item()),
            withheld=planned.withheld,
            personal=planned.personal,
            complete_through=complete_through(listing.dataset, tables),
            data_version=tables.data_version,
            sql=self._engine.explain(planned.selection, tables),
            took_ms=_since(started),
        )

    def distribution(
        self, question: Distribution, access: Access, version: str | None = None
    ) -> Result:
        """How a metric's values lie over rows or units, as someone with `access` may see it.

        The frame has what `queries.distribution.COLUMNS` name. Raises the errors of
        `queries.errors`.
        """
        started = perf_counter()
        tables = self.snapshot(version)
        dataset = question.dataset
        complete = complete_through(dataset, tables)
        query, notes = clipped(question.query, complete)
        planned = plan_distribution(replace(question, query=query), access, tables, self._fewest)
        reader = Reader(self._engine, self._cache, tables, dataset)
        if planned.leaves_few_out:
            notes = (*notes, f"Values of fewer than {self._fewest} accounts are left out.")
        found = [reader.reduce(r) for r in planned.reductions]
        frame = told(found, reader, self._fewest)
        if has_others(found):
            notes = (*notes, "Values that are infinite or no number are left out.")
        result = self._added_up(query, frame, planned.reductions, reader, notes)
        return self._now(replace(result, took_ms=_since(started)))

    def share_split(
        self, question: ShareSplit, access: Access, version: str | None = None
    ) -> Result:
        """What tells who moved a share, as someone with `access` may see it, by bucket.

        The frame has the columns that `queries.share_split` names. Raises the errors of
        `queries.errors`.
        """
        started = perf_counter()
        tables = self.snapshot(version)
        query, notes = clipped(question.query, complete_through(question.query.dataset, tables))
        planned = plan_share_split(replace(question, query=query), access, tables)
        reader = Reader(self._engine, self._cache, tables, query.dataset)
        frame = reader.reduce(planned)
        check_enough(accounts_of(frame), reader, self._fewest)
        result = self._added_up(query, frame, (planned,), reader, notes)
        return self._now(replace(result, took_ms=_since(started)))

    def _added_up(
        self,
        query: Query,
        frame: pl.DataFrame,
        reductions: Sequence[Reduction],
        reader: Reader,
        notes: tuple[str, ...],
    ) -> Result:
        """What reductions of reductions made, as an answer."""
        tables, table = reader.tables, reductions[0].source.table
        is_rollup = table != query.dataset.table
        return Result(
            query=query,
            frame=frame,
            total=frame.clear(),
            data_version=tables.data_version,
            source="cache" if reader.all_cached else "rollup" if is_rollup else "raw",
            table=table,
            sql=";\n\n".join(
                self._engine.explain(scan, tables)
                for reduction in reductions
                for scan in reader.scans(reduction)
            ),
            took_ms=0.0,
            complete_through=complete_through(query.dataset, tables),
            notes=notes,
            doubts=doubts(query, (), tables),
        )

    def health(self, access: Access, version: str | None = None) -> Health:
        """What there is to know of the lake itself and of its metrics, for someone's eyes."""
        late = self.late(version)
        return health(self.snapshot(version), self.catalog(version), access, late)

    def late(self, version: str | None = None) -> Mapping[str, str]:
        """Tables that are late by now, in words; none of an older data version, which was asked."""
        newest = self.snapshot()
        return late(newest, self._clock()) if version in (None, newest.data_version) else {}

    def snapshot(self, version: str | None = None) -> Snapshot:
        """The lake as it was at a data version; the newest by default."""
        return self._lake.snapshot(version)

    def catalog(self, version: str | None = None) -> Catalog:
        """Every dataset that can be asked, those made of people's own files included."""
        return self._catalog.extended(self.snapshot(version).datasets)

    def dataset(
        self, name: str, version: str | None = None, access: Access | None = None
    ) -> Dataset:
        """A dataset as somebody with `access` may read of it; without one, all of it."""
        catalog = self.catalog(version)
        if access is None:
            return catalog.dataset(name)
        if name in catalog.left_out:
            catalog = catalog.seen_with(access)
        return access.discreet(catalog.dataset(name))

    def span(self, dataset: Dataset, version: str | None = None) -> Period:
        """First to last complete day. Raises NotLoaded where there is no row."""
        tables = self.snapshot(version)
        require(dataset, tables)
        days = tables.days(dataset.table)
        if days is None:
            raise NotLoaded(f"{dataset.label} has no rows.", dataset.load_hint)
        first, last = days[0], end_of(days[1], dataset.smallest_grain)
        complete = complete_through(dataset, tables)
        return Period(first, max(first, last if complete is None else min(last, complete)))

    def latest(self, dataset: Dataset, version: str | None = None) -> date:
        """The last complete day."""
        return self.span(dataset, version).end

    def first(self, dataset: Dataset, version: str | None = None) -> date:
        """The first day there is."""
        return self.span(dataset, version).start

    def values(
        self,
        dataset: Dataset,
        dimension: Dimension,
        access: Access,
        *,
        contains: str = "",
        limit: int = 50,
        version: str | None = None,
    ) -> list[Scalar]:
        """Values of a dimension that `access` may see, those with most rows first.

        Of a personal one those alone that enough accounts have.
        """
        tables = self.snapshot(version)
        found = Filter(dimension, "contains", (contains,)) if contains else None
        counted = replace(dataset, metrics=(_COUNT,), exclusive="")
        query = Query(
            dataset=counted, metrics=(_COUNT,), by=(dimension,), where=found, interval=False
        )
        planned = plan(query, access, tables)
        reader = Reader(self._engine, self._cache, tables, dataset)
        groups = planned.groups
        if dimension.is_personal and self._fewest and reader.knows_people:
            groups = replace(groups, aggregates=(*groups.aggregates, INHABITED))
        frame = reader.reduce(groups).sort(ROWS.key, dimension.name, descending=[True, False])
        if INHABITED.key in frame.columns:
            frame = frame.filter(pl.col(INHABITED.key) >= self._fewest)
        return frame[dimension.name].drop_nulls().head(limit).to_list()


def _since(started: float) -> float:
    """Milliseconds."""
    return (perf_counter() - started) * 1000


def _is_narrowed(planned: Plan) -> bool:
    """Whether less than all there is was asked about."""
    return planned.query.period is not None or planned.groups.where is not None


def _seen(frame: pl.DataFrame, access: Access) -> pl.DataFrame:
    """Without how many rows are behind a number, where the number of rows is hidden itself."""
    if ROWS not in access.hidden:
        return frame
    counts = [c for c in frame.columns if c.endswith("__n")]
    return frame.with_columns(pl.lit(None, pl.Float64).alias(c) for c in counts)
