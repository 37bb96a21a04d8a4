"""Every line of a file is a row, or is rejected with its number and a reason."""

import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.lake.delivery import inspected, receive
from queries.lake.errors import RefusedFile
from queries.lake.rows import ROW, Rows, raw_json, read_rows, unique_names


def read(content: str | bytes, name: str = "a.csv") -> Rows:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_rows(inspected(receive(path, Path(folder) / "staging")))


def test_ragged_lines_are_rejected_and_the_others_keep_their_numbers():
    rows = read("a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert rows.total == 4
    assert rows.frame.to_dicts() == [{"a": "1", "b": "2", ROW: 1}, {"a": "7", "b": "8", ROW: 4}]
    assert rows.rejected[ROW].to_list() == [2, 3]
    assert rows.rejected["code"].to_list() == ["missing_columns", "too_many_columns"]
    assert [json.loads(r) for r in rows.rejected["raw"]] == ["3", "4,5,6"]


def test_an_unclosed_quote_loses_no_row_before_it():
    rows = read('a,b\n1,2\n3,"open\n')
    assert rows.frame.height == 1
    assert rows.rejected.height == 1


def test_quotes_and_line_breaks_inside_a_value_are_part_of_it():
    rows = read('a,b\n"x, ""y""","two\nlines"\n')
    assert rows.frame.row(0) == ('x, "y"', "two\nlines", 1)


def test_tab_separated_values_have_no_quotes():
    rows = read('title\tn\n"Sr."\t1\nthe "best" of\t2\n', "a.tsv")
    assert rows.frame["title"].to_list() == ['"Sr."', 'the "best" of']


def test_bytes_that_are_no_text_reject_their_line():
    rows = read(b"a,b\n1,ok\n2,\xff\xfe\n3,ok\n")
    assert rows.frame["a"].to_list() == ["1", "3"]
    assert rows.rejected["code"].to_list() == ["invalid_encoding"]


def test_a_byte_order_mark_is_not_part_of_the_first_name():
    assert read(b"\xef\xbb\xbfa;b\n1;2\n").columns == ["a", "b"]


def test_json_lines_take_the_columns_of_all_lines():
    rows = read('{"a": 1}\nnot json\n{"b": [1, 2]}\n[]\n{"a": NaN}\n')
    assert rows.total == 5
    assert rows.columns == ["a", "b"]
    assert rows.frame["b"].to_list() == [None, "[1,2]"]
    assert rows.rejected["code"].to_list() == ["not_json", "not_an_object", "not_json"]


def test_json_nested_too_deep_rejects_its_line():
    assert read('{"a": 1}\n{"a": ' + "[" * 5000 + "]" * 5000 + "}\n").rejected.height == 1


def test_column_names_are_told_apart():
    assert unique_names(["a", " a ", "", "\ufeff", "__row"]) == [
        "a", "a_2", "column_3", "column_4", "__row_5"
    ]  # fmt: skip


def test_a_banner_above_the_header_of_a_sheet_is_skipped(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    banner = pl.DataFrame({"x": ["Report", None, "Title", "A"], "y": [None, None, "Hours", "1"]})
    banner.write_excel(path, include_header=False)
    rows = read_rows(inspected(receive(path, tmp_path / "staging")))
    assert rows.frame.to_dicts() == [{"Title": "A", "Hours": "1", ROW: 1}]


def test_missing_columns_hold_the_whole_file():
    rows = read("a,b\n1,2\n")
    with pytest.raises(RefusedFile, match="lacks c, d") as caught:
        rows.require(["a", "c", "d"], "a.csv")
    assert caught.value.code == "missing_columns"


def test_a_quarantined_row_can_be_read_back():
    rows = read("a,b\n1,x\n2,\n")
    raw = raw_json(rows, pl.Series([2]))
    assert json.loads(raw["raw"][0]) == {"a": "2", "b": None}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["1,2", "1", "1,2,3", '"a,b",2', ",", 'x"y,2']), max_size=30))
def test_rows_in_are_rows_read_plus_rows_rejected(lines: list[str]):
    rows = read("\n".join(["a,b", *lines]) + "\n")
    assert rows.total == len(lines)
    numbers = sorted([*rows.frame[ROW].to_list(), *rows.rejected[ROW].to_list()])
    assert numbers == list(range(1, len(lines) + 1))
