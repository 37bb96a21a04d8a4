"""What is answered to somebody who changed a version that is no longer the newest."""

from collections.abc import Mapping
from typing import Any

from portal.store.errors import Conflict

Answer = dict[str, Any] | tuple[dict[str, Any], int]


def conflicting(conflict: Conflict, newest: Mapping[str, Any]) -> Answer:
    """Nothing was written; the answer holds how it is now, to choose between."""
    error = {"code": conflict.code, "message": conflict.message, "hint": conflict.hint}
    return {"error": error, "newest": newest}, 409
