"""Questions that are refused before any work: typed, with the nearest that can be answered."""

from queries.condition import Both, Condition, Either, Filter, conjunction
from queries.dataset import ROWS, Access, Dataset, Metric
from queries.errors import AccessDenied, UnsafeQuestion
from queries.estimation import Estimation
from queries.model import Query
from queries.period import Grain


def checked(query: Query, access: Access) -> Condition | None:
    """What the question and the viewer's row rules keep, once nothing speaks against it.

    Raises AccessDenied or UnsafeQuestion.
    """
    check_access(query, access)
    _check_parameters(query.metrics)
    _check_dimensions(query)
    _check_grain(query)
    where = conjunction(query.where, *row_rules(query.dataset, access))
    _check_levels(query, where)
    _check_closing(query, where)
    _check_estimations(query, where)
    return where


def check_access(query: Query, access: Access) -> None:
    """Raises AccessDenied where a number of the question is kept from the viewer."""
    hidden = [m.label for m in query.metrics if access.hides(m, query.dataset)]
    if hidden:
        raise AccessDenied(
            f"You do not have access to {', '.join(hidden)}.",
            f"Ask {query.dataset.owner or 'the owner'} for access, or leave it out.",
        )


def row_rules(dataset: Dataset, access: Access) -> list[Filter]:
    """What a person's row rules keep. Raises AccessDenied where one cannot be applied."""
    if dataset.open:
        return []
    for name, _ in access.rows:
        if not dataset.has_dimension(name):
            raise AccessDenied(
                f"You may see some values of {name} only, and {dataset.label} does not tell them "
                "apart.",
                "Ask an admin for access to the whole dataset.",
            )
    return [Filter(dataset.dimension(name), "in", values) for name, values in access.rows]


def _check_parameters(metrics: tuple[Metric, ...]) -> None:
    for metric in metrics:
        if metric.unbound:
            names = ", ".join(f"{p}=…" for p in sorted(metric.unbound))
            raise UnsafeQuestion(
                f"{metric.label} needs to know {', '.join(sorted(metric.unbound))}.",
                f"Add --with {names}.",
                code="missing_parameter",
            )


def _check_dimensions(query: Query) -> None:
    filtered = [f.dimension.name for f in query.where.filters()] if query.where else []
    for metric in query.metrics:
        allowed = {*metric.dimensions, query.dataset.time.name}
        for name in (*(k.name for k in query.by), *filtered):
            if metric.dimensions and name not in allowed:
                raise UnsafeQuestion(
                    f"{metric.label} is not defined by {query.dataset.dimension(name).label}.",
                    f"It can be cut by {', '.join(sorted(allowed))}.",
                    code="dimension_not_allowed",
                )


def _check_closing(query: Query, where: Condition | None) -> None:
    """The last day of a period cannot be kept out of it by a filter."""
    time = query.dataset.time
    closing = next((m for m in query.metrics if m.is_closing), None)
    if closing and where and any(f.dimension.name == time.name for f in where.filters()):
        raise UnsafeQuestion(
            f"{closing.label} is of the last day of a period, so days cannot be filtered.",
            "Say the days as the period.",
            code="dimension_not_allowed",
        )


def _check_grain(query: Query) -> None:
    key = query.time_key
    if key is None:
        return
    finest = [query.dataset.smallest_grain]
    finest += [m.smallest_grain for m in query.metrics if m.smallest_grain is not None]
    grains = list(Grain)
    smallest = max(finest, key=grains.index)
    if grains.index(key.grain) < grains.index(smallest):
        raise UnsafeQuestion(
            f"{query.dataset.label} has no {key.grain.value}s: its smallest grain is "
            f"{smallest.value}.",
            f"Ask by {smallest.value}.",
            code="grain_too_fine",
        )


def _check_estimations(query: Query, where: Condition | None) -> None:
    """What an estimator counts by is neither broken down by nor filtered, where it says so."""
    for metric in query.metrics:
        if isinstance(metric.formula, Estimation):
            _check_inner(metric, metric.formula, query, where)


def _check_inner(
    metric: Metric, estimation: Estimation, query: Query, where: Condition | None
) -> None:
    label = query.dataset.dimension
    for key in query.by:
        if not estimation.groups_by(key.name):
            raise UnsafeQuestion(
                f"{metric.label} is worked out over {label(key.name).label}, so a single one of it "
                "has none.",
                f"Leave {key.name} out of the breakdown.",
                code="dimension_not_allowed",
            )
    for name in {f.dimension.name for f in where.filters()} if where else ():
        if not estimation.filters_by(name):
            raise UnsafeQuestion(
                f"{metric.label} is worked out over every {label(name).label}: with some of them "
                "left out it would be another number.",
                f"Leave {name} out of the filters.",
                code="dimension_not_allowed",
            )
    missing = [n for n in estimation.asked if n not in {k.name for k in query.by}]
    if missing:
        raise UnsafeQuestion(
            f"{metric.label} is of a single {label(missing[0]).label}.",
            f"Break down by {missing[0]}.",
            code="missing_dimension",
        )


def _check_levels(query: Query, where: Condition | None) -> None:
    """Values of an exclusive dimension overlap (county, metro, state): never add them.

    How many rows there are can be said all the same.
    """
    name = query.dataset.exclusive
    if not name or not adds_over(query, name) or any(k.name == name for k in query.by):
        return
    if keeps_one(where, name):
        return
    label = query.dataset.dimension(name).label
    raise UnsafeQuestion(
        f"Rows of different {label.lower()} overlap, so they cannot be added.",
        f"Break down by {name}, or keep one value of it.",
        code="overlapping_levels",
    )


def adds_over(query: Query, name: str) -> bool:
    """Whether some number asked for would add rows of several values of a dimension."""
    return any(
        not m.formula.spans(name) if isinstance(m.formula, Estimation) else m.formula != ROWS
        for m in query.metrics
    )


def keeps_one(where: Condition | None, name: str) -> bool:
    """Whether a filter leaves a single value of a dimension."""
    match where:
        case Filter():
            return where.dimension.name == name and (
                where.operation == "in" and len(where.values) == 1
            )
        case Both():
            return any(keeps_one(c, name) for c in where.conditions)
        case Either():
            return False
        case None:
            return False
