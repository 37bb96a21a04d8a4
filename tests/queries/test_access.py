from queries.catalog import builtin
from queries.formula import parse
from queries.model import Access, Metric


def metric(formula: str) -> Metric:
    return Metric(name="m", label="M", formula=parse(formula))


def hiding(*formulas: str) -> Access:
    return Access(hidden=frozenset().union(*(parse(f).aggregates() for f in formulas)))


def test_a_hidden_number_is_hidden_under_every_filter():
    access = hiding("count(distinct account_id)")
    assert access.hides(metric("count(distinct account_id) filter (where watched_s >= 0)"))
    assert access.hides(metric("sum(watched_s) / count(distinct account_id)"))
    assert not access.hides(metric("count(distinct title_id)"))
    assert not access.hides(metric("sum(watched_s)"))


def test_a_number_hidden_under_one_filter_is_seen_under_others():
    access = hiding("count(distinct account_id) filter (where outcome = 'played')")
    assert not access.hides(metric("count(distinct account_id) filter (where watched_s >= 120)"))
    playback = builtin().dataset("playback")
    hidden = {m.name for m in playback.metrics if access.hides(m)}
    assert "accounts" in hidden
    assert "hours_viewed" not in hidden


def test_nothing_is_hidden_by_default():
    assert not any(Access().hides(m) for d in builtin().datasets for m in d.metrics)
