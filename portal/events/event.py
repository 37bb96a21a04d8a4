"""What an event is, and what a kind of events says to be found, asked for and read.

Events are read off the lake as any other answer, so a viewer's access holds for them too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from queries.analyses.cluster import Scope, every_group
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain

MOST_MARKED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened on a day, or from it to `end`.

    `text` says what, `detail` how large; `size` ranks it among its kind. `path` and `filters` are
    the page that says more, with what to filter it by.
    """

    day: date
    text: str
    detail: str = ""
    end: date | None = None
    size: float = 0.0
    path: str = ""
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of events, named as a URL names it.

    `questions` asks about a period that begins `before_days` early, `read` finds the events in the
    answers. Only those filters of a view that are named in `filters` narrow it. `units` are those
    whose pages mark it unasked; a page of no unit marks every kind.
    """

    name: str
    label: str
    dataset: str
    questions: Callable[[Scope], tuple[Query, ...]]
    read: Callable[[Sequence[Result], Scope], Iterable[Event]]
    units: tuple[str, ...]
    filters: tuple[str, ...] = ("country",)
    before_days: int = 0


Found = tuple[Kind, Event]


def every_day(scope: Scope, metric: str, by: Iterable[str]) -> Query:
    """A metric by day and by these dimensions, every group of it: what beginnings are read off.

    Small cells are in it, since a kind compares days before it tells of one.
    """
    day = TimeBucket(scope.dataset.time, Grain.DAY)
    return every_group(scope, (metric,), (day, *map(scope.dataset.dimension, by)))


def marked(found: Iterable[Found], most: int = MOST_MARKED) -> list[Found]:
    """The few that are drawn: the largest of every kind, then the second of every kind, by day."""
    of_kind: dict[str, list[Found]] = {}
    for kind, event in sorted(found, key=lambda pair: (-pair[1].size, pair[1].day, pair[1].text)):
        of_kind.setdefault(kind.name, []).append((kind, event))
    names = sorted(of_kind)
    longest = max((len(of_kind[name]) for name in names), default=0)
    turns = [of_kind[n][turn] for turn in range(longest) for n in names if turn < len(of_kind[n])]
    return by_day(turns[:most])


def by_day(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda pair: (pair[1].day, pair[0].name, pair[1].text))
