"""Off-policy values against what the demo's generator knows: the true value of each policy."""

# pyright: standard
# Strict checking needs types that the generator's columns do not carry.

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from queries.analyses import offpolicy
from queries.catalog import builtin
from queries.dataset import BUCKET, BUCKETS, merged
from queries.engines.polars_engine import PolarsEngine
from queries.interval import margin, replicates
from queries.lake.demo.home import requests
from queries.lake.demo.size import Size
from queries.lake.demo.slots import PLAYS, POLICIES, slots
from queries.lake.demo.viewing import intents
from queries.lake.demo.visits import visits
from queries.lake.demo.world import Block, World, world
from queries.reduction import Column, Reduction, Source
from tests.queries.formulas import formula_of
from tests.queries.small_lake import Files

SEEDS = 200
SIZE = Size(
    name="tiny", accounts=512, days=84, titles=300, productions=20, page_every=40, block=512,
    file_days=28,
)  # fmt: skip
HELD = ("ips_value", "snips_value", "dr_value", "switch_dr_value")


def log(of: World, seed: int) -> tuple[pl.DataFrame, float, int]:
    """The seen slots of one seed, the sum of their true values under pvr_v2, and their number."""
    block = Block(of, seed, range(SIZE.accounts))
    came = visits(block)
    pages = requests(block, came, intents(block, came).browsing, came.profile_starts)
    made = slots(block, came, pages)
    seen, which = made.seen, POLICIES.index("pvr_v2")
    account = came.account[pages.visit[made.request]][seen]
    frame = pl.DataFrame(
        {
            "seed": np.full(int(seen.sum()), seed, np.int32),
            BUCKET: (account * 7 % BUCKETS).astype(np.int16),
            "account_kind": ["member"] * int(seen.sum()),
            "seen": np.ones(int(seen.sum()), bool),
            "clicked": made.clicked[seen],
            "played": made.played[seen],
            "sample_w": np.ones(int(seen.sum())),
            "propensity": made.propensity[seen].astype(np.float64),
            "q_hat": made.score[seen].astype(np.float64),
            "targets": _map(made.weights[seen, which]),
            "dm": _map(made.models[seen, which]),
        }
    )
    return frame, float(made.values[seen, which].sum()) * PLAYS, int(seen.sum())


def _map(values: np.ndarray) -> pl.Series:
    entry = pl.struct(key=pl.lit("pi"), value=pl.Series(values.astype(np.float64)))
    as_list = pl.select(pl.concat_list(entry).alias("m")).to_series()
    shape = pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))
    return as_list.cast(shape).cast(pl.Map(pl.String, pl.Float64))


def test_intervals_hold_the_generators_truth_in_93_of_100_seeds(tmp_path: Path):
    of = world(SIZE, 11, date(2026, 11, 24))
    made = [log(of, seed) for seed in range(SEEDS)]
    truth = sum(value for _, value, _ in made) / sum(n for _, _, n in made)
    path = tmp_path / "logs.parquet"
    pl.concat([frame for frame, _, _ in made]).write_parquet(path)
    dataset = builtin().dataset("impressions")
    names = (*HELD, "clipped_value", "direct_value")
    metrics = [dataset.metric(n).bind({"policy": "pi"}) for n in names]
    reduction = Reduction(
        source=Source("impressions"),
        keys=(Column("seed", '"seed"'), Column(BUCKET, f'"{BUCKET}"')),
        aggregates=merged(metrics),
        base=dataset.base,
    )
    frame = PolarsEngine().reduce(reduction, Files("v1", {"impressions": (str(path),)}))
    cells: dict[str, np.ndarray] = {}
    for aggregate in reduction.aggregates:
        cells[aggregate.key] = np.zeros((SEEDS, BUCKETS))
        at = (frame["seed"].to_numpy(), frame[BUCKET].to_numpy())
        cells[aggregate.key][at] = frame[aggregate.key].fill_null(0).to_numpy()
    population = np.full(BUCKETS, SIZE.accounts / BUCKETS)
    held: dict[str, float] = {}
    for metric in metrics:
        formula = formula_of(metric)
        value = formula.evaluate({key: c.sum(axis=1) for key, c in cells.items()})
        half = margin(replicates(formula, cells, population))
        held[metric.name] = float((np.abs(value - truth) <= half).mean())
    assert {name: share for name, share in held.items() if name in HELD and share < 0.93} == {}
    # The model alone is narrow and wrong in this world, which is why it decides nothing.
    assert held["direct_value"] < 0.2


def test_weights_are_binned_by_powers_of_two_and_cut_at_the_threshold():
    found = offpolicy.weights(
        pl.DataFrame({
            "weight": [None, -1.0, 0.5, 1.0, 5.0],
            "rows": [9, 10, 20, 60, 10],
            "mean_weight": [None, 0.0, 0.75, 1.2, 7.0],
        }),
        threshold=5.0,
    )  # fmt: skip
    assert 5.0 in offpolicy.edges(5.0)
    assert found.never == 0.1
    assert found.over[0] == 0.1
    assert abs(found.over[1] - 70 / (15 + 72 + 70)) < 1e-12
    assert abs(sum(found.weight) - 1) < 1e-12
    assert offpolicy.weights(pl.DataFrame({"weight": [], "rows": [], "mean_weight": []})).rows == ()


def test_a_refusal_is_an_error_that_says_what_to_do():
    refusal = offpolicy.Refusal("too_little_overlap", "Only 4.0% of the log counts.")
    assert refusal.error.code == "too_little_overlap"
    assert refusal.error.hint
