"""What a distribution is of and what is held against what, as the URL says.

`over` names rows or units, `by` a dimension, `group` the value of it that is looked at and
`against` the other one, all other values where it is left out. Without `by` the period is held
against the one it is compared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore.askable import leading, why_not
from portal.explore.choices import BY, SIZE
from portal.explore.page import named_dimension
from portal.view import View
from queries.analyses.distribution import FEWEST, Spread, spreads
from queries.condition import Dimension, Filter, Scalar, conjunction
from queries.dataset import Dataset, Metric
from queries.distribution import SIDE, Distribution, Over, unit_of
from queries.distribution import why_not as why_no_distribution
from queries.errors import QueryError, UnsafeQuestion
from queries.estimation import Estimation
from queries.model import Query, Result
from queries.row_value import row_value

OVER, GROUP, AGAINST = "over", "group", "against"
OTHERS = "All others"
MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Sides:
    """The values of one side or two, what they are called, and of how many things they are.

    `noun` is in the plural; `one` is what each value belongs to, `unit` whose the rows are.
    """

    metric: Metric
    over: Over
    spreads: tuple[Spread, ...]
    names: tuple[str, ...]
    noun: str
    unit: str

    @property
    def one(self) -> str:
        return self.unit if self.over == "units" else "row"

    @property
    def label(self) -> str:
        """The metric as it is read of one: without the statistic that its name ends with."""
        return f"{self.metric.label.split(', ')[0]} per {self.one}"


def over_of(context: Context, metric: Metric) -> Over:
    """Rows or units: as asked, else what the metric is made of."""
    asked = context.view.option(OVER)
    return asked if asked in ("rows", "units") else usually_over(metric, context.dataset)


def unread(view: View, dataset: Dataset) -> tuple[str, ...]:
    """What the URL says of sides that cannot be: left out, and said so."""
    notices: list[str] = []
    over, group, against = (view.option(name) for name in (OVER, GROUP, AGAINST))
    if over not in ("", "rows", "units"):
        notices.append(f"“{over}” is nothing that {OVER} can be: rows or units.")
    dimension, said = named_dimension(view, dataset)
    notices += said
    for name, text in ((GROUP, group), (AGAINST, against)):
        if not text:
            continue
        if dimension is None:
            notices.append(f"{name} “{text}” is of no dimension: name one with {BY}.")
            continue
        try:
            dimension.read(text)
        except QueryError as error:
            notices.append(f"{error.message} {error.hint}".strip())
    if group and group == against and dimension is not None:
        notices.append(f"“{group}” is not held against itself, but against all others.")
    return tuple(notices)


def usually_over(metric: Metric, dataset: Dataset) -> Over:
    """Rows where the metric is their mean, units where it is not, as far as there are both."""
    if why_no_distribution(metric, dataset, "units"):
        return "units" if why_no_distribution(metric, dataset, "rows") else "rows"
    formula = metric.formula
    value = None if isinstance(formula, Estimation) else row_value(formula)
    return "rows" if value is not None and value.role == "mean" else "units"


def dimension_of(context: Context) -> Dimension | None:
    """What groups are told apart by; None where periods are."""
    name = context.view.option(BY)
    return next((d for d in context.dataset.dimensions if d.name == name), None)


def offered(context: Context, metric: Metric) -> tuple[Dimension, ...]:
    """The dimensions worth telling groups apart by."""
    chosen = dimension_of(context)
    known = [d for d in leading(context.dataset) if not why_not(d, [metric], context.dataset)]
    return tuple(known if chosen is None or chosen in known else [chosen, *known])


def questions(context: Context, name: str) -> tuple[Query | Distribution, ...]:
    """The values of the dimension where groups are held apart, else both periods."""
    dimension = dimension_of(context)
    if dimension is None:
        metric = context.metric(name)
        query = context.question((name,))
        return (Distribution(query=query, over=over_of(context, metric)),)
    known = {m.name for m in context.dataset.metrics} - context.withheld
    size = SIZE if SIZE in known else name
    around = context.without(dimension.name)
    asked = around.question((size,), by=(dimension.name,))
    return (
        replace(
            asked,
            compare=None,
            interval=False,
            with_total=False,
            limit=MOST_VALUES,
            order_by=size,
        ),
    )


def following(results: Sequence[Result], context: Context, name: str) -> tuple[Distribution, ...]:
    """The two groups, once their values are known."""
    dimension = dimension_of(context)
    if dimension is None:
        return ()
    values = values_of(results[0], dimension)
    group, against = groups(values, context)
    if group is None or len(values) < len(("this", "another")):
        return ()
    query = replace(context.without(dimension.name).question((name,)), compare=None)
    if against is not None:
        both = Filter(dimension, "in", (group, against))
        query = replace(query, where=conjunction(query.where, both))
    over = over_of(context, context.metric(name))
    return (Distribution(query=query, over=over, split=Filter(dimension, "in", (group,))),)


def values_of(result: Result, dimension: Dimension) -> list[Scalar]:
    """The values of the dimension, those of most rows first."""
    return result.frame[dimension.name].drop_nulls().to_list()


def groups(values: Sequence[Scalar], context: Context) -> tuple[Scalar | None, Scalar | None]:
    """The value that is looked at, the largest where none is said, and the other if it is one."""
    group = _value(GROUP, values, context)
    if group is None:
        group = values[0] if values else None
    against = _value(AGAINST, values, context)
    return group, None if against == group else against


def _value(option: str, values: Sequence[Scalar], context: Context) -> Scalar | None:
    """What an option names; a value below the most frequent ones is a value all the same."""
    text, dimension = context.view.option(option), dimension_of(context)
    named = {str(v): v for v in values}
    if not text or text in named or dimension is None:
        return named.get(text)
    try:
        return dimension.read(text)
    except QueryError:
        return None


def sides(results: Sequence[Result], context: Context, name: str) -> Sides | Drawing:
    """What the answers say, or why there is nothing to show."""
    metric = context.metric(name)
    over = over_of(context, metric)
    dimension = dimension_of(context)
    if dimension is not None and len(results) == 1:
        said = f"These rows do not differ in {written.lowered(dimension.label)}."
        return empty("not_defined", said, "Choose another dimension, or take a filter away.")
    if results[-1].frame.is_empty():
        return no_rows(context)
    names = _names(results, context, dimension)
    try:
        found = read_sides(results[-1], over, names)
        if dimension is not None:
            check_both(found, names)
    except UnsafeQuestion as error:
        reason = "no_rows" if error.code == "no_rows" else "not_defined"
        return empty(reason, error.message, error.hint)
    return found


def read_sides(result: Result, over: Over, names: tuple[str, str]) -> Sides:
    """What an answer that has rows says of its sides, which are called so.

    Raises UnsafeQuestion (`few_accounts`) where a side is of a handful.
    """
    frame, dataset = result.frame, result.query.dataset
    unit = unit_of(dataset)
    noun = unit if over == "units" else dataset.row_label
    found = spreads(frame, is_independent=over == "units")
    if any(s.n < FEWEST for s in found):
        raise UnsafeQuestion(
            f"A distribution of fewer than {FEWEST} {noun} would show single ones.",
            "Choose a longer period, or a larger group.",
            code="few_accounts",
        )
    present = sorted(frame[SIDE].unique().to_list())
    return Sides(
        metric=result.query.metrics[0],
        over=over,
        spreads=found,
        names=tuple(names[side] for side in present),
        noun=noun,
        unit=unit.removesuffix("s"),
    )


def check_both(found: Sides, names: tuple[str, str]) -> None:
    """Raises UnsafeQuestion (`no_rows`) where one of two sides has nothing."""
    for name in names:
        if name not in found.names:
            raise UnsafeQuestion(
                f"{name} has no {found.noun} here.",
                "Choose another value, or a longer period.",
                code="no_rows",
            )


def _names(
    results: Sequence[Result], context: Context, dimension: Dimension | None
) -> tuple[str, str]:
    if dimension is None:
        now = written.period(context.period) if context.period else "All days"
        compare = results[-1].query.compare
        return now, written.period(compare.period) if compare else ""
    group, against = groups(values_of(results[0], dimension), context)
    other = OTHERS if against is None else written.value_label(against, dimension)
    return written.value_label(group, dimension), other
