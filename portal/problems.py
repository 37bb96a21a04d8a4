"""What goes wrong at the edge: HTTP knows nothing of our errors, and our errors nothing of HTTP.

A person gets a page, a script gets `{"error": {"code", "message", "hint"}}`. What is not one of
our errors is a bug: it is logged whole, and the answer holds nothing but its incident's number.
"""

from dataclasses import dataclass
from http import HTTPStatus

from dash.exceptions import DependencyException
from flask import Flask, jsonify, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal import logs
from portal.store.errors import StoreError
from queries.errors import QueryError

STATUS = {
    "not_found": 404,
    "denied": 403,
    "access_denied": 403,
    "conflict": 409,
    "invalid": 422,
    "quota_exceeded": 429,
    "timeout": 503,
}
TITLES = {
    401: "Please sign in",
    403: "Not allowed",
    404: "Nothing here",
    409: "Somebody was faster",
    413: "Too large",
    422: "This cannot be answered",
    429: "Too many at once",
    503: "Back in a moment",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person or a script is told."""

    status: int
    code: str
    message: str
    hint: str = ""
    incident: str = ""


def register(server: Flask) -> None:
    """Answer every error of `server` in one shape."""

    @server.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None or error.code is None:
            return make_response(error.get_response())
        code = HTTPStatus(error.code).phrase.lower().replace(" ", "_").replace("'", "")
        message = error.description or HTTPStatus(error.code).phrase
        answer = respond(Problem(error.code, code, message))
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                answer.headers[name] = value
        return answer

    @server.errorhandler(QueryError)
    @server.errorhandler(StoreError)
    def ours(error: QueryError | StoreError) -> Response:
        status = STATUS.get(error.code, 422)
        return respond(Problem(status, error.code, error.message, error.hint))

    @server.errorhandler(OperationalError)
    @server.errorhandler(PoolTimeout)
    def busy(error: Exception) -> Response:
        logs.log.warning("store busy", request_id=logs.incident(), cause=type(error).__name__)
        message = "The portal cannot reach what people keep just now."
        answer = respond(Problem(503, "store_busy", message, "Try again in a few seconds."))
        answer.headers["Retry-After"] = "5"
        return answer

    @server.errorhandler(DependencyException)
    def no_such_script(_error: Exception) -> Response:
        return respond(Problem(404, "not_found", "There is no such script."))

    @server.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        logs.log.error("bug", request_id=logs.incident(), exc_info=error)
        message = "Something broke on our side. It has been noted."
        return respond(Problem(500, "bug", message, incident=logs.incident()))


def respond(problem: Problem) -> Response:
    """Write the problem as a page where a person is looking, else as JSON."""
    if request.method == "GET" and request.accept_mimetypes.accept_html and not _is_machine():
        title = TITLES.get(problem.status, "That did not work")
        html = render_template("problem.html", title=title, **_fields(problem))
        return make_response(html, problem.status)
    error = {name: value for name, value in _fields(problem).items() if value or name == "hint"}
    return make_response(jsonify(error=error), problem.status)


def _fields(problem: Problem) -> dict[str, str]:
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "incident": problem.incident,
    }


def _is_machine() -> bool:
    return request.path.startswith(("/api/", "/_dash", "/assets/"))
