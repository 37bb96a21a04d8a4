"""Memberships: who pays when. Spans of days, and the billing events they consist of.

An account renews every 30 days. At a renewal the card may fail, and the member may leave by a
hazard of their own (beta, so that those who stay are the loyal ones); some of them come back.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass, field

import numpy as np

from queries.lake.demo.accounts import PLANS, PRICE_USD, Accounts
from queries.lake.demo.arrow import coded
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.planted import Planted

PERIOD_DAYS = 30
EVENTS = (
    "trial_start", "signup_paid", "renewal", "plan_change", "payment_failed", "cancel_voluntary",
    "cancel_involuntary", "rejoin", "refund",
)  # fmt: skip
REASONS = ("price", "nothing to watch", "moving", "quality", "too little time", "card declined")
TRIAL, SIGNUP, RENEWAL, CHANGE, FAILED, LEFT, DECLINED, REJOIN, REFUND = range(9)
_CARD_FAILS, _CARD_RECOVERS = 0.02, 0.68
_LEAVE_A, _LEAVE_B = 1.1, 14.2
_RETURNS, _AWAY_DAYS = 0.37, 85.0


@dataclass
class _Ledger:
    """Events as they are made, one chunk a step."""

    account: list[np.ndarray] = field(default_factory=list)
    day: list[np.ndarray] = field(default_factory=list)
    kind: list[np.ndarray] = field(default_factory=list)
    before: list[np.ndarray] = field(default_factory=list)
    after: list[np.ndarray] = field(default_factory=list)
    reason: list[np.ndarray] = field(default_factory=list)

    def add(
        self, account: np.ndarray, day: np.ndarray, kind: int, plans: tuple[np.ndarray, np.ndarray],
        reason: np.ndarray | int = -1,
    ) -> None:  # fmt: skip
        self.account.append(account)
        self.day.append(day)
        self.kind.append(np.full(len(account), kind, np.int8))
        self.before.append(plans[0])
        self.after.append(plans[1])
        self.reason.append(np.broadcast_to(np.asarray(reason, np.int8), account.shape))


@dataclass(frozen=True)
class Membership:
    """Spans [start, end) of paying days, sorted by account, and events sorted by day."""

    account: np.ndarray
    start: np.ndarray
    end: np.ndarray
    events: dict[str, np.ndarray]
    plan: np.ndarray
    active: np.ndarray

    def alive(self, accounts: range, days: int) -> np.ndarray:
        """Per account of the range and day of the world, whether it is a member."""
        change = np.zeros((len(accounts), days + 1), np.int8)
        low, high = np.searchsorted(self.account, [accounts.start, accounts.stop])
        row = self.account[low:high] - accounts.start
        np.add.at(change, (row, np.clip(self.start[low:high], 0, days)), 1)
        np.add.at(change, (row, np.clip(self.end[low:high], 0, days)), -1)
        return np.cumsum(change[:, :-1], axis=1) > 0

    def on_day(self, day: int) -> np.ndarray:
        """Per account, whether it is a member on a day of the world."""
        found = np.zeros(len(self.active), bool)
        found[self.account[(self.start <= day) & (self.end > day)]] = True
        return found


def membership(people: Accounts, clock: Clock, plan: Planted, seed: int) -> Membership:
    """Live through every renewal of every account, one renewal of all at a time."""
    dice = stream(seed, "membership")
    n = people.count
    everyone = np.arange(n)
    leave = _loyalty(dice, n)
    tier = people.plan.copy()
    ledger = _Ledger()
    trial = everyone[dice.random(n) < 0.2]  # noqa: PLR2004 - those who try first
    ledger.add(trial, people.signup[trial] - 7, TRIAL, (tier[trial] * 0 - 1, tier[trial]))
    ledger.add(everyone, people.signup, SIGNUP, (tier * 0 - 1, tier.copy()))
    start, renewed = people.signup.copy(), people.signup.copy()
    spans: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    going = everyone
    while len(going):
        renewed[going] += PERIOD_DAYS
        going = going[renewed[going] < clock.days]
        going, gone = _renew(dice, ledger, (people, plan), (going, renewed, tier, leave))
        spans.append((gone, start[gone].copy(), renewed[gone].copy()))
        back = gone[dice.random(len(gone)) < _RETURNS]
        renewed[back] += 12 + (dice.exponential(_AWAY_DAYS, len(back))).astype(np.int32)
        back = back[renewed[back] < clock.days]
        ledger.add(back, renewed[back].copy(), REJOIN, (tier[back] * 0 - 1, tier[back].copy()))
        start[back] = renewed[back]
        going = np.concatenate([going, back])
    return _closed(ledger, spans, (people, clock, start, tier))


def hazards(
    paid: Membership, people: Accounts, plan: Planted, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Account, day and chance of leaving by oneself, of every renewal that was due."""
    leave = _loyalty(stream(seed, "membership"), people.count)
    events = paid.events
    due = np.isin(events["kind"], (RENEWAL, LEFT, DECLINED))
    account, day, tier = (events[name][due] for name in ("account", "day", "before"))
    dearer = _meets_price(people, plan, (account, day, tier))
    return account, day, leave[account] * np.where(dearer, plan.price.churn_factor, 1.0)


def _loyalty(dice: np.random.Generator, n: int) -> np.ndarray:
    """Per account, its chance of leaving at a renewal: the first that its stream draws."""
    return dice.beta(_LEAVE_A, _LEAVE_B, n)


def _meets_price(
    people: Accounts, plan: Planted, renewals: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """Which renewals (of an account, on a day, of a plan) are felt to be dearer."""
    account, day, tier = renewals
    price = plan.price
    return (
        (people.country[account] == geography().index(price.country))
        & (tier == PLANS.index(price.plan))
        & (day >= price.day)
        & (day < price.day + price.felt_days)
    )


def _renew(
    dice: np.random.Generator,
    ledger: _Ledger,
    world: tuple[Accounts, Planted],
    state: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """One renewal of the accounts that go on: those who stay, and those who leave."""
    people, plan = world
    going, renewed, tier, leave = state
    day, mine = renewed[going].copy(), tier[going].copy()
    n = len(going)
    fails = dice.random(n) < _CARD_FAILS
    declined = fails & (dice.random(n) > _CARD_RECOVERS)
    dearer = _meets_price(people, plan, (going, day, mine))
    hazard = leave[going] * np.where(dearer, plan.price.churn_factor, 1.0)
    leaves = ~declined & (dice.random(n) < hazard)
    why = dice.choice(5, n, p=[0.34, 0.3, 0.12, 0.08, 0.16])
    why = np.where(dearer & (dice.random(n) < 0.6), 0, why)  # noqa: PLR2004 - they say so
    stays = ~declined & ~leaves
    changes = stays & (dice.random(n) < 0.008)  # noqa: PLR2004 - a change of plan a year in ten
    other = (mine + dice.integers(1, len(PLANS), n)) % len(PLANS)
    nothing = np.full(n, -1, np.int8)
    ledger.add(going[fails], day[fails], FAILED, (mine[fails], mine[fails]), 5)
    ledger.add(going[declined], day[declined], DECLINED, (mine[declined], nothing[declined]), 5)
    ledger.add(going[leaves], day[leaves], LEFT, (mine[leaves], nothing[leaves]), why[leaves])
    ledger.add(
        going[changes], day[changes], CHANGE, (mine[changes], other[changes].astype(np.int8))
    )
    tier[going[changes]] = other[changes]
    ledger.add(going[stays], day[stays], RENEWAL, (mine[stays], tier[going[stays]].copy()))
    refund = going[stays & (dice.random(n) < 0.001)]  # noqa: PLR2004 - one renewal in a thousand
    ledger.add(refund, renewed[refund] + 1, REFUND, (tier[refund].copy(), tier[refund].copy()))
    return going[stays], going[~stays]


def _closed(
    ledger: _Ledger,
    spans: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    state: tuple[Accounts, Clock, np.ndarray, np.ndarray],
) -> Membership:
    people, clock, start, tier = state
    ended = tuple(np.concatenate(part) for part in zip(*spans, strict=True))
    last_end = np.full(people.count, -(10**6))
    np.maximum.at(last_end, ended[0], ended[2])
    open_now = np.flatnonzero(start >= last_end)
    account = np.concatenate([ended[0], open_now])
    order = np.argsort(account, kind="stable")
    forever = np.full(len(open_now), clock.days + 3650)
    events = {
        name: np.concatenate(getattr(ledger, name))
        for name in ("account", "day", "kind", "before", "after", "reason")
    }
    kept = events["day"] < clock.days
    by_day = np.lexsort((events["kind"][kept], events["account"][kept], events["day"][kept]))
    active = np.zeros(people.count, bool)
    active[open_now] = True
    return Membership(
        account=account[order],
        start=np.concatenate([ended[1], start[open_now]])[order],
        end=np.concatenate([ended[2], forever])[order],
        events={name: values[kept][by_day] for name, values in events.items()},
        plan=tier,
        active=active,
    )


def billing_table(
    paid: Membership, people: Accounts, clock: Clock, plan: Planted, seed: int
) -> dict[str, object]:
    """Columns of `billing_events`: amounts by plan, country and the planted price."""
    dice = stream(seed, "billing")
    e = paid.events
    n = len(e["day"])
    places = geography()
    country = people.country[e["account"]]
    charged = np.isin(e["kind"], (SIGNUP, RENEWAL, REJOIN))
    tier = np.where(e["after"] >= 0, e["after"], e["before"])
    dearer = (
        (country == places.index(plan.price.country))
        & (tier == PLANS.index(plan.price.plan))
        & (e["day"] >= plan.price.day)
    )
    level = np.array([c.price for c in places.countries])[country]
    usd = np.array(PRICE_USD)[tier] * level * np.where(dearer, plan.price.factor, 1.0)
    usd = np.round(np.where(charged, usd, np.where(e["kind"] == REFUND, -usd, 0.0)), 2)
    rate = np.array([c.per_usd for c in places.countries])[country]
    currencies = tuple(c.currency for c in places.countries)
    second = dice.integers(0, 86_400, n)
    utc = e["day"] * 86_400 + second - clock.offset_s[people.zone[e["account"]], 0]
    utc = np.minimum(utc, clock.end_s - 1800)
    period = e["kind"] <= RENEWAL
    return {
        "event_id": np.arange(1, n + 1),
        "account_id": e["account"] + 1,
        "event_ts": clock.timestamps(utc),
        "local_date": clock.dates(e["day"]),
        "kind": coded(e["kind"], EVENTS),
        "plan_from": coded(e["before"], PLANS),
        "plan_to": coded(e["after"], PLANS),
        "amount_local": np.round(usd * rate, 2),
        "currency": coded(country, currencies),
        "amount_usd": usd,
        "period_start": clock.dates(e["day"]),
        "period_end": clock.dates(
            e["day"] + np.where(period | (e["kind"] == REJOIN), PERIOD_DAYS, 0)
        ),
        "reason": coded(e["reason"], REASONS),
        "ingest_ts": clock.timestamps(np.minimum(utc + dice.integers(30, 1800, n), clock.end_s)),
    }
