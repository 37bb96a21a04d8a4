"""Searches: the queries that were typed, and where they led.

Queries are personal: one that fewer than ten accounts typed is never asked for, so it can neither
be shown nor exported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.near_spellings import (
    FEWEST_ACCOUNTS,
    counted_anew,
    discreet,
    flow_question,
    flows_together,
    merged,
    typed_questions,
)
from portal.tiles.near_spellings import said as said_merged
from portal.tiles.spellings import is_near, spelling
from queries.condition import Filter, conjunction
from queries.dataset import Metric
from queries.errors import AccessDenied
from queries.model import Query, Result, Threshold

_NO_INTERVAL = "Flows of merged queries are added up, without those of few accounts; no interval."
_OVERLAP = "An account may have typed several of the merged queries."
_OPEN = (
    "Accounts of merged queries are said as lying between two numbers, and left out of files, "
    "where those who typed several of them may be fewer than 10."
)
_CLICKED = "A click keeps the query itself, without those merged with it."
_TYPED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Queries, and with `into` where they led: ranked by the first metric, by the accounts' leave.

    With `spelling=typed` in the view each spelling is a row of its own, with `spelling=near` the
    near ones are together, and the first metric has to add up.
    """

    metrics: tuple[str, ...]
    into: str = ""
    rows: int = 15
    place: Place = field(default_factory=lambda: Place(span=12, height=420))

    def questions(self, context: Context) -> tuple[Query, ...]:
        if "accounts" in context.withheld:
            raise AccessDenied("Queries are shown with the accounts behind them, hidden from you.")
        if is_near(context):
            return typed_questions(context.without(*self.keys(context)), self.metrics[:1])
        return (self._ranked(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        """Near spellings counted together, of the groups that are shown."""
        if not is_near(context):
            return ()
        parts, first = merged(results), self.metrics[0]
        groups = parts.group_by("head").agg(pl.col(first).sum()).filter(pl.col(first) > 0)
        shown = groups.sort([first, "head"], descending=[True, False]).head(self.rows)
        if shown.is_empty():
            return ()
        kept = parts.filter(pl.col("head").is_in(shown["head"].to_list()))
        return (counted_anew(self._ranked(context), kept),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is shown, not what it was merged from."""
        if not is_near(context):
            return tuple(results)
        found = results[-1]
        if len(results) <= _TYPED:
            return (replace(found, frame=found.frame.clear()),)
        frame = discreet(found.frame, merged(results))
        notes = (*found.notes, *((_OPEN,) if frame["accounts"].null_count() else ()))
        return (replace(found, frame=frame, notes=notes),)

    def _ranked(self, context: Context) -> Query:
        keys = self.keys(context)
        question = context.without(*keys).question(
            tuple(dict.fromkeys((*self.metrics, "accounts"))), by=keys
        )
        named = [Filter(context.dataset.dimension(k), "not missing", ()) for k in keys]
        some = Threshold(metric="accounts", operation=">=", value=FEWEST_ACCOUNTS)
        more = Threshold(metric=self.metrics[0], operation=">", value=0)
        return replace(
            question,
            where=conjunction(question.where, *named),
            thresholds=(some, more),
            order_by=self.metrics[0],
            limit=self.rows,
            compare=None,
            with_total=False,
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = self.joined(results, context)
        if result.frame.is_empty():
            return _nobody(f"No query of {FEWEST_ACCOUNTS} accounts or more.")
        keys = [context.dataset.dimension(name) for name in self.keys(context)]
        columns: list[dict[str, Any]] = [{"label": k.label, "is_text": True} for k in keys]
        columns += [{"label": m.label, "unit": written.unit(m)} for m in result.query.metrics]
        rows: list[list[dict[str, Any]]] = []
        for row in result.frame.iter_rows(named=True):
            first = {"text": str(row[keys[0].name]), "filter": str(row[keys[0].name])}
            cells: list[dict[str, Any]] = [first, *({"text": str(row[k.name])} for k in keys[1:])]
            for metric in result.query.metrics:
                around = written.interval(row, metric)
                tip = f"95 % interval {around}" if around else ""
                text = written.number(row[metric.name], metric)
                if metric.name == "accounts" and row["accounts"] is None and "least" in row:
                    text, tip = _between(row), _OVERLAP
                lines = [{"text": around}] if around else []
                cells.append({"text": text, "tip": tip, "lines": lines})
            rows.append(cells)
        table = {"columns": columns, "rows": rows, "more": 0}
        said = f"Queries of fewer than {FEWEST_ACCOUNTS} accounts are personal and left out."
        near = (said_merged(merged(results)), _CLICKED) if is_near(context) else ()
        notes = (*near, said)
        return Drawing(
            kind="table",
            content={"tables": [table]},
            filters=keys[0].name,
            notes=notes,
            shows=1,
        )

    def keys(self, context: Context) -> tuple[str, ...]:
        name = "typed" if spelling(context) == "typed" else "query"
        return (name, self.into) if self.into else (name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFlows(Queries):
    """From what is typed to what is watched, as thick as they are many: a Sankey diagram.

    A click on a flow keeps its query and its title, one on a name that alone.
    """

    metrics: tuple[str, ...] = ("searches_succeeded",)
    into: str = "title"
    rows: int = 20

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Flows; where near spellings are together, all that may be named, and the queries."""
        asked = super(QueryFlows, self).questions(context)
        if not is_near(context):
            return asked
        scope = context.without(*self.keys(context))
        return (*typed_questions(scope), flow_question(scope, self.metrics[0], self.into))

    def following(
        self,
        results: Sequence[Result],  # noqa: ARG002  # as the tile it is made of
        context: Context,  # noqa: ARG002
    ) -> tuple[Query, ...]:
        """Nothing more: flows of near spellings are added up."""
        return ()

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The largest flows."""
        if not is_near(context):
            return tuple(results)
        flows = results[_TYPED]
        found = flows_together(flows.frame, merged(results), self.metrics[0], self.into)
        return (replace(flows, frame=found.head(self.rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = self.joined(results, context)
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
        notes = (f"The {len(flows)} largest flows; {few}.",)
        if is_near(context):
            notes = (*notes, said_merged(merged(results)), _NO_INTERVAL)
        return Drawing(kind="flows", content=content, notes=notes, shows=1)


def _flow_tip(row: dict[str, Any], metric: Metric, accounts: Metric) -> list[str]:
    around = written.interval(row, metric)
    lines = [f"{written.exact(row[metric.name], metric)} {written.unit(metric)}".strip()]
    lines += [f"95 % interval {around}"] if around else []
    few = ": too few to read much into" if written.is_few(row) else ""
    known = row[accounts.name] is not None
    count = written.exact(row[accounts.name], accounts) if known else _between(row)
    return [*lines, f"{count} accounts{few}"]


def _between(row: dict[str, Any]) -> str:
    return f"{row['least']:,.0f} to {row['most']:,.0f}".replace(",", "\u2009")


def _nobody(message: str) -> Drawing:
    hint = "Rarer ones are personal and not shown. Try a longer period or fewer filters."
    return empty("no_rows", message, hint)
