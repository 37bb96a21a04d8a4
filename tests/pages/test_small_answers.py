"""What tiles make of an answer of a few rows: flows, and what was too little to tell."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from portal.components.problem import no_rows
from portal.context import Context, Extent, resolve
from portal.routing import discover
from portal.tiles import Canary, ExperimentList, ExperimentVerdict, StandingOut, arms
from portal.tiles.funnel import Funnel
from portal.tiles.image_effects import ExploringCost, ImageEffects
from portal.tiles.image_pair import ImagePairOptions, ImagesCompared
from portal.tiles.mix import Mix, MixIndex
from portal.tiles.ranker_lists import RankersSideBySide
from portal.tiles.rankers import RankerRates, SlotRates
from portal.tiles.ridgeline import Ridgeline
from portal.tiles.searching import QueryFlows
from portal.tiles.split_options import SplitOptions
from portal.tiles.switching import Switching, SwitchingVerdict
from portal.tiles.target_policy import PolicyOptions, chosen, threshold
from portal.view import View
from queries.catalog import builtin
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.model import Query, Result
from queries.period import Period

EXTENT = Extent(date(2026, 1, 1), date(2026, 6, 30), "v1")


def context(path: str, link: str = "") -> Context:
    page = discover("pages")[path]
    view = View.from_url(link, (), page.options)
    return resolve(view, page, builtin().dataset(page.datasets[0]), EXTENT)


def answer(query: Query, *rows: dict[str, Any]) -> Result:
    frame = pl.DataFrame(list(rows))
    return Result(
        query=query, frame=frame, total=frame.clear(), data_version="v1", source="raw",
        table="t", sql="", took_ms=1.0,
    )  # fmt: skip


def flow(query: str, title: str, searches: float, accounts: int) -> dict[str, Any]:
    ends = {"searches_succeeded__low": searches - 5, "searches_succeeded__high": searches + 5}
    return {
        "query": query, "title": title, "searches_succeeded": searches, "accounts": accounts,
        "small": "few" if accounts < 200 else None, **ends,
    }  # fmt: skip


def test_flows_are_as_large_as_they_are_and_say_so():
    here, tile = context("/search"), QueryFlows()
    (query,) = tile.questions(here)
    drawn = tile.draw(
        [
            answer(
                query,
                flow("heist", "Big Heist", 400, 320),
                flow("heist", "Small Heist", 90, 80),
                flow("the b", "Big Heist", 30, 25),
            )
        ],
        here,
    )
    content = drawn.content
    assert [n["filter"] for n in content["left"]] == ["heist", "the b"]
    assert [n["filter"] for n in content["right"]] == ["Big Heist", "Small Heist"]
    assert [(f["from"], f["to"], f["value"], f["few"]) for f in content["flows"]] == [
        (0, 0, 400, False),
        (0, 1, 90, True),
        (1, 0, 30, True),
    ]
    assert content["flows"][0]["tip"][1:] == ["95 % interval 395 to 405", "320 accounts"]


def test_queries_of_a_handful_of_accounts_are_not_even_asked_for():
    (query,) = QueryFlows().questions(context("/search"))
    first = query.thresholds[0]
    assert (first.metric, first.operation, first.value) == ("accounts", ">=", 10)


@pytest.mark.parametrize(("half", "is_said"), [(0.002, True), (0.0005, False)])
def test_an_effect_that_is_not_told_apart_says_what_it_takes(half: float, is_said: bool):
    here, tile = context("/artwork"), ImageEffects()
    effects, random = tile.questions(here)
    row = {
        f"{m.name}{end}": 0.001 + sign * half
        for m in effects.metrics
        for end, sign in (("", 0), ("__low", -1), ("__high", 1))
    }
    shown = {"seen_impressions": 10_000.0, "plays": 500.0, "take_rate": 0.05}
    notes = tile.draw([answer(effects, row), answer(random, shown)], here).notes
    assert any("Not told apart" in note for note in notes) is is_said
    if is_said:
        said = notes[-1].replace("\u2009", " ")
        assert "10.0 k images shown at random" in said
        assert "Faces against none 0.28 pt (3.19 k)" in said


@pytest.mark.parametrize(
    ("low", "high", "is_said"), [(-40.0, 60.0, True), (10.0, 60.0, False), (-60.0, -10.0, False)]
)
def test_a_regret_is_unknown_only_where_it_may_be_none(low: float, high: float, is_said: bool):
    here, tile = context("/artwork"), ExploringCost()
    weeks, random = tile.questions(here)
    name = weeks.metrics[0].name
    row = {
        here.time.name: date(2026, 6, 1),
        name: (low + high) / 2,
        f"{name}__low": low,
        f"{name}__high": high,
    }
    shown = {"seen_impressions": 10_000.0, "plays": 500.0, "take_rate": 0.05}
    notes = tile.draw([answer(weeks, row), answer(random, shown)], here).notes
    assert any("not told apart from none" in note for note in notes) is is_said


def images(title: str, *rates: float) -> list[dict[str, Any]]:
    """The images of a title, the first of them in use, the likeliest best by its rate."""
    return [
        {
            "title": title, "artwork": 10 + n, "seen_impressions": 9000 - n, "small": None,
            "best_image_probability": rate, "click_bait_index": 2.0, "click_bait_index__low": 1.9,
            "click_bait_index__high": 2.1, "image_take_rate": rate, "image_take_rate__low": rate,
            "image_take_rate__high": rate, "lift_over_random": 1.0,
        }
        for n, rate in enumerate(rates)
    ]  # fmt: skip


def clusters(*rates: float) -> list[dict[str, Any]]:
    """Takes of each image in clusters of accounts that vary a little."""
    return [
        {
            "artwork": 10 + n, "cluster": cluster,
            "image_take_rate__numerator": 1000 * rate + (n + 1) * (cluster % 4 - 1.5),
            "image_take_rate__denominator": 1000.0,
            "click_bait_index__numerator": 20.0 + cluster * 3 % 4,
            "click_bait_index__denominator": 10.0,
        }
        for n, rate in enumerate(rates)
        for cluster in range(32)
    ]  # fmt: skip


def test_the_likeliest_best_image_is_held_against_the_one_in_use_unless_the_view_names_two():
    tile = ImagesCompared()
    for link, pair, size in (
        ("", ("Image 11", "Image 10"), "+3.00 pt"),
        ("?hold=10&against=12", ("Image 10", "Image 12"), "−1.00 pt"),
        ("?hold=10", ("Image 10", "Image 11"), "−3.00 pt"),
    ):
        here = context("/artwork", link)
        shown, sides = tile.questions(here)
        answers = [
            answer(shown, *images("One", 0.05, 0.08, 0.06)),
            answer(sides, *clusters(0.05, 0.08, 0.06)),
        ]
        drawn = tile.draw(answers, here)
        (table,) = drawn.content["tables"]
        assert tuple(c["label"] for c in table["columns"][1:3]) == pair
        assert table["rows"][0][3]["text"] == size
        controls = ImagePairOptions().draw(answers[:1], here).content["options"]
        assert [c["name"] for c in controls] == ["hold", "against"]


def test_images_of_two_titles_or_of_another_one_are_not_compared():
    tile = ImagesCompared()
    here = context("/artwork")
    shown, sides = tile.questions(here)
    several = answer(shown, *images("One", 0.05), *images("Two", 0.08))
    drawn = tile.draw([several, answer(sides, *clusters(0.05))], here)
    assert drawn.kind == "empty"
    here = context("/artwork", "?hold=99")
    answers = [answer(shown, *images("One", 0.05, 0.08)), answer(sides, *clusters(0.05, 0.08))]
    with pytest.raises(InvalidQuery, match="99"):
        tile.draw(answers, here)


def test_what_an_option_cannot_be_is_refused_and_its_controls_stay():
    for text in ("none", "0", "-3", "inf"):
        with pytest.raises(InvalidQuery, match=text):
            threshold(context("/ranker-lab", f"?tau={text}"))
    here = context("/quality", "?split=weather")
    assert SplitOptions().questions(here) == ()
    drawn = SplitOptions().draw((), here)
    assert [o["name"] for o in drawn.content["options"]] == ["split", "measure"]


def test_a_value_that_there_is_none_of_is_refused_and_those_that_there_are_stay():
    here = context("/quality", "?arm=nope&split=device")
    (query,) = arms.questions(here)
    one = {"bucket": 1} | {metric.name: 500.0 for metric in query.metrics}
    rows = answer(query, one | {"device": "tv"}, one | {"device": "web"})
    none = replace(rows, frame=rows.frame.clear())
    assert StandingOut().draw([none], here).content["message"] == "No rows in this period."
    assert Canary().draw([none], here).content["message"] == "No rows in this period."
    with pytest.raises(InvalidQuery, match="nope"):
        arms.split([rows], here)
    split, arm, _ = SplitOptions().draw([rows], here).content["options"]
    assert {c["value"] for c in arm["choices"]} == {"tv", "web"}
    assert split["clears"] == ["arm"]


def test_a_reference_without_rows_is_refused():
    here, tile = context("/ranker-lab", "?against=nobody"), RankersSideBySide()
    here = replace(here, dataset=builtin().dataset("page_rows"))
    with pytest.raises(InvalidQuery, match="nobody"):
        tile.draw([answer(tile.questions(here)[0], {"ranker": "pvr"})] * 2, here)


def test_a_monthly_number_says_that_no_whole_month_lies_in_the_period():
    churn = builtin().dataset("churn")
    days = replace(context("/"), dataset=churn, period=Period(date(2026, 1, 4), date(2026, 1, 31)))
    assert no_rows(days).content["message"] == "No whole month lies in this period."
    whole = replace(days, period=Period(date(2026, 1, 1), date(2026, 1, 31)))
    assert no_rows(whole).content["message"] == "No rows in this period."


def test_two_experiments_are_a_list_and_one_is_a_page():
    page = discover("pages")["/experiments"]

    def first(link: str) -> object:
        return page.arranged(builtin(), View.from_url(link, page.filters))[1].tiles[0]

    assert isinstance(first("?experiment=a&experiment=b"), ExperimentList)
    assert isinstance(first("?experiment=a"), ExperimentVerdict)


@pytest.mark.parametrize("kind", [Switching, SwitchingVerdict])
def test_of_one_period_alone_no_share_is_split_and_nothing_is_claimed(kind: type[Switching]):
    here, tile = context("/when-where", "compare=none"), kind(by="device")
    assert (*tile.questions(here), *tile.following((), here)) == ()
    assert tile.draw((), here).content["message"] == "A share moves between two periods."
    if isinstance(tile, SwitchingVerdict):
        assert tile.statements((), here) == ()


@pytest.mark.parametrize("kind", [Mix, MixIndex])
def test_a_mix_of_no_rows_is_said_to_have_none(kind: type[Mix]):
    here, tile = context("/when-where"), kind(by="country", of="hour")
    (query,) = tile.questions(here)
    nobody = {"country": pl.String, "hour": pl.Int64, "hours_viewed": pl.Float64}
    empty = replace(answer(query), frame=pl.DataFrame(schema=nobody))
    assert tile.draw([empty], here).content["reason"] == "no_rows"


@pytest.mark.parametrize(
    "tile",
    [
        Mix(by="country", of="hour"),
        MixIndex(by="country", of="hour"),
        Ridgeline(by="country", inside="region"),
    ],
)
def test_a_mix_of_a_handful_of_accounts_says_that_it_is_withheld(tile: Mix):
    here = context("/when-where")
    query = tile.questions(here)[0]
    row = {"country": "KR", "cluster": 1, "hours_viewed": 2.0, "plays": 3}
    nothing = {"country": "BR", "cluster": 2, "hours_viewed": 0.0, "plays": 1}
    few = answer(query, *({**r, "hour": hour} for hour in (1, 2) for r in (row, nothing)))
    drawn = tile.draw([few, few], here)
    assert "Fewer than 10 accounts" in drawn.content["message"]


def test_steps_of_the_funnel_say_their_share_beside_the_bar_and_their_count_in_it():
    names = ("rows", "searches_found", "searches_clicked", "searches_played", "searches_succeeded")
    here, tile = context("/search"), Funnel(metrics=names, of="searches")
    (query,) = tile.questions(here)
    counts = dict(zip(tile.metrics, (2000, 1500, 900, 800, 750), strict=True))
    row = counts | {f"{name}__{end}": n for name, n in counts.items() for end in ("low", "high")}
    figure = tile.draw([answer(query, row)], here).content
    beside = figure["layout"]["yaxis"]["ticktext"]
    assert beside[0].endswith("2\u2009000 searches")
    assert beside[2].endswith("<b>45%</b> · 60% of before")
    assert figure["data"][0]["text"] == ["", "1.50\u2009k", "900", "800", "750"]


@pytest.mark.parametrize(
    ("seen", "taken", "message"),
    [
        (0, None, "No rows in this period."),
        (900, None, "These rows do not say what “Take rate” needs."),
        (900, 0.1, "Nothing was shown at random."),
    ],
)
@pytest.mark.parametrize("tile", [RankerRates(), SlotRates()])
def test_why_position_is_not_taken_out_is_said(
    tile: RankerRates | SlotRates, seen: int, taken: float | None, message: str
):
    here = resolve(
        View.from_url("", (), ()), discover("pages")["/rankers"],
        builtin().dataset("impressions"), EXTENT,
    )  # fmt: skip
    (query,) = tile.questions(here)
    keys = {"ranker": "pvr", "row": 1, "column": 1}
    row = keys | {"take_rate": taken, "take_rate__n": seen, "debiased_take_rate": None}
    shown = tile.draw([answer(query, row)], here)
    assert shown.content["message"] == message


def test_a_log_without_rows_is_not_said_to_hold_no_probabilities():
    here, tile = context("/ranker-lab"), PolicyOptions()
    (query,) = tile.questions(here)
    nothing = replace(answer(query, {"policies": ["b"]}), frame=pl.DataFrame({"policies": []}))
    with pytest.raises(UnsafeQuestion, match="No rows in this period"):
        chosen(nothing, here)
