"""Headline: a number that has no change says why."""

from datetime import date

import pytest

from portal.context import Extent, resolve
from portal.tiles.headline import number
from portal.view import View
from queries.dataset import SMALL
from tests.portal.test_context import Usual
from tests.queries.small_lake import DATASET

ROW = {"hours_viewed": 10.0, "hours_viewed__n": 400, "hours_viewed__previous": None, SMALL: None}


@pytest.mark.parametrize(
    ("view", "row", "said"),
    [
        ("", ROW, "no value before to compare with"),
        ("period=last+60+days", ROW, "no data before 1 Jan 2026"),
        ("compare=none", ROW, None),
        ("", ROW | {"hours_viewed__previous": 8.0, "hours_viewed__delta": 2.0}, None),
    ],
)
def test_a_number_without_a_change_says_why(
    view: str, row: dict[str, object], said: str | None
) -> None:
    extent = Extent(date(2026, 1, 1), date(2026, 3, 25), "v1")
    context = resolve(View.from_url(view, []), Usual(), DATASET, extent)
    assert number(row, DATASET.metric("hours_viewed"), context).get("no_delta") == said
