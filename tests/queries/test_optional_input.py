"""A derived table with an input that a lake may lack: made without it, and again when it comes."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from queries.catalog.derived import declared
from queries.derived import built_from, is_current, needed, sources
from queries.engines.duckdb_engine import DuckDBEngine
from tests.queries.contract_rows import random_rows
from tests.queries.small_lake import Files

TERMS = declared()["location_terms"]
WAGES = """
SELECT DATE '2025-01-01' AS quarter_start, area, 'msa' AS area_level, '5' AS ownership_code,
       false AS withheld, 10 AS employment_month1, 10 AS employment_month2, 10 AS employment_month3,
       130 * weekly AS wages_usd
FROM (VALUES ('Rome, GA MSA', 900), ('Atlanta-Sandy Springs, GA MSA', 1500)) AS v(area, weekly)
"""


def lake(folder: Path) -> Files:
    places = folder / "locations.parquet"
    known = pl.read_parquet(random_rows("locations", folder)).head(3)
    known.with_columns(
        location_id=pl.Series([1, 2, 3], dtype=pl.Int32),
        city=pl.Series(["Atlanta", "Rome", "Seoul"]),
        country=pl.Series(["US", "IT", "KR"]),
    ).write_parquet(places)
    days = random_rows("production_days", folder)
    return Files("v1", {"locations": (str(places),), "production_days": (days,)})


def made(files: Files, folder: Path) -> dict[str, float | None]:
    engine, path = DuckDBEngine(memory="300MB"), str(folder / "made.parquet")
    engine.derive(TERMS, files, path, date(2026, 5, 1))
    engine.close()
    return dict(pl.read_parquet(path).select("city", "weekly_wage_usd").iter_rows())


def test_without_it_the_table_is_there_and_its_columns_are_missing(tmp_path: Path):
    assert "wages" in sources(TERMS)
    assert "wages" not in needed(TERMS)
    assert made(lake(tmp_path), tmp_path) == {"Atlanta": None, "Rome": None, "Seoul": None}


def test_with_it_only_the_us_city_of_the_name_has_its_wage(tmp_path: Path):
    files = lake(tmp_path)
    path = str(tmp_path / "wages.parquet")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({WAGES}) TO '{path}'")
    before = built_from(TERMS, files)
    files.paths["wages"] = (path,)
    assert made(files, tmp_path) == {"Atlanta": 1500.0, "Rome": None, "Seoul": None}
    assert before["definition"] == built_from(TERMS, files)["definition"]
    assert not is_current(TERMS, files)
