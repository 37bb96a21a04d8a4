"""Visits: when accounts open the app, who of the household, on which device and version.

Counts a day follow activity, weekday and membership; times follow the viewer's own clock. Rows are
sorted by profile, then time: what one profile does next depends on what it did before.
"""

# pyright: standard
# Strict checking needs types that NumPy does not give for drawn counts.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.clock import DAY_S, Clock
from queries.lake.demo.planted import Planted
from queries.lake.demo.world import Block

A_DAY = 1.62
WEEKDAY = np.array([0.95, 0.94, 0.96, 1.0, 1.12, 1.34, 1.3])
_HOUR = np.array(
    [2.9, 1.7, 1.0, 0.62, 0.42, 0.42, 0.7, 1.2, 1.6, 1.8, 2.1, 2.3,
     2.8, 2.8, 2.8, 3.1, 3.8, 4.9, 6.8, 9.2, 11.6, 11.9, 8.8, 5.2]
)  # fmt: skip
_WEEKEND_HOUR = np.array(
    [3.6, 2.3, 1.4, 0.8, 0.5, 0.45, 0.6, 1.1, 1.8, 2.6, 3.2, 3.6,
     4.0, 4.2, 4.3, 4.5, 4.9, 5.6, 7.0, 9.0, 11.0, 11.2, 8.8, 5.8]
)  # fmt: skip
_KIDS_EARLIER_S = 3 * 3600
VERSIONS = (
    ("tv", "9.2.0"), ("tv", "9.3.0"), ("tv", "9.4.0"), ("web", "5.20"), ("web", "5.21"),
    ("web", "5.22"), ("phone", "12.6"), ("phone", "12.7"), ("phone", "12.8"), ("tablet", "12.6"),
    ("tablet", "12.7"), ("tablet", "12.8"),
)  # fmt: skip
_ROLLOUT_DAYS = 6.0


@dataclass(frozen=True)
class Visits:
    """One row a visit. `second` is local, within the day; `start_s` is UTC, of the world."""

    account: np.ndarray
    profile: np.ndarray
    who: np.ndarray
    kids: np.ndarray
    day: np.ndarray
    second: np.ndarray
    start_s: np.ndarray
    ahead_s: np.ndarray
    country: np.ndarray
    device: np.ndarray
    version: np.ndarray
    profile_starts: np.ndarray

    @property
    def count(self) -> int:
        return len(self.account)


def visits(block: Block) -> Visits:
    """Every visit of the block's accounts that arrives in the lake at all."""
    world, dice = block.world, block.dice("visits")
    people, clock = world.people, world.clock
    row, day = _when(block, dice)
    account = (row + block.accounts.start).astype(np.int32)
    kept = ~world.lost[people.country[account], day]
    account, day = account[kept], day[kept].astype(np.int16)
    profile = _profile(dice, people.profile_share, account)
    kids = (profile == 1) & people.has_kids[account]
    second = _second(dice, clock, day, kids)
    who = (account - block.accounts.start) * 8 + profile
    when = day.astype(np.int64) * DAY_S + second
    order = np.argsort((who.astype(np.int64) << 34) + when, kind="stable")
    account, profile, who, kids, day, second = (
        a[order] for a in (account, profile, who, kids, day, second)
    )
    ahead = clock.offset_s[people.zone[account], day]
    start = day.astype(np.int32) * DAY_S + second - ahead
    in_time = start < clock.end_s - 600
    account, profile, who, kids, day, second, ahead, start = (
        a[in_time] for a in (account, profile, who, kids, day, second, ahead, start)
    )
    device = (dice.random(len(account), np.float32)[:, None] > people.devices[account]).sum(1)
    starts = np.ones(len(who), bool)
    starts[1:] = who[1:] != who[:-1]
    return Visits(
        account=account,
        profile=profile,
        who=who,
        kids=kids,
        day=day,
        second=second,
        start_s=start,
        ahead_s=ahead,
        country=people.country[account],
        device=device.astype(np.int8),
        version=_version(block, world.plan, account, day, device),
        profile_starts=starts,
    )


def _when(block: Block, dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Account row and day of every visit."""
    world = block.world
    days, accounts = world.clock.days, block.accounts
    mood = np.exp(dice.normal(-0.045, 0.3, (len(accounts), days // 7 + 2))).astype(np.float32)
    weather = np.exp(dice.normal(0, 0.015, days)).astype(np.float32)
    often = world.people.activity[accounts.start : accounts.stop, None] * (
        A_DAY * (WEEKDAY[world.clock.weekday] / WEEKDAY.mean()).astype(np.float32) * weather
    )
    often *= mood[:, np.arange(days) // 7]
    often *= world.paid.alive(accounts, days)
    often *= world.cells.effect(world.plan, accounts, days)
    counts = dice.poisson(often)
    row, day = np.nonzero(counts)
    repeat = counts[row, day]
    return np.repeat(row, repeat), np.repeat(day, repeat)


def _profile(dice: np.random.Generator, share: np.ndarray, account: np.ndarray) -> np.ndarray:
    edges = np.cumsum(share, axis=1)[:, :-1]
    drawn = (dice.random(len(account), np.float32)[:, None] > edges[account] + 1e-6).sum(1)
    count = (share > 0).sum(1)
    return np.minimum(drawn, count[account] - 1).astype(np.int8)


def _second(
    dice: np.random.Generator, clock: Clock, day: np.ndarray, kids: np.ndarray
) -> np.ndarray:
    """Local second of the day: late evening at home, flatter at the weekend, earlier for kids."""
    drawn = dice.random(len(day))
    hours = np.arange(25) * 3600.0
    second = np.interp(drawn, _edges(_HOUR), hours)
    weekend = clock.weekday[day] >= 5  # noqa: PLR2004 - Saturday and Sunday
    second[weekend] = np.interp(drawn[weekend], _edges(_WEEKEND_HOUR), hours)
    second = np.where(kids & (second > _KIDS_EARLIER_S), second - _KIDS_EARLIER_S, second)
    return np.minimum(second, DAY_S - 1).astype(np.int32)


def _edges(hourly: np.ndarray) -> np.ndarray:
    steep = hourly**1.12
    return np.concatenate([[0], np.cumsum(steep / steep.sum())])


def _version(
    block: Block, plan: Planted, account: np.ndarray, day: np.ndarray, device: np.ndarray
) -> np.ndarray:
    """Each device has three versions; an account moves to a new one some days after it is out."""
    days = block.world.clock.days
    patience = block.dice("versions").random(len(block.accounts), np.float32)
    slow = patience[account - block.accounts.start]
    found = np.zeros(len(day), np.int8)
    for nth, out in ((1, days - 74), (2, plan.regression.day)):
        reached = 1 - np.exp(-np.maximum(day - out, 0) / _ROLLOUT_DAYS)
        found = np.where(slow < reached * 0.97, np.int8(nth), found)
    return (device * 3 + found).astype(np.int8)
