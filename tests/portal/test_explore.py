"""Explore: every choice is in the URL, and nothing is offered that has no right answer."""

from dataclasses import replace
from urllib.parse import urlencode

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from portal.explore.askable import leading, others, why_not
from portal.explore.breakdown import Breakdown, Opened
from portal.explore.choices import OPTIONS, read_choices
from portal.explore.leaderboard import ROWS, Leaderboard
from portal.explore.page import explore
from portal.open_page import OpenPage, ask, open_page, shown
from portal.page import Advising, Page, Tile
from portal.view import RESERVED, View
from queries.catalog import Catalog, builtin
from queries.dataset import Access, Dataset, Metric, Rollup, TimeBucket
from queries.errors import QueryError
from queries.formula import parse
from queries.model import Result
from queries.warehouse import Warehouse
from tests.portal.small_warehouse import small_warehouse
from tests.queries.small_lake import DATASET

PAGE = Page(path="/explore", title="Explore", question="?", datasets=("plays",), become=explore)
EVERYBODY = Access()
BRAZIL = Access(rows=(("country", ("BR",)),))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return small_warehouse(tmp_path_factory.mktemp("explore"))


def opened(warehouse: Warehouse, query: str) -> OpenPage:
    return open_page(PAGE, query, warehouse)


def answers(
    warehouse: Warehouse, query: str, tile: Tile, access: Access = EVERYBODY
) -> tuple[Result, ...]:
    return ask(opened(warehouse, query), tile, warehouse, access)


def content(warehouse: Warehouse, query: str, tile: Tile):
    page = opened(warehouse, query)
    results = ask(page, tile, warehouse, EVERYBODY)
    return tile.draw(results, page.tile_context(tile)).content


def read(query: str, dataset: Dataset = DATASET):
    return read_choices(View.from_url(query, options=(*OPTIONS, "with.policy")), dataset)


def test_an_empty_url_shows_the_first_metric_by_the_first_useful_dimension() -> None:
    choices = read("")
    assert choices.names == ("rows",)
    assert [key.name for key in choices.by] == ["country"]
    assert choices.is_by_default


def test_metrics_keep_the_order_in_which_they_were_chosen() -> None:
    assert read("metric=views&metric=accounts&metric=views").names == ("views", "accounts")


def test_a_name_that_is_not_there_is_said_and_the_rest_still_stands() -> None:
    choices = read("metric=hours&metric=accounts&by=contry&open=nowhere&limit=many")
    assert choices.names == ("accounts",)
    assert choices.limit == 25
    assert len(choices.notices) == 4
    assert "“country”" in choices.notices[1]


def test_time_can_stand_in_rows_and_columns_at_a_grain() -> None:
    choices = read("by=country&pivot=week")
    assert isinstance(choices.pivot, TimeBucket)
    assert choices.pivot.grain == "week"


def test_rows_and_columns_are_never_the_same_dimension() -> None:
    assert read("by=country&pivot=country").pivot is None
    assert [key.name for key in read("pivot=country").by] != ["country"]


def test_a_dimension_that_a_metric_does_not_have_is_refused_with_those_it_has() -> None:
    narrow = Metric(
        name="narrow", label="Narrow", formula=parse("count(*)"), dimensions=("country",)
    )
    dataset = replace(DATASET, metrics=(narrow,))
    assert why_not(dataset.dimension("country"), (narrow,), dataset) == ""
    assert "Country" in why_not(dataset.dimension("device"), (narrow,), dataset)
    choices = read("by=device", dataset)
    assert [key.name for key in choices.by] == ["country"]
    assert choices.notices


@pytest.mark.parametrize("dataset", builtin().datasets, ids=lambda d: d.name)
def test_every_dataset_can_be_laid_out_and_names_no_option(dataset: Dataset) -> None:
    page = explore(PAGE, f"dataset={dataset.name}", builtin())
    assert page.datasets == (dataset.name,)
    taken = {*OPTIONS, *RESERVED, "saved"}
    assert not taken & {d.name for d in dataset.dimensions}
    boards, rest = leading(dataset), others(dataset)
    assert sorted(d.name for d in (*boards, *rest)) == sorted(d.name for d in dataset.dimensions)


LEADING = {
    "playback": """country device source plan weekday hour title region genre kind
        original_language origin_country""",
    "impressions": """country device ranker weekday title page row_context policy genre kind
        original_language shot_type""",
}


@pytest.mark.parametrize("name", LEADING)
def test_what_leads_is_what_the_dataset_names_and_no_rollup_changes_it(name: str) -> None:
    dataset = builtin().dataset(name)
    other = (Rollup("other", tuple(d.name for d in dataset.dimensions[-6:])),)
    for rollups in (dataset.rollups, (), other):
        found = leading(replace(dataset, rollups=rollups))
        assert [d.name for d in found] == LEADING[name].split()


def test_an_unknown_dataset_is_said_with_the_nearest_name() -> None:
    page = explore(PAGE, "dataset=playbak", builtin())
    assert page.datasets == ("playback",)
    assert "“playback”" in page.notices[0]


def test_a_dataset_that_is_left_out_says_why_on_its_page(warehouse: Warehouse) -> None:
    broken = "{name: orders, label: Orders, table: orders, time: {column: day}, metrics: [{}]}"
    catalog = warehouse.catalog().extended({"orders": broken, "plays": broken})
    page = explore(PAGE, "dataset=orders", catalog)
    assert page.datasets == ("plays",)
    assert "orders" in page.notices[0]
    assert catalog.left_out["orders"][0] in page.notices[0]
    assert not explore(PAGE, "dataset=plays", catalog).notices


def test_a_parameter_is_filled_in_from_the_url_and_waited_for_without_it() -> None:
    policy = Metric(
        name="off_policy",
        label="Value",
        formula=parse("sum(targets[$policy]) / count(*)"),
        kind="model",
    )
    dataset = replace(DATASET, metrics=(policy, *DATASET.metrics))
    assert read("", dataset).names == ("rows",)
    filled = read("metric=off_policy&with.policy=bts", dataset)
    assert not filled.metric.parameters
    assert "bts" in filled.metric.formula.sql


def test_pivot_totals_are_recomputed_and_never_summed(warehouse: Warehouse) -> None:
    query = "metric=accounts&by=country&pivot=device&period=all"
    rows, columns, cells = answers(warehouse, query, Breakdown())
    total = rows.total["accounts"].item()
    assert total == columns.total["accounts"].item()
    assert rows.frame["accounts"].sum() > total
    by_row = cells.frame.group_by("country").agg(pl.col("accounts").sum())
    both = by_row.join(rows.frame, on="country", nulls_equal=True)
    assert (both["accounts"] > both["accounts_right"]).any()


def test_a_pivot_is_exported_as_it_is_seen(warehouse: Warehouse) -> None:
    query = "metric=hours_viewed&by=country&pivot=device&period=all&country.not=KR"
    page = opened(warehouse, query)
    tile = Breakdown()
    results = ask(page, tile, warehouse, EVERYBODY)
    (file,) = tile.joined(results, page.tile_context(tile))
    seen = content(warehouse, query, tile)
    assert file.frame.columns[2:] == [head["text"] for head in seen["heads"]]
    assert file.frame.height == len(seen["rows"])
    assert "KR" not in file.frame["country"].to_list()
    across = file.frame.select(pl.sum_horizontal(file.frame.columns[2:]).alias("hours_viewed"))
    assert_frame_equal(across, file.frame.select("hours_viewed"))


def test_missing_values_have_their_row_in_a_pivot(warehouse: Warehouse) -> None:
    seen = content(warehouse, "metric=rows&by=country&pivot=device&period=all", Breakdown())
    missing = next(r for r in seen["rows"] if r["names"][0]["text"] == "(missing)")
    assert all(cell["text"] for cell in missing["cells"])


def test_a_leaderboard_says_nothing_about_its_own_filter(warehouse: Warehouse) -> None:
    everything = content(warehouse, "", Leaderboard(by="country"))
    filtered = content(warehouse, "country=BR", Leaderboard(by="country"))
    assert [r["label"] for r in filtered["rows"]] == [r["label"] for r in everything["rows"]]
    other = content(warehouse, "country=BR", Leaderboard(by="device"))
    assert (
        other["rows"][0]["value"]
        < content(warehouse, "", Leaderboard(by="device"))["rows"][0]["value"]
    )


def test_what_is_filtered_to_stays_in_sight_below_the_top(warehouse: Warehouse) -> None:
    last = answers(warehouse, "metric=rows", Leaderboard(by="title"))[0].frame["title"].to_list()
    hidden = next(f"Title {n}" for n in range(1, 41) if f"Title {n}" not in last)
    query = f"metric=rows&title={hidden}"
    labels = [r["label"] for r in content(warehouse, query, Leaderboard(by="title"))["rows"]]
    assert len(labels) == ROWS + 1
    assert labels[-1] == hidden


def test_only_what_adds_up_has_a_share(warehouse: Warehouse) -> None:
    hours = content(warehouse, "metric=hours_viewed", Leaderboard(by="device"))["rows"]
    assert all(row["share"].endswith("%") for row in hours)
    for name in ("click_rate", "accounts", "startup"):
        rows = content(warehouse, f"metric={name}", Leaderboard(by="device"))["rows"]
        assert not any("share" in row for row in rows)


def test_an_opened_dimension_can_be_searched(warehouse: Warehouse) -> None:
    seen = content(warehouse, "metric=rows&open=title&find=Title+3", Opened())
    names = [row[0]["text"] for row in seen["rows"]]
    assert names
    assert all(name.startswith("Title 3") for name in names)
    assert seen["search"]
    assert "rows" not in content(warehouse, "metric=rows", Opened())


def test_a_breakdown_sorts_by_any_column_and_shows_more_on_request(warehouse: Warehouse) -> None:
    query = "metric=rows&metric=accounts&by=title&order=accounts+asc&period=all"
    (first,) = answers(warehouse, query, Breakdown())
    assert first.frame["accounts"].is_sorted()
    assert first.frame.height == 25
    (more,) = answers(warehouse, f"{query}&limit=100", Breakdown())
    assert more.frame.height == 40
    (changed,) = answers(
        warehouse,
        "metric=rows&order=rows__relative&by=country&period=last+28+days&compare=previous",
        Breakdown(),
    )
    known = changed.frame["rows__relative"].drop_nulls()
    assert known.is_sorted(descending=True)


def test_a_table_is_read_on_page_by_page_and_its_total_stays_that_of_all(
    warehouse: Warehouse,
) -> None:
    query = (
        "metric=accounts&metric=rows&open=title&by=title&order=rows__relative&period=last+28+days"
    )
    tile: Breakdown | Opened
    for tile in (Breakdown(), Opened()):
        everything = content(warehouse, f"{query}&limit=100", tile)
        pages = [content(warehouse, f"{query}&limit=15&skip={n}", tile) for n in (0, 15, 30)]
        assert [page["first"] for page in pages] == [1, 16, 31]
        assert [page["more"] for page in pages] == [True, True, False]
        names = [[row[0]["text"] for row in page["rows"]] for page in pages]
        assert [name for page in names for name in page] == [
            row[0]["text"] for row in everything["rows"]
        ]
        totals = [[cell["text"] for cell in page["total"]] for page in (*pages, everything)]
        assert totals[1:] == totals[:-1]
        below = content(warehouse, f"{query}&limit=15&skip=900", tile)
        assert below["actions"] == [{"label": "Show the first", "set": {"skip": None}}]


def test_a_pivot_is_read_on_with_the_cells_of_its_rows(warehouse: Warehouse) -> None:
    query = "metric=rows&by=title&pivot=device&period=all"
    everything = content(warehouse, f"{query}&limit=100", Breakdown())
    page = content(warehouse, f"{query}&limit=15&skip=15", Breakdown())
    assert page["rows"][0]["cells"][0]["text"] == everything["rows"][15]["cells"][0]["text"]
    assert [r["names"] for r in page["rows"]] == [r["names"] for r in everything["rows"][15:30]]
    at = opened(warehouse, f"{query}&limit=15&skip=15")
    held = shown(at, Breakdown(), ask(at, Breakdown(), warehouse, Access()))
    assert held[0].frame.height == 15


def test_somebody_with_row_rules_never_sees_other_rows(warehouse: Warehouse) -> None:
    (board,) = answers(warehouse, "metric=rows", Leaderboard(by="country"), BRAZIL)
    assert board.frame["country"].to_list() == ["BR"]
    rows, _, cells = answers(warehouse, "metric=rows&pivot=device", Breakdown(), BRAZIL)
    assert set(rows.frame["country"]) == set(cells.frame["country"]) == {"BR"}


def exclusive(warehouse: Warehouse) -> Warehouse:
    """The same rows, as if devices overlapped."""
    overlapping = replace(DATASET, exclusive="device")
    return Warehouse(warehouse._lake, warehouse._engine, warehouse._cache, Catalog((overlapping,)))


def test_where_levels_overlap_one_is_chosen_and_said(warehouse: Warehouse) -> None:
    page = opened(exclusive(warehouse), "")
    (choice,) = page.assumed
    assert (choice.name, choice.operation, len(choice.values)) == ("device", "in", 1)
    assert opened(exclusive(warehouse), "device=tv").assumed == ()


def test_where_levels_overlap_there_is_no_total(warehouse: Warehouse) -> None:
    overlapping = exclusive(warehouse)
    assert content(overlapping, "metric=rows&by=device", Breakdown())["total"] is None
    assert content(overlapping, "metric=rows&by=country", Breakdown())["total"] is not None


def test_a_refusal_comes_with_the_nearest_question(warehouse: Warehouse) -> None:
    overlapping = exclusive(warehouse)
    query = "metric=hours_viewed&device=tv&device=web&by=country"
    page = opened(overlapping, query)
    tile = Breakdown()
    with pytest.raises(QueryError) as refused:
        ask(page, tile, overlapping, EVERYBODY)
    drawing = tile.advise(refused.value, page.tile_context(tile))
    assert drawing.content["reason"] == "not_defined"
    (action,) = drawing.content["actions"]
    assert action["set"] == {"by": "device"}
    ask(
        opened(overlapping, "metric=hours_viewed&device=tv&device=web&by=device"),
        tile,
        overlapping,
        EVERYBODY,
    )


def test_of_a_rate_the_largest_groups_are_ranked_not_the_smallest(warehouse: Warehouse) -> None:
    page = opened(warehouse, "metric=click_rate&period=all")
    tile = Leaderboard(by="title")
    results = ask(page, tile, warehouse, EVERYBODY)
    (shown,) = tile.joined(results, page.tile_context(tile))
    assert shown.frame["click_rate"].is_sorted(descending=True)
    assert not any(name.startswith("rows") for name in shown.frame.columns)
    (counted,) = answers(warehouse, "metric=rows&period=all", Leaderboard(by="title"))
    assert set(shown.frame["title"]) == set(counted.frame["title"])
    drawing = tile.draw(results, page.tile_context(tile))
    assert drawing.notes == (f"The {ROWS} with most rows, ranked.",)


NAMES = [d.name for d in DATASET.dimensions]
METRICS = [m.name for m in DATASET.metrics]
KEYS = [*NAMES, "day", "week", "day:month", "nonsense"]


@st.composite
def links(draw: st.DrawFn) -> str:
    """Explore's URLs as people make and break them."""
    metrics = draw(st.lists(st.sampled_from([*METRICS, "hours"]), max_size=3))
    pairs = [("metric", name) for name in metrics]
    pairs += [("by", key) for key in draw(st.lists(st.sampled_from(KEYS), max_size=3))]
    optional = {
        "pivot": KEYS,
        "open": KEYS,
        "find": ["Title 1", "%", ""],
        "order": [*METRICS, "country", "accounts__delta", "x asc", "click_rate asc"],
        "limit": ["1", "25", "9999", "-1"],
        "period": ["all", "last 7 days", "2031", "never"],
        "compare": ["none", "previous", "last-year", "2026-01-05 to 2026-01-11"],
        "grain": ["day", "quarter", "hour"],
        "country": ["BR", "XX"],
        "country.not": ["US"],
        "country.missing": ["yes", "no"],
        "hour.from": ["18", "late"],
        "title.contains": ["Title"],
    }
    for name, texts in optional.items():
        if draw(st.booleans()):
            pairs.append((name, draw(st.sampled_from(texts))))
    return urlencode(pairs)


@given(link=links(), access=st.sampled_from([EVERYBODY, BRAZIL]))
@settings(max_examples=40, deadline=None)
def test_any_link_is_answered_or_refused_in_words(
    warehouse: Warehouse, link: str, access: Access
) -> None:
    page = opened(warehouse, link)
    kinds = {type(tile): tile for tile in page.tiles().values()}
    assert len(kinds) == 7
    for tile in kinds.values():
        context = page.tile_context(tile)
        try:
            results = ask(page, tile, warehouse, access)
        except QueryError as error:
            assert isinstance(tile, Advising)
            drawing = tile.advise(error, context)
        else:
            drawing = tile.draw(results, context)
        assert orjson.dumps(drawing.content, option=orjson.OPT_SERIALIZE_NUMPY)
