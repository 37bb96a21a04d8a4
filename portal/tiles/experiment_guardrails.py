"""Guardrails of an experiment: what must not get worse, p-values for looking at all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import experiment as shared
from queries.analyses.experiment import Experiment
from queries.analyses.experiment_verdict import Guardrail, guardrails
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentGuardrails:
    """A guardrail is worse where Holm's p-value is below .05 and the effect points that way."""

    place: Place = field(default_factory=lambda: Place(span=5, height=220))
    metrics: tuple[str, ...] = ("rebuffer_ratio", "startup_seconds")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a guardrail and treatment."""
        found = shared.chosen(results)
        hidden = found is None or shared.withheld(found, context)
        latest = shared.latest(results)
        rows = () if found is None or hidden else _guardrails(found, context, latest)
        return (replace(results[0], frame=pl.DataFrame([_facts(g) for g in rows])),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        instead = shared.withheld(found, context)
        if found is None or instead is not None:
            return instead or shared.no_rows(context)
        latest = shared.latest(results)
        rows = _guardrails(found, context, latest)
        if not rows:
            return empty("not_defined", "No guardrail was named for this experiment.")
        columns: list[dict[str, Any]] = [
            {"label": "Guardrail", "is_text": True},
            {"label": "Effect and 95 %"},
            {"label": "Holm p"},
        ]
        cells = [_row(g, found, context, latest) for g in rows]
        table = {"columns": columns, "rows": cells, "more": 0}
        return Drawing(
            kind="table",
            content={"tables": [table]},
            notes=("Not shown to be worse is not shown to be harmless: read the interval.",),
        )


def _guardrails(found: Experiment, context: Context, latest: date | None) -> tuple[Guardrail, ...]:
    running = found.is_running(latest)
    return guardrails(found, shared.metrics(context), running=running)


def _row(
    one: Guardrail, found: Experiment, context: Context, latest: date | None
) -> list[dict[str, Any]]:
    metric = context.metric(one.metric)
    control = found.levels(one.metric)[0].value
    return [
        {"text": f"{metric.label} · {one.cell}" if len(found.treatments) > 1 else metric.label},
        {
            "text": shared.said(one.effect, metric, running=found.is_running(latest)),
            "tone": "bad" if one.is_worse else "flat",
            "tip": f"In the control {written.number(control, metric)}",
        },
        {"text": shared.p_value(one.p), "tone": "bad" if one.is_worse else ""},
    ]


def _facts(one: Guardrail) -> dict[str, Any]:
    return {
        "guardrail": one.metric,
        "cell": one.cell,
        "effect": one.effect.value,
        "low": one.effect.low,
        "high": one.effect.high,
        "always_valid_low": one.effect.always_low,
        "always_valid_high": one.effect.always_high,
        "holm_p": one.p,
        "is_worse": one.is_worse,
    }
