"""A snapshot is one version of every table; a commit is all of it or nothing."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from queries.errors import NotLoaded
from queries.lake.errors import BadRows, LeaseHeld, UnknownVersion
from queries.lake.lake import Change, Lake
from queries.period import Period
from queries.reduction import Days
from tests.lake.rows_of_plays import DAY, plays


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def sessions(lake: Lake, version: str | None = None) -> list[int]:
    files = list(lake.snapshot(version).files("playback"))
    return sorted(pl.read_parquet(files)["session_id"].to_list()) if files else []


def write(sql: str, path: str) -> None:
    with duckdb.connect() as connection:
        connection.sql(sql).write_parquet(path)


def test_an_empty_lake_has_a_snapshot_without_tables(lake: Lake):
    snapshot = lake.snapshot()
    assert snapshot.data_version == "v0-empty"
    assert not snapshot.has("playback")
    with pytest.raises(NotLoaded) as caught:
        snapshot.files("playback")
    assert "playhead demo" in caught.value.hint
    assert lake.snapshot("v0-empty").tables == ()


def test_a_commit_changes_several_tables_at_once(lake: Lake):
    titles = pl.DataFrame({"title_id": [1], "name": ["A"], "kind": ["film"]})
    version = lake.commit(
        [Change(table="playback", rows=plays([1, 2])), Change(table="titles", rows=titles)], "one"
    )
    snapshot = lake.snapshot()
    assert snapshot.data_version == version
    assert (snapshot.rows("playback"), snapshot.rows("titles")) == (2, 1)
    assert version.startswith("v1-")


def test_an_older_version_reopens_to_the_same_rows(lake: Lake):
    first = lake.commit([Change(table="playback", rows=plays([1, 2]))], "one")
    before = lake.snapshot()
    gone = pl.DataFrame({"session_id": [1]})
    lake.commit([Change(table="playback", rows=plays([3]), without=gone)], "two")
    assert sessions(lake) == [2, 3]
    assert sessions(lake, first) == [1, 2]
    assert before.rows("playback") == 2
    assert sessions(Lake(lake.storage.url), first) == [1, 2]


def test_an_unknown_version_is_named_with_the_newest(lake: Lake):
    newest = lake.commit([Change(table="playback", rows=plays([1]))], "one")
    with pytest.raises(UnknownVersion) as caught:
        lake.snapshot("v9-ffffff")
    assert newest in caught.value.hint


def test_days_are_replaced_whole(lake: Lake):
    rows = pl.DataFrame({"local_date": [DAY, date(2026, 3, 2)], "n": [1, 2]})
    lake.commit([Change(table="bucket_day", rows=rows, day="local_date")], "one")
    again = pl.DataFrame({"local_date": [DAY], "n": [7]})
    lake.commit([Change(table="bucket_day", rows=again, without=again.select("local_date"))], "two")
    found = pl.read_parquet(list(lake.snapshot().files("bucket_day"))).sort("local_date")
    assert found["n"].to_list() == [7, 2]
    assert lake.snapshot().days("bucket_day") == (DAY, date(2026, 3, 2))


def test_files_without_a_row_of_the_days_are_left_out_and_one_stays(lake: Lake):
    for day in (1, 2, 3):
        rows = pl.DataFrame({"local_date": [date(2026, 3, day)], "n": [day]})
        lake.commit([Change(table="bucket_day", rows=rows, day="local_date")], str(day))
    snapshot = lake.snapshot()

    def held(column: str, first: int, last: int) -> list[int]:
        period = Period(date(2026, 3, first), date(2026, 3, last))
        files = list(snapshot.files("bucket_day", Days(column, period)))
        return sorted(pl.read_parquet(files)["n"].to_list())

    assert held("local_date", 2, 3) == [2, 3]
    assert held("local_date", 3, 9) == [3]
    assert held("n", 2, 3) == [1, 2, 3]
    assert len(held("local_date", 8, 9)) == 1


def test_a_table_can_be_replaced_with_other_columns(lake: Lake):
    first = lake.commit([Change(table="file_x", rows=pl.DataFrame({"a": [1]}))], "one")
    lake.commit([Change(table="file_x", rows=pl.DataFrame({"b": ["x"]}), fresh=True)], "two")
    assert pl.read_parquet(list(lake.snapshot().files("file_x"))).columns == ["b"]
    assert pl.read_parquet(list(lake.snapshot(first).files("file_x"))).columns == ["a"]


def test_files_written_by_duckdb_are_registered(lake: Lake):
    with lake.lease():
        path = lake.new_file("truths")
        write("SELECT 1::DOUBLE AS value, 'x' AS name", path)
        lake.commit([Change(table="truths", files=(path,))], "demo")
    assert lake.snapshot().rows("truths") == 1


def test_a_registered_file_with_other_types_is_refused(lake: Lake):
    with lake.lease():
        path = lake.new_file("titles")
        write("SELECT 1::INTEGER AS title_id, 'x' AS name", path)
        with pytest.raises(BadRows, match="title_id is int32, not int64"):
            lake.commit([Change(table="titles", files=(path,))], "demo")
    assert lake.snapshot().data_version == "v0-empty"


def test_rows_of_a_contract_table_take_its_types_and_missing_columns_are_null(lake: Lake):
    targets = [{"key": "bts", "value": 0.25}]
    rows = plays([1]).rename({"session_id": "impression_id", "start_ts": "ts"}).drop("outcome")
    rows = rows.with_columns(targets=pl.Series([targets]))
    lake.commit([Change(table="impressions", rows=rows)], "one")
    files = list(lake.snapshot().files("impressions"))
    with duckdb.connect() as connection:
        found = connection.sql(
            "SELECT targets['bts'], typeof(targets), propensity FROM read_parquet($f)",
            params={"f": files},
        ).fetchall()
    assert found == [(0.25, "MAP(VARCHAR, DOUBLE)", None)]


def test_a_missing_required_value_is_refused(lake: Lake):
    with pytest.raises(BadRows, match="outcome is required"):
        lake.commit([Change(table="playback", rows=plays([1]).drop("outcome"))], "one")
    with pytest.raises(BadRows, match="has no column nonsense"):
        lake.commit([Change(table="playback", rows=plays([1], nonsense=1))], "one")


def test_files_are_sorted_by_day_and_carry_statistics(lake: Lake):
    rows = pl.concat([plays([3], day=5), plays([1], day=0), plays([2], day=2)])
    lake.commit([Change(table="playback", rows=rows)], "one")
    [file] = lake.snapshot().files("playback")
    assert pl.read_parquet(file)["session_id"].to_list() == [1, 2, 3]
    opened = DeltaTable(lake.storage.table("playback"))
    actions = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
    assert [a["min.local_date"] for a in actions] == [DAY]
    assert [a["max.local_date"] for a in actions] == [date(2026, 3, 6)]


def test_a_flipped_bit_is_found_when_rows_are_read_back(lake: Lake):
    lake.commit([Change(table="playback", rows=plays(list(range(5000))))], "one")
    [file] = lake.snapshot().files("playback")
    damaged = bytearray(Path(file).read_bytes())
    damaged[len(damaged) // 8] ^= 4
    Path(file).write_bytes(bytes(damaged))
    with pytest.raises((OSError, ValueError)):
        lake.storage.read(f"tables/playback/{Path(file).name}")


def test_versions_of_tables_a_dead_writer_left_are_never_seen(lake: Lake):
    version = lake.commit([Change(table="playback", rows=plays([1]))], "one")
    record = lake.snapshot().record
    lake._change(record, Change(table="playback", rows=plays([2])), "dies before its record")
    lake._change(record, Change(table="titles", rows=_title()), "dies before its record")
    fresh = Lake(lake.storage.url)
    assert fresh.snapshot().data_version == version
    assert sessions(fresh) == [1]
    fresh.commit([Change(table="playback", rows=plays([3]))], "two")
    assert sessions(fresh) == [1, 3]
    assert not fresh.snapshot().has("titles")
    assert not Path(lake.storage.table("titles")).exists()


def test_files_nobody_committed_are_swept_by_the_next_writer(lake: Lake):
    lake.commit([Change(table="playback", rows=plays([1]))], "one")
    with lake.lease():
        orphan = Path(lake.new_file("playback"))
        orphan.write_bytes(b"half a file")
    with lake.lease():
        assert not orphan.exists()
    assert sessions(lake) == [1]


def test_a_second_writer_waits_for_the_lease(lake: Lake):
    script = (
        "import sys\nfrom queries.lake.lake import Lake\n"
        "with Lake(sys.argv[1]).lease():\n    print('held', flush=True)\n    sys.stdin.readline()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, lake.storage.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LeaseHeld), lake.lease(timeout_s=0.1):
            pass
        holder.kill()
    with lake.lease(timeout_s=1):
        pass


def test_a_thread_takes_the_lease_again(lake: Lake):
    with lake.lease(), lake.lease(timeout_s=0.1):
        lake.commit([Change(table="playback", rows=plays([1]))], "one")


def test_another_process_sees_new_data_within_seconds(lake: Lake):
    reader = Lake(lake.storage.url)
    assert reader.snapshot().data_version == "v0-empty"
    version = lake.commit([Change(table="playback", rows=plays([1]))], "one")
    deadline = time.monotonic() + 5
    while reader.snapshot().data_version != version:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_datasets_and_details_are_carried_along(lake: Lake):
    lake.commit([], "one", datasets={"sales": "name: sales"}, details={"rollups": {"a": 1}})
    lake.commit([Change(table="playback", rows=plays([1]))], "two", details={"other": 2})
    snapshot = lake.snapshot()
    assert snapshot.datasets == {"sales": "name: sales"}
    assert snapshot.details == {"rollups": {"a": 1}, "other": 2}
    lake.commit([], "three", details={"rollups": None})
    assert lake.snapshot().details == {"other": 2}
    assert [r.number for r in lake.history()] == [3, 2, 1]


def _title() -> pl.DataFrame:
    return pl.DataFrame({"title_id": [1], "name": ["A"], "kind": ["film"]})
