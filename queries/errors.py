"""What can go wrong while asking a question of the data.

    QueryError             the person asking can act on it; always safe to show
    ├── UnknownField       a name that is not in the catalog
    ├── InvalidQuery       names are known but do not go together, or a value cannot be read
    ├── UnsafeQuestion     it has no right answer: the hint names the nearest question that has
    ├── NotLoaded          the lake lacks the table; the hint says how to load it
    ├── QueryTimeout       stopped by the engine's time budget
    ├── Cancelled          whoever asked has left; shown to nobody
    └── AccessDenied       the viewer's access does not cover the question

Anything else that escapes this package is a bug, not a message. This module imports
nothing from the package.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class QueryError(Exception):
    """A question that cannot be answered, worded for the person who asked it."""

    code = "invalid_query"

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.code


class UnknownField(QueryError):
    """A dataset, metric or dimension that the catalog does not define."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(names[:30])}."
        super().__init__(f"There is no {kind} called “{name}”.", hint, code=f"unknown_{kind}")


class InvalidQuery(QueryError):
    """Known fields that cannot be combined, or a value that cannot be read."""


class UnsafeQuestion(QueryError):
    """A question whose literal answer would be a wrong number.

    Its code is one of `averages_ratio`, `adds_distinct`, `fan_out`, `dimension_not_allowed`,
    `grain_too_fine`, `overlapping_levels`, `missing_parameter`, `missing_dimension`,
    `too_many_cells`, `no_distribution`, `no_whole_bucket`, `shown_on_a_page`; of off-policy values
    `no_probabilities`, `too_little_overlap`, `estimators_disagree`.
    """

    code = "unsafe_question"


class NotLoaded(QueryError):
    """The lake has no such table yet."""

    code = "not_loaded"


class QueryTimeout(QueryError):
    """The engine gave up; narrowing the question usually helps."""

    code = "timeout"


class Cancelled(QueryError):
    """Stopped, because nobody waits for the answer any more."""

    code = "cancelled"


class AccessDenied(QueryError):
    """The viewer may not see what they asked for."""

    code = "access_denied"
