"""What is planted in the demo company is named by the finding on top of its page.

The company of size S is too small for some: they are tried where PLAYHEAD_TEST_HOME is a demo home
of size M.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from portal.components import sentence
from portal.open_page import ask, open_page
from portal.parts import open_warehouse
from portal.routing import discover
from portal.settings import Settings
from portal.tiles import AnomalyLog, Findings
from queries.dataset import Access
from queries.period import Period
from queries.warehouse import Warehouse

pytestmark = pytest.mark.demo
PAGES = discover("pages")
IS_M = "PLAYHEAD_TEST_HOME" in os.environ


@dataclass(frozen=True)
class Named:
    """A truth, its page, what its sentence reads, and how sure that is of a cause."""

    truth: str
    page: str
    sentence: str
    evidence: str
    needs_m: bool = False


NAMED = (
    Named("outage", "/quality", r"Starts over Brazil, Edge b failed on \d+ Nov: \d", "descriptive"),
    Named(
        "slow_version", "/quality",
        r"Startup time, mean with app version 9\.4\.0 is higher by (1\d|2\d)", "descriptive",
    ),
    Named(
        "policy_value_pvr_v2_plays", "/ranker-lab",
        r"What a seen slot earns under pvr_v2 is expected to rise 1\d\.\d%", "forecast",
    ),
    Named(
        "winning_artwork", "/artwork", r"Image {artwork_id} of .* earns a take rate [\d.]+% higher",
        "randomised", needs_m=True,
    ),
    Named(
        "slow_vendor", "/production", r"Work waits for {vendor} at VFX [\d.]+ times as long",
        "descriptive",
    ),
    Named(
        "bad_cut", "/inside", r"Episode 2 of .*: of those who come there \d+% leave", "descriptive",
    ),
    Named(
        "price_change", "/membership",
        r"Voluntary churn of United States, standard was raised [\d.]+ pt", "quasi-experiment",
        needs_m=True,
    ),
    Named(
        "experiment_pvr_v2_homepage", "/experiments",
        r"pvr_v2_homepage: .* was raised [\d.]+%", "randomised", needs_m=True,
    ),
    Named(
        "unmet_demand", "/search", r"Without a result in South Korea rose \d", "descriptive",
        needs_m=True,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Warehouse:
    environment = {"PLAYHEAD_HOME": str(demo_home), "PLAYHEAD_LAKE": str(demo_home / "lake")}
    return open_warehouse(Settings.from_environment(environment))


def where(warehouse: Warehouse, truth: str) -> dict[str, Any]:
    """The rows that a truth is about."""
    truths = pl.read_parquet(list(warehouse.snapshot().files("truths")))
    found = truths.filter(pl.col("name") == truth)
    assert found.height >= 1
    days = [date.fromisoformat(day) for day in found["period"][0].split(" to ") if day]
    return {**json.loads(found["where"][0]), **({"days": Period(*days)} if days else {})}


def wanted(warehouse: Warehouse, named: Named) -> re.Pattern[str]:
    """The sentence of a truth, with its own names."""
    facts = where(warehouse, named.truth)
    return re.compile(named.sentence.format(**facts) if "{" in named.sentence else named.sentence)


def top(warehouse: Warehouse, path: str, search: str = "") -> dict[str, Any]:
    """What the page's findings show."""
    opened = open_page(PAGES[path], search, warehouse, Access())
    (tile,) = (t for t in opened.tiles().values() if isinstance(t, Findings))
    results = ask(opened, tile, warehouse, Access())
    return dict(tile.draw(results, opened.tile_context(tile)).content)


def said(claim: dict[str, Any]) -> str:
    parts = ("subject", "verb", "size", "interval", "against", "reason")
    return " ".join(str(claim[part]) for part in parts if claim[part])


TRIED = tuple(n for n in NAMED if IS_M or not n.needs_m)


@pytest.mark.parametrize("named", TRIED, ids=lambda n: n.truth)
def test_a_planted_truth_is_named_on_its_page(warehouse: Warehouse, named: Named):
    sentence_of = wanted(warehouse, named)
    claims = [c for c in top(warehouse, named.page)["claims"] if sentence_of.search(said(c))]
    assert len(claims) == 1
    assert claims[0]["evidence"] == named.evidence
    assert claims[0]["interval"]


def test_the_bad_cut_is_named_by_its_minutes_on_the_page_of_its_title(warehouse: Warehouse):
    facts = where(warehouse, "bad_cut")
    titles = pl.read_parquet(list(warehouse.snapshot().files("titles")))
    name = titles.filter(pl.col("title_id") == facts["video_id"] // 100)["name"][0]
    claims = top(warehouse, "/inside", f"title={name}")["claims"]
    scene = next(c for c in claims if c["subject"].startswith("Episode 2 between "))
    start, end = re.findall(r"(\d+):\d\d", scene["subject"])
    assert facts["from_s"] // 60 - 2 <= int(start) <= facts["from_s"] // 60
    assert facts["to_s"] // 60 <= int(end) <= facts["to_s"] // 60 + 4


def test_days_that_never_arrived_are_said_to_be_missing_and_no_change(warehouse: Warehouse):
    truths = pl.read_parquet(list(warehouse.snapshot().files("truths")))
    lost = truths.filter(pl.col("name") == "missing_day").select("where", "period").rows()
    countries = {json.loads(where)["country"] for where, _ in lost}
    faults = top(warehouse, "/when-where")["faults"]
    assert len(faults) == len(countries) if IS_M else len(faults) <= len(countries)
    for fault in faults:
        assert re.search(r"Data fault: for (Poland|South Korea) no play attempts", fault)
        days = {
            date.fromisoformat(p[:10])
            for where, p in lost
            if ("PL" in where) == ("Poland" in fault)
        }
        assert str(max(days).day) in fault
        assert "%" not in fault


def test_a_licence_that_was_made_dear_is_named_before_it_ends(warehouse: Warehouse):
    truths = pl.read_parquet(list(warehouse.snapshot().files("truths")))
    dear = truths.filter(pl.col("name").str.starts_with("dear_licence"))["where"].to_list()
    planted = {json.loads(where)["title_id"] for where in dear}
    titles = pl.read_parquet(list(warehouse.snapshot().files("titles")))
    names = titles.filter(pl.col("title_id").is_in(planted))["name"].to_list()
    (claim,) = top(warehouse, "/catalogue")["claims"]
    assert claim["filters"] in [("title", name) for name in names]
    assert "of hours" in claim["reason"]


def test_the_a_a_experiment_is_said_to_show_nothing(warehouse: Warehouse):
    for search in ("", "experiment=home_row_labels_aa"):
        content = top(warehouse, "/experiments", search)
        assert not [c for c in content["claims"] if "home_row_labels_aa" in c["subject"]]
        assert "home_row_labels_aa: no difference in hours per account" in content["silence"]


def test_only_experiments_with_something_planted_are_claimed(warehouse: Warehouse):
    claims = top(warehouse, "/experiments")["claims"]
    named = {claim["subject"].partition(":")[0] for claim in claims}
    assert named <= {"pvr_v2_homepage", "search_typeahead"}


def test_causes_are_named_only_where_something_was_left_untreated(warehouse: Warehouse):
    for path in sorted({n.page for n in NAMED} | {"/marketing", "/locations", "/titles"}):
        for claim in top(warehouse, path)["claims"]:
            if claim["evidence"] in ("randomised", "quasi-experiment"):
                continue
            words = said(claim).lower()
            assert not [word for word in sentence.CAUSAL if word in words], words


if IS_M:

    def test_the_planted_outage_is_on_the_log_of_anomalies(warehouse: Warehouse):
        facts = where(warehouse, "outage")
        opened = open_page(PAGES["/health"], "", warehouse, Access())
        (log,) = (t for t in opened.tiles().values() if isinstance(t, AnomalyLog))
        results = ask(opened, log, warehouse, Access())
        (found,) = log.joined(results, opened.tile_context(log))
        failed = found.frame.filter(
            (pl.col("metric") == "start_failure_rate") & (pl.col("slice") == facts["country"])
        )
        assert facts["days"].start in failed["day"].to_list()
