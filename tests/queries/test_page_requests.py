"""The conventions of ranking metrics, on pages small enough to work out by hand."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from queries.cache import FrameCache
from queries.catalog import builtin
from queries.dataset import Access
from queries.engines.duckdb_engine import DuckDBEngine
from queries.lake import contract
from queries.lake.lake import Change, Lake
from queries.model import Query
from queries.rollups import refresh
from queries.warehouse import Warehouse

DAY = date(2026, 3, 2)
DATASETS = [builtin().dataset(name) for name in ("page_requests", "page_rows")]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(memory="500MB")
    yield made
    made.close()


def page(request: int, titles: Sequence[int], played: Sequence[int], **more: Any) -> list[dict]:  # noqa: ANN401
    """A page of one row: the titles from left to right, and at which places one was played."""
    return [
        {
            "impression_id": request * 100 + place,
            "request_id": request,
            "account_id": request,
            "bucket": request % 256,
            "ts": datetime(2026, 3, 2, 20),  # noqa: DTZ001  # UTC, as the lake keeps it
            "local_date": DAY,
            "row_pos": 1,
            "col_pos": place,
            "title_id": title,
            "propensity": 0.5,
            "targets": [("new", 0.5)],
            "seen": True,
            "clicked": place in played,
            "played": place in played,
            "sample_w": 1.0,
            "feed": "log",
            "account_kind": "member",
            **more,
        }
        for place, title in enumerate(titles, 1)
    ]


def loaded(lake: Lake, engine: DuckDBEngine, rows: list[dict[str, Any]], dataset: int = 0) -> dict:
    schema = contract.tables()["impressions"].schema
    fields = [f for f in schema if f.name in rows[0]]
    titles = [
        {"title_id": n, "name": f"Title {n}", "kind": "film", "embedding": EMBEDDINGS.get(n)}
        for n in {r["title_id"] for r in rows}
    ]
    accounts = [{"account_id": r["account_id"], "account_kind": "member"} for r in rows[:1]]
    lake.commit(
        [
            Change(table="impressions", rows=pa.Table.from_pylist(rows, pa.schema(fields))),
            Change(table="titles", rows=pa.Table.from_pylist(titles)),
            Change(table="accounts", rows=pa.Table.from_pylist(accounts)),
        ],
        "by hand",
    )
    refresh(lake, DATASETS, engine)
    asked = DATASETS[dataset]
    metrics = tuple(m.bind({"policy": "new"}) for m in asked.metrics)
    warehouse = Warehouse(lake, engine, FrameCache(None), builtin(), fewest=0)
    query = Query(dataset=asked, metrics=metrics, interval=False)
    return warehouse.ask(query, Access()).frame.row(0, named=True)


EMBEDDINGS = {1: [1.0, 0.0], 2: [0.0, 2.0], 3: [3.0, 3.0], 4: [0.0, 0.0], 5: [1.0]}


def test_one_relevant_at_the_second_place(lake: Lake, engine: DuckDBEngine):
    # trec_eval: NDCG = 1 / log2(3), AP = 1/2; dividing by a full ideal of ten would give .139.
    found = loaded(lake, engine, page(1, range(1, 13), [2]))
    assert found["ndcg"] == pytest.approx(0.6309, abs=5e-5)
    assert found["average_precision"] == pytest.approx(0.5)
    assert found["reciprocal_rank"] == pytest.approx(0.5)
    assert found["recall"] == 1


def test_two_relevant_beside_a_page_without_a_play(lake: Lake, engine: DuckDBEngine):
    # At 1 and 4: DCG 1 + .4307 over 1 + .6309; AP (1 + 2/4) / 2. The page without counts as 0 in
    # reciprocal rank and hit rate, and not at all in the others.
    rows = page(1, range(1, 13), [1, 4]) + page(2, range(1, 13), [])
    found = loaded(lake, engine, rows)
    assert found["ndcg"] == pytest.approx(0.8772, abs=5e-5)
    assert found["average_precision"] == pytest.approx(0.75)
    assert found["reciprocal_rank"] == pytest.approx(0.5)
    assert found["hit_rate"] == pytest.approx(0.5)
    assert found["page_take_rate"] == pytest.approx(0.5)
    assert found["rows"] == 2


def test_a_play_below_the_top_ten_is_relevant_all_the_same(lake: Lake, engine: DuckDBEngine):
    # trec_eval divides by all that is relevant: AP@10 of plays at 1 and 12 is 1/2, not 1.
    found = loaded(lake, engine, page(1, range(1, 13), [1, 12]))
    assert found["average_precision"] == pytest.approx(0.5)
    assert found["recall"] == pytest.approx(0.5)
    assert found["ndcg"] == pytest.approx(1 / (1 + 0.6309), abs=5e-5)


def test_a_title_shown_twice_stands_at_its_first_place(lake: Lake, engine: DuckDBEngine):
    # The order is 7, 8, 9; title 7 was played where it came again, out of the first four columns.
    found = loaded(lake, engine, page(1, [7, 8, 7, 9, 7], [5]))
    assert found["reciprocal_rank"] == 1
    assert found["recall_in_view"] == 1
    assert found["ndcg"] == 1


def test_what_was_not_seen_takes_no_place(lake: Lake, engine: DuckDBEngine):
    unseen = page(1, [1, 2], [])
    for row in unseen:
        row["seen"] = False
    seen = [r | {"impression_id": r["impression_id"] + 50} for r in page(1, [3], [1], row_pos=2)]
    assert loaded(lake, engine, unseen + seen)["reciprocal_rank"] == 1


def test_pages_count_by_how_rarely_they_are_logged(lake: Lake, engine: DuckDBEngine):
    rows = page(1, [1, 2], [1], sample_w=9.0) + page(2, [1, 2], [])
    found = loaded(lake, engine, rows)
    assert found["hit_rate"] == pytest.approx(0.9)
    assert found["page_take_rate"] == pytest.approx(0.9)


def test_a_log_that_records_no_plays_has_no_pages(lake: Lake, engine: DuckDBEngine):
    silent = [r | {"played": None, "clicked": None} for r in page(2, [1, 2], [])]
    assert loaded(lake, engine, page(1, [1, 2], [1]) + silent)["rows"] == 1


def test_slots_that_no_policy_fills_stay_as_they_are(lake: Lake, engine: DuckDBEngine):
    # Ratios 2 and 1/2, and a slot without targets: weight 2 + 1/2 - 2 + 1 = 1.5; two plays.
    rows = page(1, [1, 2, 3], [1, 3])
    rows[0]["targets"], rows[1]["targets"] = [("new", 1.0)], [("new", 0.25)]
    rows[2]["targets"], rows[2]["propensity"] = None, None
    found = loaded(lake, engine, rows)
    assert found["slate_mean_weight"] == pytest.approx(1.5)
    assert found["slate_value"] == pytest.approx(3.0)
    assert found["slate_logged_value"] == pytest.approx(2.0)


def test_diversity_of_a_row_by_hand(lake: Lake, engine: DuckDBEngine):
    # Right angle 1, and twice 45 degrees: 1 - cos 45 = .2929. No direction, no pair; nor where the
    # embeddings are of different lengths.
    found = loaded(lake, engine, page(1, [1, 2, 3, 4, 5, 1], [1, 6]), dataset=1)
    assert found["diversity"] == pytest.approx((1 + 2 * 0.2929) / 3, abs=5e-5)
    assert found["precision"] == pytest.approx(1 / 5)


def test_a_row_is_a_list_of_its_own(lake: Lake, engine: DuckDBEngine):
    # Played at 2 of the first row (NDCG 1 / log2(3), AP 1/2) and at 1 and 2 of the second (1, 1);
    # a title played where it came again stands at its first place; the third row has no play.
    rows = page(1, [1, 2, 3], [2]) + [
        r | {"impression_id": r["impression_id"] + 50, "row_pos": 4}
        for r in page(1, [4, 5, 4], [2, 3])
    ]
    rows += [r | {"impression_id": r["impression_id"] + 70, "row_pos": 5} for r in page(1, [6], [])]
    found = loaded(lake, engine, rows, dataset=1)
    assert found["ndcg"] == pytest.approx((0.6309 + 1) / 2, abs=5e-5)
    assert found["average_precision"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["reciprocal_rank"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["hit_rate"] == pytest.approx(2 / 3)
    assert found["recall_in_view"] == pytest.approx((1 + 0) / 2)
    assert found["recall_in_view_4x6"] == pytest.approx(1)
    assert found["titles_per_row"] == pytest.approx(7 / 3)
