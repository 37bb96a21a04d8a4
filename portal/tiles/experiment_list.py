"""Every experiment in a table: is it healthy, what did it do, what follows. A click opens one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles import experiment as shared
from queries.analyses import experiment
from queries.analyses.experiment import Experiment
from queries.analyses.experiment_verdict import verdict
from queries.model import Query, Result

WORDS = {"unhealthy": "Unhealthy", "ship": "Ship", "stop": "Stop", "extend": "Extend"}
TONES = {"unhealthy": "bad", "ship": "good", "stop": "flat", "extend": "flat"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentList:
    """The effect is the primary metric's, adjusted, of the cell that the verdict is about."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("exposed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row an experiment."""
        rows = [
            _facts(found, context, shared.latest(results))
            for found in experiment.read(results[0].frame)
        ]
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        latest = shared.latest(results)
        read = (shared.statement(e, context, latest) for e in experiment.read(results[0].frame))
        return [s for s in read if s is not None]

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = experiment.read(results[0].frame)
        if not found:
            return no_rows(context)
        columns: list[dict[str, Any]] = [
            {"label": "Experiment", "is_text": True},
            {"label": "Verdict"},
            {"label": "Effect"},
            {"label": "Interval"},
            {"label": "Primary metric"},
            {"label": "Accounts exposed"},
            {"label": "Sample ratio p"},
            {"label": "Unit"},
            {"label": "Runs"},
        ]
        rows = [_row(one, context, shared.latest(results)) for one in found]
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, filters="experiment")


def _row(found: Experiment, context: Context, latest: date | None) -> list[dict[str, Any]]:
    decided = verdict(found, shared.metrics(context), latest)
    metric = shared.metrics(context).get(found.primary)
    allocated, _ = found.ratios()
    effect, interval, tone, tip = "", "", "flat", ""
    if metric is not None and decided is not None and decided.effect is not None:
        effect = shared.relative(decided.effect.value, metric)
        interval = shared.between(decided.low, decided.high, metric)
        tone = written.tone(metric, decided.low, decided.high)
        looks = "95 % at every look" if decided.is_running else "95 %, looked at once"
        tip = f"{decided.cell} against {found.cells[0].name}, {looks}"
    kind = decided.kind if decided is not None else ""
    return [
        {"text": found.name}
        | {"set": {"experiment": found.name}, "mark": [["experiment", found.name]]},
        {"text": WORDS.get(kind, written.NOTHING), "tone": TONES.get(kind, "flat")},
        {"text": effect or written.NOTHING, "tone": tone, "tip": tip},
        {"text": interval or written.NOTHING, "tip": tip},
        {"text": metric.label if metric else found.primary},
        {"text": written.count(found.exposed), "tip": f"{found.exposed:.0f}"},
        {
            "text": shared.p_value(allocated.p),
            "tone": "bad" if found.is_broken else "",
            "tip": "Chi-squared against the planned shares; below .0005 nothing else is shown",
        },
        {"text": found.unit},
        {"text": runs(found, latest)},
    ]


def runs(found: Experiment, latest: date | None) -> str:
    """When it ran, or how long it still does."""
    if found.started is None or found.ends is None:
        return written.NOTHING
    days = f"{written.day(found.started, year=False)} – {written.day(found.ends)}"
    return f"{days}, running" if found.is_running(latest) else days


def _facts(found: Experiment, context: Context, latest: date | None) -> dict[str, Any]:
    decided = verdict(found, shared.metrics(context), latest)
    ratio, _ = found.ratios()
    effect = decided.effect if decided else None
    return {
        "experiment": found.name,
        "unit": found.unit,
        "started": found.started,
        "ends": found.ends,
        "verdict": decided.kind if decided else None,
        "cell": decided.cell if decided else None,
        "primary_metric": found.primary,
        "accounts_exposed": found.exposed,
        "sample_ratio_p": ratio.p,
        "sample_ratio_always_valid_p": ratio.always_p,
        "effect": effect.value if effect else None,
        "low": effect.low if effect else None,
        "high": effect.high if effect else None,
        "always_valid_low": effect.always_low if effect else None,
        "always_valid_high": effect.always_high if effect else None,
    }
