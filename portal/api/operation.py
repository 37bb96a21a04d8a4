"""One operation in the description of the API: what it reads, answers and refuses."""

from typing import Any, Literal

from pydantic import BaseModel

from portal.api.bodies import Refusal
from portal.api.reading import JSON

Answers = dict[str, type[BaseModel] | None]
"""The body of an answer by its kind; None where it is no JSON of ours."""

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
REFERENCE = "#/components/schemas/{model}"


def parameter(name: str, place: Literal["path", "query"], about: str) -> dict[str, Any]:
    said = {"name": name, "in": place, "schema": {"type": "string"}, "description": about}
    return said | {"required": True} if place == "path" else said


def operation(
    name: str,
    summary: str,
    answers: Answers,
    refusals: tuple[int, ...],
    *,
    status: int = 200,
    conflict: type[BaseModel] = Refusal,
    **more: object,
) -> dict[str, Any]:
    """`more` goes into it as it is; `conflict` is what a 409 answers."""
    content = {kind: {"schema": _schema(body) if body else {}} for kind, body in answers.items()}
    refused = {
        str(number): {
            "description": _REFUSALS[number],
            "content": {JSON: {"schema": _schema(conflict if number == _CONFLICT else Refusal)}},
        }
        for number in refusals
    }
    return {
        "operationId": name,
        "summary": summary,
        **more,
        "responses": {str(status): {"description": "The answer.", "content": content}, **refused},
    }


def sent(body: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": _schema(body)}}}


def _schema(body: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=body.__name__)}
