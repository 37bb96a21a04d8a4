"""Describe a tile: what its metrics mean, whose they are, and the SQL that answered it."""

import shlex
from typing import Any

from flask import Flask, abort, request

from portal.components import format as written
from portal.open_page import OpenPage, ask, open_page
from portal.page import Tile
from portal.site import Site
from queries.condition import Condition, Filter
from queries.errors import QueryError
from queries.model import Metric, Query, Result, TimeBucket

PATH = "/-/about"


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def describe_tile() -> dict[str, Any]:
        asked = request.get_json()
        page = site.pages.get(str(asked.get("path")))
        opened = open_page(page, str(asked.get("search", "")), site.warehouse) if page else None
        tile = opened.tiles().get(str(asked.get("tile"))) if opened else None
        if opened is None or tile is None:
            abort(404)
        return _about(opened, tile, site)


def _about(opened: OpenPage, tile: Tile, site: Site) -> dict[str, Any]:
    context = opened.tile_context(tile)
    try:
        results = ask(opened, tile, site.warehouse, site.viewer().access)
    except QueryError as error:
        results, problem = (), f"{error.message} {error.hint}".strip()
    else:
        problem = ""
    names = {*tile.metrics, *(m.name for r in results for m in r.query.metrics)}
    metrics = [m for m in context.dataset.metrics if m.name in names]
    return {
        "metrics": [definition(metric, context.dataset.owner) for metric in metrics],
        "dataset": {
            "label": context.dataset.label,
            "description": context.dataset.description,
            "grain": context.dataset.grain,
            "base": context.dataset.base or "",
        },
        "questions": [_answered(result) for result in results],
        "problem": problem,
    }


def definition(metric: Metric, owner: str) -> dict[str, str]:
    """A metric as its catalog entry reads."""
    return {
        "name": metric.name,
        "label": metric.label,
        "formula": metric.formula.sql,
        "unit": metric.unit,
        "description": metric.description,
        "source": metric.source,
        "owner": metric.owner or owner,
        "status": metric.status,
        "kind": metric.kind,
        "interval": metric.interval,
    }


def _answered(result: Result) -> dict[str, Any]:
    return {
        "sql": result.sql,
        "table": result.table,
        "source": result.source,
        "took_ms": round(result.took_ms, 1),
        "rows": written.count(result.frame.height),
        "command": command(result.query),
    }


def command(query: Query) -> str:
    """The same question for a terminal."""
    words = ["playhead", "ask", query.dataset.name, *(m.name for m in query.metrics)]
    for key in query.by:
        words += ["--by", f"{key.name}:{key.grain}" if isinstance(key, TimeBucket) else key.name]
    if query.where is not None:
        words += ["--where", _where(query.where)]
    if query.period is not None:
        words += ["--period", str(query.period)]
    if query.compare is not None:
        words += ["--compare", str(query.compare.period)]
    return shlex.join(words)


def _where(condition: Condition) -> str:
    if not isinstance(condition, Filter):
        joint = " and " if type(condition).__name__ == "Both" else " or "
        return joint.join(f"({_where(c)})" for c in condition.conditions)
    name, values = condition.dimension.name, [_literal(v) for v in condition.values]
    match condition.operation:
        case "in" | "not in":
            return f"{name} {condition.operation} ({', '.join(values)})"
        case "between":
            return f"{name} between {values[0]} and {values[1]}"
        case "missing":
            return f"{name} is null"
        case "not missing":
            return f"{name} is not null"
        case "contains" | "not contains":
            return f"{name} {condition.operation} {values[0]}"
        case "above" | "at least" | "below" | "at most":
            signs = {"above": ">", "at least": ">=", "below": "<", "at most": "<="}
            return f"{name} {signs[condition.operation]} {values[0]}"


def _literal(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    text = str(value).replace("'", "''")
    return f"'{text}'"
