"""Licences on the demo: numbers by plain loops over its rows, and the planted dear ones found."""

import json
from collections import defaultdict
from datetime import date, timedelta

import polars as pl
import pytest

from queries.analyses import licences
from queries.analyses.cluster import Scope
from queries.analyses.licences import FEWEST_VIEWERS
from queries.dataset import Access
from queries.model import Query
from tests.queries.derived_demo import Demo, Row

pytestmark = pytest.mark.demo

Window = tuple[int, str, date]


@pytest.fixture(scope="module")
def plays(demo: Demo) -> list[Row]:
    """Attempts of members on complete days."""
    names = (
        "account_id", "title_id", "country", "local_date", "watched_s", "outcome", "account_kind",
    )  # fmt: skip
    found = demo.rows("playback", *names)
    last = demo.complete
    return [p for p in found if p["account_kind"] == "member" and p["local_date"] <= last]


@pytest.fixture(scope="module")
def windows(demo: Demo) -> list[Row]:
    return demo.rows("availability")


def holds(window: Row, day: date) -> bool:
    return window["window_start"] <= day <= (window["window_end"] or date.max)


@pytest.fixture(scope="module")
def inside(windows: list[Row], plays: list[Row]) -> dict[Window, list[Row]]:
    """Plays by the window they lie in."""
    by_place: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for window in windows:
        by_place[window["title_id"], window["country"]].append(window)
    found: dict[Window, list[Row]] = defaultdict(list)
    for play in plays:
        for window in by_place[play["title_id"], play["country"]]:
            if holds(window, play["local_date"]):
                found[play["title_id"], play["country"], window["window_start"]].append(play)
    return found


def key(window: Row) -> Window:
    return window["title_id"], window["country"], window["window_start"]


def hours(plays: list[Row]) -> float:
    return sum(p["watched_s"] or 0 for p in plays) / 3600


def recent(plays: list[Row], last: date) -> list[Row]:
    return [p for p in plays if p["local_date"] > last - timedelta(28)]


def days_between(window: Row, first: date, last: date) -> int:
    start, end = max(window["window_start"], first), min(window["window_end"] or last, last)
    return max(0, (end - start).days + 1)


def test_licence_value_is_hours_over_the_fees_of_the_days_that_are_known(
    demo: Demo, windows: list[Row], inside: dict[Window, list[Row]]
):
    first = min(r["local_date"] for r in demo.rows("playback", "local_date"))
    watched = accrued = recent_usd = recent_hours = idle_usd = 0.0
    for window in windows:
        fee = window["licence_usd"]
        if not fee:
            continue
        whole = (window["window_end"] - window["window_start"]).days + 1
        here = float(fee) * days_between(window, first, demo.complete) / whole
        if here > 0:
            accrued += here
            watched += hours(inside.get(key(window), []))
        month = float(fee) * days_between(window, demo.complete - timedelta(27), demo.complete)
        recent_usd += month / whole
        seen = recent(inside.get(key(window), []), demo.complete)
        recent_hours += hours(seen) if month else 0
        if not any(p["outcome"] == "played" for p in seen):
            idle_usd += month / whole
    asked = demo.asked("licences")
    assert watched > 1_000
    assert asked["licence_value"] == pytest.approx(watched / accrued)
    assert asked["cost_per_hour"] == pytest.approx(recent_usd / recent_hours)
    assert asked["accrued_28_days_usd"] == pytest.approx(recent_usd)
    assert asked["idle_fee_share"] == pytest.approx(idle_usd / recent_usd)
    assert asked["unknown_fees"] == sum(w["licence_usd"] is None for w in windows) > 0


def test_utilisation_and_coverage_are_of_the_titles_that_could_be_played(
    demo: Demo, windows: list[Row], plays: list[Row]
):
    first, last = demo.complete - timedelta(27), demo.complete
    offered = {w["title_id"] for w in windows if days_between(w, first, last)}
    places = {(w["title_id"], w["country"]) for w in windows if days_between(w, first, last)}
    played = {
        p["title_id"]
        for p in recent(plays, last)
        if p["outcome"] == "played" and (p["title_id"], p["country"]) in places
    }
    names = ("title_id", "country", "local_date", "seen")
    seen = {
        r["title_id"]
        for r in demo.rows("impressions", *names)
        if r["seen"] and first <= r["local_date"] <= last
        and (r["title_id"], r["country"]) in places
    }  # fmt: skip
    asked = demo.asked("licences")
    assert 0.5 < len(played) / len(offered) < 1
    assert asked["utilisation"] == pytest.approx(len(played) / len(offered))
    assert asked["coverage"] == pytest.approx(len(seen) / len(offered))


def test_the_share_that_ends_is_of_the_hours_in_all_windows(
    demo: Demo, windows: list[Row], inside: dict[Window, list[Row]]
):
    for days in (30, 120):
        ending = whole = 0.0
        for window in windows:
            found = hours(recent(inside.get(key(window), []), demo.complete))
            whole += found
            end = window["window_end"]
            if end and demo.complete < end <= demo.complete + timedelta(days):
                ending += found
        asked = demo.asked("licensed_viewing", days=str(days))
        assert asked["ending_share"] == pytest.approx(ending / whole)
        assert asked["hours_28_days"] == pytest.approx(whole)
        assert asked["ending_share__low"] < asked["ending_share"] < asked["ending_share__high"]


def found_stake(demo: Demo, days: int) -> licences.Stake:
    viewing, windows = (
        Scope(demo.warehouse.dataset(name)) for name in ("licensed_viewing", "licences")
    )
    asked: list[Query] = licences.questions(viewing, windows, viewing, windows, days)
    return licences.stake(*(demo.warehouse.ask(q, Access()).frame for q in asked))


def test_what_ends_is_each_title_with_its_hours(
    demo: Demo, windows: list[Row], inside: dict[Window, list[Row]]
):
    expected: dict[int, float] = defaultdict(float)
    for window in windows:
        end = window["window_end"]
        if end and demo.complete < end <= demo.complete + timedelta(60):
            seen = recent(inside.get(key(window), []), demo.complete)
            expected[window["title_id"]] += hours(seen)
    titles = found_stake(demo, 60).titles
    assert titles.height == len(expected) > 10
    told = dict(titles.drop_nulls("hours").select("title_id", "hours").iter_rows())
    assert len(told) > 10
    assert told == pytest.approx({title: expected[title] for title in told})
    assert titles.filter("is_withheld")["title_id"].is_in([*told]).sum() == 0
    assert titles.filter(pl.col("viewers") > 0)["viewers"].min() >= FEWEST_VIEWERS  # type: ignore[operator]


def test_the_planted_dear_licences_are_the_dearest_for_sure(demo: Demo):
    planted = {
        json.loads(r["where"])["title_id"]
        for r in demo.rows("truths")
        if r["name"].startswith("dear_licence")
    }
    told = found_stake(demo, 60).dearer()["title_id"].to_list()
    assert planted
    assert planted <= set(told[: len(planted) + 2])
