"""Quarterly census of employment and wages of the US Bureau of Labor Statistics.

Withheld values are delivered as zeros with the disclosure code N: they are missing here, and the
row says so. Establishments are never withheld.
"""

import polars as pl

from queries.lake.columns import Columns
from queries.lake.connector import Connector, Reading, Request, ignored
from queries.lake.rows import ROW, Rows

NEEDED = ("area_fips", "own_code", "industry_code", "year", "qtr", "disclosure_code")
MONTHS = ("month1_emplvl", "month2_emplvl", "month3_emplvl")
VALUES = (*MONTHS, "total_qtrly_wages", "avg_wkly_wage")
NAMES = ("area_title", "own_title", "area_level", "agglvl_code", "qtrly_estabs_count", "suppressed")
WITHHELD = "N"
LEVELS = {"1": "national", "4": "msa", "5": "state", "7": "county"}
OWNERS = {
    "0": "Total Covered",
    "1": "Federal Government",
    "2": "State Government",
    "3": "Local Government",
    "5": "Private",
}


def read(request: Request, rows: Rows) -> Reading:
    rows.require([*NEEDED, *VALUES, "qtrly_estabs_count"], request.delivery.name)
    columns = Columns(rows)
    year, quarter = columns.whole("year"), columns.whole("qtr")
    area, owner = columns.text("area_fips"), columns.text("own_code")
    columns.reject(area.is_null() | owner.is_null(), "key_missing", "The area or owner is missing.")
    withheld = (columns.text("disclosure_code") == WITHHELD).fill_null(value=False)
    published = pl.DataFrame({v: columns.whole(v) for v in VALUES}).select(
        pl.when(~withheld).then(pl.col(v)).alias(v) for v in VALUES
    )
    wages = pl.DataFrame({ROW: columns.row, "year": year, "quarter": quarter}).with_columns(
        quarter_start=pl.date("year", pl.col("quarter").clip(1, 4) * 3 - 2, 1),
        area_code=area,
        area=columns.text("area_title").fill_null(area),
        area_level=_level(columns),
        ownership_code=owner,
        ownership=columns.text("own_title").fill_null(owner.replace_strict(OWNERS, default=None)),
        industry_code=columns.text("industry_code"),
        withheld=withheld,
        establishments=columns.whole("qtrly_estabs_count"),
        employment_month1=published[MONTHS[0]],
        employment_month2=published[MONTHS[1]],
        employment_month3=published[MONTHS[2]],
        wages_usd=published["total_qtrly_wages"],
        weekly_wage_usd=_paid(published),
    )
    return Reading(
        rows=rows,
        tables={"wages": wages},
        rejected=columns.rejected,
        notes=(
            f"{int(withheld.sum())} rows are withheld by disclosure rules; values are missing.",
            *ignored(rows, frozenset({*NEEDED, *VALUES, *NAMES})),
        ),
    )


def _level(columns: Columns) -> pl.Series:
    """The area level, by the aggregation level code where the file does not spell it out."""
    coded = columns.text("agglvl_code").str.slice(0, 1).replace_strict(LEVELS, default=None)
    return columns.text("area_level").str.to_lowercase().fill_null(coded)


def _paid(published: pl.DataFrame) -> pl.Series:
    """An average over nobody is no average, though it is delivered as 0."""
    nobody = pl.sum_horizontal(MONTHS) == 0
    wage = pl.col("avg_wkly_wage")
    return published.select(pl.when((wage != 0) | ~nobody).then(wage).alias("wage"))["wage"]


CONNECTOR = Connector(
    "bls-wages", "BLS quarterly census of employment and wages, by area and industry", read
)
