"""A file holds what the screen shows, and no text in it becomes a formula."""

import json
from collections.abc import Callable, Sequence
from csv import reader
from dataclasses import replace
from datetime import date
from io import BytesIO, StringIO

import fastexcel
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from portal.export import FORMS, arrow, csv, file_name, labelled_csv, parquet_file, xlsx
from queries.condition import Dimension
from queries.model import Query, Result
from queries.period import Period
from tests.queries.small_lake import COUNTRY, DATASET, DAY, TITLE, metric

DANGEROUS = [
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    '=HYPERLINK("http://x","y")',
    'a";b\nc',
    "plain",
    "",
    "-",
    "<b>0</b>",
]
HOURS = metric("hours_viewed", "sum(watched_s) / 3600.0")


def answer(names: Sequence[str | None], values: Sequence[float | None], query: Query | None = None):
    frame = pl.DataFrame({"title": names, "hours_viewed": values}, strict=False).cast(
        {"title": pl.String, "hours_viewed": pl.Float64}
    )
    return Result(
        query=query or Query(dataset=DATASET, metrics=(HOURS,), by=(TITLE,)),
        frame=frame,
        total=frame.select(pl.col("hours_viewed").sum()),
        data_version="v3-abc123",
        source="raw",
        table="plays",
        sql="SELECT 1",
        took_ms=1.5,
        complete_through=date(2026, 3, 24),
        notes=("Cut to something.",),
    )


def read_csv(content: bytes) -> list[list[str]]:
    """The rows under the headings, as RFC 4180 reads them."""
    return list(reader(StringIO(content.decode("utf-8-sig"), newline="")))[1:]


@pytest.mark.parametrize("write", [csv, labelled_csv])
def test_csv_disarms_formulas_and_leaves_numbers_alone(write: Callable[[Result], bytes]):
    numbers = [-1.5 * i for i in range(len(DANGEROUS))]
    rows = read_csv(write(answer(DANGEROUS, numbers)))
    assert [name.removeprefix("'") for name, _ in rows] == DANGEROUS
    assert not any(name[0] in "=+-@\t\r\n＝" for name, _ in rows if name)
    assert [float(value) for _, value in rows] == numbers


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_every_text_survives_csv(names: list[str]):
    rows = read_csv(csv(answer(names, [1.0] * len(names))))
    assert [r[0] if r[0] == n else r[0][1:] for r, n in zip(rows, names, strict=True)] == names


def test_csv_for_people_has_labels_and_csv_for_programs_has_names():
    result = answer(["a"], [1.0])
    assert labelled_csv(result).decode("utf-8-sig").splitlines()[0] == '"Title","hours viewed"'
    assert csv(result).decode().splitlines()[0] == '"title","hours_viewed"'


def test_a_heading_cannot_be_a_formula_either():
    dimension = Dimension("title", "=1+1", '"titles.name"')
    result = answer(["a"], [1.0], Query(dataset=DATASET, metrics=(HOURS,), by=(COUNTRY,)))
    query = replace(
        result.query, by=(dimension,), dataset=replace(DATASET, dimensions=(dimension,))
    )
    content = labelled_csv(replace(result, query=query)).decode("utf-8-sig")
    assert content.startswith('"\'=1+1"')


def test_an_answer_without_texts_or_rows_is_written_too():
    empty = replace(
        answer([], []), frame=pl.DataFrame({"hours_viewed": pl.Series([], dtype=pl.Float64)})
    )
    for form in FORMS.values():
        assert form.write(empty)


def test_xlsx_keeps_texts_as_texts_and_numbers_as_numbers():
    names = [None, *DANGEROUS[:4]]
    result = answer(names, [-2.0, 1e300, None, 0.25, float("nan")])
    book = fastexcel.read_excel(xlsx(result))
    assert book.sheet_names == ["Answer", "About"]
    sheet = book.load_sheet("Answer").to_polars()
    assert sheet.columns == ["Title", "hours viewed"]
    assert sheet["Title"].to_list() == names
    assert sheet["hours viewed"].to_list() == [-2.0, 1e300, None, 0.25, None]


def test_xlsx_says_what_the_numbers_are_of():
    query = Query(
        dataset=DATASET,
        metrics=(HOURS,),
        by=(TITLE,),
        period=Period(date(2026, 2, 1), date(2026, 2, 28)),
    )
    about = fastexcel.read_excel(xlsx(answer(["a"], [1.0], query))).load_sheet(
        "About", header_row=None
    )
    said = dict(about.to_polars().rows())
    assert said["Data version"] == "v3-abc123"
    assert said["Period"] == "start 2026-02-01, end 2026-02-28"
    assert said["Zone"] == "the viewer's local time"
    assert "sum" in said["hours viewed"]


def test_days_are_days_in_a_spreadsheet():
    query = Query(dataset=DATASET, metrics=(HOURS,), by=(DAY,))
    frame = pl.DataFrame({"day": [date(2026, 2, 3)], "hours_viewed": [1.0]})
    sheet = fastexcel.read_excel(xlsx(replace(answer(["a"], [1.0], query), frame=frame)))
    read = sheet.load_sheet("Answer").to_polars()
    assert read["Day"].cast(pl.Date).to_list() == [date(2026, 2, 3)]


def test_parquet_and_arrow_carry_the_frame_and_where_it_is_from():
    result = answer(["a", None], [1.0, None])
    stream = ipc.open_stream(arrow(result)).read_all()
    file = parquet.read_table(BytesIO(parquet_file(result)))
    for table in (stream, file):
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        assert frame.equals(result.frame)
        about = json.loads((table.schema.metadata or {})[b"playhead"])
        assert about["data_version"] == "v3-abc123"
        assert about["definitions"]["hours_viewed"]["formula"]
        assert len(about["definitions"]["hours_viewed"]["fingerprint"]) == len("0123456789abcdef")


def test_a_file_name_is_made_here_and_never_by_a_person():
    nasty = replace(DATASET, name="../../x\r\ny", metrics=(HOURS,))
    result = answer(["a"], [1.0], Query(dataset=nasty, metrics=(HOURS,), by=(TITLE,)))
    assert file_name(result, FORMS["csv"]) == "x-y_hours-viewed_v3-abc123.csv"


def test_why_a_number_is_not_to_be_trusted_goes_with_it_into_every_file():
    doubt = "The keys of plays are not unique."
    doubted = replace(answer(["a", "b"], [1.0, 2.0]), doubts=(doubt,))
    for write in (csv, labelled_csv):
        assert [row[-1] for row in read_csv(write(doubted))] == [doubt, doubt]
    book = fastexcel.read_excel(xlsx(doubted))
    about = book.load_sheet("About", header_row=None).to_polars().rows()
    assert ("Not to be trusted", doubt) in about
    assert ("Note", "Cut to something.") in about
    told = json.loads(
        parquet.read_table(BytesIO(parquet_file(doubted))).schema.metadata[b"playhead"]
    )
    assert told["doubts"] == [doubt]
    trusted = answer(["a"], [1.0])
    assert csv(trusted).count(b"doubts") == 0
