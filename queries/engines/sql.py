"""Write a reduction as one SELECT. Values are always bound, never spliced.

Joined tables come in as sub-selects whose columns are renamed to `joined.column`, so that a
canonical expression means the same in every engine.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from queries.condition import Both, Condition, Either, Filter, Scalar
from queries.dataset import Join
from queries.engines.together import SET, key_name, merged
from queries.expression import columns_of
from queries.formula import Aggregate
from queries.period import Grain
from queries.reduction import Column, Reduction, Selection, Source

Relation = Callable[[str], str]
Scanned = Callable[[Reduction, frozenset[str]], str]
"""Takes a reduction and the columns of its table that are read."""


def render(
    reduction: Reduction, relation: Relation, scanned: Scanned | None = None
) -> tuple[str, list[Scalar]]:
    """The SELECT and the values to bind, in order. `relation` names a table to scan.

    `scanned` says how a reduction's rows are scanned, where that is more than its table's name.
    """
    keys = [f"{key_sql(k)} AS {quoted(k.name)}" for k in reduction.keys]
    aggregates = [f"{_aggregate(a)} AS {quoted(a.key)}" for a in reduction.aggregates]
    lines, values = _scan(keys + aggregates, reduction, reduction.columns, (relation, scanned))
    if grouped := _grouped(reduction.keys):
        lines.append("GROUP BY " + ", ".join(str(place) for place in grouped))
    return "\n".join(lines), values


def render_sets(
    reductions: Sequence[Reduction], relation: Relation, scanned: Scanned | None = None
) -> tuple[str, list[Scalar]]:
    """One SELECT of reductions that `one_scan.same_rows` found: the groups of each, below another.

    A key comes as `key_name` of its place among `all_keys`, and `SET` tells whose group a row is.
    """
    whole = merged(reductions)
    texts = [key_sql(key) for key in whole.keys]
    keys = [f"{text} AS {quoted(key_name(n))}" for n, text in enumerate(texts)]
    told = f"GROUPING_ID({', '.join(texts)}) AS {quoted(SET)}"
    aggregates = [f"{_aggregate(a)} AS {quoted(a.key)}" for a in whole.aggregates]
    selected = [*keys, told, *aggregates]
    lines, values = _scan(selected, whole, whole.columns, (relation, scanned))
    sets = (f"({', '.join(key_sql(key) for key in r.keys)})" for r in reductions)
    lines.append(f"GROUP BY GROUPING SETS ({', '.join(sets)})")
    return "\n".join(lines), values


def _grouped(keys: Sequence[Column]) -> list[int]:
    """Places of the keys to group by. What is worked out from other keys follows from them."""
    told = {column for key in keys if (column := _column(key))}
    return [
        place
        for place, key in enumerate(keys, 1)
        if _column(key) or not (read := columns_of(key.expression)) or read - told
    ]


def _column(key: Column) -> str | None:
    """The column that a key is as it stands, if it is one."""
    columns = columns_of(key.expression)
    is_one = key.grain is None and [key.expression] == [quoted(c) for c in columns]
    return min(columns) if is_one else None


def render_rows(
    selection: Selection, relation: Relation, scanned: Scanned | None = None
) -> tuple[str, list[Scalar]]:
    """The same for the rows themselves."""
    scan = selection.scan
    ordering = [columns_of(expression) for expression, _ in selection.order]
    columns = [f"{key_sql(k)} AS {quoted(k.name)}" for k in scan.keys]
    lines, values = _scan(columns, scan, scan.columns.union(*ordering), (relation, scanned))
    if selection.order:
        order = (f"{text} {'DESC' if down else 'ASC'} NULLS LAST" for text, down in selection.order)
        lines.append("ORDER BY " + ", ".join(order))
    lines.append(f"LIMIT {selection.limit}")
    if selection.skip:
        lines.append(f"OFFSET {selection.skip}")
    return "\n".join(lines), values


def _scan(
    selected: list[str],
    reduction: Reduction,
    columns: frozenset[str],
    scans: tuple[Relation, Scanned | None],
) -> tuple[list[str], list[Scalar]]:
    """SELECT, FROM and WHERE, a line each, and the values to bind."""
    source, (relation, scanned) = reduction.source, scans
    bound = list[Scalar]()
    if source.inner is not None:
        inner, bound = render(source.inner, relation, scanned)
        rows = f"({inner})"
    elif scanned is None:
        rows = relation(source.table)
    else:
        rows = scanned(reduction, _own(columns, source))
    lines = ["SELECT " + ",\n       ".join(selected), f"FROM {rows}"]
    lines += [_join(j, columns, relation) for j in source.joins]
    conditions, values = _conditions(reduction)
    if conditions:
        lines.append("WHERE " + "\n  AND ".join(conditions))
    return lines, [*bound, *values]


def _own(columns: frozenset[str], source: Source) -> frozenset[str]:
    """The columns that are read of a source's table: all but those of its look-ups."""
    joined = tuple(f"{join.name}." for join in source.joins)
    return frozenset(
        c for c in {*columns, *(join.on for join in source.joins)} if not c.startswith(joined)
    )


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def key_sql(key: Column) -> str:
    if key.grain is None:
        return key.expression
    if key.grain is Grain.DAY:
        return f"CAST({key.expression} AS DATE)"
    return f"CAST(date_trunc('{key.grain.value}', {key.expression}) AS DATE)"


def _join(join: Join, columns: frozenset[str], relation: Relation) -> str:
    prefix = f"{join.name}."
    wanted = sorted({c.removeprefix(prefix) for c in columns if c.startswith(prefix)} | {join.key})
    renamed = ", ".join(f"{quoted(c)} AS {quoted(prefix + c)}" for c in wanted)
    return (
        f"LEFT JOIN (SELECT {renamed} FROM {relation(join.table)}) AS {quoted(join.name)}"
        f" ON {quoted(join.on)} = {quoted(prefix + join.key)}"
    )


def _conditions(reduction: Reduction) -> tuple[list[str], list[Scalar]]:
    conditions: list[str] = []
    values: list[Scalar] = []
    if reduction.base:
        conditions.append(f"({reduction.base})")
    if reduction.period is not None and reduction.time:
        conditions.append(f"{reduction.time} BETWEEN ? AND ?")
        values += [reduction.period.start, reduction.period.end]
    if reduction.where is not None:
        conditions.append(condition_sql(reduction.where, values))
    return conditions, values


def condition_sql(condition: Condition, values: list[Scalar]) -> str:
    """Render a condition, appending what it binds to `values`."""
    match condition:
        case Both():
            return "(" + " AND ".join(condition_sql(c, values) for c in condition.conditions) + ")"
        case Either():
            return "(" + " OR ".join(condition_sql(c, values) for c in condition.conditions) + ")"
        case Filter():
            return _filter(condition, values)


def _filter(condition: Filter, values: list[Scalar]) -> str:
    column = condition.dimension.expression
    values += condition.values
    marks = ", ".join("?" * len(condition.values))
    match condition.operation:
        case "in":
            return f"{column} IN ({marks})"
        case "not in":
            return f"({column} NOT IN ({marks}) OR {column} IS NULL)"
        case "between":
            return f"{column} BETWEEN ? AND ?"
        case "contains":
            return f"contains(lower({column}), lower(?))"
        case "not contains":
            return f"coalesce(NOT contains(lower({column}), lower(?)), true)"
        case "missing":
            return f"{column} IS NULL"
        case "not missing":
            return f"{column} IS NOT NULL"
        case bound:
            return f"{column} {_BOUNDS[bound]} ?"


_BOUNDS = {"above": ">", "at least": ">=", "below": "<", "at most": "<="}


def _aggregate(aggregate: Aggregate) -> str:
    """Sums and counts take their condition as a CASE: DuckDB hands every column to each FILTER."""
    if aggregate.where and aggregate.operation in ("sum", "count"):
        value = "1" if aggregate.argument == "*" else aggregate.argument
        kept = f"CASE WHEN {aggregate.where} THEN {value} END"
        return f"({aggregate.operation}({kept}))::DOUBLE"
    kept = f" FILTER (WHERE {aggregate.where})" if aggregate.where else ""
    match aggregate.operation:
        case "sum":
            return f"(sum({aggregate.argument}){kept})::DOUBLE"
        case "count":
            return f"(count({aggregate.argument}){kept})::DOUBLE"
        case "count_distinct":
            return f"(count(DISTINCT {aggregate.argument}){kept})::DOUBLE"
        case "bit_or":
            return f"bit_or({aggregate.argument}){kept}"
        case "quantile":
            return f"(quantile_cont({aggregate.argument}, {aggregate.level}){kept})::DOUBLE"
        case operation:
            return f"({operation}({aggregate.argument}){kept})::DOUBLE"


def readable(sql: str, values: list[Scalar]) -> str:
    """The SELECT with its values written in, for people to read and copy; never executed."""
    rest = iter(values)
    return _MARK.sub(lambda found: _literal(next(rest)) if found[0] == "?" else found[0], sql)


#: A value to bind; a text or a name is matched as a whole, since it may hold a question mark.
_MARK = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?""")


def _literal(value: Any) -> str:  # noqa: ANN401  # any scalar
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return text(value) if isinstance(value, str) else str(value)
