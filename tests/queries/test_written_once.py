"""Metrics that are written once: near copies of one text, and those that another dataset has."""

import pytest

from queries.catalog import read_dataset
from queries.errors import InvalidQuery

PLAYS = """
name: plays
label: Plays
table: plays
entity: account_id
owner: product
time: {column: day}
metrics:
  - {name: hours, id: V01, formula: sum(hours), owner: content}
  - each:
      - {k: 5, suffix: ""}
      - {k: 20, suffix: _20}
    metrics:
      - {name: "hits{suffix}", label: "Hits@{k}", formula: "count(*) filter (where place <= {k})"}
      - {name: "misses{suffix}", formula: "count(*) filter (where place > {k})"}
  - {name: accounts, formula: count(distinct account_id)}
"""
TASTES = """
name: tastes
label: Plays by taste
table: plays
entity: account_id
owner: marketing
time: {column: day}
metrics_from:
  plays: [hits_20, hours]
metrics:
  - {name: minutes, formula: sum(hours) * 60}
"""


def test_an_entry_of_each_is_all_of_its_metrics_for_one_parameter_after_the_other():
    metrics = read_dataset(PLAYS, "plays.yaml").metrics
    named = [(m.name, m.label) for m in metrics]
    assert named == [
        ("hours", "Hours"),
        ("hits", "Hits@5"),
        ("misses", "Misses"),
        ("hits_20", "Hits@20"),
        ("misses_20", "Misses 20"),
        ("accounts", "Accounts"),
        ("rows", "Rows"),
    ]
    assert metrics[4].formula.sql == 'count(*) filter (where "place" > 20)'


def test_a_taken_metric_is_the_one_that_is_written_and_comes_first():
    taken = read_dataset(TASTES, "tastes.yaml", {"plays": PLAYS})
    plays = read_dataset(PLAYS, "plays.yaml")
    assert [m.name for m in taken.metrics] == ["hits_20", "hours", "minutes", "rows"]
    assert taken.metric("hits_20").formula == plays.metric("hits_20").formula
    assert (taken.metric("hits_20").owner, taken.metric("hours").owner) == ("marketing", "content")
    assert (taken.metric("hours").id, plays.metric("hours").id) == ("", "V01")


@pytest.mark.parametrize(
    ("wrong", "message", "hint"),
    [
        (TASTES.replace("plays: [", "play: ["), "metrics_from: there is no “play”", "“plays”"),
        (
            TASTES.replace("hits_20", "hits_2"),
            "metrics_from plays: there is no “hits_2”",
            "“hits_20”",
        ),
        (TASTES.replace("[hits_20, hours]", "[hours, hours]"), "name “hours” is used twice", ""),
        (TASTES.replace("minutes", "hours"), "name “hours” is used twice", ""),
        (PLAYS.replace("@{k}", "@{q}"), "parameters: there is no “q”", "Known: k, suffix"),
        (PLAYS.replace('suffix: ""', "suffix: a, n: 1"), "no text names the parameter “n”", ""),
        (PLAYS.replace("each:", "each: 5\n    eech:"), "there is no “eech”", "“each”"),
        (PLAYS.replace("{k: 20, suffix: _20}", "7"), "no lists of fields", "Write each"),
        (PLAYS.replace("_20}", '""}'), "name “hits” is used twice", ""),
    ],
)
def test_what_cannot_be_written_once_is_refused_where_it_stands(
    wrong: str, message: str, hint: str
):
    with pytest.raises(InvalidQuery) as refused:
        read_dataset(wrong, "wrong.yaml", {"plays": PLAYS})
    assert refused.value.message.startswith("wrong.yaml")
    assert message in refused.value.message
    assert hint in refused.value.hint
