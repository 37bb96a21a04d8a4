"""Describe a tile: what its metrics mean, whose they are, and the SQL that answered it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Flask, abort, request

from portal.components import format as written
from portal.components.certificate import described as certificate_of
from portal.context import Context
from portal.explore.askable import why_not
from portal.open_page import OpenPage, ask, list_rows, open_page
from portal.page import Lists, Tile, Totalling
from portal.site import Site
from queries import answer
from queries.condition import conjunction, conjuncts
from queries.dataset import Dataset, Metric
from queries.errors import QueryError
from queries.estimation import Estimation
from queries.model import Query, Result
from queries.question_text import (
    command,
    python,
    question_of,
    row_command,
    row_python,
    row_question_of,
)

PATH = "/-/about"


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def describe_tile() -> dict[str, Any]:
        asked, access = request.get_json(), site.viewer().access
        page = site.pages.get(str(asked.get("path")))
        search = str(asked.get("search", ""))
        opened = open_page(page, search, site.warehouse, access) if page else None
        tile = opened.tiles().get(str(asked.get("tile"))) if opened else None
        if opened is None or tile is None:
            abort(404)
        return _about(opened, tile, site, _names(asked.get("mark")))


def _names(mark: object) -> list[str]:
    return [str(name) for name in mark] if isinstance(mark, list) else []


def _about(opened: OpenPage, tile: Tile, site: Site, mark: Sequence[str]) -> dict[str, Any]:
    context = opened.tile_context(tile)
    try:
        results = ask(opened, tile, site.warehouse, site.viewer().access)
        if mark:
            results = _at_mark(results, mark, opened, tile, site)
    except QueryError as error:
        results, problem = (), f"{error.message} {error.hint}".strip()
    else:
        problem = ""
    if isinstance(tile, Lists):
        return _listed(opened, tile, site)
    names = {*tile.metrics, *(m.name for r in results for m in r.query.metrics)}
    metrics = [m for m in context.dataset.metrics if m.name in names]
    held = site.certificates()
    return {
        "metrics": [
            definition(m, context.dataset)
            | {"certificate": certificate_of(m, context.dataset, held)}
            for m in metrics
        ],
        "dataset": _dataset(context.dataset),
        "questions": [_answered(result, tile) for result in results],
        "keys": _keys(context.dataset, metrics),
        "problem": problem,
    }


def _at_mark(
    results: Sequence[Result], mark: Sequence[str], opened: OpenPage, tile: Tile, site: Site
) -> tuple[Result, ...]:
    """The answers of what holds the mark among its groups, of its own group alone."""
    context, access = opened.tile_context(tile), site.viewer().access
    queries = [r.query for r in results]
    holding = [q for q in queries if {*mark} <= {key.name for key in q.by}] or queries[-1:]
    asked = dict.fromkeys(of_mark(query, context, mark) for query in holding)
    return tuple(site.warehouse.ask(query, access, opened.data_version) for query in asked)


def of_mark(query: Query, context: Context, mark: Sequence[str]) -> Query:
    """A question kept to what its view is filtered to in the dimensions of a mark.

    A ranking leaves out the filter on its own dimension, so that the rest stays in sight. What is
    estimated of groups that need one another is left as it is.
    """
    if any(isinstance(m.formula, Estimation) for m in query.metrics):
        return query
    kept = conjuncts(query.where)
    added = [
        part
        for part in conjuncts(context.condition)
        if part not in kept
        and {f.dimension.name for f in part.filters()} <= {*mark}
        and all(f.dimension in query.dataset.dimensions for f in part.filters())
    ]
    return replace(query, where=conjunction(query.where, *added))


def _listed(opened: OpenPage, tile: Lists, site: Site) -> dict[str, Any]:
    """The same of rows: no metric, but the SELECT they come from and what may be asked of them."""
    dataset = opened.tile_context(tile).dataset
    about: dict[str, Any] = {"metrics": [], "dataset": _dataset(dataset), "keys": []}
    try:
        rows = list_rows(opened, tile, site.warehouse, site.viewer().access)
    except QueryError as error:
        return about | {"questions": [], "problem": f"{error.message} {error.hint}".strip()}
    question = row_question_of(rows.listing, rows.data_version)
    answered = {
        "sql": rows.sql,
        "table": dataset.table,
        "source": "raw",
        "took_ms": round(rows.took_ms, 1),
        "rows": written.count(rows.frame.height),
        "command": row_command(question),
        "python": row_python(question),
    }
    return about | {"questions": [answered], "problem": ""}


def _keys(dataset: Dataset, metrics: list[Metric]) -> list[dict[str, str]]:
    """What the metrics may be broken down by, and why not by the rest."""
    return [
        {"value": d.name, "label": d.label, "why": why_not(d, metrics, dataset)}
        for d in dataset.dimensions
    ]


def _dataset(dataset: Dataset) -> dict[str, str]:
    return {
        "label": dataset.label,
        "description": dataset.description,
        "grain": dataset.grain,
        "base": dataset.base or "",
    }


def definition(metric: Metric, dataset: Dataset) -> dict[str, Any]:
    """A metric as its catalog entry reads; who owns its dataset owns it where it names nobody."""
    return {
        "name": metric.name,
        **answer.definition(metric, dataset),
        "owner": metric.owner or dataset.owner,
        "kind": metric.kind,
        "interval": metric.interval,
    }


def _answered(result: Result, tile: Tile) -> dict[str, Any]:
    query = tile.whole(result.query) if isinstance(tile, Totalling) else result.query
    asked = question_of(query, result.data_version)
    return {
        "sql": result.sql,
        "table": result.table,
        "source": result.source,
        "took_ms": round(result.took_ms, 1),
        "rows": written.count(result.frame.height),
        "command": command(asked),
        "python": python(asked),
    }
