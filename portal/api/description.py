"""The description of the API (OpenAPI 3.1), generated from the bodies it reads and writes."""

from typing import Any

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
from portal.api.certificate_bodies import (
    CertificateGiven,
    CertificateKept,
    Certificates,
    Certify,
)
from portal.api.note_bodies import EditNote, NoteConflict, NoteKept, Notes, WriteNote
from portal.api.operation import REFERENCE, Answers, operation, parameter, sent
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
    Certify,
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
    Certificates,
    CertificateKept,
    CertificateGiven,
    Refusal,
)


def description(version: str) -> dict[str, Any]:
    """The whole document, for a portal of this version."""
    _, schemas = models_json_schema(
        [
            *((body, "validation") for body in _READ),
            *((body, "serialization") for body in _WRITTEN),
        ],
        ref_template=REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Playhead",
            "version": version,
            "description": "Questions of the portal, notes, alerts and certificates, for programs.",
        },
        "security": [{"token": []}],
        "paths": {
            **_questions(),
            **_datasets(),
            **_all_notes(),
            **_one_note(),
            **_alerts(),
            **_certificates(),
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _questions() -> dict[str, Any]:
    """What is posted and answered, with nothing kept."""
    files: Answers = {ARROW: None, "text/csv": None}
    named: list[tuple[str, str, type[BaseModel], Answers]] = [
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
            "post": operation(name, about, answers, refusals, requestBody=sent(read))
        }
        for name, about, read, answers in named
    }


def _datasets() -> dict[str, Any]:
    version = parameter("version", "query", "A data version; the newest if left out.")
    return {
        f"{PREFIX}/datasets": {
            "get": operation(
                "listDatasets",
                "List what can be asked of",
                {JSON: Datasets},
                (401, 405, 422),
                parameters=[version],
            )
        },
        f"{PREFIX}/datasets/{{name}}": {
            "get": operation(
                "describeDataset",
                "List the metrics and dimensions of a dataset",
                {JSON: Dataset},
                (401, 404, 405, 422),
                parameters=[parameter("name", "path", "Its name."), version],
            )
        },
        f"{PREFIX}/openapi.json": {
            "get": operation("describe", "This document", {JSON: None}, (401, 405))
        },
    }


def _all_notes() -> dict[str, Any]:
    return {
        f"{PREFIX}/notes": {
            "get": operation(
                "listNotes",
                "List the notes of some days that the owner of the token may see",
                {JSON: Notes},
                (401, 405, 422, 503),
                parameters=[
                    parameter("first", "query", "The first day; from the beginning if left out."),
                    parameter("last", "query", "The last day; to the end if left out."),
                ],
            ),
            "post": operation(
                "addNote",
                "Write a note",
                {JSON: NoteKept},
                (401, 403, 405, 413, 415, 422, 429, 503),
                status=201,
                requestBody=sent(WriteNote),
            ),
        },
    }


def _one_note() -> dict[str, Any]:
    kept: Answers = {JSON: NoteKept}
    named = parameter("note_id", "path", "The id of a note.")
    made_from = parameter("version", "query", "The version that was seen.") | {"required": True}
    changing = (401, 403, 404, 405, 409, 413, 415, 422, 503)
    return {
        f"{PREFIX}/notes/{{note_id}}": {
            "get": operation(
                "readNote", "Read a note", kept, (401, 404, 405, 503), parameters=[named]
            ),
            "put": operation(
                "editNote",
                "Change a note: on the version that was seen, or not at all",
                kept,
                changing,
                conflict=NoteConflict,
                parameters=[named],
                requestBody=sent(EditNote),
            ),
            "delete": operation(
                "removeNote",
                "Delete a note; for 30 days its author can bring it back",
                kept,
                changing,
                conflict=NoteConflict,
                parameters=[named, made_from],
            ),
        },
        f"{PREFIX}/notes/{{note_id}}/restore": {
            "post": operation(
                "restoreNote",
                "Bring back a note of one's own that was deleted within 30 days",
                kept,
                (401, 403, 404, 405, 429, 503),
                parameters=[named],
            ),
        },
    }


def _alerts() -> dict[str, Any]:
    named = parameter("subscription_id", "path", "The id of a subscription.")
    kept: Answers = {JSON: SubscriptionKept}
    writing = (401, 403, 405, 413, 415, 422, 429, 503)
    return {
        f"{PREFIX}/alerts": {
            "get": operation(
                "listAlerts",
                "List what the owner of the token was told of metrics they watch",
                {JSON: Alerts},
                (401, 405, 503),
            )
        },
        f"{PREFIX}/subscriptions": {
            "get": operation(
                "listSubscriptions",
                "List the metrics that the owner of the token watches",
                {JSON: Subscriptions},
                (401, 405, 503),
            ),
            "post": operation(
                "subscribe",
                "Watch a metric",
                kept,
                writing,
                status=201,
                requestBody=sent(Subscribe),
            ),
        },
        f"{PREFIX}/subscriptions/{{subscription_id}}": {
            "delete": operation(
                "unsubscribe",
                "Watch a metric no more; what was told of it stays",
                kept,
                (401, 404, 405, 503),
                parameters=[named],
            )
        },
    }


def _certificates() -> dict[str, Any]:
    named = [
        parameter("dataset", "path", "The name of a dataset."),
        parameter("metric", "path", "The name of a metric of it."),
    ]
    seen = parameter("seen", "query", "The id of the certificate that was seen.")
    return {
        f"{PREFIX}/certificates": {
            "get": operation(
                "listCertificates",
                "List who stands for which definition, and whose metrics one certifies oneself",
                {JSON: Certificates},
                (401, 405, 503),
            ),
            "post": operation(
                "certify",
                "Stand for the definition of a metric as it was read",
                {JSON: CertificateGiven},
                (401, 403, 405, 409, 413, 415, 422, 503),
                status=201,
                requestBody=sent(Certify),
            ),
        },
        f"{PREFIX}/certificates/{{dataset}}/{{metric}}": {
            "get": operation(
                "readCertificate",
                "Say who stands for a metric, if anybody does",
                {JSON: CertificateKept},
                (401, 403, 405, 422, 503),
                parameters=named,
            ),
            "delete": operation(
                "takeCertificateBack",
                "Take the certificate of a metric back",
                {JSON: CertificateKept},
                (401, 403, 405, 409, 422, 503),
                parameters=[*named, seen | {"required": True}],
            ),
        },
    }
