"""Frozen forecasts: worked out in the server, never changed, checked against what came."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from portal.store import audit, forecasts, people
from portal.store.errors import Invalid
from portal.store.frozen_forecast import Figures, ForecastDraft
from portal.store.people import Newcomer, Person
from portal.store.schema import frozen_forecasts
from portal.store.store import Store
from queries.lake.lake import Lake
from tests.portal.conftest import Portal, add_person, open_portal
from tests.portal.requests import ORIGIN, signed_in

PATH = "/greenlight"
DRAFT = ForecastDraft(
    name="Harbour Lights",
    production_id=None,
    path=PATH,
    query="genre=drama",
    figures=Figures({"genre": "drama", "budget in US$": 2e7}, 10.0, 60.0, 300.0, 80.0, 0.42),
    data_version="v1-abc",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, demo_home: Path) -> Iterator[Portal]:
    home = tmp_path_factory.mktemp("forecasts")
    opened = open_portal(home, {"PLAYHEAD_LAKE": str(demo_home / "lake")})
    yield opened
    opened.store.close()


def of_latin_america(store: Store) -> Person:
    return people.add(
        store,
        Newcomer(
            email="lu@company.example", name="Lu", unit="content", row_rules={"country": ("BR",)}
        ),
    )


def test_a_forecast_is_kept_as_it_was_with_who_and_when(store: Store):
    ann = add_person(store, "Ann")
    forecasts.freeze(store, ann, DRAFT)
    (found,) = forecasts.frozen(store, add_person(store, "Bob", "studio"), PATH)
    assert found.figures == DRAFT.figures
    assert (found.author_name, found.name, found.query) == ("Ann", "Harbour Lights", "genre=drama")
    assert (found.data_version, found.created_at) == ("v1-abc", store.now())
    assert "freeze" in {entry.deed.action for entry in audit.newest(store)}


def test_the_database_refuses_to_change_or_delete_one(store: Store):
    forecasts.freeze(store, add_person(store, "Ann"), DRAFT)
    for deed in (update(frozen_forecasts).values(p50=61.0), delete(frozen_forecasts)):
        with pytest.raises(DBAPIError, match="stays as it is"), store.writing() as connection:
            connection.execute(deed)
    assert forecasts.frozen(store, add_person(store, "Bob"), PATH)[0].figures.p50 == 60


def test_who_sees_other_rows_is_not_told_forecasts_made_of_them(store: Store):
    lu = of_latin_america(store)
    forecasts.freeze(store, add_person(store, "Ann"), DRAFT)
    assert forecasts.frozen(store, lu, PATH) == []
    forecasts.freeze(store, lu, replace(DRAFT, name="Hers"))
    assert [f.name for f in forecasts.frozen(store, lu, PATH)] == ["Hers"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_forecast_needs_a_name(store: Store, name: str):
    with pytest.raises(Invalid, match="name"):
        forecasts.freeze(store, add_person(store, "Ann"), replace(DRAFT, name=name))


def test_a_forecast_without_an_end_cannot_be_frozen(store: Store):
    endless = replace(DRAFT.figures, p90=float("inf"))
    with pytest.raises(Invalid, match="ends"):
        forecasts.freeze(store, add_person(store, "Ann"), replace(DRAFT, figures=endless))


def tell(demo: Portal, verb: str, **body: Any) -> Any:  # noqa: ANN401  # JSON
    client = signed_in(demo)
    answer = client.post(f"/-/forecasts/{verb}", json={"path": PATH} | body, headers=ORIGIN)
    return answer.get_json()


def production(demo_home: Path, *, is_known: bool) -> dict[str, Any]:
    files = list(Lake(demo_home / "lake").snapshot().files("forecasts"))
    frame = pl.read_parquet(files).filter(pl.col("is_known") == is_known)
    return frame.sort("production_id").row(0, named=True)


@pytest.mark.demo
def test_the_server_freezes_what_the_view_says_and_not_what_the_browser_sends(demo: Portal):
    query = "?new_genre=drama&new_kind=film&budget=20000000&worth=100000"
    assert tell(demo, "freeze", name="Sent", query=query, p50=1e9)["id"]
    (listed,) = [f for f in tell(demo, "list")["forecasts"] if f["name"] == "Sent"]
    assert listed["wanted"] == "200"
    assert "budget in US$: 20.0\u2009M" in listed["inputs"]
    assert "new_genre=drama" in listed["search"]
    assert listed["outcome"].startswith("no production named")
    (kept,) = [f for f in forecasts.frozen(demo.store, demo.ann, PATH) if f.name == "Sent"]
    assert kept.figures.p10 < kept.figures.p50 < kept.figures.p90 < 1e9


@pytest.mark.demo
def test_a_frozen_forecast_is_checked_once_the_launch_is_over(demo: Portal, demo_home: Path):
    done, to_come = (production(demo_home, is_known=known) for known in (True, False))
    for name, one in (("Done", done), ("To come", to_come)):
        tell(demo, "freeze", name=name, query="", production=one["production_id"])
    listed = {f["name"]: f for f in tell(demo, "list")["forecasts"]}
    kept = {f.name: f.figures for f in forecasts.frozen(demo.store, demo.ann, PATH)}["Done"]
    inside = kept.p10 <= done["views_91d"] <= kept.p90
    assert listed["Done"]["outcome"].endswith("inside" if inside else "outside")
    assert listed["Done"]["tone"] == ("good" if inside else "bad")
    assert "came" not in listed["To come"]["outcome"]
    assert "2026" in listed["To come"]["outcome"] or "2027" in listed["To come"]["outcome"]


@pytest.mark.demo
def test_a_page_that_forecasts_nothing_freezes_nothing(demo: Portal):
    answer = tell(demo, "freeze", name="X", query="", path="/titles")
    assert answer["error"]["code"] == "invalid"
