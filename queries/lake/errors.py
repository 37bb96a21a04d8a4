"""What can go wrong while writing or opening the lake, worded for the person who did it.

    LakeError              the person loading data can act on it; always safe to show
    ├── LakeUnreachable    its store does not answer, or refuses
    ├── LeaseHeld          somebody else is writing
    ├── UnknownVersion     no snapshot has this name
    ├── BadRows            rows or files that the contract of a table does not allow
    ├── UnknownConnector   no connector has this name, or it does not know an option
    └── RefusedFile        a whole file cannot be taken: what it is instead, or what it lacks

They are `QueryError`s, so the two edges of the product catch one tree.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from queries.errors import QueryError


class LakeError(QueryError):
    """Data that cannot be loaded or opened."""

    code = "lake_error"


class LakeUnreachable(LakeError):
    """The store of the lake does not answer, or refuses."""

    code = "lake_unreachable"


class LeaseHeld(LakeError):
    """Another process is writing to the lake."""

    code = "lease_held"


class UnknownVersion(LakeError):
    """No snapshot of the lake has this name."""

    code = "unknown_version"


class BadRows(LakeError):
    """Rows or files that do not have the columns, types or keys of their table."""

    code = "bad_rows"


class UnknownConnector(LakeError):
    """A connector, or an option of one, that does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(names) or 'none'}."
        super().__init__(f"There is no {kind} called “{name}”.", hint, code=f"unknown_{kind}")


class RefusedFile(LakeError):
    """A file that is not taken at all. Its code says why and is kept in the ledger."""

    code = "refused_file"
