"""Links to the pages whose URL names the dataset: what they ask for is taken, or said."""

from urllib.parse import urlencode

import pytest

from pages.distribution import PAGE as DISTRIBUTION
from pages.explore import PAGE as EXPLORE
from pages.peers import PAGE as PEERS
from pages.rows import PAGE as ROWS
from portal.explore.breakdown import Breakdown, Opened
from portal.explore.rows import RowTable
from portal.open_page import ask, open_page
from portal.page import Page, Tile
from queries.dataset import Access
from queries.warehouse import Warehouse
from tests.portal.small_warehouse import small_warehouse

PAGES = {"explore": EXPLORE, "rows": ROWS, "peers": PEERS, "distribution": DISTRIBUTION}
KEYS = {"dataset": "plays", "by": "country"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return small_warehouse(tmp_path_factory.mktemp("named"))


def notices(warehouse: Warehouse, page: Page, asked: dict[str, str]) -> str:
    return " ".join(open_page(page, urlencode({**KEYS, **asked}), warehouse).all_notices())


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("explore", {"limit": "many"}, "“many” is nothing that limit can be"),
        ("explore", {"limit": "501"}, "from 1 to 500"),
        ("explore", {"limit": "-1"}, "“-1”"),
        ("explore", {"skip": "ten"}, "“ten” is nothing that skip can be"),
        ("explore", {"skip": "100001"}, "from 0 to 100000"),
        ("explore", {"order": "vews"}, "no column called “vews”. Did you mean “views”?"),
        ("explore", {"order": "views__nothing asc"}, "“views__nothing”"),
        ("explore", {"pivot": "country"}, "Country stands in the rows"),
        ("explore", {"find": "x"}, "no list of texts open to find “x”"),
        ("rows", {"skip": "-5"}, "“-5” is nothing that skip can be"),
        ("rows", {"skip": "9" * 30}, "from 0 to 100000"),
        ("peers", {"by": "contry", "group": "BR"}, "Did you mean “country”?"),
        ("peers", {"by": "hour", "group": "late"}, "“late”"),
        ("peers", {"group": ""}, "names no group"),
        ("distribution", {"over": "everything"}, "“everything” is nothing that over can be"),
        ("distribution", {"by": "contry"}, "Did you mean “country”?"),
        ("distribution", {"by": "hour", "against": "late"}, "“late”"),
        ("distribution", {"by": "", "group": "BR"}, "of no dimension"),
        ("distribution", {"group": "BR", "against": "BR"}, "not held against itself"),
    ],
)
def test_what_cannot_be_read_is_said(
    warehouse: Warehouse, name: str, asked: dict[str, str], said: str
) -> None:
    assert said in notices(warehouse, PAGES[name], asked)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("explore", {"limit": "500", "skip": "0", "order": "views__relative asc"}),
        ("explore", {"order": "country", "open": "title", "find": "x", "pivot": "week"}),
        ("rows", {"skip": "100000"}),
        ("peers", {"group": "BR"}),
        ("distribution", {"over": "units", "group": "BR", "against": "US"}),
    ],
)
def test_what_can_be_read_is_not_spoken_of(
    warehouse: Warehouse, name: str, asked: dict[str, str]
) -> None:
    assert notices(warehouse, PAGES[name], asked) == ""


@pytest.mark.parametrize(
    ("asked", "tile", "order", "said"),
    [
        ({"order": "title asc"}, Breakdown(), "views", "not in this table"),
        ({"order": "views__delta asc"}, Breakdown(), "views", "nothing is compared"),
        ({"order": "views asc"}, Breakdown(), "views", ""),
        ({"order": "views", "by": "week"}, Breakdown(), "views", ""),
        ({"order": "views", "by": "week", "pivot": "device"}, Breakdown(), "day", "its own order"),
        ({"order": "country", "open": "title"}, Opened(), "views", "not in this table"),
    ],
)
def test_a_table_in_another_order_than_the_link_asks_says_so(
    warehouse: Warehouse, asked: dict[str, str], tile: Tile, order: str, said: str
) -> None:
    link = urlencode({**KEYS, "metric": "views", "compare": "none", "period": "all", **asked})
    opened = open_page(EXPLORE, link, warehouse)
    results = ask(opened, tile, warehouse, Access())
    assert results[0].query.order_by == order
    assert results[0].query.descending == (asked["order"] != "views asc" and order != "day")
    notes = tile.draw(results, opened.tile_context(tile)).notes
    assert [said in note for note in notes] == [True] * bool(said)


def test_rows_that_cannot_be_skipped_are_the_newest(warehouse: Warehouse) -> None:
    opened = open_page(ROWS, "dataset=plays&skip=many", warehouse)
    assert RowTable().listing(opened.context).skip == 0
