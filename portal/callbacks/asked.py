"""What a script of our pages sent: a JSON object, read field by field.

A field that is not what it should be is the sender's mistake and is said so; nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from portal.store.errors import Invalid

_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a request's body. A reader raises Invalid for a value of another kind."""

    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise Invalid(f"“{name}” has to be a text.")
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise Invalid(f"“{name}” has a character that cannot be kept.")
        return value

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalid(f"“{name}” has to be a whole number.")
        if abs(value) > _LARGEST:
            raise Invalid(f"“{name}” is too large a number.")
        return value


def asked() -> Asked:
    """The body of the present request; that it is an object was checked at the door."""
    return Asked(request.get_json())
