import pytest

from queries.catalog import builtin
from queries.dataset import Access, Metric
from queries.errors import UnknownField
from queries.formula import parse

PLAYBACK = builtin().dataset("playback")


def metric(formula: str) -> Metric:
    return Metric(name="m", label="M", formula=parse(formula))


def hiding(*formulas: str) -> Access:
    return Access(hidden=frozenset().union(*(parse(f).aggregates() for f in formulas)))


def test_a_hidden_number_is_hidden_under_every_filter():
    access = hiding("count(distinct account_id)")
    assert access.hides(
        metric("count(distinct account_id) filter (where watched_s >= 0)"), PLAYBACK
    )
    assert access.hides(metric("sum(watched_s) / count(distinct account_id)"), PLAYBACK)
    assert not access.hides(metric("count(distinct title_id)"), PLAYBACK)
    assert not access.hides(metric("sum(watched_s)"), PLAYBACK)


def test_a_number_hidden_under_one_filter_is_seen_under_others():
    access = hiding("count(distinct account_id) filter (where outcome = 'played')")
    assert not access.hides(
        metric("count(distinct account_id) filter (where watched_s >= 120)"), PLAYBACK
    )
    hidden = {m.name for m in PLAYBACK.metrics if access.hides(m, PLAYBACK)}
    assert "accounts" in hidden
    assert "hours_viewed" not in hidden


def test_nothing_is_hidden_by_default():
    assert not any(Access().hides(m, d) for d in builtin().datasets for m in d.metrics)


def test_a_number_is_not_told_again_by_a_table_that_is_made_of_its_rows():
    """A row an account and title: counting rows of one title counts its accounts."""
    access = hiding("count(distinct account_id) filter (where outcome = 'played')")
    open_to = {d.name for d in builtin().datasets if not all(access.hides(m, d) for m in d.metrics)}
    assert not open_to & {"audience", "episodes", "membership", "calibration"}
    assert {"playback", "page_requests", "page_rows", "top10"} <= open_to
    watched = hiding("sum(watched_s)")
    audience = builtin().dataset("audience")
    assert all(watched.hides(m, audience) for m in audience.metrics)


def test_a_hint_names_nothing_that_is_hidden():
    access = hiding("sum(watched_s)")
    with pytest.raises(UnknownField, match="hours_vieved") as open_to_all:
        PLAYBACK.metric("hours_vieved")
    assert "hours_viewed" in open_to_all.value.hint
    with pytest.raises(UnknownField) as discreet:
        access.discreet(PLAYBACK).metric("hours_vieved")
    assert "hours_viewed" not in discreet.value.hint
    assert access.discreet(PLAYBACK).metric("hours_viewed")
