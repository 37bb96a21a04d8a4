"""Membership by other cohorts and as of an earlier day, against loops over the events."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from pages.membership import PAGE
from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.drawn import Drawings
from portal.open_page import ask, open_page
from portal.page import Tile
from portal.tiles import (
    Churn,
    CohortOptions,
    CohortTriangle,
    Findings,
    Hazard,
    MemberFlow,
    TenureCurves,
)
from queries.analyses import survival
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter, conjunction
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import AccessDenied, UnsafeQuestion
from queries.lake.lake import Lake
from queries.listing import Listing
from queries.model import Query
from queries.period import Grain, Period, end_of, start_of
from queries.warehouse import Warehouse
from tests.queries.test_membership_metrics import Company, Membership, memberships

pytestmark = pytest.mark.demo
UNTIL = date(2026, 5, 20)


@pytest.fixture(scope="module")
def company(demo_home: Path) -> Iterator[Company]:
    engine = DuckDBEngine(memory="1GB")
    yield Company(demo_home, engine)
    engine.close()


@pytest.fixture(scope="module")
def known(company: Company) -> list[Membership]:
    """Memberships as anybody could know them on the day."""
    return memberships([e for e in company.events if e["local_date"] <= UNTIL])


def opened(company: Company, kind: type[Tile], query: str) -> tuple[Tile, Context]:
    page = open_page(PAGE, query, company.warehouse, Access())
    tile = next(t for t in page.tiles().values() if isinstance(t, kind))
    return tile, page.tile_context(tile)


def asked(company: Company, kind: type[Tile], query: str) -> list[dict[str, Any]]:
    tile, context = opened(company, kind, query)
    (question,) = tile.questions(context)
    assert isinstance(question, Query)
    return company.warehouse.ask(question, Access()).frame.to_dicts()


def drawn(company: Company, kind: type[Tile], query: str) -> Drawing:
    page = open_page(PAGE, query, company.warehouse, Access())
    tile = next(t for t in page.tiles().values() if isinstance(t, kind))
    return tile.draw(ask(page, tile, company.warehouse, Access()), page.tile_context(tile))


def test_the_hazard_is_what_it_was_on_the_day(company: Company, known: list[Membership]):
    rows = asked(company, Hazard, f"until={UNTIL}")
    assert len(rows) > 12
    for row in rows:
        day = 30 * row["months_since"]
        at_risk = [
            m
            for m in known
            if m.start + timedelta(day + 30) <= UNTIL and m.covers(m.start + timedelta(day))
        ]
        left = sum(not m.covers(m.start + timedelta(day + 30)) for m in at_risk)
        assert row["at_risk"] == len(at_risk)
        assert row["monthly_hazard"] == pytest.approx(left / len(at_risk))


def test_the_curve_is_that_of_scipy_on_memberships_censored_on_the_day(
    company: Company, known: list[Membership]
):
    tile, context = opened(company, TenureCurves, f"until={UNTIL}")
    (question,) = tile.questions(context)
    assert isinstance(question, Query)
    whole = replace(question, by=question.by[1:])
    curve = survival.kaplan_meier(
        survival.tenure_counts(company.warehouse.ask(whole, Access()).frame)
    )
    ended = [(m.end - m.start).days for m in known if m.end]
    going = [(UNTIL - m.start).days for m in known if not m.end]
    expected = ecdf(CensoredData(uncensored=ended, right=going)).sf
    for time in range(0, 720, 45):
        assert curve.at(time) == pytest.approx(float(expected.evaluate(time)))
    assert curve.events.sum() == len(ended)


@pytest.mark.parametrize("unit", ["month", "week", "quarter"])
def test_cohorts_of_any_span_are_counted_once_all_of_them_were_followed(
    company: Company, known: list[Membership], unit: str
):
    grain = Grain(unit)
    cohorts: dict[date, list[Membership]] = defaultdict(list)
    for one in known:
        cohorts[start_of(one.start, grain)].append(one)
    rows = asked(company, CohortTriangle, f"cohort={unit}&until={UNTIL}")
    mature = 0
    for row in rows:
        months, members = row["months_since"], cohorts[row["joined"]]
        if end_of(row["joined"], grain) + timedelta(30 * months) > UNTIL:
            continue
        mature += 1
        there = [m.covers(m.start + timedelta(30 * months)) for m in members]
        assert row["reached"] == len(members)
        assert row["cohort_survival"] == pytest.approx(np.mean(there))
    assert mature > 50
    content = drawn(company, CohortTriangle, f"cohort={unit}&until={UNTIL}").content
    shown = sum(cell is not None for line in content["cells"] for cell in line)
    assert 0 < shown <= mature


def test_cohorts_by_plan_are_of_all_who_joined_so_long_ago(
    company: Company, known: list[Membership]
):
    for row in asked(company, CohortTriangle, f"cohort=plan&until={UNTIL}"):
        day = timedelta(30 * row["months_since"])
        members = [m for m in known if m.plan == row["plan"] and m.start + day <= UNTIL]
        assert row["reached"] == len(members)
        assert row["cohort_survival"] == pytest.approx(
            np.mean([m.covers(m.start + day) for m in members])
        )


def test_months_until_the_last_complete_day_are_the_metric_itself(company: Company):
    usual = drawn(company, CohortTriangle, "").content
    again = drawn(company, CohortTriangle, "cohort=month").content
    assert usual == again
    weekly = drawn(company, CohortTriangle, "cohort=week").content
    assert weekly["cells"] != usual["cells"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("until=soon", "“soon” is no day"),
        ("until=2036-01-01", "1 Jan 2036 is not over yet"),
        ("until=1999-01-01", "1 Jan 1999 is not after"),
        ("cohort=mood", "“mood” makes no cohorts"),
    ],
)
def test_what_a_link_cannot_have_is_said_and_changes_nothing(
    company: Company, query: str, expected: str
):
    assert expected in drawn(company, CohortOptions, query).content["said"]
    assert drawn(company, CohortTriangle, query) == drawn(company, CohortTriangle, "")


def test_what_is_censored_is_said_on_every_tile_that_it_changes(company: Company):
    for kind in (CohortTriangle, Hazard, TenureCurves):
        notes = " ".join(drawn(company, kind, f"until={UNTIL}").notes)
        assert "As known on 20 May 2026" in notes
        assert "As known on" not in " ".join(drawn(company, kind, "").notes)


@pytest.mark.parametrize("query", ["", "?cohort=week", f"?until={UNTIL}"])
def test_a_survival_that_is_hidden_stays_hidden_however_cohorts_are_cut(
    company: Company, query: str
):
    formula = builtin().dataset("cohorts").metric("cohort_survival").formula
    hidden = frozenset(a for a in formula.aggregates() if "is_member" in (a.where or ""))
    access = Access(hidden=hidden)
    page = open_page(PAGE, query, company.warehouse, access)
    tile = next(t for t in page.tiles().values() if isinstance(t, CohortTriangle))
    with pytest.raises(AccessDenied):
        ask(page, tile, company.warehouse, access)


def test_small_cells_are_said_of_what_is_drawn_and_not_of_cohorts_that_are_not(
    demo_home: Path, company: Company
):
    warehouse = Warehouse(Lake(demo_home / "lake"), company.engine, FrameCache(None), builtin())
    page = open_page(PAGE, "cohort=quarter", warehouse, Access())
    name, tile = next((n, t) for n, t in page.tiles().items() if isinstance(t, CohortTriangle))
    answer = Drawings(warehouse).draw(page, name, tile)
    cells = [cell for line in answer["drawing"]["content"]["cells"] for cell in line if cell]
    few = sum(cell["few"] for cell in cells)
    (result,) = ask(page, tile, warehouse, Access())
    assert 0 < few < (result.frame["small"] == "few").sum()
    assert [n for n in answer["foot"]["notes"] if "200 accounts" in n] == [
        f"{few} values rest on fewer than 200 accounts: too few to read much into."
    ]


def test_no_month_stands_empty_beyond_the_last_that_a_cohort_was_followed_to(company: Company):
    cells = drawn(company, CohortTriangle, "cohort=week").content["cells"]
    assert any(line[-1] for line in cells)
    assert len(cells[0]) < 13


def test_members_who_come_and_go_are_those_of_whole_months(company: Company):
    whole = drawn(company, MemberFlow, "period=2026-03-01+to+2026-04-30").content
    cut = drawn(company, MemberFlow, "period=2026-02-03+to+2026-05-20").content
    assert cut["data"] == whole["data"]
    assert "Changes of plan" not in cut["data"][0]["x"]
    with pytest.raises(UnsafeQuestion, match="No whole month"):
        drawn(company, MemberFlow, "period=2026-03-02+to+2026-04-29")


def test_one_month_is_named_once_below_an_axis(company: Company):
    two = drawn(company, Churn, "period=2026-03-01+to+2026-04-30").content["layout"]["xaxis"]
    assert two["tickvals"] == ["2026-03-01", "2026-04-01"]
    assert "tickvals" not in drawn(company, Churn, "").content["layout"]["xaxis"]


@pytest.mark.parametrize("unit", ["month", "plan"])
def test_a_cell_of_a_cohort_leads_to_its_rows(company: Company, unit: str):
    content = drawn(company, CohortTriangle, f"cohort={unit}").content
    cell = next(cell for line in content["cells"] for cell in line[2:] if cell)
    marks = dict(cell["mark"])
    assert marks["months_since"] == "2"
    dataset = company.warehouse.dataset("cohorts")
    filters = [Filter(dataset.dimension("months_since"), "in", (2,))]
    if unit == "plan":
        filters.append(Filter(dataset.dimension("plan"), "in", (marks["plan"],)))
        period = None
    else:
        period = Period(*map(date.fromisoformat, cell["days"]))
    listing = Listing(dataset=dataset, where=conjunction(*filters), period=period)
    assert cell["n"] == written.count(company.warehouse.rows(listing, Access()).count)


def test_points_of_a_membership_lead_to_what_they_are_of(company: Company):
    hazard = drawn(company, Hazard, "").content["data"]
    line = next(t for t in hazard if "hovertemplate" in t)
    assert line["customdata"][0] == [None, [["months_since", "0"]]]
    curves = drawn(company, TenureCurves, "")
    assert curves.filters == "plan"
    named = [t for t in curves.content["data"] if "hovertemplate" in t]
    assert [t["customdata"][0] for t in named] == [["ads"], ["basic"], ["standard"], ["premium"]]


def test_a_reason_of_leaving_leaves_the_findings_of_all_that_it_may_filter(company: Company):
    page = open_page(PAGE, "reason=price", company.warehouse, Access())
    tile = next(t for t in page.tiles().values() if isinstance(t, Findings))
    assert tile.questions(page.tile_context(tile))
    assert not any(
        m.name == "payment_recovery"
        for q in tile.questions(page.tile_context(tile))
        for m in q.metrics
        if q.dataset.name == "billing"
    )
    assert drawn(company, Findings, "reason=price").kind == "findings"
    assert drawn(company, Findings, "period=2026-03-02+to+2026-04-29").kind == "findings"
