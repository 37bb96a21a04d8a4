"""Searches: the steps from a query to a play, and the queries themselves.

Queries are personal: one that fewer than ten accounts typed is never asked for, so it can neither
be shown nor exported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.options import Option, Options
from queries.condition import Filter, conjunction
from queries.dataset import Metric
from queries.errors import AccessDenied
from queries.model import Query, Result, Threshold

SPELLING = "spelling"
FEWEST_ACCOUNTS = 10
SPELLINGS = Options(
    options=(
        Option(
            name=SPELLING,
            label="Queries",
            choices=(("merged", "spellings merged"), ("typed", "as typed")),
        ),
    )
)
_SPELLED, _UNFOLDED = 20_000, 8
_MERGED = (
    "Spellings are merged as the search service evens them out in its log (query_norm); nothing "
    "else is merged here."
)
_STEPS = ("rows", "searches_found", "searches_clicked", "searches_played", "searches_succeeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFunnel:
    """How many searches reach each step, of all and of the step before."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300))
    metrics: tuple[str, ...] = _STEPS

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (replace(context.question(self.metrics), compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = results[0].frame.row(0, named=True) if results[0].frame.height else {}
        every = row.get("rows") or 0
        if not every:
            return no_rows(context)
        counts = [row[name] or 0 for name in _STEPS]
        labels = ["Searched", *(context.metric(name).label for name in _STEPS[1:])]
        before = [every, *counts[:-1]]
        text = [
            f"{n / every:.0%} · {written.count(n)}" + (f" · {n / b:.0%} of before" if b else "")
            for n, b in zip(counts, before, strict=True)
        ]
        metrics = [context.metric(name) for name in _STEPS]
        around = [written.interval(row, m) for m in metrics]
        trace: Trace = {
            "type": "bar",
            "orientation": "h",
            "x": [n / every for n in counts],
            "y": labels,
            "text": [f"{every:,.0f} searches".replace(",", "\u2009"), *text[1:]],
            "textposition": "auto",
            "insidetextanchor": "start",
            "cliponaxis": False,
            "marker": {"color": "@accent"},
            "customdata": [
                [None, f"{n:,.0f} searches" + (f", 95 % interval {a}" if a else "")]
                for n, a in zip(counts, around, strict=True)
            ],
            "hovertemplate": "%{y}: <b>%{x:.1%}</b> of searches<br>%{customdata[1]}<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"tickformat": ",.0%", "range": [0, 1.02], "showgrid": True},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
            "showlegend": False,
            "hovermode": "closest",
            "bargap": 0.3,
        }
        return figure([trace], layout, notes=("Searches, not accounts.",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Queries, and with `into` where they led: ranked by the first metric, by the accounts' leave.

    With `spelling=typed` in the view each spelling is a row of its own.
    """

    metrics: tuple[str, ...]
    into: str = ""
    rows: int = 15
    place: Place = field(default_factory=lambda: Place(span=12, height=420))

    def questions(self, context: Context) -> tuple[Query, ...]:
        if "accounts" in context.withheld:
            raise AccessDenied("Queries are shown with the accounts behind them, hidden from you.")
        keys = self.keys(context)
        question = context.without(*keys).question(
            tuple(dict.fromkeys((*self.metrics, "accounts"))), by=keys
        )
        named = [Filter(context.dataset.dimension(k), "not missing", ()) for k in keys]
        some = Threshold(metric="accounts", operation=">=", value=FEWEST_ACCOUNTS)
        more = Threshold(metric=self.metrics[0], operation=">", value=0)
        return (
            replace(
                question,
                where=conjunction(question.where, *named),
                thresholds=(some, more),
                order_by=self.metrics[0],
                limit=self.rows,
                compare=None,
                with_total=False,
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        if result.frame.is_empty():
            return _nobody(f"No query of {FEWEST_ACCOUNTS} accounts or more.")
        keys = [context.dataset.dimension(name) for name in self.keys(context)]
        columns: list[dict[str, Any]] = [{"label": k.label, "is_text": True} for k in keys]
        columns += [{"label": m.label, "unit": written.unit(m)} for m in result.query.metrics]
        rows: list[list[dict[str, Any]]] = []
        for row in result.frame.iter_rows(named=True):
            first = {"text": str(row[keys[0].name]), "filter": str(row[keys[0].name])}
            cells = [first, *({"text": str(row[k.name])} for k in keys[1:])]
            for metric in result.query.metrics:
                around = written.interval(row, metric)
                tip = f"95 % interval {around}" if around else ""
                cells.append({"text": written.number(row[metric.name], metric), "tip": tip})
            rows.append(cells)
        table = {"columns": columns, "rows": rows, "more": 0}
        said = f"Queries of fewer than {FEWEST_ACCOUNTS} accounts are personal and left out."
        return Drawing(
            kind="table", content={"tables": [table]}, filters=keys[0].name, notes=(said,)
        )

    def keys(self, context: Context) -> tuple[str, ...]:
        name = "typed" if context.view.option(SPELLING) == "typed" else "query"
        return (name, self.into) if self.into else (name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFlows(Queries):
    """From what is typed to what is watched, as thick as they are many: a Sankey diagram.

    A click on a flow keeps its query and its title, one on a name that alone.
    """

    metrics: tuple[str, ...] = ("searches_succeeded",)
    into: str = "title"
    rows: int = 20

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        if result.frame.is_empty():
            return _nobody(f"No query led {FEWEST_ACCOUNTS} accounts or more to the same title.")
        query, title = (context.dataset.dimension(name) for name in self.keys(context))
        rows = result.frame.to_dicts()
        names = [list(dict.fromkeys(str(row[k.name]) for row in rows)) for k in (query, title)]
        metric, accounts = (context.metric(n) for n in (self.metrics[0], "accounts"))
        flows = [
            {
                "from": names[0].index(str(row[query.name])),
                "to": names[1].index(str(row[title.name])),
                "value": row[metric.name],
                "few": written.is_few(row),
                "tip": _flow_tip(row, metric, accounts),
            }
            for row in rows
        ]
        content: dict[str, Any] = {
            "left": [{"label": name, "filter": name} for name in names[0]],
            "right": [{"label": name, "filter": name} for name in names[1]],
            "left_filter": query.name,
            "right_filter": title.name,
            "left_label": query.label,
            "right_label": title.label,
            "flows": flows,
        }
        few = f"those of fewer than {FEWEST_ACCOUNTS} accounts are personal and left out"
        said = f"The {len(flows)} largest flows; {few}."
        return Drawing(kind="flows", content=content, notes=(said,))


def _flow_tip(row: dict[str, Any], metric: Metric, accounts: Metric) -> list[str]:
    around = written.interval(row, metric)
    lines = [f"{written.exact(row[metric.name], metric)} {written.unit(metric)}".strip()]
    lines += [f"95 % interval {around}"] if around else []
    few = ": too few to read much into" if written.is_few(row) else ""
    return [*lines, f"{written.exact(row[accounts.name], accounts)} accounts{few}"]


def _nobody(message: str) -> Drawing:
    hint = "Rarer ones are personal and not shown. Try a longer period or fewer filters."
    return empty("no_rows", message, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """What the queries typed most were typed as: each merged query unfolded, adding up."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("rows",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Searches by query, and by query and spelling: of the same rows, so that they add up."""
        if "accounts" in context.withheld:
            raise AccessDenied("Queries are shown with the accounts behind them, hidden from you.")
        whole = context.without("typed")
        where = conjunction(whole.condition, *(_known(whole, k) for k in ("query", "typed")))
        return tuple(
            replace(
                whole.question(("rows",), by=keys),
                where=where,
                compare=None,
                interval=False,
                with_total=False,
                order_by="rows",
                limit=_SPELLED,
            )
            for keys in (("query",), ("query", "typed"))
        )

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a spelling; those that may not be named are one row without a name."""
        return (replace(results[1], frame=_unfolded(results)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = _unfolded(results)
        if frame.is_empty():
            return empty("nothing", "No query was typed in more than one way.", _MERGED)
        metric = context.metric("rows")
        rows: list[list[dict[str, Any]]] = []
        last = ""
        for row in frame.iter_rows(named=True):
            name = {"text": row["query"], "filter": row["query"]}
            rows.append(
                [
                    name if row["query"] != last else {"text": ""},
                    {"text": row["typed"] or "other spellings, of few accounts each"},
                    {"text": written.number(row["rows"], metric)},
                    {"text": f"{row['share']:.0%}"},
                ]
            )
            last = row["query"]
        columns = [
            {"label": "Query", "is_text": True},
            {"label": "Typed as", "is_text": True},
            {"label": "Searches"},
            {"label": "Of the query"},
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        content = {"tables": [table]}
        notes = (_MERGED, "A query’s spellings add up to its searches.")
        return Drawing(kind="table", content=content, filters="query", notes=notes, shows=len(rows))


def _known(context: Context, name: str) -> Filter:
    return Filter(context.dataset.dimension(name), "not missing", ())


def _unfolded(results: Sequence[Result]) -> pl.DataFrame:
    """Columns query, typed, rows, share: the queries typed most that have several spellings.

    What is left of a query is of spellings that are withheld, of ten accounts together at least.
    """
    queries, spelled = (
        result.frame.select(*(k.name for k in result.query.by), "rows").drop_nulls()
        for result in results
    )
    shown = spelled.group_by("query").agg(pl.col("rows").sum().alias("shown"))
    rest = (
        queries.join(shown, on="query")
        .select(
            "query", pl.lit(None, pl.String).alias("typed"), rows=pl.col("rows") - pl.col("shown")
        )
        .filter(pl.col("rows") > 0)
    )
    whole = queries.rename({"rows": "whole"}).with_row_index("place")
    every = pl.concat([spelled, rest.cast(spelled.schema)]).join(whole, on="query")
    several = every.filter(pl.len().over("query") > 1)
    order = several.sort("place", pl.col("typed").is_null(), -pl.col("rows"), "typed")
    first = order.filter(pl.col("place").rank("dense") <= _UNFOLDED)
    return first.select("query", "typed", "rows", share=pl.col("rows") / pl.col("whole"))
