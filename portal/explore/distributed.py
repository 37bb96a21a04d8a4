"""How one number is spread: asked in words, answered in plain form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Literal

from portal.components import format as written
from portal.explore.distribution_drawn import cumulated, histogram
from portal.explore.distribution_numbers import basis, estimates, read_as
from portal.explore.held_apart import OTHERS, Sides, check_both, read_sides, usually_over
from queries.analyses.cluster import Estimate
from queries.analyses.distribution import distance
from queries.answer import provenance
from queries.condition import Dimension, Filter, conjunction
from queries.dataset import Access, Dataset
from queries.distribution import Distribution
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.model import Query, Result
from queries.question import Question, read
from queries.warehouse import Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Which distribution is asked for, unread; the words are those of `Question`.

    `group` and `against` are values of the dimension `by`; without `against` the group is held
    against all others. `over` is left out where the metric tells it.
    """

    dataset: str
    metric: str
    where: str = ""
    period: str = "last 28 days"
    compare: str = "none"
    over: Literal["", "rows", "units"] = ""
    by: str = ""
    group: str = ""
    against: str = ""
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Distributed:
    """An answer, and what it says of each side."""

    result: Result
    found: Sides


def distributed(asked: Spreading, warehouse: Warehouse, access: Access) -> Distributed:
    """Read and answer, at one data version. Raises the errors of `queries.errors`."""
    version = warehouse.snapshot(asked.version).data_version
    dataset = warehouse.dataset(asked.dataset, version, access)
    question = Question(
        dataset=asked.dataset,
        metrics=(asked.metric,),
        where=asked.where,
        period=asked.period,
        compare=asked.compare,
    )
    query = read(question, dataset, lambda: warehouse.span(dataset, version))
    if query.thresholds:
        raise InvalidQuery(
            f"“{asked.metric}” is no number of a group here, so no group is kept by it.",
            "Filter by dimensions.",
        )
    query, split, names = _told_apart(asked, query, dataset)
    over = asked.over or usually_over(query.metrics[0], dataset)
    wanted = Distribution(query=query, over=over, split=split)
    result = warehouse.distribution(wanted, access, version)
    if result.frame.is_empty():
        raise UnsafeQuestion(
            "There are no rows to spread.",
            "Choose a longer period, or take a filter away.",
            code="no_rows",
        )
    found = read_sides(result, over, names)
    if names[1]:
        check_both(found, names)
    return Distributed(result, found)


def plain(answered: Distributed) -> Mapping[str, Any]:
    """What the API and the command line say of it; numbers that are not known are null."""
    result, found = answered.result, answered.found
    numbers = list(estimates(found))
    bars, _ = histogram(found)
    is_two = len(found.spreads) > 1
    return {
        "metric": found.metric.name,
        "over": found.over,
        "counted": found.noun,
        "sides": [
            {
                "name": name,
                "n": side.n,
                "statistics": {one.name: _ends(one.sides[at]) for one in numbers},
                "function": cumulated(side).to_dicts(),
                "histogram": bars.filter(side=name).drop("side").to_dicts(),
            }
            for at, (side, name) in enumerate(zip(found.spreads, found.names, strict=True))
        ],
        "difference": {one.name: _ends(one.apart) for one in numbers if one.apart is not None},
        "distance": _distance(found) if is_two else None,
        **provenance(result),
        "notes": [*result.doubts, *result.notes, read_as(found), *basis(found)],
    }


def _told_apart(
    asked: Spreading, query: Query, dataset: Dataset
) -> tuple[Query, Filter | None, tuple[str, str]]:
    """The question with its two groups, and what the sides are called; one of them unnamed."""
    if not asked.by:
        if asked.group or asked.against:
            raise InvalidQuery("Groups are of a dimension.", "Name it with by.")
        now = written.period(query.period) if query.period else "All days"
        return query, None, (now, written.period(query.compare.period) if query.compare else "")
    dimension = dataset.dimension(asked.by)
    if not asked.group:
        raise InvalidQuery(
            f"Which {written.lowered(dimension.label)} is to be held against the others?",
            "Name it with group, and with against another one.",
        )
    group = dimension.read(asked.group)
    split = Filter(dimension, "in", (group,))
    if not asked.against:
        return query, split, (_named(asked.group, dimension), OTHERS)
    other = dimension.read(asked.against)
    if other == group:
        raise InvalidQuery("A group is not held against itself.", "Name another one.")
    both = conjunction(query.where, Filter(dimension, "in", (group, other)))
    names = (_named(asked.group, dimension), _named(asked.against, dimension))
    return replace(query, where=both), split, names


def _named(text: str, dimension: Dimension) -> str:
    return written.value_label(dimension.read(text), dimension)


def _distance(found: Sides) -> dict[str, Any]:
    apart = distance(*found.spreads)
    p = apart.p if isfinite(apart.p) else None
    return {**_ends(apart.estimate), "at": apart.at, "shares": list(apart.shares), "p": p}


def _ends(estimate: Estimate) -> dict[str, float | None]:
    return {name: v if isfinite(v) else None for name, v in asdict(estimate).items()}
