"""List the values one may filter by, those with most rows first, when a filter is opened."""

from typing import Any

from flask import Flask, abort, request

from portal.components import format as written
from portal.open_page import open_page
from portal.site import Site
from queries.condition import Dimension
from queries.dataset import Dataset
from queries.errors import QueryError

PATH = "/-/values"
_MOST_VALUES = 60


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def list_values() -> dict[str, Any]:
        asked = request.get_json()
        page = site.pages.get(str(asked.get("path")))
        if page is None:
            abort(404)
        opened = open_page(page, str(asked.get("search", "")), site.warehouse)
        datasets = [opened.catalog.dataset(name) for name in opened.page.datasets]
        found = _dimension(datasets, str(asked.get("dimension", "")))
        if found is None:
            return {"values": []}
        try:
            values = site.warehouse.values(
                *found,
                site.viewer().access,
                contains=str(asked.get("contains", ""))[:100],
                limit=_MOST_VALUES,
                version=opened.data_version,
            )
        except QueryError as error:
            return {"values": [], "problem": f"{error.message} {error.hint}".strip()}
        labels = [written.value_label(value, found[1]) for value in values]
        return {
            "values": [
                {"value": str(v), "label": label} for v, label in zip(values, labels, strict=True)
            ]
        }


def _dimension(datasets: list[Dataset], name: str) -> tuple[Dataset, Dimension] | None:
    return next(((d, d.dimension(name)) for d in datasets if d.has_dimension(name)), None)
