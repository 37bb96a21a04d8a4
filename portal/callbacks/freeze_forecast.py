"""Freeze the forecast of a view: worked out here, from the view, never taken from the browser."""

from typing import Any

from flask import Flask, abort

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.open_page import ask, open_page
from portal.page import Forecasting
from portal.site import Site
from portal.store import forecasts
from portal.store.errors import Invalid
from portal.store.frozen_forecast import ForecastDraft
from portal.store.store import Store
from queries.errors import QueryError

FREEZE = "/-/forecasts/freeze"


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the route to `server`."""

    @server.post(FREEZE)
    def freeze_forecast() -> dict[str, Any]:
        person, wanted = signed_in(), asked()
        page = site.pages.get(wanted.text("path"))
        if page is None:
            abort(404)
        opened = open_page(page, wanted.text("query"), site.warehouse, person.access)
        tiles = opened.tiles().values()
        tile = next((t for t in tiles if isinstance(t, Forecasting)), None)
        if tile is None:
            raise Invalid("This page forecasts nothing.")
        try:
            results = ask(opened, tile, site.warehouse, person.access)
        except QueryError as error:
            raise Invalid(error.message, error.hint) from None
        figures = tile.figures(results, opened.tile_context(tile))
        if figures is None:
            raise Invalid("There are too few launches to forecast anything.")
        draft = ForecastDraft(
            name=wanted.text("name"),
            production_id=wanted.number("production") if wanted.fields.get("production") else None,
            path=page.path,
            query=opened.view.to_url(),
            figures=figures,
            data_version=opened.data_version,
        )
        return {"id": forecasts.freeze(store, person, draft)}
