"""Shape gathered cells into an answer: values, intervals, changes, ranks. Pure.

See `queries.model.Result` for the columns.
"""

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.calculation import calculate
from queries.condition import Dimension
from queries.dataset import ROWS, TimeBucket
from queries.formula import Array
from queries.gather import shows_the_gone
from queries.measure import Gathered, metric_columns
from queries.model import Query, Threshold
from queries.paired import Paired
from queries.period import Grain, Period, bucket_around, bucket_pairs, bucket_starts, end_of
from queries.plan import Plan
from queries.small_cells import accounts, hidden, is_few, is_withheld, marked, unmarked

CHANGES = frozenset(
    ("previous", "delta", "delta_low", "delta_high", "relative", "relative_low", "relative_high")
)


def shaped(
    query: Query, frame: pl.DataFrame, total: pl.DataFrame, complete: Period | None
) -> pl.DataFrame:
    """What was measured, as an answer: after thresholds, calculations, its order and its limit.

    `complete` is the span of complete days; buckets that reach beyond it, or beyond the period, are
    marked incomplete. A bucket has a change only where it is held against as much time, all of it
    complete.
    """
    if query.time_key is not None:
        frame = _marked(frame, query, query.time_key, complete)
    elif not is_comparable(query, complete):
        frame = without_changes(frame)
    for threshold in query.thresholds:
        frame = frame.filter(_passes(threshold))
    frame = calculate(query, frame, total)
    return unmarked(_ordered(query, frame).head(query.limit))


def measured(query: Query, gathered: Gathered) -> pl.DataFrame:
    """Keys, then every metric's columns."""
    columns: list[pl.Series] = []
    for metric in query.metrics:
        columns += metric_columns(metric, gathered)
    keys = [k.name for k in query.by if k.name in gathered.current.groups.columns]
    frame = gathered.current.groups.select(keys).hstack(columns) if keys else pl.DataFrame(columns)
    return _without_small(query, frame, gathered) if gathered.fewest else frame


def _without_small(query: Query, frame: pl.DataFrame, gathered: Gathered) -> pl.DataFrame:
    """Cells of few people withheld, metric by metric: each has the accounts behind it."""
    groups = frame.select(k.name for k in query.by if k.name in frame.columns)
    found: dict[bytes, NDArray[np.bool_]] = {}

    def gone(behind: Array | None) -> NDArray[np.bool_]:
        if behind is None:
            return np.zeros(frame.height, dtype=bool)
        key = behind.tobytes()
        if key not in found:
            found[key] = is_withheld(behind, gathered.fewest, groups)
        return found[key]

    for metric in query.metrics:
        behind = [
            side.behind(metric, query.dataset) if side else None
            for side in (gathered.current, gathered.previous)
        ]
        now, past = map(gone, behind)
        if behind[0] is not None:
            people = accounts(behind[0]) if query.dataset.is_of_accounts else behind[0]
            frame = marked(frame, now, is_few(people))
        frame = hidden(frame, [metric.name], now, past)
    return frame if (named := _named(query, gathered)) is None else frame.filter(pl.Series(named))


def _named(query: Query, gathered: Gathered) -> NDArray[np.bool_] | None:
    """Which groups of a personal dimension enough accounts have in a period; None without one."""
    counts = [s.occupied(ROWS.key) for s in (gathered.current, gathered.previous) if s]
    known = [count for count in counts if count is not None]
    if not known or not any(isinstance(k, Dimension) and k.is_personal for k in query.by):
        return None
    return np.asarray(np.fmax.reduce(known) >= gathered.fewest)


def unnamed(query: Query, gathered: Gathered) -> int:
    """How many groups of a personal dimension are in no answer."""
    named = _named(query, gathered) if gathered.fewest else None
    return 0 if named is None else int((~named).sum())


def paired(gathered: Gathered) -> Paired | None:
    """Both periods by bucket; in a single bucket where the rows are nobody's."""
    now, before = gathered.current, gathered.previous
    if before is None:
        return None
    if gathered.population is not None:
        return Paired(now.groups, now.buckets, before.buckets, gathered.population)
    whole = [{key: cells[:, None] for key, cells in side.totals.items()} for side in (now, before)]
    return Paired(now.groups, whole[0], whole[1], np.ones(1))


def aligned(groups: pl.DataFrame, query: Query) -> pl.DataFrame:
    """The groups as the compared period names them: its first bucket for our first, and so on."""
    key = query.time_key
    if key is None or query.compare is None or query.period is None:
        return groups
    mapping = bucket_pairs(query.period, query.compare.period, key.grain)
    return groups.with_columns(
        pl.col(key.name).replace_strict(mapping, default=None, return_dtype=pl.Date)
    )


def has_all_before(plan: Plan, gathered: Gathered) -> bool:
    """Whether no row of the compared period lies outside the groups that are held against it."""
    query, groups = plan.query, gathered.current.groups
    if query.time_key is None:
        return shows_the_gone(query, plan.groups)
    if len(query.by) > 1 or query.compare is None or query.period is None:
        return False
    grain = query.time_key.grain
    buckets = (len(bucket_starts(p, grain)) for p in (query.period, query.compare.period))
    return all(groups.height == count for count in buckets)


def is_comparable(query: Query, complete: Period | None) -> bool:
    """Whether both periods, as wholes, lie in the days that the data covers completely."""
    if query.compare is None or query.period is None or complete is None:
        return True
    return query.period.end <= complete.end and query.compare.period.start >= complete.start


def unknown(frame: pl.DataFrame) -> pl.DataFrame:
    """One row of nothing, in the columns of a frame."""
    return pl.DataFrame([[None] * frame.width], schema=frame.schema, orient="row")


def without_changes(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with nothing to compare with."""
    changes = [c for c in frame.columns if c.split("__")[-1] in CHANGES]
    return frame.with_columns(pl.lit(None, pl.Float64).alias(c) for c in changes)


def _marked(
    frame: pl.DataFrame, query: Query, key: TimeBucket, complete: Period | None
) -> pl.DataFrame:
    starts = frame[key.name].to_list()
    last = complete.end if complete is not None else date.max
    covered = query.period or Period(date.min, date.max)
    ends = {d: _ending(d, key.grain, covered, last) for d in set(starts)}
    is_part = pl.Series("incomplete", [ends[d][1] for d in starts], pl.Boolean)
    marked = frame.with_columns(is_part)
    if query.compare is None or query.period is None:
        return marked
    first = complete.start if complete is not None else date.min
    pairs = bucket_pairs(query.period, query.compare.period, key.grain)
    held = {
        start
        for start, before in pairs.items()
        if max(before, query.compare.period.start) >= first
        and _is_as_long(
            _inside(start, key.grain, query.period),
            _inside(before, key.grain, query.compare.period),
            key.grain,
        )
    }
    changes = [c for c in marked.columns if c.split("__")[-1] in CHANGES]
    can_change = [d in held and not ends[d][0] for d in starts]
    is_held = pl.Series(can_change, dtype=pl.Boolean)
    return marked.with_columns(pl.when(is_held).then(pl.col(changes)))


def _ending(
    start: date | None, grain: Grain, covered: Period, last: date
) -> tuple[bool, bool | None]:
    """Whether a bucket ends after the last complete day, and whether some of it is missing."""
    if start is None:
        return True, None
    inside = _inside(start, grain, covered)
    is_over = inside.end > last
    return is_over, is_over or inside != bucket_around(inside.start, grain)


def _inside(start: date, grain: Grain, period: Period) -> Period:
    """The days of a bucket that lie in a period."""
    return Period(max(start, period.start), min(end_of(start, grain), period.end))


def _is_as_long(now: Period, before: Period, grain: Grain) -> bool:
    """As many days, or both a whole bucket: one February is as long as one March."""
    return now.days == before.days or all(p == bucket_around(p.start, grain) for p in (now, before))


def _passes(threshold: Threshold) -> pl.Expr:
    column, value = pl.col(threshold.metric), threshold.value
    match threshold.operation:
        case ">=":
            return column >= value
        case ">":
            return column > value
        case "<=":
            return column <= value
        case "<":
            return column < value
        case "=":
            return column == value


def _ordered(query: Query, frame: pl.DataFrame) -> pl.DataFrame:
    keys = [k.name for k in query.by]
    if query.order_by is not None and query.order_by in frame.columns:
        tied = [k for k in keys if k != query.order_by]
        return frame.sort(
            [query.order_by, *tied],
            descending=[query.descending, *(False for _ in tied)],
            nulls_last=True,
        )
    if query.time_key is not None:
        return frame.sort(keys, nulls_last=True)
    if keys:
        first = query.metrics[0].name
        return frame.sort(
            [first, *keys], descending=[True, *(False for _ in keys)], nulls_last=True
        )
    return frame
