"""Near spellings together: queries that are slips of another one, merged with it.

Only queries that may be named are merged, of ten accounts or more each in just the rows that a tile
asks for. So what is merged is a sum of what the other spellings of the page show, and none of it is
left over by a difference. Accounts are counted anew, since one may have typed several; how many did
would be the difference between the sum and that count, so where these may be one to nine the count
is said as lying between two numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import polars as pl
from sqlglot import exp

from portal.components import format as written
from portal.context import Context
from queries.analyses.spelling import Typed, near_spellings
from queries.condition import Filter, conjunction
from queries.expression import canonical
from queries.model import Query, Result, Threshold

FEWEST_ACCOUNTS = 10
MOST_QUERIES, _MOST_CELLS = 20_000, 100_000
_FEW_READ = 200


def typed_questions(scope: Context, metrics: Iterable[str] = ()) -> tuple[Query, Query]:
    """How often and by how many accounts each query was typed, and in which languages."""
    counts = tuple(dict.fromkeys((*metrics, "rows", "accounts")))
    return (
        _named(scope, counts, ("query",), MOST_QUERIES),
        _named(scope, ("rows", "accounts"), ("query", "language"), _MOST_CELLS),
    )


def flow_question(scope: Context, metric: str, into: str) -> Query:
    """A metric by query and what it led to, of all that may be named."""
    return _named(scope, (metric, "accounts"), ("query", into), _MOST_CELLS, "accounts")


def _named(
    scope: Context, metrics: tuple[str, ...], keys: tuple[str, ...], limit: int, order: str = "rows"
) -> Query:
    known = (Filter(scope.dataset.dimension(k), "not missing", ()) for k in keys)
    return replace(
        scope.question(metrics, by=keys),
        where=conjunction(scope.condition, *known),
        thresholds=(Threshold(metric="accounts", operation=">=", value=FEWEST_ACCOUNTS),),
        compare=None,
        interval=False,
        with_total=False,
        order_by=order,
        limit=limit,
    )


def merged(results: Sequence[Result]) -> pl.DataFrame:
    """The first of `typed_questions`, with the query that each is merged with as `head`."""
    parts = results[0].frame.drop_nulls(["query", "rows", "accounts"])
    spoken: dict[str, set[str]] = {}
    cells = results[1].frame.drop_nulls(["query", "language", "accounts"])
    for query, language in cells.select("query", "language").iter_rows():
        spoken.setdefault(query, set()).add(language)
    rows = parts.select("query", "rows", "accounts").iter_rows()
    into = near_spellings(
        Typed(query, int(searches), int(accounts), frozenset(spoken.get(query, ())))
        for query, searches, accounts in rows
    )
    return parts.with_columns(head=pl.col("query").replace(into))


def counted_anew(question: Query, parts: pl.DataFrame) -> Query:
    """The same question, of these queries alone, each group of them as one."""
    query = question.dataset.dimension("query")
    several = parts.filter(pl.col("query") != pl.col("head"))
    merging = query
    if several.height:
        case = exp.Case(default=exp.column("query_norm"))
        for name, head in several.select("query", "head").iter_rows():
            case = case.when(
                exp.column("query_norm").eq(exp.Literal.string(name)), exp.Literal.string(head)
            )
        merging = replace(query, expression=canonical(case))
    dimensions = tuple(merging if d == query else d for d in question.dataset.dimensions)
    return replace(
        question,
        dataset=replace(question.dataset, dimensions=dimensions),
        by=(merging,),
        where=conjunction(question.where, Filter(query, "in", tuple(parts["query"]))),
    )


def discreet(frame: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Without the accounts of a group where those in several of its parts may be one to nine.

    `least` and `most` say then between what they lie. An account in all of k parts is counted k - 1
    times too often by their sum, so that an excess of 10 (k - 1) is of ten accounts or more.
    """
    bounds = parts.group_by(query="head").agg(
        least=pl.col("accounts").max(), most=pl.col("accounts").sum(), parts=pl.len()
    )
    joined = frame.join(bounds, on="query", how="left", maintain_order="left")
    excess = pl.col("most") - pl.col("accounts")
    is_told = (excess == 0) | (excess >= FEWEST_ACCOUNTS * (pl.col("parts") - 1))
    counts = [c for c in frame.columns if c.partition("__")[0] == "accounts"]
    return joined.with_columns(pl.when(is_told).then(c).otherwise(None).alias(c) for c in counts)


def flows_together(
    flows: pl.DataFrame, parts: pl.DataFrame, metric: str, into: str
) -> pl.DataFrame:
    """Flows of a group of queries to the same place added up, the largest first.

    Columns query, `into`, the metric, `accounts` where nothing was merged, `least`, `most` and
    `small`. A flow of few accounts has no row to add. Accounts may be in several, so they are not
    added.
    """
    heads = parts.select("query", "head")
    found = flows.drop_nulls([metric, "accounts"]).filter(pl.col(metric) > 0)
    accounts = pl.col("accounts")
    return (
        found.join(heads, on="query")
        .group_by("head", into)
        .agg(
            pl.col(metric).sum(),
            accounts=pl.when(pl.len() == 1).then(accounts.first()),
            least=accounts.max(),
            most=accounts.sum(),
        )
        .rename({"head": "query"})
        .with_columns(small=pl.when(pl.col("least") < _FEW_READ).then(pl.lit("few")))
        .sort([metric, "query", into], descending=[True, False, False])
    )


def said(parts: pl.DataFrame) -> str:
    """How much was merged, in words."""
    several = parts.filter(pl.col("query") != pl.col("head"))
    rule = (
        "A query is merged where a far more frequent one is one or two slips of a key away, or "
        "goes on from where it was cut off: a guess from the writing alone."
    )
    every = written.grouped(parts.height)
    if several.is_empty():
        return f"None of {every} queries is a near spelling of another. {rule}"
    slips, heads = several.height, several["head"].n_unique()
    are = "query is" if slips == 1 else "queries are"
    others = "another one" if heads == 1 else f"{written.grouped(heads)} others"
    return f"{written.grouped(slips)} of {every} {are} merged with {others}. {rule}"


def unfolded(parts: pl.DataFrame, most: int) -> pl.DataFrame:
    """Columns query, typed, rows, share: the groups typed most, each query of theirs a row."""
    whole = pl.col("rows").sum().over("head")
    return (
        parts.with_columns(whole=whole, size=pl.len().over("head"))
        .filter(pl.col("size") > 1)
        .sort(
            ["whole", "head", "rows", "query"],
            descending=[True, False, True, False],
        )
        .filter(pl.struct(-pl.col("whole"), "head").rank("dense") <= most)
        .select(
            query="head", typed="query", rows=pl.col("rows"), share=pl.col("rows") / pl.col("whole")
        )
    )
