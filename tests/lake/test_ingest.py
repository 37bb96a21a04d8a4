"""Loading files: the same again changes nothing, and every row is accounted for."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.lake.errors import LakeError, UnknownConnector
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.lake.ledger import Summary

HEADER = "week\tcategory\tweekly_rank\tshow_title\tseason_title\tweekly_hours_viewed\truntime\t"
HEADER += "weekly_views\tcumulative_weeks_in_top_10\n"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def week(day: str, hours: int = 1000, ranks: int = 3) -> str:
    return "".join(
        f"{day}\tTV (English)\t{rank}\tShow {rank}\tShow {rank}: Season 1\t{hours}\t0.0\t\t1\n"
        for rank in range(1, ranks + 1)
    )


def deliver(lake: Lake, folder: Path, text: str, name: str = "all-weeks-global.tsv") -> Summary:
    path = folder / name
    path.write_text(text)
    return ingest(lake, "netflix-top10", [path])


def rows(lake: Lake, table: str) -> pl.DataFrame:
    snapshot = lake.snapshot_now()
    if not snapshot.has(table) or not snapshot.rows(table):
        return pl.DataFrame()
    return pl.read_parquet(list(snapshot.files(table)))


def content(lake: Lake) -> Mapping[str, list[tuple[object, ...]]]:
    """Every row of every table, without the moment of arrival: what two lakes must share."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for table in lake.snapshot_now().tables:
        frame = rows(lake, table)
        frame = frame.drop([c for c in ("received_at",) if c in frame.columns])
        found[table] = sorted(frame.rows(), key=repr)
    return found


def test_the_same_bytes_again_change_nothing(lake: Lake, tmp_path: Path):
    first = deliver(lake, tmp_path, HEADER + week("2026-01-04"))
    again = deliver(lake, tmp_path, HEADER + week("2026-01-04"), "renamed.tsv")
    assert (first.status, again.status) == ("committed", "already_there")
    assert again.data_version == first.data_version
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert again.files[0].rows_in == 3
    assert rows(lake, "ledger").height == 1


def test_a_file_named_twice_in_one_call_is_loaded_once(lake: Lake, tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text(HEADER + week("2026-01-04"))
    summary = ingest(lake, "netflix-top10", [path, path])
    assert summary.tables["top10"]["added"] == 3
    assert rows(lake, "ledger").height == 1


def test_rows_that_come_again_are_replays(lake: Lake, tmp_path: Path):
    deliver(lake, tmp_path, HEADER + week("2026-01-04"))
    summary = deliver(lake, tmp_path, HEADER + week("2026-01-11") + week("2026-01-04"))
    assert summary.tables["top10"]["added"] == 3
    assert rows(lake, "top10").height == 6


def test_a_later_edition_restates_and_an_earlier_one_does_not(lake: Lake, tmp_path: Path):
    deliver(lake, tmp_path, HEADER + week("2026-01-11") + week("2026-01-04", hours=2000))
    summary = deliver(lake, tmp_path, HEADER + week("2026-01-04", hours=1000))
    assert summary.tables["top10"]["superseded"] == 3
    deliver(lake, tmp_path, HEADER + week("2026-01-18") + week("2026-01-04", hours=3000))
    found = rows(lake, "top10").filter(pl.col("week").cast(pl.String) == "2026-01-04")
    assert found["weekly_hours_viewed"].unique().to_list() == [3000]


def test_an_older_snapshot_keeps_what_was_restated(lake: Lake, tmp_path: Path):
    first = deliver(lake, tmp_path, HEADER + week("2026-01-04", hours=1000))
    deliver(lake, tmp_path, HEADER + week("2026-01-11") + week("2026-01-04", hours=2000))
    before = pl.read_parquet(list(lake.snapshot(first.data_version).files("top10")))
    assert before["weekly_hours_viewed"].to_list() == [1000, 1000, 1000]


def test_bad_rows_are_kept_apart_whole_and_the_good_ones_loaded(lake: Lake, tmp_path: Path):
    bad = [
        "2026-01-04\tTV (English)\t11\tToo low\tN/A\t5\t\t\t1\n",
        "2026-01-05\tTV (English)\t9\tOn a Monday\tN/A\t5\t\t\t1\n",
        "soon\tTV (English)\t9\tNo date\tN/A\t5\t\t\t1\n",
        "2026-01-04\tTV (English)\t1\tAgain\tN/A\t5\t\t\t1\n",
        "2026-01-04\tRadio\t1\tNot a list\tN/A\t5\t\t\t1\n",
        "ragged\n",
    ]
    summary = deliver(lake, tmp_path, HEADER + week("2026-01-04") + "".join(bad))
    [entry] = summary.files
    assert (entry.rows_in, entry.accepted, entry.quarantined) == (9, 3, 6)
    assert entry.reasons == {
        "rank_out_of_range": 1,
        "week_not_sunday": 1,
        "unreadable_date": 1,
        "duplicate_key": 1,
        "missing_kind": 1,
        "missing_columns": 1,
    }
    kept = rows(lake, "quarantine").sort("row")
    assert kept["row"].to_list() == [4, 5, 6, 7, 8, 9]
    assert json.loads(kept["raw"][0])["show_title"] == "Too low"
    assert json.loads(kept["raw"][5]) == "ragged"
    assert rows(lake, "top10").height == 3


def test_a_quarantined_row_can_be_mended_and_delivered_again(lake: Lake, tmp_path: Path):
    bad = "2026-01-04\tTV (English)\t11\tShow\tN/A\t5\t\t\t1\n"
    deliver(lake, tmp_path, HEADER + bad + week("2026-01-04"))
    raw = json.loads(rows(lake, "quarantine")["raw"][0]) | {"weekly_rank": "10"}
    mended = "\t".join(raw) + "\n" + "\t".join(v or "" for v in raw.values()) + "\n"
    summary = deliver(lake, tmp_path, mended)
    assert summary.tables["top10"]["added"] == 1


def test_a_broken_delivery_is_written_down_and_does_not_keep_others_out(lake: Lake, tmp_path: Path):
    page, good = tmp_path / "page.tsv", tmp_path / "good.tsv"
    page.write_text("<html>Not found</html>")
    good.write_text(HEADER + week("2026-01-04"))
    summary = ingest(lake, "netflix-top10", [page, good, tmp_path / "missing.tsv"])
    assert [f.status for f in summary.files] == ["refused", "committed", "refused"]
    assert [f.code for f in summary.files] == ["web_page", "", "not_a_file"]
    assert summary.status == "committed"
    written = rows(lake, "ledger").sort("file")
    assert written["file"].to_list() == ["good.tsv", "page.tsv"]


def test_a_refused_file_again_changes_nothing_and_fails_again(lake: Lake, tmp_path: Path):
    first = deliver(lake, tmp_path, "null")
    again = deliver(lake, tmp_path, "null")
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert again.data_version == first.data_version
    assert rows(lake, "ledger").height == 1


def test_missing_columns_hold_the_file_and_further_ones_are_reported(lake: Lake, tmp_path: Path):
    held = deliver(lake, tmp_path, "week\tcategory\tweekly_hours_viewed\n2026-01-04\tTV\t1\n")
    assert held.files[0].code == "missing_columns"
    assert "weekly_rank, show_title" in held.files[0].reason
    wider = HEADER.replace("\n", "\tnew_column\n") + week("2026-01-04").replace("\n", "\tx\n")
    assert "new_column" in deliver(lake, tmp_path, wider).files[0].notes[0]


def test_a_file_of_which_no_row_is_accepted_is_refused_but_kept(lake: Lake, tmp_path: Path):
    summary = deliver(lake, tmp_path, HEADER + week("2026-01-05"))
    assert (summary.exit_code, summary.files[0].code) == (1, "nothing_accepted")
    assert rows(lake, "quarantine").height == 3
    assert not lake.snapshot().has("top10")


def test_columns_may_come_in_any_order(lake: Lake, tmp_path: Path):
    names = HEADER.strip().split("\t")
    text = pl.DataFrame(
        [line.split("\t") for line in week("2026-01-04").splitlines()],
        schema=names,
        orient="row",
    )
    path = tmp_path / "shuffled.csv"
    text.select(sorted(names)).write_csv(path)
    assert ingest(lake, "netflix-top10", [path]).accepted == 3


def test_the_summary_says_it_all_as_json(lake: Lake, tmp_path: Path):
    read = json.loads(deliver(lake, tmp_path, HEADER + week("2026-01-04")).to_json())
    assert read["status"] == "committed"
    assert (read["rows_in"], read["accepted"], read["quarantined"]) == (3, 3, 0)
    assert read["data_version"].startswith("v1-")
    assert read["files"][0]["tables"] == {"top10": 3}


def test_unknown_connectors_and_options_are_named_with_the_nearest(lake: Lake):
    with pytest.raises(UnknownConnector) as caught:
        ingest(lake, "netflix-top-10", [])
    assert "netflix-top10" in caught.value.hint
    with pytest.raises(UnknownConnector) as caught:
        ingest(lake, "open-bandit", [], {"polcy": "random"})
    assert "policy" in caught.value.hint
    with pytest.raises(LakeError, match="--policy"):
        ingest(lake, "open-bandit", [])


BAD = (
    "2026-01-04\tTV (English)\tx\tA\t\t1\t\t\t1",
    "short",
    "2026-01-06\tTV (English)\t1\tA\t\t1\t\t\t1",
)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from([*BAD, *week("2026-01-04", ranks=5).splitlines()]), max_size=12))
def test_rows_in_are_accepted_plus_quarantined(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
):
    folder = tmp_path_factory.mktemp("property")
    lake = Lake(folder / "lake")
    summary = deliver(lake, folder, HEADER + "\n".join(lines) + "\n")
    [entry] = summary.files
    assert entry.rows_in == len(lines) == entry.accepted + entry.quarantined
    assert sum(entry.reasons.values()) == entry.quarantined == rows(lake, "quarantine").height
    assert rows(lake, "top10").height == entry.accepted
    assert entry.accepted == len(set(lines) - set(BAD))


DELIVERIES = {
    "first": week("2026-01-04", hours=1),
    "second": week("2026-01-11", hours=2) + week("2026-01-04", hours=1),
    "restated": week("2026-01-18", hours=3) + week("2026-01-04", hours=4),
    "late": week("2026-01-11", hours=2, ranks=5),
    "bad": week("2026-01-12"),
}


@settings(deadline=None, max_examples=4)
@given(st.permutations([*DELIVERIES, "first", "late"]))
def test_the_lake_does_not_depend_on_the_order_of_deliveries(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
):
    found: list[Mapping[str, list[tuple[object, ...]]]] = []
    for names in (order, sorted(set(order))):
        folder = tmp_path_factory.mktemp("order")
        lake = Lake(folder / "lake")
        for name in names:
            deliver(lake, folder, HEADER + DELIVERIES[name], f"{name}.tsv")
        found.append(content(lake))
    assert found[0] == found[1]
