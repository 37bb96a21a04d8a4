"""The ranker lab over the Open Bandit logs: real propensities, no plays, no reward model."""

from pathlib import Path

import pytest

from portal.components.problem import problem
from portal.drawing import Drawing
from portal.open_page import ask, open_page
from portal.routing import discover
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import QueryError
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.warehouse import Warehouse

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def bandit(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("bandit") / "lake")
    folder = realdata / "open_bandit"
    options = {
        "policy": "random",
        "campaign": "all",
        "action_distribution": str(folder / "bts_zozotown_action_dist.csv"),
    }
    ingest(lake, "open-bandit", [folder / "random_all.parquet"], options)
    return Warehouse(lake, DuckDBEngine(memory="1GB"), FrameCache(None), builtin())


def drawings(warehouse: Warehouse, search: str = "") -> dict[str, Drawing]:
    opened = open_page(discover("pages")["/ranker-lab"], search, warehouse)
    found: dict[str, Drawing] = {}
    for tile in opened.tiles().values():
        name = tile.place.title or type(tile).__name__
        try:
            results = ask(opened, tile, warehouse, Access())
            found[name] = tile.draw(results, opened.tile_context(tile))
        except QueryError as error:
            found[name] = problem(error)
    return found


def test_the_real_log_is_judged_and_what_it_does_not_record_says_so(bandit: Warehouse):
    drawn = drawings(bandit)
    scores = {s["label"]: s["value"] for s in drawn["What may be concluded?"].content["scores"]}
    # 38 clicks in 10,000 rows; 0.48 % and 16.4 % as in tests/realdata/test_metrics.py.
    assert scores["Value of the log"] == "0.38%"
    assert scores["Value, SNIPS"] == "0.48%"
    assert scores["Effective sample size"] == "16.4%"
    assert drawn["What may be concluded?"].notes[0].startswith("No difference")
    assert {drawn[n].kind for n in ("The ladder of estimators", "Which rows carry it?")} == {
        "figure"
    }
    for name, drawing in drawn.items():
        if drawing.kind == "empty":
            assert drawing.content["reason"] in ("not_defined", "not_loaded"), name
            assert drawing.content["message"], name
            assert drawing.content["hint"], name


def test_a_policy_the_log_does_not_know_is_refused_by_name(bandit: Warehouse):
    drawn = drawings(bandit, "?policy=unheard")["What may be concluded?"]
    assert drawn.kind == "empty"
    assert "unheard" in drawn.content["message"]
    assert "bts" in drawn.content["hint"]
