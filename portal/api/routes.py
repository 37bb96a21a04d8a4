"""The routes of the API. They read and write; the warehouse answers."""

from collections.abc import Callable
from importlib.metadata import version as version_of

import orjson
from flask import Blueprint, Flask, Request, abort, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from portal import export_rows
from portal.api.bodies import Ask, AskRows, Distribute, Explain
from portal.api.description import description
from portal.api.reading import JSON, PREFIX, body
from portal.auth.gate import signed_in
from portal.components.certificate import Held, with_certificates
from portal.explore.distributed import distributed
from portal.explore.distributed import plain as plain_distributed
from portal.explore.explained import explained
from portal.explore.explained import plain as plain_explained
from portal.export import ARROW, arrow, csv
from portal.leaving import while_connected
from queries.answer import dataset_card, dataset_list, plain
from queries.errors import UnknownField
from queries.listing import Rows
from queries.model import Result
from queries.question import ask as answer
from queries.row_question import list_rows, plain_rows
from queries.warehouse import Warehouse

CSV = "text/csv"


def register(server: Flask, warehouse: Warehouse, certificates: Callable[[], Held]) -> None:
    """Add the API to `server`, behind its gate and with its errors."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    _add_questions(routes, warehouse)
    _add_datasets(routes, warehouse, certificates)
    server.register_blueprint(routes)


def _add_questions(routes: Blueprint, warehouse: Warehouse) -> None:
    @routes.post("/ask")
    def ask() -> Response:
        form = _form(request)
        question = body(request, Ask).question()
        with while_connected(request.environ):
            result = answer(question, warehouse, signed_in().access)
        return Response(_WRITERS[form](result), content_type=form)

    @routes.post("/rows")
    def rows() -> Response:
        form = _form(request)
        question = body(request, AskRows).question()
        with while_connected(request.environ):
            found = list_rows(question, warehouse, signed_in().access)
        return Response(_ROW_WRITERS[form](found), content_type=form)

    @routes.post("/explain")
    def explain() -> Response:
        asked = body(request, Explain)
        with while_connected(request.environ):
            found = explained(asked.question(), asked.by, warehouse, signed_in().access)
        return _json(plain_explained(found))

    @routes.post("/distribution")
    def distribution() -> Response:
        asked = body(request, Distribute).asked()
        with while_connected(request.environ):
            found = distributed(asked, warehouse, signed_in().access)
        return _json(plain_distributed(found))

    @routes.get("/distribution", endpoint="refuse")
    @routes.get("/explain", endpoint="refuse")
    @routes.get("/ask", endpoint="refuse")
    @routes.get("/rows", endpoint="refuse")
    def refuse() -> Response:
        # The catch-all route of the pages reads whatever GET has no rule of its own.
        raise MethodNotAllowed(["POST"])


def _add_datasets(
    routes: Blueprint, warehouse: Warehouse, certificates: Callable[[], Held]
) -> None:
    @routes.get("/datasets")
    def datasets() -> Response:
        snapshot = warehouse.snapshot(request.args.get("version"))
        found = warehouse.catalog(snapshot.data_version).seen_with(signed_in().access)
        return _json(dataset_list(found.datasets, found.left_out, snapshot))

    @routes.get("/datasets/<name>")
    def dataset(name: str) -> Response:
        try:
            found = warehouse.dataset(name, request.args.get("version"), signed_in().access)
        except UnknownField as error:
            abort(404, f"{error.message} {error.hint}")
        return _json(
            with_certificates(dataset_card(found, signed_in().access), found, certificates())
        )

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return _json(description(version_of("playhead")))


def _form(asking: Request) -> str:
    """How to write the answer: as JSON, unless something else is wanted more."""
    accepted = asking.accept_mimetypes
    form = accepted.best_match(list(_WRITERS)) if accepted else JSON
    if form is None:
        abort(406, f"Answers are written as {', '.join(_WRITERS)}.")
    return form


_WRITERS: dict[str, Callable[[Result], bytes]] = {
    JSON: lambda result: orjson.dumps(plain(result)),
    ARROW: arrow,
    CSV: csv,
}


_ROW_WRITERS: dict[str, Callable[[Rows], bytes]] = {
    JSON: lambda rows: orjson.dumps(plain_rows(rows)),
    ARROW: export_rows.arrow,
    CSV: export_rows.csv,
}


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), content_type=JSON)
