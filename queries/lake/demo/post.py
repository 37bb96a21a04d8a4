"""Post-production: a chain of stages for every episode, at vendors with queues of their own."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

import numpy as np
import pyarrow as pa

from queries.lake.demo import names
from queries.lake.demo.arrow import coded
from queries.lake.demo.clock import DAY_S
from queries.lake.demo.shoots import Shoots
from queries.lake.demo.stages import BETWEEN_EPISODES, QUEUE_DAYS, STAGES, VENDORS_OF, WORK_DAYS
from queries.lake.demo.world import World


def post_table(
    of: World, dice: np.random.Generator, shoots: Shoots
) -> tuple[dict[str, object], np.ndarray]:
    """Columns of `post_tasks`, and per production the day the last episode is delivered."""
    plan = of.plan
    owner = np.repeat(np.arange(len(shoots.title)), shoots.episodes)
    episode = np.arange(len(owner)) - np.repeat(
        np.cumsum(shoots.episodes) - shoots.episodes, shoots.episodes
    )
    ready = (shoots.end[owner] + 2 + BETWEEN_EPISODES * episode) * DAY_S + 9 * 3600.0
    planned = (shoots.planned_end[owner] + 2 + BETWEEN_EPISODES * episode) * DAY_S + 9 * 3600.0
    n = len(owner)
    parts: list[dict[str, np.ndarray]] = []
    for stage, (work, queue) in enumerate(zip(WORK_DAYS, QUEUE_DAYS, strict=True)):
        vendor = np.array(VENDORS_OF[stage])[dice.integers(0, len(VENDORS_OF[stage]), n)]
        slow = (vendor == names.VENDORS.index(plan.slow_vendor)) & (
            STAGES[stage] == plan.slow_stage
        )
        wait = dice.exponential(queue, n) * np.where(slow, plan.slow_factor, 1.0)
        rework = dice.poisson(0.3, n)
        effort = work * np.exp(dice.normal(0, 0.3, n)) * (1 + 0.22 * rework)
        started = ready + np.round(wait * 24) * 3600
        finished = started + np.round(effort * 24) * 3600
        planned_end = planned + (work + queue) * DAY_S
        parts.append({
            "owner": owner,
            "episode": episode + 1,
            "stage": np.full(n, stage, np.int8),
            "vendor": vendor.astype(np.int8),
            "planned_start": planned,
            "planned_end": planned_end,
            "queued": ready,
            "started": started,
            "finished": finished,
            "effort_h": np.round(effort * 14, 1),
            "reworks": rework,
            "blocked_h": np.round(np.minimum(dice.exponential(7, n), effort * 12), 1),
        })  # fmt: skip
        ready, planned = finished, planned_end
    delivered = np.full(len(shoots.title), -np.inf)
    np.maximum.at(delivered, owner, ready / DAY_S)
    tasks = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return _columns(of, tasks), np.ceil(delivered).astype(int)


def _columns(of: World, tasks: dict[str, np.ndarray]) -> dict[str, object]:
    """Only what is known by the end of the world: open tasks have no end, queued ones no start."""
    order = np.lexsort((tasks["stage"], tasks["episode"], tasks["owner"]))
    tasks = {name: values[order] for name, values in tasks.items()}
    now = of.clock.end_s
    known = tasks["queued"] < now
    tasks = {name: values[known] for name, values in tasks.items()}
    times = of.clock.timestamps
    return {
        "task_id": np.arange(1, len(tasks["owner"]) + 1),
        "production_id": tasks["owner"] + 1,
        "episode_no": tasks["episode"],
        "stage": coded(tasks["stage"], STAGES),
        "vendor": coded(tasks["vendor"], names.VENDORS),
        "planned_start_ts": times(tasks["planned_start"]),
        "planned_end_ts": times(tasks["planned_end"]),
        "queued_ts": times(tasks["queued"]),
        "started_ts": pa.array(times(tasks["started"]), mask=tasks["started"] >= now),
        "finished_ts": pa.array(times(tasks["finished"]), mask=tasks["finished"] >= now),
        "effort_h": tasks["effort_h"],
        "reworks_n": tasks["reworks"],
        "blocked_h": np.where(tasks["finished"] < now, tasks["blocked_h"], 0.0),
    }
