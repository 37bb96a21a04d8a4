"""Every claim of every page is of a truth of the demo company, or follows from one.

Tried are all the changes that hold in the family of their page, not the three that it has room for.
What follows from a truth is listed here: a change goes the way that its truth says, and about as
far; one that launches explain is gone without them. The company of size S is too small for most:
they are tried where PLAYHEAD_TEST_HOME is a demo home of size M.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from portal.context import Context
from portal.open_page import ask, open_page
from portal.parts import open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.statement import Statement
from portal.tiles import Findings
from portal.tiles.findings import claimed
from portal.tiles.stated import stated
from queries.analyses.cluster import Estimate
from queries.analyses.findings import FALSE_DISCOVERIES, Candidate, candidates, find
from queries.condition import Filter, conjunction
from queries.dataset import Access
from queries.lake.demo.size import SIZES
from queries.period import Period
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
PAGES = discover("pages")
NEAR_SHARE, NEAR = 0.0025, 0.01
LEFT_WITHOUT = 0.5


@dataclass(frozen=True)
class Truths:
    """The truths of a home."""

    rows: pl.DataFrame

    def named(self, name: str) -> list[tuple[float, dict[str, Any], Period | None]]:
        found = self.rows.filter(pl.col("name") == name)
        assert found.height, name
        return [
            (value, json.loads(where), _period(period))
            for value, where, period in found.select("value", "where", "period").iter_rows()
        ]

    def mean(self, name: str, days: Period, **where: object) -> float:
        """Of the rows that these days touch, each for as many days as it shares with them."""
        weights = [
            (value, _shared(period, days))
            for value, rows, period in self.named(name)
            if period is not None and rows == where
        ]
        whole = sum(shared for _, shared in weights)
        assert whole > 0, (name, days)
        return sum(value * shared for value, shared in weights) / whole


@dataclass(frozen=True)
class Claimed:
    """A change that a page may state, where it was asked, and what is known."""

    change: Candidate
    context: Context
    truths: Truths
    warehouse: Warehouse

    @property
    def name(self) -> str:
        return f"{self.change.dataset.name}.{self.change.metric.name}"

    @property
    def slice_of(self) -> dict[str, Any]:
        return {self.change.dimension.name: self.change.value} if self.change.dimension else {}


Rule = Callable[[Claimed], bool]


def of_rows(truth: str, rises: bool, *metrics: str) -> Rule:
    """In the rows that a truth is about, while it is, the way that it moves them."""

    def holds(claim: Claimed) -> bool:
        change = claim.change
        return (
            claim.name in metrics
            and (change.change.value > 0) == rises
            and any(
                claim.slice_of.items() <= where.items()
                and (period is None or _shared(period, change.period) > 0)
                for _, where, period in claim.truths.named(truth)
            )
        )

    return holds


def as_much_as(truth: str, *metrics: str, at_end: bool = False) -> Rule:
    """By as much as a truth grows from the one period to the other, within the claim's interval."""

    def holds(claim: Claimed) -> bool:
        change = claim.change
        periods = change.period, change.comparison.period
        if claim.name not in metrics:
            return False
        if at_end:
            periods = tuple(Period(p.end - timedelta(30), p.end) for p in periods)
        now, before = (claim.truths.mean(truth, p) for p in periods)
        return _reaches(change, now / before - 1, change.before, NEAR)

    return holds


def by_loyalty(falls: bool, *metrics: str) -> Rule:
    """As those fewer or more of a channel who leave at a renewal say."""

    def holds(claim: Claimed) -> bool:
        change, kept = claim.change, claim.slice_of
        if claim.name not in metrics:
            return False
        kept = kept if "signup_channel" in kept else {}
        now, before = (
            claim.truths.mean("leaving_at_renewal", p, **kept)
            for p in (change.period, change.comparison.period)
        )
        moved = now - before if falls else before - now
        # What members pay follows the price rise as well.
        return _reaches(change, moved, 1.0, NEAR_SHARE if falls else 2 * NEAR_SHARE)

    return holds


def gone_without_launches(claim: Claimed) -> bool:
    """What the titles of the release calendar bring is not there without them."""
    change, one = claim.change, claim.context
    if change.dataset.name != "playback" or change.metric.kind == "distinct":
        return False
    launched = [int(where["title_id"]) for _, where, _ in claim.truths.named("launch")]
    title = change.dataset.dimension("title_id")
    kept = [Filter(title, "not in", tuple(launched))]
    if change.dimension is not None and change.value is not None:
        kept.append(Filter(change.dimension, "in", (change.value,)))
    rest = replace(
        replace(one, compare=change.comparison).question([change.metric.name]),
        where=conjunction(one.condition, *kept),
    )
    (left,) = candidates([claim.warehouse.ask(rest, Access())])
    size, whole = (c.change.value / c.before for c in (left, change))
    return abs(size) < LEFT_WITHOUT * abs(whole)


FOLLOWS: dict[str, Rule] = {
    "slow version starts later": of_rows("slow_version", True, "playback.mean_startup_seconds"),
    "a late start is no good play": of_rows("slow_version", False, "playback.good_play_rate"),
    "starts fail in the outage": of_rows("outage", True, "playback.start_failure_rate"),
    "an unmet wish finds nothing": of_rows("unmet_demand", True, "searches.zero_result_rate"),
    "growth": as_much_as("members", "churn.members", "churn.monthly_revenue_usd", at_end=True),
    "more members watch": as_much_as("members", "playback.starters", "playback.accounts"),
    "members come more often": as_much_as(
        "wanted_visits", "playback.hours_viewed", "playback.hours_per_account", "playback.plays"
    ),
    "the loyal stay": by_loyalty(True, "churn.gross_churn", "churn.net_churn"),
    "the loyal go on paying": by_loyalty(False, "churn.net_revenue_retention"),
    "launches": gone_without_launches,
}
STATED = {
    "outage": r"^(Starts over Brazil, Edge b failed on|Failed starts, Brazil, )",
    "slow_version": r"^Startup time, mean with app version 9\.4\.0 is higher by",
    "policy_value_pvr_v2_plays": r"^What a seen slot earns under pvr_v2 is expected to rise",
    "winning_artwork": r"^Image {artwork_id} of .* earns a take rate [\d.]+% higher",
    "slow_vendor": r"^Work waits for {vendor} at VFX",
    "late_delivery": r"^At present throughput delivery of {name} is forecast \d+ days late",
    "bad_cut": r"^Episode 2 of .* of those who come there \d+% leave",
    "price_change": r"^Voluntary churn of United States, standard was raised",
    "experiment_pvr_v2_homepage": r"^pvr_v2_homepage: .* was raised",
    "experiment_search_typeahead": r"^search_typeahead: the sample ratio does not fit the plan",
    "campaign_signups": r"^Regions in spring brought",
    "dear_licence_1": r"^An hour of .* costs",
}


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    environment = {"PLAYHEAD_HOME": str(demo_home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    return open_warehouse(Settings.from_environment(environment))


@pytest.fixture(scope="module")
def truths(warehouse: Warehouse) -> Truths:
    return Truths(pl.read_parquet(list(warehouse.snapshot().files("truths"))))


@dataclass(frozen=True)
class Said:
    """What one page may claim: of its analyses in words, of its metrics as changes."""

    path: str
    statements: Sequence[str]
    changes: Sequence[Claimed]


def said(path: str, truths: Truths, warehouse: Warehouse) -> Iterator[Said]:
    opened = open_page(PAGES[path], "", warehouse, Access())
    for tile in opened.tiles().values():
        if isinstance(tile, Findings):
            results = ask(opened, tile, warehouse, Access())
            first = [r for r in results if r.query.compare and tile.is_first(r.query)]
            told = stated(tile.gathered, results, tile.contexts, opened.tile_context(tile))
            found = find(
                first,
                most=len(candidates(first)),
                beside=[s.probability for s in told],
                weakened=tile.weakened(results),
            )
            yield Said(
                path,
                [_words(s) for s in claimed(told, found)],
                [
                    Claimed(c, tile.contexts[c.dataset.name], truths, warehouse)
                    for c in found.claims
                ],
            )


@pytest.fixture(scope="module")
def pages(warehouse: Warehouse, truths: Truths) -> list[Said]:
    return [page for path in PAGES for page in said(path, truths, warehouse)]


@pytest.fixture(scope="module")
def by_chance(warehouse: Warehouse) -> int:
    """What may be claimed without a truth: nothing, and of few accounts on all pages one thing."""
    return 0 if warehouse.snapshot().rows("accounts") > SIZES["S"].accounts else 1


def test_a_change_that_a_page_claims_follows_from_a_truth(pages: list[Said], by_chance: int):
    """But for one in ten, which is what Benjamini and Hochberg promise of the claims of a page."""
    claims = [(page.path, claim) for page in pages for claim in page.changes]
    assert claims
    chance = [
        (path, claim.name, claim.slice_of, claim.change.change)
        for path, claim in claims
        if not any(follows(claim) for follows in FOLLOWS.values())
    ]
    assert len(chance) <= max(by_chance, FALSE_DISCOVERIES * len(claims)), chance


def test_every_statement_of_an_analysis_is_a_truth(
    pages: list[Said], truths: Truths, by_chance: int
):
    planted = [
        re.compile(text.format(**{key: re.escape(str(value)) for key, value in where.items()}))
        if "{" in text
        else re.compile(text)
        for name, text in STATED.items()
        for _, where, _ in truths.named(name)
    ]
    told = [(page.path, text) for page in pages for text in page.statements]
    chance = [(p, text) for p, text in told if not any(one.search(text) for one in planted)]
    assert len(told) > len(chance)
    assert len(chance) <= by_chance, chance


def test_a_claim_the_other_way_would_follow_from_nothing(pages: list[Said]):
    claims = [c for page in pages if page.path in ("/quality", "/value") for c in page.changes]
    assert claims
    for claim in claims:
        change = claim.change
        ends = Estimate(-change.change.value, -change.change.high, -change.change.low)
        turned = replace(claim, change=replace(change, change=ends))
        assert not any(follows(turned) for follows in FOLLOWS.values())


def _words(told: Statement) -> str:
    return " ".join(p for p in (told.subject, told.verb, told.size, told.interval) if p)


def _period(text: str) -> Period | None:
    first, _, last = text.partition(" to ")
    return Period(date.fromisoformat(first), date.fromisoformat(last)) if text else None


def _shared(one: Period | None, other: Period) -> int:
    if one is None:
        return 0
    return max(0, (min(one.end, other.end) - max(one.start, other.start)).days + 1)


def _reaches(change: Candidate, expected: float, scale: float, near: float) -> bool:
    """The same way, and an interval that comes as near as this to what is expected."""
    low, high = change.change.low / scale, change.change.high / scale
    same = (change.change.value > 0) == (expected > 0)
    return same and low - near <= expected <= high + near
