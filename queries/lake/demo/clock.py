"""The days of the world, and the three clocks: local time, UTC, and time of arrival.

Days are counted from the first day of the world, seconds from its midnight.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from queries.lake.demo.geography import geography

DAY_S = 86_400
LATE_SHARE = 0.03
LATE_AFTER_S = 24 * 3600


@dataclass(frozen=True)
class Clock:
    """Days from `first` to `last`, both of them local days with data. Nothing is known later."""

    first: date
    days: int

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def epoch_day(self) -> int:
        return (self.first - date(1970, 1, 1)).days

    @cached_property
    def weekday(self) -> np.ndarray:
        """Per day, 0 for Monday to 6 for Sunday."""
        return (np.arange(self.days) + self.first.weekday()) % 7

    @cached_property
    def offset_s(self) -> np.ndarray:
        """Per zone and day, seconds that local time is ahead of UTC; a day more than the world."""
        noons = [self.first + timedelta(days=d) for d in range(self.days + 1)]
        return np.array(
            [[_offset_s(ZoneInfo(zone), day) for day in noons] for zone in geography().zones],
            np.int32,
        )

    @property
    def end_s(self) -> int:
        """UTC midnight after the last day: what arrives later is not in the lake yet."""
        return self.days * DAY_S

    def day(self, when: date) -> int:
        return (when - self.first).days

    def date(self, day: int) -> date:
        return self.first + timedelta(days=int(day))

    def timestamps(self, seconds: np.ndarray) -> np.ndarray:
        """UTC seconds of the world as datetime64[us]; fractions of a second stay."""
        micro = np.asarray(np.asarray(seconds, np.float64) * 1e6, np.int64)
        return (micro + self.epoch_day * DAY_S * 1_000_000).view("datetime64[us]")

    def dates(self, days: np.ndarray) -> np.ndarray:
        return (np.asarray(days, np.int64) + self.epoch_day).astype("datetime64[D]")


def arrival_delay_s(dice: np.random.Generator, n: int) -> np.ndarray:
    """Seconds until an event arrives: minutes mostly, over a day for about 3 %."""
    soon = dice.standard_exponential(n, np.float32) * 1200 + 30
    late = dice.random(n, np.float32) < LATE_SHARE
    later = LATE_AFTER_S + dice.standard_exponential(n, np.float32) * 5 * 3600
    return np.where(late, later, np.minimum(soon, LATE_AFTER_S - 1)).astype(np.int32)


def _offset_s(zone: ZoneInfo, day: date) -> int:
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return int((noon.replace(tzinfo=UTC) - noon.astimezone(UTC)).total_seconds())
