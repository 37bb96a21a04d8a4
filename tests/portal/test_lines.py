"""Lines: which values have one, and in which colour."""

from itertools import permutations

import polars as pl

from portal.tiles.lines import largest
from queries.condition import Dimension
from queries.dataset import Metric
from queries.formula import parse


def test_of_as_many_rows_the_largest_comes_first_whatever_order_the_rows_are_in() -> None:
    metric = Metric(name="m", label="M", formula=parse("sum(x)"))
    dimension = Dimension("list", "List", "list")
    rows = [("films", 10, 3.0), ("series", 10, 7.0), ("shows", 10, 3.0), ("shorts", 20, 1.0)]
    for order in permutations(rows):
        frame = pl.DataFrame(order, schema=["list", "m__n", "m"], orient="row")
        assert largest(frame, metric, dimension) == ["shorts", "series", "films", "shows"]
