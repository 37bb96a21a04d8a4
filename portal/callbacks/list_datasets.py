"""List the datasets one may explore, and the values that parameters of their metrics may take.

A dataset that is not loaded is listed too, with how to load it; one that is left out, with why.
"""

from typing import Any

from flask import Flask, abort, request

from portal.components import format as written
from portal.open_page import OpenPage, open_page
from portal.site import Site
from queries.dataset import Dataset
from queries.errors import QueryError
from queries.parameter import parameter_values
from queries.reduction import Tables

PATH = "/-/datasets"
PARAMETERS = "/-/parameters"


def register(server: Flask, site: Site) -> None:
    """Add the routes to `server`."""

    @server.post(PATH)
    def list_datasets() -> dict[str, Any]:
        opened = _opened(site)
        tables = site.warehouse.snapshot(opened.data_version)
        return {
            "datasets": [_described(d, tables) for d in opened.catalog.datasets],
            "left_out": [" ".join(said) for said in opened.catalog.left_out.values()],
        }

    @server.post(PARAMETERS)
    def list_parameter_values() -> dict[str, Any]:
        opened = _opened(site)
        name = str(request.get_json().get("parameter", ""))
        dataset = opened.context.dataset
        try:
            values = parameter_values(
                site.warehouse, dataset, name, site.viewer().access, opened.data_version
            )
        except QueryError as error:
            return {"values": [], "problem": f"{error.message} {error.hint}".strip()}
        return {"values": [{"value": v, "label": written.readable(v)} for v in values]}


def _opened(site: Site) -> OpenPage:
    asked = request.get_json()
    page = site.pages.get(str(asked.get("path")))
    if page is None:
        abort(404)
    return open_page(page, str(asked.get("search", "")), site.warehouse, site.viewer().access)


def _described(dataset: Dataset, tables: Tables) -> dict[str, Any]:
    is_loaded = tables.has(dataset.table)
    latest = tables.complete_through(dataset.table) if is_loaded else None
    return {
        "name": dataset.name,
        "label": dataset.label,
        "description": dataset.description,
        "rows": written.count(tables.rows(dataset.table), dataset.row_label) if is_loaded else "",
        "through": f"through {written.day(latest)}" if latest else "",
        "is_loaded": is_loaded,
        "load": dataset.load_hint,
    }
