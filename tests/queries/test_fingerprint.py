"""A fingerprint changes with what a number means, and with nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from queries.catalog import builtin
from queries.dataset import Dataset, Metric
from queries.fingerprint import fingerprint
from queries.formula import parse
from queries.period import Grain
from tests.queries.small_lake import DATASET

Edit = Callable[[Dataset], Dataset]


def of(dataset: Dataset, name: str) -> str:
    return fingerprint(dataset.metric(name), dataset)


def edited(metric: Metric, dataset: Dataset, **changes: object) -> Dataset:
    metrics = tuple(replace(m, **changes) if m == metric else m for m in dataset.metrics)
    return replace(dataset, metrics=metrics)


PLAYBACK = builtin().dataset("playback")
RATE = PLAYBACK.metric("good_play_rate")
AUDIENCE = next(d for d in builtin().datasets if d.derived)
OTHER = replace(AUDIENCE.derived[0], select=f"{AUDIENCE.derived[0].select} WHERE true")


@pytest.mark.parametrize(
    "changes",
    [
        {"formula": parse("sum(watched_s)")},
        {"unit": "s"},
        {"format": "seconds"},
        {"kind": "additive"},
        {"interval": "none"},
        {"smallest_grain": Grain.WEEK},
        {"defaults": (("days", "7"),)},
    ],
)
def test_an_edit_of_what_a_number_means_changes_its_fingerprint(changes: dict[str, object]):
    dataset = edited(RATE, PLAYBACK, **changes)
    assert of(dataset, RATE.name) != of(PLAYBACK, RATE.name)
    assert of(dataset, "plays") == of(PLAYBACK, "plays")


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: replace(d, table="other"),
        lambda d: replace(d, base="is_member and country = 'US'"),
        lambda d: replace(d, entity="profile_id"),
        lambda d: replace(d, clock="utc" if d.clock == "local" else "local"),
        lambda d: replace(d, time=replace(d.time, expression="other_date")),
    ],
)
def test_an_edit_of_which_rows_there_are_changes_every_fingerprint(edit: Edit):
    changed = edit(PLAYBACK)
    assert all(of(changed, m.name) != of(PLAYBACK, m.name) for m in PLAYBACK.metrics)


def test_an_edit_of_a_derived_table_changes_what_is_read_from_it():
    changed = replace(AUDIENCE, derived=(OTHER, *AUDIENCE.derived[1:]))
    assert all(of(changed, m.name) != of(AUDIENCE, m.name) for m in AUDIENCE.metrics)


@pytest.mark.parametrize(
    "changes",
    [
        {"label": "Else"},
        {"description": "In other words"},
        {"source": "A book"},
        {"better": "down"},
        {"tests": ("value > 0",)},
        {"material": 0.5},
        {"dimensions": ("country",)},
        {"owner": "studio"},
    ],
)
def test_what_changes_no_number_changes_no_fingerprint(changes: dict[str, object]):
    assert of(edited(RATE, PLAYBACK, **changes), RATE.name) == of(PLAYBACK, RATE.name)
    assert of(replace(PLAYBACK, rollups=(), label="Else"), RATE.name) == of(PLAYBACK, RATE.name)


def test_a_join_counts_where_it_is_read():
    read = next(m for m in DATASET.metrics if "." in m.formula.sql)
    free = next(m for m in DATASET.metrics if "." not in m.formula.sql)
    changed = replace(DATASET, joins=tuple(replace(j, key="other_id") for j in DATASET.joins))
    assert of(changed, read.name) != of(DATASET, read.name)
    assert of(changed, free.name) == of(DATASET, free.name)


def test_how_a_formula_is_spaced_changes_nothing():
    written, spaced = "sum(watched_s) / 3600.0", "SUM( watched_s )/3600.0"
    one, other = (edited(RATE, PLAYBACK, formula=parse(text)) for text in (written, spaced))
    assert of(one, RATE.name) == of(other, RATE.name)


def test_an_estimated_metric_has_one_too():
    found = [(m, d) for d in builtin().datasets for m in d.metrics if m.kind == "model"]
    assert found
    assert all(len(fingerprint(m, d)) == 16 for m, d in found)
