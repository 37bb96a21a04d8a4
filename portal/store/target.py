"""A target: what a metric is meant to reach, or to stay under, from a day on."""

from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Literal, get_args

from sqlalchemy import RowMapping

from portal.store.errors import Invalid

Direction = Literal["at least", "at most"]

LONGEST_NAME = 120
LONGEST_SCOPE = 2_000
MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraft:
    """What is aimed at. `value` None means that from `valid_from` on there is no target.

    `days` are those that the value is for, where a number grows with its days; None where it does
    not, as a share. `scope` is the condition of the rows that it is of, as `queries.where_text`
    writes it; empty: all rows.
    """

    dataset: str
    metric: str
    value: float | None
    valid_from: date
    direction: Direction = "at least"
    days: int | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target as it is kept. Those of a metric and a scope follow each other; the last counts."""

    id: str
    dataset: str
    metric: str
    value: float | None
    direction: Direction
    days: int | None
    scope: str
    valid_from: date
    unit: str
    set_by: str
    created_at: datetime


def direction(text: str) -> Direction:
    """Raises Invalid where it names none."""
    for known in get_args(Direction):
        if text == known:
            return known
    raise Invalid("A target is to be reached “at least” or “at most”.")


def checked(draft: TargetDraft) -> dict[str, str | float | int | date | None]:
    """The columns of a draft. Raises Invalid with the reason it cannot be kept."""
    if draft.value is not None and not isfinite(draft.value):
        raise Invalid("A target is a number.")
    if draft.days is not None and not 1 <= draft.days <= MOST_DAYS:
        raise Invalid(f"A target is for 1 to {MOST_DAYS} days.")
    if not all(0 < len(name) <= LONGEST_NAME for name in (draft.dataset, draft.metric)):
        raise Invalid("A target is of a metric of a dataset.")
    if len(draft.scope) > LONGEST_SCOPE:
        raise Invalid("A target is of fewer filters.", "Filter by something coarser.")
    return {
        "dataset": draft.dataset,
        "metric": draft.metric,
        "value": draft.value,
        "direction": draft.direction,
        "days": draft.days,
        "scope": draft.scope,
        "valid_from": draft.valid_from,
    }


def target(row: RowMapping) -> Target:
    """Read a row of targets that carries the name of who set it."""
    return Target(**{name: row[name] for name in Target.__slots__})
