"""Describe a tile: what its metrics mean, whose they are, and the SQL that answered it."""

from typing import Any

from flask import Flask, abort, request

from portal.components import format as written
from portal.open_page import OpenPage, ask, open_page
from portal.page import Tile
from portal.site import Site
from queries.errors import QueryError
from queries.model import Metric, Result
from queries.question_text import command, question_of

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
        "command": command(question_of(result.query, result.data_version)),
    }
