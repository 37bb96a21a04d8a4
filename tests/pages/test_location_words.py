"""The location planner names what it cannot compare, and why."""

import polars as pl
import pytest

from portal.tiles.filming_dial import FilmingDial
from portal.tiles.findings import Findings
from tests.pages.quiet_worlds import filming
from tests.pages.test_where_nothing_happens import answers, opened

(PAST,) = filming(seed=0)


def drawn(frame: pl.DataFrame, search: str) -> dict:
    page = opened("/locations", search)
    tile = next(t for t in page.tiles().values() if isinstance(t, Findings))
    context = page.tile_context(tile)
    asked = [q for one in tile.gathered for q in one.questions(context)]
    return dict(tile.draw(answers(asked, (frame,) * len(asked)), context).content)


@pytest.mark.parametrize(
    ("kept", "search", "said"),
    [
        (60, "", "Neither place is cheaper beyond doubt"),
        (60, "a=Far", "fewer than 3 of our productions were shot in Far."),
        (60, "a=Far&b=Else", "fewer than 3 of our productions were shot in Far."),
        (9, "", "fewer than 15 finished productions."),
    ],
)
def test_what_keeps_two_places_from_being_compared_is_said(kept: int, search: str, said: str):
    far = pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("Far")).otherwise("city")
    content = drawn(PAST.with_columns(city=far).head(kept), search)
    assert content["claims"] == []
    assert said in content["silence"]
    is_tried = said.startswith("Neither")
    assert content["silence"].startswith("Nothing can be compared here: ") is not is_tried
    assert bool(content["basis"]) is is_tried


def test_the_dial_is_as_tall_as_it_is_wide_demands():
    page = opened("/locations", "")
    tile = next(t for t in page.tiles().values() if isinstance(t, FilmingDial))
    context = page.tile_context(tile)
    content = tile.draw(answers(tile.questions(context), (PAST,)), context).content
    (left, right), (low, high) = (content["layout"][a]["range"] for a in ("xaxis", "yaxis"))
    assert content["ratio"] == pytest.approx((right - left) / (high - low), abs=1e-3)
