"""Any table in a file becomes a dataset that the catalog reads and the warehouse could ask."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.catalog.loader import read_dataset
from queries.dataset import Dataset
from queries.lake.errors import LakeError
from queries.lake.inference import slugs
from queries.lake.ingest import ingest
from queries.lake.lake import Lake
from queries.lake.ledger import Summary

SALES = """Order Date,Store-Name,account_id,Amount (USD),Discount Rate,select,is open,units
2026-01-01,North,a,10.5,0.1,x,yes,1
2026-01-02,South,b,N/A,0.2,y,no,2
2026-01-05,North,a,3,0.3,,yes,3
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def load(lake: Lake, text: str | bytes, name: str = "sales", file: str = "a.csv") -> Summary:
    path = Path(lake.storage.url).parent / file
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ingest(lake, "file", [path], {"name": name})


def dataset(lake: Lake, name: str = "sales") -> Dataset:
    return read_dataset(lake.snapshot_now().datasets[name], name)


def rows(lake: Lake, name: str = "sales") -> pl.DataFrame:
    return pl.read_parquet(list(lake.snapshot_now().files(f"file_{name}")))


def test_types_time_dimensions_metrics_and_entity_are_inferred(lake: Lake):
    assert load(lake, SALES).status == "committed"
    made = dataset(lake)
    assert (made.table, made.entity, made.time.name) == ("file_sales", "account_id", "date")
    kinds = {d.name: d.kind for d in made.dimensions}
    assert kinds == {
        "store_name": "text",
        "account_id": "text",
        "select": "text",
        "is_open": "boolean",
        "units": "number",
    }
    assert {m.name for m in made.metrics} == {"rows", "accounts", "sum_amount_usd", "sum_units"}
    found = rows(lake).sort("date")
    assert found["date"].to_list() == [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)]
    assert found["amount_usd"].to_list() == [10.5, None, 3.0]
    assert "bucket" in found.columns
    assert lake.snapshot().complete_through("file_sales") == date(2026, 1, 5)


def test_a_new_file_of_the_same_name_replaces_the_dataset_and_an_old_one_comes_back(lake: Lake):
    load(lake, SALES)
    load(lake, "day,n\n2026-02-01,4\n")
    assert rows(lake)["n"].to_list() == [4]
    assert load(lake, "day,n\n2026-02-01,4\n").status == "already_there"
    assert load(lake, SALES).status == "committed"
    assert rows(lake).height == 3


def test_a_few_values_that_do_not_fit_are_quarantined(lake: Lake):
    lines = "".join(f"2026-01-01,{i}\n" for i in range(200))
    summary = load(lake, f"day,n\n{lines}2026-01-01,many\n")
    assert summary.files[0].reasons == {"unreadable_whole": 1}
    assert rows(lake).height == 200


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-01-03", "2026-01-13"),
        ("2026/01/03", "2026/01/13"),
        ("03.01.2026", "13.01.2026"),
        ("01/03/2026", "01/13/2026"),
        ("03/01/2026", "13/01/2026"),
        ("20260103", "20260113"),
        ("2026-01-03T10:00:00Z", "2026-01-13 11:00"),
    ],
)
def test_dates_are_read_as_people_write_them(lake: Lake, first: str, second: str):
    load(lake, f"day,n\n{first},1\n{second},2\n")
    assert rows(lake)["date"].to_list() == [date(2026, 1, 3), date(2026, 1, 13)]


def test_months_are_dates_and_dates_that_could_be_two_are_text(lake: Lake):
    load(lake, "month,when\n2026-01,01/02/2026\n2026-02,03/04/2026\n")
    assert rows(lake)["date"].to_list() == [date(2026, 1, 1), date(2026, 2, 1)]
    assert rows(lake)["when"].to_list() == ["01/02/2026", "03/04/2026"]


def test_codes_with_leading_zeros_stay_text(lake: Lake):
    load(lake, "zip,n\n01234,1\n99999,2\n")
    assert rows(lake)["zip"].to_list() == ["01234", "99999"]


def test_a_file_without_a_date_is_booked_on_the_day_of_delivery(lake: Lake):
    load(lake, "a,b\nx,1\n")
    assert rows(lake)["date"].null_count() == 0
    assert dataset(lake).time.label == "Delivered"


def test_rates_and_ids_cannot_be_summed(lake: Lake):
    header = "title_id,click_rate,avg_watch,year,hours,percent_seen,lat\n"
    load(lake, header + "".join(f"{i},0.1,2.5,2020,{i}.5,3,4.4\n" for i in range(100)))
    assert {m.name for m in dataset(lake).metrics} == {"rows", "sum_hours"}


@pytest.mark.parametrize("kind", ["tsv", "jsonl", "parquet", "xlsx"])
def test_every_format_gives_the_same_dataset(lake: Lake, tmp_path: Path, kind: str):
    frame = pl.DataFrame({"day": ["2026-01-01", "2026-01-02"], "n": ["5", "6"], "t": ["a", "b"]})
    path = tmp_path / f"a.{kind}"
    match kind:
        case "tsv":
            frame.write_csv(path, separator="\t")
        case "jsonl":
            path.write_text("\n".join(json.dumps(r) for r in frame.to_dicts()))
        case "parquet":
            frame.write_parquet(path)
        case _:
            frame.write_excel(path)
    assert ingest(lake, "file", [path], {"name": "sales"}).accepted == 2
    assert rows(lake)["n"].to_list() == [5, 6]
    assert rows(lake)["date"].to_list() == [date(2026, 1, 1), date(2026, 1, 2)]


def test_typed_columns_of_parquet_keep_their_types_and_nested_ones_are_left_out(lake: Lake):
    frame = pl.DataFrame(
        {
            "at": pl.Series(["2026-01-01T10:00:00"]).str.to_datetime().dt.replace_time_zone("UTC"),
            "list": [[1, 2]],
            "u": pl.Series([3], dtype=pl.UInt32),
            "inf": [float("inf")],
            "cat": pl.Series(["x"], dtype=pl.Categorical),
            "dec": pl.Series(["1.50"]).cast(pl.Decimal(10, 2)),
            "none": [None],
        }
    )
    path = Path(lake.storage.url).parent / "a.parquet"
    frame.write_parquet(path)
    summary = ingest(lake, "file", [path], {"name": "typed"})
    assert summary.files[0].notes == ("Nested columns are not used: list.",)
    [row] = rows(lake, "typed").to_dicts()
    assert (row["date"], row["u"], row["inf"], row["cat"]) == (date(2026, 1, 1), 3, None, "x")
    assert row["dec"] == 1.5
    assert dataset(lake, "typed").metric("rows")


@pytest.mark.parametrize("name", ["playback", "My Sales", "2026", "bucket", "a__b", ""])
def test_a_name_that_is_taken_or_cannot_be_asked_for_is_refused(lake: Lake, name: str):
    with pytest.raises(LakeError):
        load(lake, SALES, name)


def test_two_files_at_once_are_refused(lake: Lake, tmp_path: Path):
    with pytest.raises(LakeError, match="one file at a time"):
        ingest(lake, "file", [tmp_path / "a", tmp_path / "b"], {"name": "sales"})


NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "select",
        "date",
        "rows",
        "value",
        "sum_n",
        "n",
        "N",
        "order by",
        "a__b",
        "ÄÖ",
        "small",
        "日付",
        "1st",
        "é",
    ]
)


@given(st.lists(NAMES, max_size=12))
def test_slugs_are_names_and_none_is_used_twice(names: list[str]):
    found = slugs(names)
    assert len(set(found)) == len(names)
    assert not {"bucket", "incomplete", "small", "value"} & set(found)
    assert all(s.replace("_", "").isalnum() and s.isascii() and s[0].isalpha() for s in found)
    assert not any("__" in s or s.endswith("_") for s in found)


@settings(deadline=None, max_examples=25)
@given(names=st.lists(NAMES, min_size=1, max_size=6), value=st.text(max_size=6))
def test_inferring_never_fails_on_odd_names_and_values(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], value: str
):
    lake = Lake(tmp_path_factory.mktemp("odd") / "lake")
    lines = [{f"{n}{i}" if i % 2 else n: value for i, n in enumerate(names)}, {names[0]: "1"}]
    text = "\n".join(json.dumps(line) for line in lines)
    summary = load(lake, text.encode("utf-8", "surrogatepass"), "odd", "a.jsonl")
    if summary.status == "committed":
        assert dataset(lake, "odd").metric("rows")
