"""The description of the API (OpenAPI 3.1), generated from the bodies it reads and writes."""

from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from portal.api.alert_bodies import Alerts, Subscribe, SubscriptionKept, Subscriptions
from portal.api.bodies import (
    Answer,
    Ask,
    AskRows,
    Dataset,
    Datasets,
    Distribute,
    Distributed,
    Explain,
    Explained,
    Refusal,
    RowList,
)
from portal.api.note_bodies import EditNote, NoteConflict, NoteKept, Notes, WriteNote
from portal.api.reading import JSON, PREFIX
from portal.export import ARROW

_READ: tuple[type[BaseModel], ...] = (
    Ask,
    AskRows,
    Explain,
    Distribute,
    WriteNote,
    EditNote,
    Subscribe,
)
_WRITTEN: tuple[type[BaseModel], ...] = (
    Answer,
    RowList,
    Explained,
    Distributed,
    Dataset,
    Datasets,
    NoteKept,
    Notes,
    NoteConflict,
    Alerts,
    Subscriptions,
    SubscriptionKept,
    Refusal,
)
_CONFLICT = 409
_REFUSALS = {
    401: "No token, or one that no longer works.",
    403: "The owner of the token may not see this.",
    404: "There is no such thing.",
    405: "Not with this method.",
    409: "Somebody was faster; nothing was written.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The question has no right answer; the hint names the nearest that has.",
    429: "Too many at once.",
    503: "It took too long, or the portal cannot answer just now.",
}
_REFERENCE = "#/components/schemas/{model}"


def description(version: str) -> dict[str, Any]:
    """The whole document, for a portal of this version."""
    _, schemas = models_json_schema(
        [
            *((body, "validation") for body in _READ),
            *((body, "serialization") for body in _WRITTEN),
        ],
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Playhead",
            "version": version,
            "description": "The questions of the portal, people's notes and alerts, for programs.",
        },
        "security": [{"token": []}],
        "paths": {**_questions(), **_datasets(), **_all_notes(), **_one_note(), **_alerts()},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _questions() -> dict[str, Any]:
    """What is posted and answered, with nothing kept."""
    files: dict[str, type[BaseModel] | None] = {ARROW: None, "text/csv": None}
    named: list[tuple[str, str, type[BaseModel], dict[str, type[BaseModel] | None]]] = [
        ("ask", "Ask a question", Ask, {JSON: Answer, **files}),
        ("rows", "List the rows behind a number", AskRows, {JSON: RowList, **files}),
        (
            "explain",
            "Split the change of a number into the parts that groups make of it",
            Explain,
            {JSON: Explained},
        ),
        (
            "distribution",
            "Say how a number is spread over rows or accounts, of one side or of two",
            Distribute,
            {JSON: Distributed},
        ),
    ]
    refusals = (401, 403, 405, 413, 415, 422, 429, 503)
    return {
        f"{PREFIX}/{name}": {
            "post": _operation(name, about, answers, refusals, requestBody=_body(read))
        }
        for name, about, read, answers in named
    }


def _datasets() -> dict[str, Any]:
    version = _parameter("version", "query", "A data version; the newest if left out.")
    return {
        f"{PREFIX}/datasets": {
            "get": _operation(
                "listDatasets",
                "List what can be asked of",
                {JSON: Datasets},
                (401, 405, 422),
                parameters=[version],
            )
        },
        f"{PREFIX}/datasets/{{name}}": {
            "get": _operation(
                "describeDataset",
                "List the metrics and dimensions of a dataset",
                {JSON: Dataset},
                (401, 404, 405, 422),
                parameters=[_parameter("name", "path", "Its name."), version],
            )
        },
        f"{PREFIX}/openapi.json": {
            "get": _operation("describe", "This document", {JSON: None}, (401, 405))
        },
    }


def _all_notes() -> dict[str, Any]:
    return {
        f"{PREFIX}/notes": {
            "get": _operation(
                "listNotes",
                "List the notes of some days that the owner of the token may see",
                {JSON: Notes},
                (401, 405, 422, 503),
                parameters=[
                    _parameter("first", "query", "The first day; from the beginning if left out."),
                    _parameter("last", "query", "The last day; to the end if left out."),
                ],
            ),
            "post": _operation(
                "addNote",
                "Write a note",
                {JSON: NoteKept},
                (401, 403, 405, 413, 415, 422, 429, 503),
                status=201,
                requestBody=_body(WriteNote),
            ),
        },
    }


def _one_note() -> dict[str, Any]:
    kept: dict[str, type[BaseModel] | None] = {JSON: NoteKept}
    named = _parameter("note_id", "path", "The id of a note.")
    made_from = _parameter("version", "query", "The version that was seen.") | {"required": True}
    changing = (401, 403, 404, 405, 409, 413, 415, 422, 503)
    return {
        f"{PREFIX}/notes/{{note_id}}": {
            "get": _operation(
                "readNote", "Read a note", kept, (401, 404, 405, 503), parameters=[named]
            ),
            "put": _operation(
                "editNote",
                "Change a note: on the version that was seen, or not at all",
                kept,
                changing,
                parameters=[named],
                requestBody=_body(EditNote),
            ),
            "delete": _operation(
                "removeNote",
                "Delete a note; for 30 days its author can bring it back",
                kept,
                changing,
                parameters=[named, made_from],
            ),
        },
        f"{PREFIX}/notes/{{note_id}}/restore": {
            "post": _operation(
                "restoreNote",
                "Bring back a note of one's own that was deleted within 30 days",
                kept,
                (401, 403, 404, 405, 429, 503),
                parameters=[named],
            ),
        },
    }


def _alerts() -> dict[str, Any]:
    named = _parameter("subscription_id", "path", "The id of a subscription.")
    kept: dict[str, type[BaseModel] | None] = {JSON: SubscriptionKept}
    writing = (401, 403, 405, 413, 415, 422, 429, 503)
    return {
        f"{PREFIX}/alerts": {
            "get": _operation(
                "listAlerts",
                "List what the owner of the token was told of metrics they watch",
                {JSON: Alerts},
                (401, 405, 503),
            )
        },
        f"{PREFIX}/subscriptions": {
            "get": _operation(
                "listSubscriptions",
                "List the metrics that the owner of the token watches",
                {JSON: Subscriptions},
                (401, 405, 503),
            ),
            "post": _operation(
                "subscribe",
                "Watch a metric",
                kept,
                writing,
                status=201,
                requestBody=_body(Subscribe),
            ),
        },
        f"{PREFIX}/subscriptions/{{subscription_id}}": {
            "delete": _operation(
                "unsubscribe",
                "Watch a metric no more; what was told of it stays",
                kept,
                (401, 404, 405, 503),
                parameters=[named],
            )
        },
    }


def _parameter(name: str, place: Literal["path", "query"], about: str) -> dict[str, Any]:
    said = {"name": name, "in": place, "schema": {"type": "string"}, "description": about}
    return said | {"required": True} if place == "path" else said


def _operation(
    name: str,
    summary: str,
    answers: dict[str, type[BaseModel] | None],
    refusals: tuple[int, ...],
    *,
    status: int = 200,
    **more: object,
) -> dict[str, Any]:
    content = {kind: {"schema": _schema(body) if body else {}} for kind, body in answers.items()}
    refused = {
        str(number): {
            "description": _REFUSALS[number],
            "content": {
                JSON: {"schema": _schema(NoteConflict if number == _CONFLICT else Refusal)}
            },
        }
        for number in refusals
    }
    return {
        "operationId": name,
        "summary": summary,
        **more,
        "responses": {str(status): {"description": "The answer.", "content": content}, **refused},
    }


def _body(body: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": _schema(body)}}}


def _schema(body: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=body.__name__)}
