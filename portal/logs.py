"""Logs: one JSON object a line on standard output, one line a request.

Nothing that identifies a session is written: no cookies, no query strings, no bodies, no rows.
The request's id is in its line, in its answer's header and on the page of an error.
"""

import logging
import re
import sys
import time
from uuid import uuid4

import structlog
from flask import Flask, g, request
from structlog.tracebacks import ExceptionDictTransformer
from werkzeug.wrappers import Response

KNOWN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = ("/healthz", "/readyz")

#: Where it broke, but not with which values: those may be somebody's cookie.
TRACEBACKS = ExceptionDictTransformer(show_locals=False)

log = structlog.get_logger()


def configure() -> None:
    """Send the whole process's logs through one writer of JSON lines."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.ExceptionRenderer(TRACEBACKS),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(TRACEBACKS),
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(["incident"])],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # A line for every request that waits for a thread, however shortly, says nothing.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def register(server: Flask) -> None:
    """Give every request an id, and write its line when it is answered."""
    server.before_request(_begin)
    server.after_request(_finish)


def incident() -> str:
    """The id of the present request, which is also what an error page names."""
    return g.get("request_id", "")


def _begin() -> None:
    brought = request.headers.get("X-Request-Id", "")
    g.request_id = brought if KNOWN_ID.fullmatch(brought) else uuid4().hex
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = incident()
    if request.path in QUIET and response.status_code < 400:  # noqa: PLR2004
        return response
    began = g.get("began")
    person = g.get("_login_user")
    log.info(
        "request",
        request_id=incident(),
        method=request.method,
        path=request.path[:300],
        status=response.status_code,
        took_ms=round((time.perf_counter() - began) * 1_000, 1) if began else None,
        person=person.get_id() if person is not None else None,
    )
    return response
