"""How far visits scroll is the share of visits that see each row."""

import polars as pl
import pytest

from portal.tiles.scroll import reached


def test_the_share_that_sees_a_row_counts_the_visits_that_got_at_least_there() -> None:
    visits = pl.DataFrame({"deepest_row": [1, 2, 2, 4], "rows": [40.0, 10.0, 20.0, 30.0]})
    frame = reached(visits)
    assert frame["row"].to_list() == [1, 2, 3, 4]
    assert frame["share"].to_list() == pytest.approx([1.0, 0.6, 0.3, 0.3])


def test_visits_of_unknown_depth_are_left_out() -> None:
    visits = pl.DataFrame({"deepest_row": [None, 1, 3], "rows": [50.0, 10.0, 10.0]})
    assert reached(visits)["share"].to_list() == pytest.approx([1.0, 0.5, 0.5])


def test_no_visits_reach_nothing() -> None:
    visits = pl.DataFrame(schema={"deepest_row": pl.Int64, "rows": pl.Float64})
    assert reached(visits).is_empty()
