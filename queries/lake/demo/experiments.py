"""Experiments: who is in which cell, since when, and when they first met it."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.arrow import coded
from queries.lake.demo.clock import DAY_S, Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.membership import Membership
from queries.lake.demo.planted import Planted, Trial

_GUARDRAILS = ["rebuffer_ratio", "startup_seconds"]


@dataclass(frozen=True)
class Cells:
    """Per trial and account: the cell's index, and -1 for who was no member at the start."""

    of: np.ndarray
    allocated_s: np.ndarray

    def effect(self, plan: Planted, accounts: range, days: int) -> np.ndarray:
        """Per account of the range and day, the factor on how often it comes."""
        factor = np.ones((len(accounts), days), np.float32)
        for nth, trial in enumerate(plan.trials):
            if trial.effect:
                treated = self.of[nth, accounts.start : accounts.stop] == 1
                span = slice(max(trial.first_day, 0), min(trial.first_day + trial.days, days))
                factor[treated, span] *= 1 + trial.effect
        return factor


def cells(paid: Membership, plan: Planted, seed: int) -> Cells:
    """Draw cells by account, each trial for itself."""
    dice = stream(seed, "trials")
    count = len(paid.active)
    shape = (len(plan.trials), count)
    of, allocated = np.empty(shape, np.int8), np.empty(shape, np.int64)
    for nth, trial in enumerate(plan.trials):
        edges = np.cumsum(trial.actual)[:-1]
        drawn = np.searchsorted(edges, dice.random(count), "right")
        member = paid.on_day(max(trial.first_day, 0))
        of[nth] = np.where(member, drawn, -1)
        allocated[nth] = trial.first_day * DAY_S + dice.integers(0, 3600, count)
    return Cells(of, allocated)


def first_met(chosen: Cells, plan: Planted, account: np.ndarray, start_s: np.ndarray) -> np.ndarray:
    """Per trial and account, the second of the first visit while it ran; -1 where none.

    Visits are given by account and UTC second; `account` ascends.
    """
    met = np.full(chosen.of.shape, -1, np.int64)
    for nth, trial in enumerate(plan.trials):
        during = (start_s >= chosen.allocated_s[nth, account]) & (
            start_s < (trial.first_day + trial.days) * DAY_S
        )
        who, when = account[during], start_s[during].astype(np.int64)
        order = np.lexsort((when, who))
        unique, first = np.unique(who[order], return_index=True)
        met[nth, unique] = when[order][first]
    met[chosen.of < 0] = -1
    return met


def experiment_table(plan: Planted, clock: Clock) -> dict[str, object]:
    """Columns of `experiments`."""
    starts = np.array([t.first_day for t in plan.trials]) * DAY_S
    ends = starts + np.array([t.days for t in plan.trials]) * DAY_S
    return {
        "exp_id": np.array([t.exp_id for t in plan.trials]),
        "name": [t.name for t in plan.trials],
        "bu": [t.unit for t in plan.trials],
        "unit": ["account" for _ in plan.trials],
        "start_ts": clock.timestamps(starts),
        "end_ts": clock.timestamps(ends),
        "cells": [_planned(t) for t in plan.trials],
        "primary_metric": [t.metric for t in plan.trials],
        "guardrails": [_GUARDRAILS for _ in plan.trials],
        "n_star": np.full(len(plan.trials), 10_000),
    }


def allocation_table(
    chosen: Cells, met: np.ndarray, plan: Planted, clock: Clock
) -> dict[str, object]:
    """Columns of `allocations`: everybody allocated, exposed or not."""
    trial, account = np.nonzero(chosen.of >= 0)
    names = [f"{c}" for t in plan.trials for c in t.cells]
    before = np.cumsum([0] + [len(t.cells) for t in plan.trials])[:-1]
    exposed = met[trial, account]
    at = clock.timestamps(np.maximum(exposed, 0))
    at[exposed < 0] = np.datetime64("NaT")
    return {
        "exp_id": np.array([t.exp_id for t in plan.trials])[trial],
        "account_id": account + 1,
        "cell": coded((before[trial] + chosen.of[trial, account]).astype(np.int16), names),
        "allocated_ts": clock.timestamps(chosen.allocated_s[trial, account]),
        "exposed_ts": at,
    }


def _planned(trial: Trial) -> list[dict[str, object]]:
    pairs = zip(trial.cells, trial.planned, strict=True)
    return [{"cell": cell, "planned_share": share} for cell, share in pairs]
