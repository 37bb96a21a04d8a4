"""Experiments of the demo company: planted effects are found, numbers equal a plain recount."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from queries.analyses import experiment, experiment_horizon
from queries.analyses.account_moments import Moments, is_account_ratio, with_moments
from queries.analyses.cluster import Scope
from queries.analyses.experiment import Cell, Experiment
from queries.analyses.experiment_verdict import verdict
from queries.cache import FrameCache
from queries.catalog import builtin
from queries.condition import Filter
from queries.dataset import Access, Metric
from queries.engines.duckdb_engine import DuckDBEngine
from queries.errors import AccessDenied, UnsafeQuestion
from queries.estimators.effect import levels, sequence_factor
from queries.estimators.power import curve, detectable
from queries.formula import parse
from queries.lake.lake import Lake
from queries.small_cells import FEWEST_SHOWN
from queries.warehouse import Warehouse

RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def warehouse(demo_home: Path) -> Iterator[Warehouse]:
    engine = DuckDBEngine(memory="1GB")
    yield Warehouse(Lake(demo_home / "lake"), engine, FrameCache(None), builtin(), fewest=0)
    engine.close()


@pytest.fixture(scope="module")
def experiments(warehouse: Warehouse) -> dict[int, Experiment]:
    query = experiment.question(Scope(warehouse.dataset("experiments")))
    return {e.number: e for e in experiment.read(warehouse.ask(query, Access()).frame)}


@pytest.fixture(scope="module")
def accounts(warehouse: Warehouse) -> pl.DataFrame:
    frame = pl.read_parquet(list(warehouse.snapshot().files("experiment_accounts")))
    return frame.filter((pl.col("account_kind") == "member") & pl.col("is_exposed"))


def metrics(warehouse: Warehouse) -> dict[str, Metric]:
    return {m.name: m for m in warehouse.dataset("experiments").metrics}


@pytest.mark.demo
def test_what_an_account_did_is_a_plain_sum_of_its_plays(
    warehouse: Warehouse, accounts: pl.DataFrame
):
    snapshot = warehouse.snapshot()
    plays = pl.read_parquet(list(snapshot.files("playback")))
    some = accounts.filter(pl.col("exp_id") == 1).sample(40, seed=1)
    for row in some.iter_rows(named=True):
        own = plays.filter(pl.col("account_id") == row["account_id"])
        during = own.filter(
            pl.col("start_ts").is_between(row["exposed_ts"], row["until_ts"], "left")
        )
        month = pl.duration(days=28)
        before = own.filter(
            (pl.col("start_ts") < row["allocated_ts"])
            & (pl.col("start_ts") >= pl.lit(row["allocated_ts"]) - month)
        )
        assert row["watched_s"] == during["watched_s"].sum()
        assert row["pre_watched_s"] == before["watched_s"].sum()
        assert row["plays_n"] == (during["outcome"] == "played").sum()


@pytest.mark.demo
def test_moments_are_those_of_the_accounts(
    experiments: dict[int, Experiment], accounts: pl.DataFrame
):
    cell = experiments[1].cells[1]
    own = accounts.filter((pl.col("exp_id") == 1) & (pl.col("cell") == cell.name))
    now, before = own["watched_s"] / 3600, own["pre_watched_s"] / 3600
    ones = np.ones(own.height)
    found = cell.moments["hours_per_account"]
    rows = np.stack([now.to_numpy(), ones, before.to_numpy(), ones])
    assert found.count == own.height == cell.exposed
    np.testing.assert_allclose(found.covariance, np.cov(rows), atol=1e-6)


@pytest.mark.demo
def test_the_planted_effect_is_found_and_the_same_cells_twice_show_none(
    experiments: dict[int, Experiment],
):
    """On a company this small the effect of 7 % is within the interval, and no A/A is called."""
    (planted,) = experiments[1].effects("hours_per_account")
    assert planted.low < 0.07 < planted.high
    assert planted.low > 0
    (nothing,) = experiments[2].effects("hours_per_account")
    assert nothing.low < 0 < nothing.high


@pytest.mark.demo
def test_adjusting_makes_the_interval_narrower(experiments: dict[int, Experiment]):
    (plain,) = experiments[1].effects("hours_per_account", adjusted=False)
    (adjusted,) = experiments[1].effects("hours_per_account")
    assert adjusted.error < 0.75 * plain.error


@pytest.mark.demo
def test_the_planted_broken_ratio_is_blocked_and_only_that(
    warehouse: Warehouse, experiments: dict[int, Experiment]
):
    known = metrics(warehouse)
    kinds = {n: verdict(e, known, date(2026, 11, 23)) for n, e in experiments.items()}
    # Of 2,600 accounts 54 to 46 is not beyond .0005 for sure: of ten times as many it is.
    broken = experiments[3]
    larger = [replace(c, allocated=10 * c.allocated) for c in broken.cells]
    assert replace(broken, cells=tuple(larger)).is_broken
    assert not any(e.is_broken for n, e in experiments.items() if n != 3)
    found = verdict(replace(broken, cells=tuple(larger)), known, None)
    assert found is not None
    assert found.kind == "unhealthy"
    assert found.effect is None
    assert all(v is not None for v in kinds.values())


@pytest.mark.demo
def test_the_last_day_of_the_cumulative_effect_is_the_whole_effect(
    warehouse: Warehouse, experiments: dict[int, Experiment]
):
    dataset = warehouse.dataset("experiment_days")
    for number in (1, 5):
        only = Filter(dataset.dimension("experiment_id"), "in", (number,))
        query = experiment.days_question(Scope(dataset, where=only))
        found = experiment.cumulative(warehouse.ask(query, Access()).frame)
        assert found is not None
        whole = experiments[number]
        (effect,) = whole.effects(found.metric)
        last = found.frame.row(-1, named=True)
        assert last["accounts"] == whole.exposed
        for name in ("low", "high", "always_low", "always_high"):
            assert last[name] == pytest.approx(getattr(effect, name), abs=1e-9)
        assert (found.frame["always_high"] > found.frame["high"]).all()


@pytest.mark.demo
def test_a_horizon_past_the_end_is_the_whole_and_an_earlier_one_is_its_day(
    warehouse: Warehouse, experiments: dict[int, Experiment]
):
    dataset = warehouse.dataset("experiment_days")
    only = Filter(dataset.dimension("experiment_id"), "in", (1,))
    asked = Scope(dataset, where=only)
    whole = experiment.cumulative(
        warehouse.ask(experiment.days_question(asked), Access()).frame, adjusted=False
    )
    by_cell = warehouse.ask(experiment.days_question(asked, ("experiment",)), Access()).frame
    assert whole is not None
    for days in (14, 400):
        found = experiment_horizon.segments_after(by_cell, "experiment", days, adjusted=False)
        assert found is not None
        ((_, effect),) = found.parts[0].effects
        then = whole.frame.filter(pl.col("day") <= found.until).row(-1, named=True)
        assert found.parts[0].accounts == then["accounts"]
        assert (effect.value, effect.low) == pytest.approx((then["effect"], then["low"]))
    assert effect.value == pytest.approx(
        experiments[1].effects(whole.metric, adjusted=False)[0].value
    )


@pytest.mark.demo
def test_segments_at_the_end_are_those_of_the_accounts(
    warehouse: Warehouse, experiments: dict[int, Experiment]
):
    days, accounts = (warehouse.dataset(n) for n in ("experiment_days", "experiments"))
    asked = Scope(days, where=Filter(days.dimension("experiment_id"), "in", (1,)))
    frame = warehouse.ask(experiment.days_question(asked, ("prior_viewing",)), Access()).frame
    found = experiment_horizon.segments_after(frame, "prior_viewing", 400)
    assert found is not None
    question = experiment.question(Scope(accounts), ("prior_viewing",))
    every = experiment.segments(warehouse.ask(question, Access()).frame, "prior_viewing")
    whole = {v: e for v, e in every if e.number == 1}
    assert found.parts
    for part in found.parts:
        assert part.accounts == whole[part.value].exposed
        (expected,) = whole[part.value].effects(experiments[1].primary)
        ((_, effect),) = part.effects
        assert (effect.value, effect.high) == pytest.approx((expected.value, expected.high))
    assert all(min(c.exposed for c in whole[p.value].cells) >= 200 for p in found.parts)


@pytest.mark.demo
def test_segments_add_up_to_the_experiment(
    warehouse: Warehouse, experiments: dict[int, Experiment]
):
    query = experiment.question(Scope(warehouse.dataset("experiments")), ("prior_viewing",))
    frame = warehouse.ask(query, Access()).frame
    parts = [e for _, e in experiment.segments(frame, "prior_viewing") if e.number == 1]
    assert len(parts) > 2
    assert min(cell.exposed for part in parts for cell in part.cells) >= FEWEST_SHOWN
    rest = experiments[1].exposed - sum(p.exposed for p in parts)
    # What is missing are segments of a handful.
    known = frame.filter(pl.col("experiment_id") == 1).drop_nulls("prior_viewing")
    few = known.filter((pl.col("exposed") < FEWEST_SHOWN).any().over("prior_viewing"))
    assert rest == few["exposed"].sum()


@pytest.mark.demo
def test_who_may_not_see_a_metric_does_not_see_its_effect(warehouse: Warehouse):
    dataset = warehouse.dataset("experiments")
    hidden = frozenset(parse("sum(watched_s)").aggregates())
    with pytest.raises(AccessDenied, match="Hours per account"):
        warehouse.ask(experiment.question(Scope(dataset)), Access(hidden=hidden))


def test_a_metric_that_is_no_ratio_over_accounts_is_refused():
    dataset = builtin().dataset("experiments")
    for formula in ("count(*)", "sum(watched_s) / 3600", "median(watched_s) / count(*)"):
        metric = Metric(name="some", label="Some", formula=parse(formula))
        assert not is_account_ratio(metric)
        with pytest.raises(UnsafeQuestion):
            with_moments(dataset, [metric])


def trial(
    lift: float, accounts: int, *, worse: float = 0.0, ends: date | None = None
) -> Experiment:
    """An experiment about hours with a guardrail, its accounts drawn."""
    cells: list[Cell] = []
    for nth, name in enumerate(("control", "treatment")):
        hours = RNG.gamma(4, 1 + nth * lift, accounts)
        waits = RNG.gamma(9, 1 + nth * worse, accounts)
        cells.append(
            Cell(name, nth + 1, 0.5, accounts, accounts, {
                "hours_per_account": drawn(hours), "startup_seconds": drawn(waits)
            })
        )  # fmt: skip
    return Experiment(
        number=1, name="one", unit="product", primary="hours_per_account",
        guardrails=("startup_seconds",), planned=4_000, started=date(2026, 1, 1), ends=ends,
        cells=tuple(cells),
    )  # fmt: skip


def drawn(values: np.ndarray) -> Moments:
    rows = np.stack([values, np.ones_like(values), 0 * values, 0 * values])
    return Moments(len(values), rows.sum(axis=1), rows @ rows.T)


LATEST = date(2026, 2, 1)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (trial(0.15, 2_500), "ship"),
        (trial(-0.15, 2_500), "stop"),
        (trial(0.0, 2_500), "stop"),
        (trial(0.0, 1_500), "extend"),
        (trial(0.0, 2_500, ends=date(2026, 3, 1)), "extend"),
        (trial(0.15, 2_500, worse=0.2), "stop"),
        (trial(0.15, 100), "extend"),
    ],
    ids=["better", "worse", "no difference", "too few", "running", "a guardrail", "tiny"],
)
def test_the_verdict_follows_the_rules(made: Experiment, kind: str):
    known = {m.name: m for m in builtin().dataset("experiments").metrics}
    found = verdict(made, known, LATEST)
    assert found is not None
    assert found.kind == kind


def test_a_metric_that_nobody_defined_has_no_verdict():
    known = {m.name: m for m in builtin().dataset("experiments").metrics}
    assert verdict(replace(trial(0, 500), primary="happiness"), known, LATEST) is None


def test_while_it_runs_the_wider_interval_decides():
    known = {m.name: m for m in builtin().dataset("experiments").metrics}
    made = trial(0.0, 2_500, ends=date(2026, 3, 1))
    running, over = verdict(made, known, LATEST), verdict(made, known, date(2026, 3, 2))
    assert running is not None
    assert over is not None
    assert running.low < over.low < over.high < running.high


def test_the_smallest_effect_that_can_be_found_is_found_four_times_in_five():
    control, treated = levels([trial(0, 2_000).cells[n].moments["hours_per_account"]
                               for n in (0, 1)], adjusted=False)  # fmt: skip
    least = detectable((control, treated), 4_000, 0.05)
    found = [
        trial(least, 2_000).effects("hours_per_account", adjusted=False)[0].p < 0.05
        for _ in range(400)
    ]
    assert 0.73 < np.mean(found) < 0.87


def test_more_accounts_find_less_and_looking_all_the_time_costs():
    control, treated = levels([trial(0, 2_000).cells[n].moments["hours_per_account"]
                               for n in (0, 1)], adjusted=False)  # fmt: skip
    found = curve((control, treated), 0.05, 4_000, [1_000, 4_000, 16_000])
    assert found["fixed"].is_sorted(descending=True)
    assert (found["sequential"] > found["fixed"]).all()
    # The price at the planned number of accounts: the sequence is 1.55 times as wide.
    assert sequence_factor(4_000, 4_000) / 1.96 == pytest.approx(1.55, abs=0.01)
