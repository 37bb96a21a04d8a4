"""Watched metrics and alerts over the API: those of the token's owner, with their rights."""

from urllib.parse import parse_qsl

import orjson
from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from portal.api.alert_bodies import Subscribe
from portal.api.reading import JSON, PREFIX, body
from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked
from portal.callbacks.watch import listed, subscribed
from portal.components.alerts import watched
from portal.site import Site
from portal.store import subscriptions
from portal.store.errors import Invalid
from portal.store.store import Store


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""
    routes = Blueprint("api_alerts", __name__, url_prefix=PREFIX)

    @routes.get("/alerts")
    def list_alerts() -> Response:
        return _json(listed(site, store))

    @routes.get("/subscriptions")
    def list_subscriptions() -> Response:
        found = subscriptions.of(store, signed_in())
        catalog = site.warehouse.catalog()
        return _json({"subscriptions": [watched(one, catalog) for one in found]})

    @routes.post("/subscriptions")
    def subscribe() -> Response:
        wanted = body(request, Subscribe)
        _check_filters(wanted, site)
        fields = {"dataset": wanted.dataset, "metric": wanted.metric}
        search = f"?dataset={wanted.dataset}&metric={wanted.metric}&{wanted.filters}"
        kept = subscribed(Asked({**fields, "search": search}), site, store)
        return _json({"subscription": kept}, 201)

    @routes.delete("/subscriptions/<subscription_id>")
    def end(subscription_id: str) -> Response:
        kept = subscriptions.end(store, signed_in(), subscription_id)
        return _json({"subscription": watched(kept, site.warehouse.catalog())})

    server.register_blueprint(routes)


def _check_filters(wanted: Subscribe, site: Site) -> None:
    """A filter that is none would widen the rows: raises Invalid."""
    dataset = site.warehouse.dataset(wanted.dataset, access=signed_in().access)
    for name, _ in parse_qsl(wanted.filters):
        if not dataset.has_dimension(name.split(".")[0]):
            known = ", ".join(d.name for d in dataset.dimensions)
            raise Invalid(f"{dataset.label} has no dimension “{name}”.", f"It has {known}.")


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, content_type=JSON)
