"""Churn, cohorts and tenure against plain loops over the demo's billing events."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize  # pyright: ignore[reportMissingTypeStubs]
from scipy.special import betaln
from scipy.stats import CensoredData, ecdf

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access, TimeBucket
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import UnsafeQuestion
from queries.lake.lake import Lake
from queries.model import Comparison, Query, Result
from queries.period import Grain, Period, end_of, start_of
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo

Row = dict[str, Any]
STARTS = ("signup_paid", "rejoin")
ENDS = ("cancel_voluntary", "cancel_involuntary")


@dataclass
class Membership:
    """From a sign-up or a return to a cancellation, if there is one by the last complete day."""

    account: int
    start: date
    end: date | None
    plan: str

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or self.end > day)


class Company:
    """The demo's billing as memberships, and what the warehouse says of them."""

    def __init__(self, home: Path, engine: DuckDBEngine) -> None:
        self.engine = engine
        self.warehouse = Warehouse(
            Lake(home / "lake"), engine, FrameCache(None), builtin(), fewest=0
        )
        self.tables = self.warehouse.snapshot()
        kinds = {r["account_id"]: r["account_kind"] for r in self.rows("accounts")}
        complete = self.tables.complete_through("billing_events")
        assert complete is not None
        self.complete: date = complete
        events = sorted(
            self.rows("billing_events"),
            key=lambda r: (r["local_date"], r["event_ts"], r["event_id"]),
        )
        self.events = [
            e for e in events if kinds[e["account_id"]] == "member" and e["local_date"] <= complete
        ]
        self.memberships = memberships(self.events)

    def rows(self, table: str) -> list[Row]:
        return pl.read_parquet(list(self.tables.files(table))).to_dicts()

    def ask(self, dataset: str, metrics: list[str], by: list[Any], **said: Any) -> Result:  # noqa: ANN401  # any part of a query
        found = self.warehouse.dataset(dataset)
        keys = tuple(
            TimeBucket(found.time, k) if isinstance(k, Grain) else found.dimension(k) for k in by
        )
        named = tuple(found.metric(m) for m in metrics)
        return self.warehouse.ask(Query(dataset=found, metrics=named, by=keys, **said), Access())


def memberships(events: list[Row]) -> list[Membership]:
    open_now: dict[int, Membership] = {}
    found: list[Membership] = []
    for event in events:
        account = event["account_id"]
        if event["kind"] in STARTS:
            open_now[account] = Membership(account, event["local_date"], None, event["plan_to"])
            found.append(open_now[account])
        elif event["kind"] in ENDS:
            open_now.pop(account).end = event["local_date"]
    return found


@pytest.fixture(scope="module")
def company(demo_home: Path) -> Iterator[Company]:
    engine = DuckDBEngine(memory="1GB")
    yield Company(demo_home, engine)
    engine.close()


def test_gross_and_net_churn_are_over_the_members_at_the_end_of_the_month_before(company: Company):
    cancels: Counter[date] = Counter()
    returns: Counter[date] = Counter()
    left: dict[int, date] = {}
    for event in company.events:
        month, account = event["local_date"].replace(day=1), event["account_id"]
        if event["kind"] in ENDS:
            cancels[month] += 1
            left[account] = event["local_date"]
        if event["kind"] == "rejoin":
            gone = left[account]
            returns[month] += event["local_date"] <= gone.replace(year=gone.year + 1)
    result = company.ask("churn", ["gross_churn", "net_churn", "months_at_risk"], [Grain.MONTH])
    months = [m for m in result.frame["month"] if m > date(2024, 1, 1)]
    assert len(months) > 24
    for row in result.frame.iter_rows(named=True):
        if row["month"] not in months or row["incomplete"]:
            continue
        day = row["month"] - timedelta(1)
        before = sum(m.covers(day) for m in company.memberships)
        assert row["months_at_risk"] == before
        assert row["gross_churn"] == pytest.approx(cancels[row["month"]] / before)
        net = cancels[row["month"]] - returns[row["month"]]
        assert row["net_churn"] == pytest.approx(net / before)
        assert row["gross_churn__low"] < row["gross_churn"] < row["gross_churn__high"]


def test_members_at_the_end_are_those_before_with_who_came_and_without_who_left(company: Company):
    ends = company.ask("membership", ["members"], [Grain.MONTH])
    members = dict(ends.frame.select("date", "members").iter_rows())
    months = sorted(members)
    for month in months[:-1]:
        last = end_of(month, Grain.MONTH)
        assert members[month] == sum(m.covers(last) for m in company.memberships)
    for earlier, month in pairwise(months[:-1]):
        period = Period(month, end_of(month, Grain.MONTH))
        net = company.ask("billing", ["net_adds"], [], period=period).frame["net_adds"].item()
        assert members[month] == members[earlier] + net
    latest = company.warehouse.latest(company.warehouse.dataset("membership"))
    total = sum(m.covers(latest) for m in company.memberships)
    assert ends.total["members"].item() == total


def test_recurring_revenue_is_what_members_were_last_charged(company: Company):
    latest = company.warehouse.latest(company.warehouse.dataset("membership"))
    price: dict[int, float] = {}
    for event in company.events:
        if event["kind"] in (*STARTS, "renewal") and event["local_date"] <= latest:
            price[event["account_id"]] = float(event["amount_usd"])
    expected = sum(price[m.account] for m in company.memberships if m.covers(latest))
    asked = company.ask("membership", ["monthly_revenue_usd"], ["plan"])
    assert asked.total["monthly_revenue_usd"].item() == pytest.approx(expected)
    assert asked.frame["monthly_revenue_usd"].sum() == pytest.approx(expected)


def test_a_cohort_counts_at_a_month_only_when_all_of_it_was_followed_so_long(company: Company):
    cells = company.ask("cohorts", ["cohort_survival", "reached"], [Grain.MONTH, "months_since"])
    seen = {(r["joined"], r["months_since"]): r for r in cells.frame.iter_rows(named=True)}
    cohorts: dict[date, list[Membership]] = defaultdict(list)
    for one in company.memberships:
        cohorts[start_of(one.start, Grain.MONTH)].append(one)
    young = 0
    for cohort, members in cohorts.items():
        for month in range(0, 45, 3):
            is_mature = end_of(cohort, Grain.MONTH) + timedelta(30 * month) <= company.complete
            row = seen.get((cohort, month))
            if not is_mature:
                young += row is not None
                assert row is None or row["cohort_survival"] is None
                continue
            assert row is not None
            there = [m.covers(m.start + timedelta(30 * month)) for m in members]
            assert row["cohort_survival"] == pytest.approx(np.mean(there))
            assert row["reached"] == len(members)
    assert young > 10


def test_hazard_is_of_those_who_reach_a_month_that_is_over(company: Company):
    asked = company.ask("cohorts", ["monthly_hazard", "at_risk"], ["months_since"])
    for row in asked.frame.filter(pl.col("at_risk") > 0).iter_rows(named=True):
        day = 30 * row["months_since"]
        reached = [
            m
            for m in company.memberships
            if m.start + timedelta(day + 30) <= company.complete
            and m.covers(m.start + timedelta(day))
        ]
        left = sum(not m.covers(m.start + timedelta(day + 30)) for m in reached)
        assert row["at_risk"] == len(reached)
        assert row["monthly_hazard"] == pytest.approx(left / len(reached))


def test_the_median_tenure_is_that_of_scipy_on_censored_memberships(company: Company):
    ended = [(m.end - m.start).days for m in company.memberships if m.end]
    going = [(company.complete - m.start).days for m in company.memberships if not m.end]
    curve = ecdf(CensoredData(uncensored=ended, right=going)).sf
    expected = curve.quantiles[np.flatnonzero(curve.probabilities <= 0.5)[0]]
    asked = company.ask("memberships", ["median_tenure_days", "first_renewal_rate", "began"], [])
    row = asked.frame.row(0, named=True)
    assert row["median_tenure_days"] == expected
    assert row["began"] == len(company.memberships)
    first = [m for m in company.memberships if m.start + timedelta(30) < company.complete
             or (m.end and m.end <= company.complete)]  # fmt: skip
    stayed = sum(m.covers(m.start + timedelta(30)) for m in first)
    assert row["first_renewal_rate"] == pytest.approx(stayed / len(first))


def test_revenue_a_member_is_over_the_mean_of_start_and_end(company: Company):
    month = date(2026, 9, 1)
    last, before = date(2026, 9, 30), date(2026, 8, 31)
    paid = defaultdict[date, Counter[int]](Counter)
    for event in company.events:
        paid[event["local_date"].replace(day=1)][event["account_id"]] += event["amount_usd"]
    members = [sum(m.covers(d) for m in company.memberships) for d in (before, last)]
    asked = company.ask(
        "churn", ["revenue_per_member_usd", "net_revenue_retention"], [], period=Period(month, last)
    )
    row = asked.frame.row(0, named=True)
    now, then = paid[month], paid[date(2026, 8, 1)]
    total = float(sum(now.values()))
    assert row["revenue_per_member_usd"] == pytest.approx(total / (sum(members) / 2))
    who = {a for a, amount in then.items() if amount > 0}
    kept = float(sum(now[a] for a in who)) / float(sum(then[a] for a in who))
    assert row["net_revenue_retention"] == pytest.approx(kept)


def test_the_churn_gap_is_between_fifths_by_hours_of_the_four_weeks_before(company: Company):
    month = date(2026, 10, 1)
    before = month - timedelta(1)
    hours: Counter[int] = Counter()
    for play in company.rows("playback"):
        if play["account_id"] is not None and month - timedelta(28) <= play["local_date"] < month:
            hours[play["account_id"]] += play["watched_s"] or 0
    left = {
        e["account_id"]
        for e in company.events
        if e["kind"] in ENDS and e["local_date"].replace(day=1) == month
    }
    asked = company.ask(
        "churn", ["gross_churn", "months_at_risk", "churn_gap"], ["hours_fifth"],
        period=Period(month, date(2026, 10, 31)),
    )  # fmt: skip
    fifths = {r["hours_fifth"]: r for r in asked.frame.iter_rows(named=True) if r["hours_fifth"]}
    at_start = [m.account for m in company.memberships if m.covers(before)]
    sizes = [fifths[k]["months_at_risk"] for k in range(1, 6)]
    assert sum(sizes) == len(at_start)
    assert max(sizes) - min(sizes) < 25
    gap = fifths[1]["gross_churn"] - fifths[5]["gross_churn"]
    assert asked.total["churn_gap"].item() == pytest.approx(gap)
    least = sorted(at_start, key=lambda a: hours[a])[: int(sizes[0]) - 10]
    churned = sum(a in left for a in least) / len(least)
    assert fifths[1]["gross_churn"] == pytest.approx(churned, abs=0.02)


def test_the_value_of_a_membership_is_that_of_a_loop_over_charges_and_months(company: Company):
    """Fader & Hardie's likelihood by SciPy's beta functions, its maximum by another search."""
    charges = defaultdict[int, list[tuple[date, float]]](list)
    for event in company.events:
        charges[event["account_id"]].append((event["local_date"], float(event["amount_usd"] or 0)))
    at_risk, leaving, paid = np.zeros(60), np.zeros(60), 0.0
    for one in company.memberships:
        for month in range(60):
            first, end = (one.start + timedelta(30 * (month + n)) for n in range(2))
            if end > company.complete or not one.covers(first):
                break
            at_risk[month] += 1
            leaving[month] += not one.covers(end)
            paid += sum(usd for day, usd in charges[one.account] if first <= day < end)
    at_risk, leaving = (part[at_risk > 0] for part in (at_risk, leaving))
    month = np.arange(len(at_risk))

    def surprise(logs: np.ndarray) -> float:
        alpha, beta = np.exp(logs)
        whole = betaln(alpha, beta + month)
        gone = betaln(alpha + 1, beta + month) - whole
        stays = betaln(alpha, beta + month + 1) - whole
        return -float((leaving * gone + (at_risk - leaving) * stays).sum())

    found: Any = minimize(surprise, np.zeros(2), method="Nelder-Mead", options={"fatol": 1e-9})
    alpha, beta = np.exp(found.x)
    still = np.exp(betaln(alpha, beta + np.arange(24)) - betaln(alpha, beta))
    worth = 0.4 * paid / at_risk.sum() * (still / 1.1 ** (np.arange(24) / 12)).sum()
    asked = company.ask("cohorts", ["membership_value_usd"], [])
    assert asked.total["membership_value_usd"].item() == pytest.approx(worth, rel=1e-4)


def test_a_period_that_cuts_months_is_of_its_whole_ones(company: Company):
    whole = Period(date(2026, 3, 1), date(2026, 4, 30))
    cut = Period(date(2026, 2, 3), date(2026, 5, 20))
    names = ["members", "gross_churn", "net_adds"]
    found, expected = (company.ask("churn", names, [], period=p) for p in (cut, whole))
    assert found.query.period == whole
    assert found.frame.equals(expected.frame)
    assert "Whole months: 2026-03-01 to 2026-04-30." in found.notes
    before = Comparison("custom", Period(date(2025, 2, 3), date(2025, 5, 20)))
    compared = company.ask("churn", names, [], period=cut, compare=before).query.compare
    assert compared is not None
    assert compared.period == Period(date(2025, 3, 1), date(2025, 4, 30))


@pytest.mark.parametrize(
    ("kind", "earlier", "expected"),
    [
        ("previous", (date(2025, 10, 19), date(2026, 2, 2)), (date(2026, 1, 1), date(2026, 2, 28))),
        ("last year", (date(2025, 2, 1), date(2025, 5, 31)), (date(2025, 3, 1), date(2025, 4, 30))),
    ],
)
def test_whole_months_are_held_against_as_many(
    company: Company,
    kind: Literal["previous", "last year"],
    earlier: tuple[date, date],
    expected: tuple[date, date],
):
    cut = Period(date(2026, 2, 3), date(2026, 5, 20))
    compare = Comparison(kind, Period(*earlier))
    found = company.ask("churn", ["net_adds"], [], period=cut, compare=compare)
    assert found.query.compare == Comparison(kind, Period(*expected))
    alone = company.ask("churn", ["net_adds"], [], period=Period(*expected))
    assert found.frame["net_adds__previous"][0] == alone.frame["net_adds"][0]


def test_a_period_without_a_whole_month_is_refused_where_numbers_are_of_months(company: Company):
    with pytest.raises(UnsafeQuestion, match="No whole month") as refused:
        company.ask("churn", ["members"], [], period=Period(date(2026, 3, 2), date(2026, 4, 29)))
    assert refused.value.code == "no_whole_bucket"


def test_a_sign_up_costs_what_was_spent_where_and_when_its_channel_spent(company: Company):
    spent: Counter[tuple[str, date, str]] = Counter()
    for row in company.rows("marketing_daily"):
        if row["objective"] == "acquisition" and row["date"] <= company.complete:
            spent[row["channel"], row["date"], row["country"]] += row["spend_usd"]
    of = {r["account_id"]: (r["signup_channel"], r["country"]) for r in company.rows("accounts")}
    came: Counter[str] = Counter()
    for event in company.events:
        channel, country = of[event["account_id"]]
        if event["kind"] == "signup_paid" and spent[channel, event["local_date"], country] > 0:
            came[channel] += 1
    whole = Period(date(2020, 1, 1), company.complete)
    found = company.ask("acquisition", ["cost_per_signup_usd"], ["signup_channel"], period=whole)
    costs = {r["signup_channel"]: r["cost_per_signup_usd"] for r in found.frame.to_dicts()}
    for channel, cost in costs.items():
        paid = float(sum(usd for (c, _, _), usd in spent.items() if c == channel))
        expected = paid / came[channel] if came[channel] else None
        assert cost == (None if expected is None else pytest.approx(expected))
    assert sum(cost is not None for cost in costs.values()) > 1
