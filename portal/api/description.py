"""The description of the API (OpenAPI 3.1), generated from the bodies it reads and writes."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from portal.api.bodies import (
    Answer,
    Ask,
    AskRows,
    Dataset,
    Datasets,
    Explain,
    Explained,
    Refusal,
    RowList,
)
from portal.export import ARROW

JSON = "application/json"
_REFUSALS = {
    401: "No token, or one that no longer works.",
    403: "The owner of the token may not see this.",
    404: "There is no such thing.",
    405: "Not with this method.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The question has no right answer; the hint names the nearest that has.",
    429: "Too many at once.",
    503: "It took too long, or the portal cannot answer just now.",
}
_REFERENCE = "#/components/schemas/{model}"


def description(version: str) -> dict[str, Any]:
    """The whole document, for a portal of this version."""
    read: list[type[BaseModel]] = [Ask, AskRows, Explain]
    written: list[type[BaseModel]] = [Answer, RowList, Explained, Dataset, Datasets, Refusal]
    _, schemas = models_json_schema(
        [
            *((body, "validation") for body in read),
            *((body, "serialization") for body in written),
        ],
        ref_template=_REFERENCE,
    )
    version_parameter = {
        "name": "version",
        "in": "query",
        "schema": {"type": "string"},
        "description": "A data version; the newest if left out.",
    }
    name_parameter = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Playhead",
            "version": version,
            "description": "The questions of the portal, for programs.",
        },
        "security": [{"token": []}],
        "paths": {
            "/api/v1/ask": {
                "post": _operation(
                    "ask",
                    "Ask a question",
                    {JSON: Answer, ARROW: None, "text/csv": None},
                    (401, 403, 405, 413, 415, 422, 429, 503),
                    requestBody=_body(Ask),
                )
            },
            "/api/v1/rows": {
                "post": _operation(
                    "rows",
                    "List the rows behind a number",
                    {JSON: RowList, ARROW: None, "text/csv": None},
                    (401, 403, 405, 413, 415, 422, 429, 503),
                    requestBody=_body(AskRows),
                )
            },
            "/api/v1/explain": {
                "post": _operation(
                    "explain",
                    "Split the change of a number into the parts that groups make of it",
                    {JSON: Explained},
                    (401, 403, 405, 413, 415, 422, 429, 503),
                    requestBody=_body(Explain),
                )
            },
            "/api/v1/datasets": {
                "get": _operation(
                    "listDatasets",
                    "List what can be asked of",
                    {JSON: Datasets},
                    (401, 405, 422),
                    parameters=[version_parameter],
                )
            },
            "/api/v1/datasets/{name}": {
                "get": _operation(
                    "describeDataset",
                    "List the metrics and dimensions of a dataset",
                    {JSON: Dataset},
                    (401, 404, 405, 422),
                    parameters=[name_parameter, version_parameter],
                )
            },
            "/api/v1/openapi.json": {
                "get": _operation("describe", "This document", {JSON: None}, (401, 405))
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _operation(
    name: str,
    summary: str,
    answers: dict[str, type[BaseModel] | None],
    refusals: tuple[int, ...],
    **more: object,
) -> dict[str, Any]:
    content = {kind: {"schema": _schema(body) if body else {}} for kind, body in answers.items()}
    refused = {
        str(status): {
            "description": _REFUSALS[status],
            "content": {JSON: {"schema": _schema(Refusal)}},
        }
        for status in refusals
    }
    return {
        "operationId": name,
        "summary": summary,
        **more,
        "responses": {"200": {"description": "The answer.", "content": content}, **refused},
    }


def _body(body: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": _schema(body)}}}


def _schema(body: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=body.__name__)}
