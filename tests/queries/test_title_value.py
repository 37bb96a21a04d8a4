"""What titles are worth, against the same worked out by plain loops over the demo's rows."""

from collections import defaultdict

import polars as pl
import pytest

from queries.catalog import builtin
from queries.dataset import Access
from queries.errors import UnsafeQuestion
from queries.model import Query
from queries.where import parse_where
from tests.queries.derived_demo import Demo, Row

pytestmark = pytest.mark.demo


@pytest.fixture(scope="module")
def plays(demo: Demo) -> list[Row]:
    """Every attempt, with its account's kind."""
    names = (
        "session_id", "account_id", "title_id", "local_date", "start_ts", "watched_s", "outcome",
        "account_kind",
    )  # fmt: skip
    return demo.rows("playback", *names)


def by_title(demo: Demo, metric: str) -> dict[int, float]:
    dataset = demo.warehouse.dataset("title_value")
    query = Query(
        dataset=dataset, metrics=(dataset.metric(metric),), by=(dataset.dimension("title_id"),),
        interval=False, limit=10_000,
    )  # fmt: skip
    frame = demo.warehouse.ask(query, Access()).frame
    return dict(frame.select("title_id", metric).iter_rows())


def adjusted_hours(plays: list[Row]) -> dict[int, float]:
    hours: dict[int, float] = defaultdict(float)
    for play in plays:
        hours[play["account_id"]] += (play["watched_s"] or 0) / 3600
    found: dict[int, float] = defaultdict(float)
    for play in plays:
        if play["account_kind"] == "member":
            weight = 1 / max(hours[play["account_id"]], 1)
            found[play["title_id"]] += (play["watched_s"] or 0) / 3600 * weight
    return found


def test_hours_of_light_viewers_weigh_more(demo: Demo, plays: list[Row]):
    expected = adjusted_hours(plays)
    whole = sum(expected.values())
    found = by_title(demo, "adjusted_view_share")
    assert len(found) > 900
    assert found == pytest.approx({t: h / whole for t, h in expected.items()}, abs=1e-12)


def test_efficiency_is_the_share_of_value_over_the_share_of_cost(demo: Demo, plays: list[Row]):
    value = adjusted_hours(plays)
    cost = {t: float(demo.titles[t]["cost_usd"]) for t in value}
    worth, spent = sum(value.values()), sum(cost.values())
    expected = {t: (value[t] / worth) / (cost[t] / spent) for t in value}
    assert by_title(demo, "efficiency") == pytest.approx(expected)


def test_the_first_play_of_a_new_account_credits_its_title(demo: Demo, plays: list[Row]):
    began = min(p["local_date"] for p in plays)
    signed = {r["account_id"]: r["signup_date"] for r in demo.rows("accounts")}
    first: dict[int, Row] = {}
    for play in sorted(plays, key=lambda p: (p["start_ts"], p["session_id"])):
        new = signed[play["account_id"]] is not None and signed[play["account_id"]] >= began
        if play["outcome"] == "played" and new:
            first.setdefault(play["account_id"], play)
    credited: dict[int, int] = defaultdict(int)
    for play in first.values():
        if play["account_kind"] == "member":
            credited[play["title_id"]] += 1
    everybody = sum(credited.values())
    assert everybody > 100
    found = by_title(demo, "first_title_credit")
    assert sum(found.values()) == pytest.approx(1)
    for title, share in found.items():
        assert share == pytest.approx(credited.get(title, 0) / everybody)


def test_a_share_of_all_titles_is_not_asked_of_some(demo: Demo):
    dataset = demo.warehouse.dataset("title_value")
    where = parse_where(dataset, "genre = 'drama'").condition
    for metric in ("adjusted_view_share", "efficiency", "first_title_credit"):
        query = Query(dataset=dataset, metrics=(dataset.metric(metric),), where=where)
        with pytest.raises(UnsafeQuestion, match="worked out over every"):
            demo.warehouse.ask(query, Access())


def test_every_account_counts_about_alike(demo: Demo):
    accounts = pl.read_parquet(list(demo.tables.files("account_credits")))
    assert accounts["account_id"].is_unique().all()
    assert (accounts["hours"] * accounts["weight"]).max() == pytest.approx(1)
    assert builtin().dataset("title_value").derived[0].name == "account_credits"
