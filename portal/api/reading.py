"""What was sent, read as one of the bodies; or why it is none."""

from typing import TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from queries.errors import InvalidQuery

PREFIX = "/api/v1"
JSON = "application/json"
_MOST_PROBLEMS = 3
Body = TypeVar("Body", bound=BaseModel)


def body(asking: Request, kind: type[Body]) -> Body:
    """Raises InvalidQuery (`invalid_body`) with what is wrong of it."""
    if asking.mimetype != JSON:
        raise UnsupportedMediaType(f"Send it as {JSON}.")
    try:
        return kind.model_validate_json(asking.get_data(cache=False))
    except ValidationError as error:
        problems = [_problem(e["loc"], e["msg"]) for e in error.errors(include_url=False)]
        raise InvalidQuery(
            "What was sent cannot be read: " + "; ".join(problems[:_MOST_PROBLEMS]) + ".",
            f"Its fields are {', '.join(_fields(kind))}; see {PREFIX}/openapi.json.",
            code="invalid_body",
        ) from None


def _problem(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    return f"{where}: {message}" if where else message


def _fields(kind: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]
