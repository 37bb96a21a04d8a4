"""Pins of a link: what they show, and what is said of those that cannot be shown."""

from portal.routing import discover
from portal.tiles import Findings, Headline
from portal.tiles.pinned import MOST
from queries.catalog import builtin
from queries.dataset import Access

PULSE = discover("pages")["/"]


def opened(query: str, access: Access | None = None) -> tuple[list[str], tuple[str, ...]]:
    """The pinned metrics, and what is said above the page."""
    catalog = builtin().seen_with(access or Access())
    page = PULSE.read(query, catalog)
    sections = page.arranged(catalog, page.view(query, catalog))
    tiles = [t for s in sections if s.title == "Pinned" for t in s.tiles if isinstance(t, Headline)]
    assert {t.place.dataset for t in tiles} <= set(page.datasets)
    return [f"{t.place.dataset}.{t.metric}" for t in tiles], page.notices


def test_pins_are_shown_in_the_order_of_the_link_and_come_back_from_its_url() -> None:
    query = "?pin=billing.gross_adds&pin=playback.plays"
    assert opened(query) == (["billing.gross_adds", "playback.plays"], ())
    assert PULSE.view(query, builtin()).to_url() == query[1:]
    assert opened("") == ([], ())


def test_a_pin_that_is_none_is_said_and_the_others_stand() -> None:
    shown, said = opened("?pin=hours&pin=playbak.plays&pin=playback.playz&pin=playback.plays")
    assert shown == ["playback.plays"]
    assert len(said) == 3
    assert "“hours” is no pin" in said[0]
    assert all(text.startswith("A pin was left out.") for text in said)


def test_more_than_eight_pins_are_cut_and_that_is_said() -> None:
    names = [m.name for m in builtin().dataset("playback").metrics][: MOST + 2]
    shown, said = opened("&".join(f"pin=playback.{name}" for name in names))
    assert shown == [f"playback.{name}" for name in names[:MOST]]
    assert said == ("Of 10 pins the first 8 are shown.",)


def test_a_hidden_metric_is_left_out_and_said_without_its_name() -> None:
    hours = builtin().dataset("playback").metric("hours_viewed")
    access = Access(hidden=frozenset(hours.formula.aggregates()))
    shown, said = opened("?pin=playback.hours_viewed&pin=playback.plays", access)
    assert shown == ["playback.plays"]
    assert said == ("A pin was left out. You may not see its metric.",)


def test_pins_change_nothing_in_what_findings_try() -> None:
    catalog = builtin()
    found = []
    for query in ("", "?pin=billing.gross_adds"):
        page = PULSE.read(query, catalog)
        first = page.arranged(catalog, page.view(query, catalog))[0].tiles[0]
        assert isinstance(first, Findings)
        found.append(first.only)
    assert found[0] == found[1]


def test_an_estimated_metric_is_pinned_as_on_its_page_without_a_line() -> None:
    query = "?pin=title_value.efficiency&pin=playback.plays"
    page = PULSE.read(query, builtin())
    tiles = page.arranged(builtin(), page.view(query, builtin()))[1].tiles
    assert [t.has_line for t in tiles if isinstance(t, Headline)] == [False, True]
