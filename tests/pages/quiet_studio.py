"""Quiet worlds of the studio: no vendor is slow, and everything is due when it will be done."""

from datetime import timedelta

import numpy as np
import polars as pl

from queries.catalog import builtin
from queries.formula import Array
from tests.pages.quiet_titles import LAST, Frames
from tests.queries.analyses import test_flow


def queue_waits(seed: int) -> Frames:
    return (test_flow.world(seed),)


def deliveries(seed: int, count: int = 6) -> Frames:
    """Stages take what they always did, and every production is due when it will be done."""
    dice = np.random.default_rng([3, seed])
    stages = builtin().dataset("post_production").dimension("stage").values_order

    def took(shape: tuple[int, ...]) -> tuple[Array, Array]:
        wait = dice.exponential(3, shape)
        return wait, wait + 8 * np.exp(dice.normal(0, 0.3, shape))

    wait, age = took((160 * len(stages),))
    past = pl.DataFrame({
        "production_id": 0, "production": "Old", "episode": np.repeat(range(160), len(stages)),
        "stage": [*stages] * 160, "finished": 1.0, "wait_total": wait, "age": age,
    })  # fmt: skip
    at = dice.integers(0, len(stages), (count, 3))
    left = np.where(np.arange(len(stages)) >= at[:, :, None], took((*at.shape, len(stages)))[1], 0)
    due = [LAST + timedelta(round(days)) for days in left.sum(axis=2).max(axis=1).tolist()]
    own = pl.DataFrame({
        "production_id": np.repeat(range(1, count + 1), 3),
        "production": np.repeat([*"ABCDEF"[:count]], 3), "episode": [1, 2, 3] * count,
        "stage": [stages[place] for place in at.ravel()], "finished": 0.0, "wait_total": 0.0,
        "age": 0.0, "due_date": [day for day in due for _ in range(3)],
    })  # fmt: skip
    return own, pl.DataFrame(), past
