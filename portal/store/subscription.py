"""A subscription: a metric that somebody watches, with the filters of the view they saw."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping

from portal.store.errors import Invalid

LONGEST_NAME = 120
LONGEST_FILTERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched. `filters` are as a page's URL says them; empty: all rows."""

    dataset: str
    metric: str
    filters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as it is kept.

    `judged_version`, `judged_day` and `judged_week` are the data version, the day and the last day
    of the week that were looked at last, so that each is looked at once. `troubles` names what was
    broken or late then. Nothing is told before `snoozed_until`.
    """

    id: str
    dataset: str
    metric: str
    filters: str
    created_at: datetime
    snoozed_until: date | None
    judged_version: str
    judged_day: date | None
    judged_week: date | None
    troubles: tuple[str, ...]

    def is_snoozed(self, today: date) -> bool:
        return self.snoozed_until is not None and today < self.snoozed_until


def checked(watched: Watched) -> dict[str, str]:
    """The columns that say what is watched. Raises Invalid."""
    if not all(0 < len(name) <= LONGEST_NAME for name in (watched.dataset, watched.metric)):
        raise Invalid("One watches a metric of a dataset.")
    if len(watched.filters) > LONGEST_FILTERS:
        raise Invalid("So many filters cannot be watched.", "Filter by something coarser.")
    return {"dataset": watched.dataset, "metric": watched.metric, "filters": watched.filters}


def subscription(row: RowMapping) -> Subscription:
    """Read a row of subscriptions."""
    found = {name: row[name] for name in Subscription.__slots__}
    return Subscription(**{**found, "troubles": tuple(row["troubles"])})
