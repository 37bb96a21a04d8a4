"""Reduce with lazy frames, in Polars: the check on DuckDB in tests, and its stand-in."""

from collections.abc import Sequence

import polars as pl

from queries.dataset import Join
from queries.engines.polars_condition import translate_condition
from queries.engines.polars_expression import translate
from queries.formula import Aggregate
from queries.period import Grain
from queries.reduction import Column, Days, Reduction, Selection, Tables

_EVERY = {
    Grain.DAY: "1d",
    Grain.WEEK: "1w",
    Grain.MONTH: "1mo",
    Grain.QUARTER: "1q",
    Grain.YEAR: "1y",
}


class PolarsEngine:
    """Scans the same files as the DuckDB engine, and must answer the same."""

    name = "polars"

    def reduce(self, reduction: Reduction, tables: Tables) -> pl.DataFrame:
        """One row a group."""
        return _frame(reduction, tables).collect()

    def reduce_each(
        self, reductions: Sequence[Reduction], tables: Tables
    ) -> Sequence[pl.DataFrame]:
        """The same of several, one after the other."""
        return [self.reduce(reduction, tables) for reduction in reductions]

    def select(self, selection: Selection, tables: Tables) -> pl.DataFrame:
        """Rows as they stand in the lake."""
        return _selected(selection, tables).collect()

    def columns(self, table: str, tables: Tables, days: Days | None = None) -> tuple[str, ...]:
        """Every column that a table's files have; with `days`, those that may have rows of them."""
        return tuple(_scan(tables, table, days).collect_schema().names())

    def explain(self, work: Reduction | Selection, tables: Tables) -> str:
        frame = _selected if isinstance(work, Selection) else _frame
        return frame(work, tables).explain()  # pyright: ignore[reportArgumentType]


def _selected(selection: Selection, tables: Tables) -> pl.LazyFrame:
    scan = selection.scan
    rows = _rows(scan, tables)
    if selection.order:
        rows = rows.sort(
            [translate(expression) for expression, _ in selection.order],
            descending=[down for _, down in selection.order],
            nulls_last=True,
        )
    return rows.slice(selection.skip, selection.limit).select(_key(k) for k in scan.keys)


def _frame(reduction: Reduction, tables: Tables) -> pl.LazyFrame:
    rows = _rows(reduction, tables)
    aggregates = [
        (_aggregate(a) if a.operation == "bit_or" else _aggregate(a).cast(pl.Float64)).alias(a.key)
        for a in reduction.aggregates
    ]
    if not reduction.keys:
        return rows.select(aggregates)
    return rows.group_by(*(_key(k) for k in reduction.keys)).agg(aggregates)


def _rows(reduction: Reduction, tables: Tables) -> pl.LazyFrame:
    """The rows that a reduction is about, with its look-ups."""
    inner = reduction.source.inner
    rows = _scanned(reduction, tables) if inner is None else _frame(inner, tables)
    for join in reduction.source.joins:
        rows = _joined(rows, join, tables)
    if reduction.base:
        rows = rows.filter(translate(reduction.base))
    if reduction.period is not None and reduction.time:
        rows = rows.filter(
            translate(reduction.time).is_between(reduction.period.start, reduction.period.end)
        )
    if reduction.where is not None:
        rows = rows.filter(translate_condition(reduction.where))
    return rows


def _scanned(reduction: Reduction, tables: Tables) -> pl.LazyFrame:
    part, table = reduction.part, reduction.source.table
    if part is None:
        return _scan(tables, table)
    files = tables.files(table, reduction.days)
    scans = [pl.scan_parquet(file).head(part.of_each(len(files))) for file in files]
    return pl.concat(scans, how="diagonal_relaxed")


def _scan(tables: Tables, table: str, days: Days | None = None) -> pl.LazyFrame:
    return pl.scan_parquet(
        list(tables.files(table, days)), missing_columns="insert", extra_columns="ignore"
    )


def _joined(rows: pl.LazyFrame, join: Join, tables: Tables) -> pl.LazyFrame:
    other = _scan(tables, join.table).rename(lambda name: f"{join.name}.{name}")
    key = f"{join.name}.{join.key}"
    return rows.join(other, left_on=join.on, right_on=key, how="left", coalesce=False)


def _key(key: Column) -> pl.Expr:
    expression = translate(key.expression)
    if key.grain is not None:
        expression = expression.cast(pl.Date).dt.truncate(_EVERY[key.grain])
    return expression.alias(key.name)


def _aggregate(aggregate: Aggregate) -> pl.Expr:
    kept = translate(aggregate.where).fill_null(value=False) if aggregate.where else None
    if aggregate.operation == "count" and aggregate.argument == "*":
        return pl.len() if kept is None else kept.sum()
    column = translate(aggregate.argument)
    column = column if kept is None else column.filter(kept)
    match aggregate.operation:
        case "sum":
            return pl.when(column.count() > 0).then(column.sum())
        case "count":
            return column.count()
        case "count_distinct":
            return column.drop_nulls().n_unique()
        case "bit_or":
            return column.bitwise_or()
        case "quantile":
            return column.quantile(aggregate.level or 0.5, "linear")
        case "min":
            return column.min()
        case "max":
            return column.max()
