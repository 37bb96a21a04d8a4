"""What may be said of a page: nothing, ten times out of ten, where nothing happened but chance."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control
from scipy.stats import t as student_t

from queries.analyses.findings import (
    Findings,
    explain,
    find,
    is_discovery,
    quantile,
    times_usual,
    two_sided,
)
from queries.cells import Cells
from queries.condition import Dimension
from queries.dataset import Dataset
from queries.formula import Array
from queries.measure import Gathered
from queries.model import Comparison, Query, Result
from queries.paired import Paired
from queries.period import Period
from queries.shape import measured, paired
from tests.queries.analyses.paired_worlds import BUCKETS, HOURS, KEYS, RATE, World

# Benjamini and Hochberg 1995, section 4: the fifteen p-values, four of which are rejected at .05
# and, by the same rule, nine at .10.
BENJAMINI_HOCHBERG = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
    0.6528, 0.7590, 1.0000,
]  # fmt: skip

PERIOD = Period(date(2026, 3, 2), date(2026, 3, 29))
BEFORE = Comparison("previous", PERIOD.shifted(-28))
SIZES = {"country": 8, "device": 4, "plan": 4}
DATASET = Dataset(
    name="world",
    label="World",
    table="world",
    time=Dimension("date", "Date", '"date"', kind="date"),
    dimensions=tuple(Dimension(name, name.capitalize(), f'"{name}"') for name in SIZES),
    metrics=(HOURS, RATE),
    entity="account_id",
)


class Page:
    """A page's answers about one world: all rows, and by each of three dimensions."""

    def __init__(self, seed: int, accounts: int = 8_000) -> None:
        self.rng = np.random.default_rng(seed)
        self.world = World(self.rng, accounts, 1)
        size = len(self.world.bucket)
        self.groups = {
            name: self.rng.choice(count, size, p=falling(count)) for name, count in SIZES.items()
        }

    def answers(self, lift: float | Array = 1.0, rates: float | Array = 1.0) -> list[Result]:
        """What changed in the second period, by account."""
        before, now = self._columns(1.0, 1.0), self._columns(lift, rates)
        zeros = np.zeros(len(self.world.bucket), np.int64)
        found = [self._answer(None, zeros, 1, (now, before))]
        for name, count in SIZES.items():
            found.append(self._answer(name, self.groups[name], count, (now, before)))
        return found

    def _columns(self, lift: float | Array, rates: float | Array) -> dict[str, Array]:
        return self.world.columns(lift, rates)

    def _answer(
        self,
        by: str | None,
        group: np.ndarray[tuple[int], np.dtype[np.int64]],
        count: int,
        sides: tuple[dict[str, Array], dict[str, Array]],
    ) -> Result:
        keys = pl.DataFrame({by: [f"{by} {i}" for i in range(count)]} if by else {"__group": [0]})
        cells: list[Cells] = []
        for columns in sides:
            buckets = {
                KEYS[name]: laid_out(values, group, count, self.world.bucket)
                for name, values in columns.items()
            }
            totals = {key: found.sum(axis=1) for key, found in buckets.items()}
            cells.append(Cells(keys, totals, buckets))
        gathered = Gathered(cells[0], cells[1], self.world.population)
        query = Query(
            dataset=DATASET,
            metrics=(HOURS, RATE),
            by=(DATASET.dimension(by),) if by else (),
            period=PERIOD,
            compare=BEFORE,
        )
        frame = measured(query, gathered)
        return Result(
            query=query, frame=frame, total=frame.clear(1), data_version="v1", source="raw",
            table="world", sql="", took_ms=0, paired=paired(gathered),
        )  # fmt: skip


def falling(count: int) -> Array:
    sizes = 1.0 / np.arange(1, count + 1)
    return sizes / sizes.sum()


def laid_out(
    values: Array,
    group: np.ndarray[tuple[int], np.dtype[np.int64]],
    count: int,
    bucket: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Array:
    flat = np.bincount(group * BUCKETS + bucket, weights=values, minlength=count * BUCKETS)
    return np.asarray(flat.reshape(count, BUCKETS), dtype=np.float64)


def test_the_procedure_rejects_what_benjamini_and_hochberg_reject():
    values = list(BENJAMINI_HOCHBERG)
    adjusted = np.array(false_discovery_control(values))
    assert (adjusted <= 0.05).sum() == 4
    assert is_discovery(values) == list(adjusted <= 0.10)
    assert sum(is_discovery(values)) == 9
    assert is_discovery(values[::-1]) == list(adjusted[::-1] <= 0.10)
    assert is_discovery([]) == []


@pytest.mark.parametrize("freedom", [31, 255])
def test_p_is_students(freedom: int):
    for t in (0.0, 0.5, 1.96, 3.0, 4.5, -4.5):
        exact = 2 * float(student_t.sf(abs(t), freedom))
        assert two_sided(t, freedom) == pytest.approx(exact, rel=0.02)
    for level in (0.2, 0.05, 1e-3, 1e-6):
        assert quantile(level, freedom) == pytest.approx(
            float(student_t.isf(level / 2, freedom)), rel=2e-3
        )


def test_where_nothing_happens_at_most_one_page_in_ten_claims_anything():
    claiming, tested = 0, 0
    for seed in range(200):
        found = find(Page(seed).answers())
        claiming += bool(found.claims)
        tested += found.tested
        assert found.largest is not None
    assert tested / 200 > 25
    assert claiming <= 16


def claims_of(found: Findings) -> list[tuple[str, str | None]]:
    return [(c.metric.name, c.dimension.name if c.dimension else None) for c in found.claims]


def test_a_change_of_one_slice_is_found_and_explained_by_it():
    page = Page(1)
    rates = np.where(page.groups["device"] == 1, 0.8, 1.0)
    answers = page.answers(rates=rates)
    found = find(answers)
    assert {c.metric.name for c in found.claims} == {"rate"}
    claim = found.claims[0]
    assert claim.change.value < 0
    told = explain(claim, answers)
    assert told is not None
    assert told.dimension.name == "device" or claim.value == "device 1"


def test_each_metric_is_claimed_once_and_three_at_most():
    page = Page(2)
    found = find(page.answers(lift=1.3, rates=1.3))
    assert len(found.claims) == len({c.metric.name for c in found.claims}) == 2
    assert all(c.worth > 0 and c.is_material for c in found.claims)
    assert [c.worth for c in found.claims] == sorted((c.worth for c in found.claims), reverse=True)
    assert len(find(page.answers(lift=1.3, rates=1.3), most=1).claims) == 1


def test_a_change_too_small_to_matter_is_not_claimed():
    answers = Page(3).answers(rates=1.3)
    assert "rate" in {c.metric.name for c in find(answers).claims}
    dull = replace(RATE, material=0.9)
    dataset = replace(DATASET, metrics=(HOURS, dull))
    told = [
        replace(r, query=replace(r.query, dataset=dataset, metrics=(HOURS, dull))) for r in answers
    ]
    assert "rate" not in {c.metric.name for c in find(told).claims}


def test_slices_of_under_200_accounts_are_not_looked_at():
    few = find(Page(4, accounts=900).answers())
    many = find(Page(4, accounts=9_000).answers())
    assert few.tested < many.tested
    assert many.tested <= 2 * (1 + sum(SIZES.values()))


def test_a_slice_that_holds_every_row_is_not_claimed_beside_the_whole():
    page = Page(7)
    page.groups["device"] = np.zeros_like(page.groups["device"])
    answers = page.answers(lift=1.3, rates=1.3)
    found = find(answers)
    without = find([r for r in answers if not r.query.by or r.query.by[0].name != "device"])
    assert found.tested == without.tested
    assert claims_of(found) == claims_of(without)


def test_a_change_that_dwarfs_the_usual_ones_is_told_by_how_much():
    page = Page(5)
    (whole, *_) = page.answers(lift=1.5)
    claim = next(c for c in find([whole]).claims if c.metric.name == "hours")
    small = [whole_of_change(whole, delta) for delta in (30.0, -40.0, 20.0, 10.0)]
    assert times_usual(claim, small) > 5
    large = [whole_of_change(whole, delta) for delta in (3e3, -4e3, 2e3)]
    assert times_usual(claim, large) < 5
    assert np.isnan(times_usual(claim, small[:2]))


def whole_of_change(result: Result, delta: float) -> Result:
    frame = result.frame.with_columns(pl.lit(delta).alias("hours__delta"))
    return Result(
        query=result.query, frame=frame, total=frame, data_version="v1", source="raw",
        table="world", sql="", took_ms=0, paired=None,
    )  # fmt: skip


def test_an_answer_that_compares_nothing_has_no_candidates():
    (whole, *_) = Page(6).answers()
    bare = Result(
        query=whole.query, frame=whole.frame, total=whole.total, data_version="v1", source="raw",
        table="world", sql="", took_ms=0,
    )  # fmt: skip
    assert find([bare]).tested == 0
    assert find([bare]).largest is None
    assert isinstance(whole.paired, Paired)
