"""Memberships as they were known on an earlier day: whatever came later is censored there.

A month since joining counts where it was over by that day; a stretch of a plan that had not begun
is not there, one that went on is cut at the day, and only what had been cancelled by then ended.
The days are worked out in the question itself, row by row.
"""

from dataclasses import replace
from datetime import date

from queries.condition import Condition, Dimension, Filter
from queries.dataset import Dataset, Metric
from queries.expression import canonical
from queries.formula import parse

MONTH_DAYS = 30
SURVIVAL = "cohort_survival"
_SEEN = "days_seen"


def reached(dataset: Dataset, day: date) -> tuple[Dataset, Condition]:
    """Months of memberships that had begun by the day: to be asked of `cohorts`."""
    return _at_least(dataset, _days_seen(day), 0)


def followed(dataset: Dataset, day: date) -> tuple[Dataset, Condition]:
    """Months of memberships that were over by the day: to be asked of `cohorts`."""
    return _at_least(dataset, _days_seen(day), MONTH_DAYS)


def with_survival_of_any_cohort(dataset: Dataset) -> tuple[Dataset, Metric]:
    """Cohort survival over whatever cohorts there are, each membership once it is so old.

    The metric itself keeps to calendar months. Cohorts by another span of time are to be shown from
    when their last day is so long ago; cohorts by anything else hold all who joined so long ago.
    """
    metric = replace(
        dataset.metric(SURVIVAL), formula=parse("count(*) filter (where is_member) / count(*)")
    )
    rest = tuple(m for m in dataset.metrics if m.name != SURVIVAL)
    return replace(dataset, metrics=(metric, *rest)), metric


def is_mature(last_day: date, months: int, until: date) -> bool:
    """Whether all who joined by `last_day` had been followed for so many months of 30 days."""
    return (until - last_day).days >= MONTH_DAYS * months


def spans(dataset: Dataset, day: date) -> tuple[Dataset, Condition]:
    """Stretches of a plan as they stood on the day: to be asked of `memberships`."""
    age = _age(day)
    censored = {
        "tenure_days": f"least(tenure_days, {age})",
        "was_cancelled": f"was_cancelled and tenure_days <= {age}",
    }
    dimensions = tuple(
        replace(d, expression=canonical(censored[d.name])) if d.name in censored else d
        for d in dataset.dimensions
    )
    # A stretch after the first enters the day after it began (`member_spans`).
    begun = f"{age} - case when entry_days > 0 then entry_days - 1 else 0 end"
    return _at_least(replace(dataset, dimensions=dimensions), begun, 0)


def _age(day: date) -> str:
    return f"date_diff('day', membership_start, DATE '{day.isoformat()}')"


def _days_seen(day: date) -> str:
    return f"{_age(day)} - {MONTH_DAYS} * months_since"


def _at_least(dataset: Dataset, expression: str, days: int) -> tuple[Dataset, Condition]:
    seen = Dimension(_SEEN, "Days seen", canonical(expression), kind="number")
    known = replace(dataset, dimensions=(*dataset.dimensions, seen))
    return known, Filter(seen, "at least", (days,))
