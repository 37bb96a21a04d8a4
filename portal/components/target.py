"""A target beside a number: what was aimed at in some days, and how the number stands to it."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from portal.components import format as written
from portal.store.target import Target
from queries.dataset import Metric
from queries.period import Period


def grows(metric: Metric) -> bool:
    """Whether a number is larger over more days: then a target says for how many it is."""
    return metric.kind in ("additive", "distinct") and not metric.is_closing


def in_force(targets: Iterable[Target], metric: str, day: date) -> Target | None:
    """The target of a metric on a day; `targets` have the newest written first."""
    begun = [t for t in targets if t.metric == metric and t.valid_from <= day]
    newest = max(begun, key=lambda t: t.valid_from, default=None)
    return newest if newest is not None and newest.value is not None else None


def aimed_at(targets: Iterable[Target], metric: Metric, days: Period) -> Target | None:
    """What was aimed at over these days, as one target of just as many days.

    What adds up is aimed at day by day, each with the target then in force. What counts only once
    is aimed at over the days that were said and no others; anything else as on the last day.
    """
    known = tuple(targets)
    last = in_force(known, metric.name, days.end)
    if last is None or last.value is None:
        return None
    if not grows(metric):
        return last
    if last.days is None:
        return None
    if metric.kind == "distinct":
        return last if last.days == days.days else None
    total = 0.0
    for number in range(days.days):
        then = in_force(known, metric.name, days.start + timedelta(number))
        if then is None or then.value is None or then.days is None:
            return None
        total += then.value / then.days
    return _replaced(last, total, days.days)


def _replaced(target: Target, value: float, days: int) -> Target:
    kept = {name: getattr(target, name) for name in Target.__slots__}
    return Target(**{**kept, "value": value, "days": days})


def held_against(row: Mapping[str, Any], metric: Metric, aim: Target | None) -> dict[str, str]:
    """How a value stands to what was aimed at, in words; empty where nothing was.

    It is above or below only where its whole 95 % interval is.
    """
    value = row.get(metric.name)
    if aim is None or aim.value is None or value is None:
        return {}
    low, high = row.get(f"{metric.name}__low"), row.get(f"{metric.name}__high")
    share = f"{value / aim.value:.0%} of " if aim.value > 0 else ""
    said = {
        "text": f"{share}target",
        "detail": f"{aim.direction} {written.number(aim.value, metric)}",
        "tone": "flat",
        "relation": "no interval, so not told apart",
    }
    if low is None or high is None:
        return said
    if low <= aim.value <= high:
        return said | {"relation": "not told apart from it"}
    is_above = low > aim.value
    is_met = is_above == (aim.direction == "at least")
    side = "above" if is_above else "below"
    return said | {
        "relation": f"{side} it with 95 % confidence",
        "tone": "good" if is_met else "bad",
    }
