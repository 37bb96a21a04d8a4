"""Periods: resolved dates, both ends included, and the texts people write for them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from queries.errors import InvalidQuery


class Grain(StrEnum):
    """How finely a time dimension is cut. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def is_finer_than(self) -> "frozenset[Grain]":
        grains = list(Grain)
        return frozenset(grains[grains.index(self) + 1 :])


@dataclass(frozen=True, slots=True)
class Period:
    """Two dates, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InvalidQuery(f"The period ends ({self.end}) before it starts ({self.start}).")

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def shifted(self, days: int) -> "Period":
        return Period(self.start + timedelta(days), self.end + timedelta(days))

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


EXAMPLES = "Try “last 28 days”, “2026-02”, “2026-02-01 to 2026-02-14”, “last week” or “all”."
_LAST = re.compile(r"^(?:last|past)\s+(?:(\d{1,4})\s+)?(day|week|month|quarter|year)s?$")
_SHORT = re.compile(r"^(\d{1,4})\s*([dwmqy])(?:\s+as\s+of\s+(latest|\S+))?$")
_RANGE = re.compile(r"^(\d{4}-\d{2}-\d{2})\s*(?:to|\.\.|/|–|-)\s*(\d{4}-\d{2}-\d{2})$")
_THIS = re.compile(r"^(?:this\s+)?(week|month|quarter|year)(?:\s+to\s+date)?$")
_UNITS = {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def parse_period(text: str, latest: date, first: date | None = None) -> Period | None:
    """Resolve what a person wrote against the last complete day.

    `last N weeks|months|…` means complete calendar units before the one `latest` is in, unless
    `latest` ends it; `last N days` and `28d as of latest` end on `latest` itself. `all` gives
    None: no bound. Raises InvalidQuery with examples.
    """
    wanted = " ".join(text.lower().split())
    if wanted in ("all", "all time", ""):
        return Period(first, latest) if first is not None and first <= latest else None
    if wanted in ("latest", "yesterday", "today"):
        return Period(latest, latest)
    try:
        if match := _RANGE.match(wanted):
            return Period(date.fromisoformat(match[1]), date.fromisoformat(match[2]))
        if match := _SHORT.match(wanted):
            end = latest if match[3] in (None, "latest") else date.fromisoformat(match[3])
            return _ending(end, int(match[1]), _UNITS[match[2]])
        if match := _LAST.match(wanted):
            return _complete_units(latest, int(match[1] or 1), match[2])
        if match := _THIS.match(wanted):
            return Period(start_of(latest, Grain(match[1])), latest)
        return _calendar(wanted)
    except (ValueError, OverflowError):
        raise InvalidQuery(f"“{text}” is not a period I can read.", EXAMPLES) from None


def start_of(day: date, grain: Grain) -> date:
    """First day of the bucket of `grain` that `day` lies in."""
    match grain:
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - timedelta(day.weekday())
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
        case Grain.YEAR:
            return day.replace(month=1, day=1)


def end_of(day: date, grain: Grain) -> date:
    """Last day of the bucket of `grain` that `day` lies in."""
    match grain:
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return start_of(day, grain) + timedelta(6)
        case _:
            return _add_months(start_of(day, grain), _MONTHS[grain.value]) - timedelta(1)


def previous(period: Period) -> Period:
    """The equally long period just before; whole calendar months give the months before."""
    months = _whole_months(period)
    if months:
        return Period(_add_months(period.start, -months), period.start - timedelta(1))
    return period.shifted(-period.days)


def last_year(period: Period, smallest: Grain = Grain.DAY) -> Period:
    """The same weeks a year ago: 364 days back, so that weekdays line up.

    Where nothing is finer than months, the same months: 364 days would reach into a month more.
    """
    if smallest in (Grain.DAY, Grain.WEEK):
        return period.shifted(-364)
    start = _add_months(start_of(period.start, smallest), -12)
    return Period(start, end_of(_add_months(start_of(period.end, smallest), -12), smallest))


def _ending(end: date, count: int, unit: str) -> Period:
    if unit in _MONTHS:
        return Period(_add_months(end, -count * _MONTHS[unit]) + timedelta(1), end)
    return Period(end - timedelta(count * (7 if unit == "week" else 1) - 1), end)


def _complete_units(latest: date, count: int, unit: str) -> Period:
    if count < 1:
        raise ValueError(unit)
    if unit == "day":
        return _ending(latest, count, unit)
    grain = Grain(unit)
    end = latest if end_of(latest, grain) == latest else start_of(latest, grain) - timedelta(1)
    start = start_of(end, grain)
    if unit == "week":
        return Period(start - timedelta(7 * (count - 1)), end)
    return Period(_add_months(start, -(count - 1) * _MONTHS[unit]), end)


def _calendar(text: str) -> Period:
    """`2026`, `2026-q1`, `2026-02`, `2026-w07`, `2026-02-14`."""
    if re.fullmatch(r"\d{4}", text):
        return Period(date(int(text), 1, 1), date(int(text), 12, 31))
    if match := re.fullmatch(r"(\d{4})-?q([1-4])", text):
        start = date(int(match[1]), 3 * int(match[2]) - 2, 1)
        return Period(start, end_of(start, Grain.QUARTER))
    if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
        start = date(int(match[1]), int(match[2]), 1)
        return Period(start, end_of(start, Grain.MONTH))
    if match := re.fullmatch(r"(\d{4})-?w(\d{2})", text):
        start = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Period(start, start + timedelta(6))
    day = date.fromisoformat(text)
    return Period(day, day)


def is_whole_months(period: Period) -> bool:
    """Whether it begins with the first day of a month and ends with the last of one."""
    return _whole_months(period) > 0


def _whole_months(period: Period) -> int:
    if period.start.day != 1 or end_of(period.end, Grain.MONTH) != period.end:
        return 0
    return 12 * (period.end.year - period.start.year) + period.end.month - period.start.month + 1


def _add_months(day: date, months: int) -> date:
    """The same day so many months on; the month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    start = date(day.year + years, month + 1, 1)
    following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return min(start.replace(day=1) + timedelta(day.day - 1), following - timedelta(1))


def bucket_pairs(period: Period, earlier: Period, grain: Grain) -> dict[date, date]:
    """The first bucket of one period for the first of the other, and so on."""
    starts = bucket_starts(period, grain)
    return dict(zip(starts, bucket_starts(earlier, grain), strict=False))


def bucket_starts(period: Period, grain: Grain) -> list[date]:
    """The first day of each bucket of a period, the first one's before it where that is cut."""
    starts: list[date] = []
    day = start_of(period.start, grain)
    while day <= period.end:
        starts.append(day)
        day = end_of(day, grain) + timedelta(1)
    return starts


def whole_buckets(period: Period, grain: Grain) -> Period | None:
    """From the first day of the first bucket that lies in a period to the last of the last one."""
    starts = [s for s in bucket_starts(period, grain) if s >= period.start]
    whole = [start for start in starts if end_of(start, grain) <= period.end]
    return Period(whole[0], end_of(whole[-1], grain)) if whole else None


def bucket_around(day: date, grain: Grain) -> Period:
    """The bucket that a day lies in."""
    return Period(start_of(day, grain), end_of(day, grain))
