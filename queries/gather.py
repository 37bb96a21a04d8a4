"""Gather what a plan needs: run its reductions and lay the answers out as arrays.

Where every number of a group is the sum of its buckets' numbers, one scan by bucket gives values
and intervals; else the values come from a second scan without buckets, and what is by bucket from a
rollup where one has that part. A ranking of a wide
dimension is cut to its top before buckets are asked for.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from queries.cells import GROUP, Cells, bucket_of, indexed_by_group, laid_out, laid_out_by_bucket
from queries.condition import Filter
from queries.dataset import BUCKET, BUCKETS, ROWS, Dataset
from queries.estimation import Estimation
from queries.first_look import FirstLook, Search
from queries.formula import Aggregate, Array, Formula
from queries.interval import Histogram
from queries.model import Query
from queries.plan import (
    BIN,
    BIN_RATIO,
    INHABITED,
    LONERS,
    SUPERBUCKETS,
    UNITS,
    ZERO_BIN,
    Plan,
    added,
    binned,
    by_bucket,
    is_counted_by_bucket,
    is_partitioned,
    matching,
    only,
)
from queries.reduction import Reduce, Reduction
from queries.rollup import is_of_days
from queries.small_cells import accounts, is_few, is_withheld

WIDEST_CUT = 500
_PLACE = "__place"


def gather(
    plan: Plan,
    reduction: Reduction,
    reduce: Reduce,
    groups: pl.DataFrame | None,
    *,
    fewest: int = 0,
    first_look: FirstLook | None = None,
    known: Mapping[str, Histogram] | None = None,
) -> Cells:
    """The cells of a reduction of `plan`; of exactly `groups`, where they are given.

    A ranking that is cut has none of those that are of fewer than `fewest` accounts. With
    `first_look` accounts are counted as far as marks need it, where no interval is asked for.
    Histograms that are `known` are not read.
    """
    query = plan.query
    is_added = plan.adding is not None and is_counted_by_bucket(query)
    if first_look is not None and not query.interval and not is_added:
        search = Search(query, reduction, reduce, first_look)
        found = _by_first_look(plan, search, groups)
        if found is not None:
            return found
    _, others = _split(reduction, query.dataset)
    wants_buckets = bool(query.dataset.entity) and (
        query.interval or is_added or (not others and is_counted_by_bucket(query))
    )
    plain: Cells | None = None
    is_cut = _is_wide(query, reduction) and _ranked_by(query) is not None
    is_ranking = groups is None and is_cut
    if others or not wants_buckets or is_ranking:
        is_last = is_ranking or not wants_buckets
        counted = _with_counts(plan, reduction) if is_last else reduction
        plain = laid_out(reduce(counted), counted, groups)
        plain = _told_apart(plain, plan, reduction, reduce)
        groups = plain.groups
    if not wants_buckets:
        assert plain is not None  # noqa: S101  # by the branch above
        return plain
    if _is_wide(query, reduction) and groups is not None:
        if fewest and plain is not None and groups.height > query.limit:
            plain = _shown(query, plain, fewest)
            groups = plain.groups
        groups = _cut(query, plain, groups)
        reduction = _restricted(reduction, query, groups)
    cells = _with_buckets(plan, reduction, reduce, groups, known or {})
    return cells if plain is None else replace(cells, left_out=plain.left_out)


def _with_buckets(
    plan: Plan,
    reduction: Reduction,
    reduce: Reduce,
    groups: pl.DataFrame | None,
    known: Mapping[str, Histogram],
) -> Cells:
    """The cells with all that intervals need: sums by bucket, and histograms of quantiles."""
    query = plan.query
    partitioned, others = _split(reduction, query.dataset)
    split = by_bucket(added(plan, reduction, partitioned))
    bucketed = laid_out_by_bucket(reduce(split), split, groups)
    bucketed = _told_apart(bucketed, plan, reduction, reduce)
    totals = dict(bucketed.totals)
    if others:
        values = laid_out(reduce(reduction), reduction, bucketed.groups)
        totals |= {a.key: values.totals[a.key] for a in others}
    histograms = {
        a.key: known.get(a.key) or _histogram(reduce(binned(reduction, a)), bucketed.groups)
        for a in others
        if a.operation == "quantile" and query.interval and _has_interval(query, a)
    }
    asked = {a for m in query.metrics for a in m.formula.aggregates()}
    days = frozenset(a.key for a in asked if is_of_days(a, query.dataset))
    return Cells(bucketed.groups, totals, bucketed.buckets, histograms, steady=days)


def first_scan(plan: Plan) -> Reduction | None:
    """What an answer surely reads; None where it looks at something else before."""
    query, reduction = plan.query, plan.groups
    if query.keeps_small and not query.interval and query.compare is None:
        return _with_counts(plan, reduction)
    partitioned, others = _split(reduction, query.dataset)
    is_bucketed = bool(query.dataset.entity) and query.interval and not others
    if not is_bucketed or _is_wide(query, reduction):
        return None
    return by_bucket(added(plan, reduction, partitioned))


def _by_first_look(plan: Plan, search: Search, groups: pl.DataFrame | None) -> Cells | None:
    """The cells with no more counted than their marks need; None where all is counted at once."""
    query, reduction, reduce = plan.query, search.reduction, search.reduce
    if is_counted_by_bucket(query):
        is_additive = all(a.is_additive for a in reduction.aggregates)
        if search.first_look.days and is_additive:
            cells, seen = search.in_parts(groups)
        else:
            cells = laid_out(reduce(reduction), reduction, groups)
            seen = search.first(cells)
        return replace(
            _told_apart(cells, plan, reduction, reduce), inhabited=search.of_all(cells, seen)
        )
    ranked_by = _ranked_by(query) if groups is None and query.compare is None else None
    if ranked_by is None or len(query.by) > 1 or not _is_wide(query, reduction):
        return None
    counted = _with_counts(plan, reduction, with_people=False)
    cells = laid_out(reduce(counted), counted, None)
    cells = _told_apart(cells, plan, reduction, reduce)
    order = _ranked(query, cells.groups, cells.values(ranked_by))[_PLACE].to_numpy()
    seen = search.first(cells)
    return replace(cells, inhabited=search.of_top(cells, seen, order.astype(np.intp)))


def summed_up(plan: Plan, cells: Cells) -> Cells | None:
    """All groups as one, where everything adds up and no group was cut; else None."""
    reduction = plan.groups
    additive = all(a.is_additive for a in reduction.aggregates)
    may_be_cut = bool(cells.buckets) and _is_wide(plan.query, reduction)
    if plan.query.time_key is not None and any(m.is_closing for m in plan.query.metrics):
        return None
    is_unknown = any(np.isnan(values).any() for values in cells.totals.values())
    if not reduction.keys or not additive or may_be_cut or is_unknown:
        return None
    most = None if cells.inhabited is None else cells.inhabited.max(keepdims=True, initial=0)
    if most is not None and is_few(accounts(most)).any():
        # All groups together are of more accounts than the largest: of how many, is to be counted.
        return None
    return Cells(
        pl.DataFrame({GROUP: [0]}),
        {key: np.array([values.sum()]) for key, values in cells.totals.items()},
        {key: values.sum(axis=0, keepdims=True) for key, values in cells.buckets.items()},
        inhabited=most,
    )


def summed_histograms(plan: Plan, cells: Cells) -> dict[str, Histogram]:
    """Those of all groups as one, where no group was cut."""
    if _is_wide(plan.query, plan.groups):
        return {}
    return {
        key: replace(one, counts=one.counts.sum(axis=0, keepdims=True))
        for key, one in cells.histograms.items()
    }


def shows_the_gone(query: Query, reduction: Reduction) -> bool:
    """Whether groups that only the earlier period has belong in an answer: they fell to nothing.

    Not where time is a key, which pairs buckets in order; not below a top that is cut by value.
    """
    is_cut = _is_wide(query, reduction) and _ranked_by(query) is not None
    return bool(query.by) and query.time_key is None and not is_cut


def with_the_gone(current: Cells, earlier: Cells) -> pl.DataFrame:
    """The groups of either, those of now first."""
    keys = current.groups.columns
    gone = earlier.groups.select(keys).join(
        current.groups, on=keys, how="anti", nulls_equal=True, maintain_order="left"
    )
    return pl.concat([current.groups, gone])


def counted_units(frame: pl.DataFrame) -> Array:
    """Units by bucket, from the answer to `queries.plan.population_plan`, twice `BUCKETS` of them.

    In the second half are the rows that name none.
    """
    counted = (frame[UNITS] + frame[LONERS]).cast(pl.Float64).to_numpy()
    return np.bincount(bucket_of(frame), counted, 2 * BUCKETS).astype(np.float64)


def _split(
    reduction: Reduction, dataset: Dataset
) -> tuple[tuple[Aggregate, ...], tuple[Aggregate, ...]]:
    """Aggregates that are sums over buckets, and the others."""
    partitioned = tuple(a for a in reduction.aggregates if is_partitioned(a, dataset))
    return partitioned, tuple(a for a in reduction.aggregates if a not in partitioned)


def _with_counts(plan: Plan, reduction: Reduction, *, with_people: bool = True) -> Reduction:
    """With what will be asked of the same groups anyway, so that one scan answers it.

    How many rows each sum looked at, and how many buckets each group has rows in, where small
    cells of people are to be known.
    """
    query = plan.query
    sums = [a.key for a in reduction.aggregates if a.operation == "sum"]
    counts = [count for key in sums if (count := matching(plan, key))]
    if with_people and query.dataset.is_of_accounts and not query.keeps_small:
        counts.append(INHABITED)
    aggregates = {a.key: a for a in (*reduction.aggregates, *counts)}
    return replace(reduction, aggregates=tuple(aggregates.values()))


def _has_interval(query: Query, aggregate: Aggregate) -> bool:
    return any(m.interval != "none" and aggregate in m.formula.aggregates() for m in query.metrics)


def _is_wide(query: Query, reduction: Reduction) -> bool:
    return (
        bool(reduction.keys)
        and query.limit <= WIDEST_CUT
        and any(query.dataset.dimension(k.name).is_wide for k in query.by)
    )


def _shown(query: Query, plain: Cells, fewest: int) -> Cells:
    """Without the groups whose place in a ranking would tell what is withheld."""
    ranked_by = next((m for m in query.metrics if m.name == query.order_by), query.metrics[0])
    behind = plain.behind(ranked_by, query.dataset)
    if behind is None or _ranked_by(query) is None:
        return plain
    kept = ~is_withheld(behind, fewest, plain.groups)
    totals = {key: values[kept] for key, values in plain.totals.items()}
    return Cells(plain.groups.filter(pl.Series(kept)), totals, left_out=int((~kept).sum()))


def _cut(query: Query, plain: Cells | None, groups: pl.DataFrame) -> pl.DataFrame:
    """The groups a ranking will show, when it ranks by a value that is known by now."""
    ranked_by = _ranked_by(query)
    if plain is None or ranked_by is None or groups.height <= query.limit:
        return groups
    ranked = _ranked(query, groups, plain.values(ranked_by))
    return ranked.head(query.limit).drop(_PLACE)


def _ranked(query: Query, groups: pl.DataFrame, values: Array) -> pl.DataFrame:
    """The groups in the order of an answer, with the place of each before."""
    keys = groups.columns
    value = pl.Series("__value", values, nan_to_null=True)
    ranked = groups.with_row_index(_PLACE).with_columns(value)
    descending = [query.descending, *(False for _ in keys)]
    return ranked.sort(["__value", *keys], descending=descending, nulls_last=True).drop("__value")


def _ranked_by(query: Query) -> Formula | None:
    """The formula whose first groups are all that the answer needs; None where it needs them all.

    A rank counts the groups ahead, and a running total adds the groups before.
    """
    in_order = None if query.time_key is not None else query.metrics[0].name
    order = query.order_by or in_order
    for calculation in query.calculations:
        is_the_order = calculation.metric == order and query.descending and query.time_key is None
        if calculation.kind != "share" and not (calculation.kind == "rank" and is_the_order):
            return None
    if query.thresholds:
        return None
    formula = next((m.formula for m in query.metrics if m.name == order), None)
    return None if isinstance(formula, Estimation) else formula


def _restricted(reduction: Reduction, query: Query, groups: pl.DataFrame) -> Reduction:
    """Only the rows of these groups, where a single dimension tells them."""
    wide = next(k for k in query.by if query.dataset.dimension(k.name).is_wide)
    values = groups[wide.name].drop_nulls().unique().sort().to_list()
    if len(values) > WIDEST_CUT or groups[wide.name].null_count() or not values:
        return reduction
    column = next(k for k in reduction.keys if k.name == wide.name)
    dimension = replace(query.dataset.dimension(wide.name), expression=column.expression)
    return only(reduction, Filter(dimension, "in", tuple(values)))


def _told_apart(cells: Cells, plan: Plan, reduction: Reduction, reduce: Reduce) -> Cells:
    """Sums that came without a value: 0 where there was no row to look at, else unknown (NaN)."""
    sums = [a for a in reduction.aggregates if a.operation == "sum"]
    bare = [a.key for a in sums if a.key in cells.totals and np.isnan(cells.totals[a.key]).any()]
    if not bare:
        return cells
    counts = {key: matching(plan, key) for key in bare}
    unseen = {a.key: a for a in counts.values() if a and a.key not in cells.totals}
    asked = replace(reduction, aggregates=tuple(unseen.values()))
    seen = dict(cells.totals)
    if asked.aggregates:
        seen |= laid_out(reduce(asked), asked, cells.groups).totals
    totals, buckets = dict(cells.totals), dict(cells.buckets)
    for key, count in counts.items():
        is_bare = np.isnan(totals[key])
        is_unknown = is_bare & (seen[count.key if count else ROWS.key] > 0)
        totals[key] = np.where(is_bare & ~is_unknown, 0.0, totals[key])
        if key in buckets:
            buckets[key] = np.where(is_unknown[:, None], np.nan, buckets[key])
    return replace(cells, totals=totals, buckets=buckets)


def _histogram(frame: pl.DataFrame, groups: pl.DataFrame) -> Histogram:
    keys = [c for c in frame.columns if c not in (BUCKET, BIN, "n")]
    bins = frame[BIN].unique().sort()
    numbers = bins.to_numpy().astype(np.float64)
    indexed = indexed_by_group(frame, groups, keys)
    counts = np.zeros((groups.height, SUPERBUCKETS, max(len(numbers), 1)))
    where = np.searchsorted(numbers, indexed[BIN].to_numpy())
    at = (indexed[GROUP].to_numpy(), bucket_of(indexed) % SUPERBUCKETS, where)
    np.add.at(counts, at, indexed["n"].to_numpy())
    if not len(numbers):
        return Histogram(np.zeros(1), np.zeros(1), counts)
    edges = np.where(numbers == ZERO_BIN, 0.0, BIN_RATIO ** np.maximum(numbers, -5_000))
    return Histogram(edges, np.where(numbers == ZERO_BIN, 0.0, edges * BIN_RATIO), counts)
