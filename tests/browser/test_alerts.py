"""A load with a real change reaches who watches the metric, by a link to the same numbers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from portal.components.format import day as written
from portal.store.store import utc_now
from queries.catalog import builtin
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake.lake import Change, Lake
from queries.rollups import refresh
from tests.browser.conftest import ROOT, Open, served, settled

pytestmark = pytest.mark.browser

NAME = "playback.hours_viewed"
FED = 12
DRAWN = """() => document.querySelector('.js-plotly-plot').data
  .filter(line => line.y?.length).map(line => line.y[line.y.length - 1])"""
"""The last values of the first figure's lines."""


@pytest.fixture(scope="module")
def home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a lake that may be loaded."""
    home = tmp_path_factory.mktemp("loaded")
    copytree(demo_home / "lake", home / "lake")
    return home


@pytest.fixture(scope="module")
def base_url(home: Path) -> Iterator[str]:
    with served(home) as url:
        yield url


def load_a_tenth_of_a_day(home: Path) -> str:
    """The last complete day is delivered again, a tenth of it; gives the day."""
    lake, engine = Lake(home / "lake"), DuckDBEngine(memory="1GB")
    snapshot = lake.snapshot_now()
    day = snapshot.complete_through("playback")
    rows = pl.read_parquet(list(snapshot.files("playback"))).filter(pl.col("local_date") == day)
    few = rows.filter(pl.col("account_id") % 10 == 0)
    gone = pl.DataFrame({"local_date": [day]})
    lake.commit([Change(table="playback", rows=few, without=gone)], "restated")
    refresh(lake, builtin().datasets, engine)
    engine.close()
    assert day
    return f"{day.day} {day:%b %Y}"


def look(home: Path) -> str:
    environment = os.environ | {"PLAYHEAD_HOME": str(home), "PLAYHEAD_ENV": "demo"}
    command = [sys.executable, "-m", "portal.cli", "alerts"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return ran.stdout.decode()


def watch(page: Page) -> None:
    settled(page)
    page.locator(".tile").last.scroll_into_view_if_needed()
    row = page.locator(f'[data-metric="{NAME}"]')
    row.wait_for()
    row.locator("summary").click()
    row.get_by_role("button", name="Watch it").click()
    expect(page.get_by_text("You watch Hours viewed")).to_be_visible()


def test_who_watches_a_metric_on_health_is_told_of_a_load_and_finds_the_same_numbers(
    open_as: Open, home: Path
) -> None:
    page = open_as("Priya", "/health?find=hours+viewed")
    watch(page)
    page.goto("/alerts")
    expect(page.get_by_text("Nothing was more than chance so far.")).to_be_visible()
    day = load_a_tenth_of_a_day(home)
    assert re.search(r": [1-9]\d* new alert", look(home))
    page.reload()
    told = page.locator(".alert.is-day")
    expect(told).to_contain_text(f"h on {day}, foretold")
    found = re.search(r"Hours viewed: ([\d\u2009.]+)\sh on", told.inner_text())
    assert found
    told.get_by_role("link", name="See it").click()
    page.locator(".js-plotly-plot").first.wait_for()
    settled(page)
    days = page.evaluate(DRAWN)
    value = float(found[1].replace("\u2009", ""))
    assert any(abs(float(last) - value) <= 0.5 for last in days), (value, days)
    page.go_back()
    saw = f"you saw it {written(utc_now().date())}"
    expect(told).to_contain_text(saw)
    expect(told.get_by_role("button", name="Mark as seen")).to_have_count(0)
    rest = page.locator(".alert.is-new")
    if rest.count():
        expect(page.locator(".alert-count").first).to_have_text(str(rest.count()))
        page.get_by_role("button", name="Mark all as seen").click()
    expect(page.locator(".alert-bar")).to_contain_text("All seen")
    page.reload()
    expect(page.locator(".alert-bar")).to_contain_text("All seen")
    expect(page.locator(".alert-count").first).to_have_text("")
    expect(page.locator(".alert").filter(has_text=saw)).to_have_count(
        page.locator(".alert").count()
    )
    other = open_as("Kenji")
    other.goto("/alerts")
    expect(other.get_by_text("You watch nothing yet.")).to_be_visible()


def stop_a_feed(home: Path, table: str) -> None:
    """Make its loads daily, each a day's news, of which the last is overdue by half a day."""
    lake, none = Lake(home / "lake"), pl.DataFrame({"local_date": [date(1999, 1, 1)]})
    end, last = lake.snapshot_now().complete_through(table), utc_now() - timedelta(days=1.75)
    assert end
    for back in range(FED, -1, -1):
        loaded = last - timedelta(days=back)
        news = Change(table=table, without=none, complete_through=end - timedelta(days=back))
        Lake(home / "lake", clock=lambda at=loaded: at).commit([news], f"{back} days before")
    engine = DuckDBEngine(memory="1GB")
    refresh(lake, builtin().datasets, engine)
    engine.close()


def test_a_feed_that_stops_is_told_and_marked_where_its_numbers_stand(
    open_as: Open, home: Path
) -> None:
    page = open_as("Jonas", "/search")
    tile = page.locator(".tile", has=page.get_by_role("heading", name="Search success")).first
    tile.locator(".tile-menu").click()
    page.get_by_role("menuitem", name="Watch this metric").click()
    expect(page.get_by_text("You watch Search success")).to_be_visible()
    stop_a_feed(home, "searches")
    assert re.search(r": [1-9]\d* new alert", look(home))
    page.reload()
    settled(page)
    expect(tile).to_have_class(re.compile("is-doubted"))
    expect(tile.locator(".tile-foot")).to_contain_text("searches is late: expected by")
    page.goto("/alerts")
    told = page.locator(".alert.is-late")
    expect(told).to_contain_text("Search success: its data is late.")
    told.get_by_role("button", name="Mark as seen").click()
    expect(told).to_contain_text("you saw it")
    assert re.search(r": 0 new alerts", look(home)), "what is known to be late is told once"
