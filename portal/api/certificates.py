"""Certificates over the API: who stands for which metric, give one, take it back.

The rights are those of the catalogue: editors of the owning unit and admins.
"""

from typing import Any

import orjson
from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from portal.api.certificate_bodies import Certify
from portal.api.reading import JSON, PREFIX, body
from portal.callbacks.asked import Asked
from portal.callbacks.certify import certified, listed, taken_back
from portal.callbacks.named_metric import named_metric
from portal.components.certificate import described
from portal.site import Site
from portal.store.store import Store


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the routes to `server`."""
    routes = Blueprint("api_certificates", __name__, url_prefix=f"{PREFIX}/certificates")

    @routes.get("")
    def list_certificates() -> Response:
        found = listed(site)
        ones = [
            _named(dataset, metric, one)
            for (dataset, _, metric), one in (
                (name.partition("."), one) for name, one in found["certificates"].items()
            )
        ]
        return _json({**found, "certificates": ones})

    @routes.post("")
    def certify() -> Response:
        wanted = body(request, Certify)
        given = certified(Asked(wanted.model_dump()), site, store)
        return _json({"certificate": _named(wanted.dataset, wanted.metric, given)}, 201)

    @routes.get("/<dataset>/<metric>")
    def read_certificate(dataset: str, metric: str) -> Response:
        of, meant = named_metric(Asked({"dataset": dataset, "metric": metric}), site)
        found = described(meant, of, site.certificates())
        return _json({"certificate": _named(dataset, metric, found)})

    @routes.delete("/<dataset>/<metric>")
    def take_back(dataset: str, metric: str) -> Response:
        fields = {"dataset": dataset, "metric": metric, "seen": request.args.get("seen", "")}
        taken_back(Asked(fields), site, store)
        return _json({"certificate": None})

    server.register_blueprint(routes)


def _named(dataset: str, metric: str, one: dict[str, Any] | None) -> dict[str, Any] | None:
    return one and {"dataset": dataset, "metric": metric, **one}


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, content_type=JSON)
