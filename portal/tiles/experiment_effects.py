"""Effects of an experiment on every metric: of one look and of all looks, adjusted and not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import experiment as shared
from portal.tiles.figure import figure
from portal.tiles.forest import Mark, Series, forest
from queries.analyses.experiment import Experiment
from queries.dataset import Metric
from queries.estimators.effect import Effect
from queries.model import Query, Result

_NOTE = (
    "Thick: 95 % if one looks once, at the end. Thin: 95 % at every look together.",
    "Only the primary metric decides; the others are there to be looked at.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentEffects:
    """The primary metric first, then the guardrails, then the others."""

    place: Place = field(default_factory=lambda: Place(span=7, height=380))
    metrics: tuple[str, ...] = (
        "hours_per_account",
        "hours_effect",
        "hours_effect_at_any_look",
    )

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a metric, treatment and way of adjusting."""
        found = shared.chosen(results)
        if found is None or shared.withheld(found, context):
            return (replace(results[0], frame=pl.DataFrame()),)
        rows = [
            _facts(metric, cell, effect, adjusted=adjusted)
            for metric in _ordered(found, context)
            for adjusted in (True, False)
            for cell, effect in _effects(found, metric, adjusted=adjusted)
        ]
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        instead = shared.withheld(found, context)
        if found is None or instead is not None:
            return instead or shared.no_rows(context)
        several = len(found.treatments) > 1
        labels: list[str] = []
        marks: dict[bool, list[Mark | None]] = {True: [], False: []}
        for metric in _ordered(found, context):
            for nth, cell in enumerate(found.treatments):
                labels.append(f"{metric.label}<br>{cell.name}" if several else metric.label)
                for adjusted in (True, False):
                    effect = found.effects(metric.name, adjusted=adjusted)[nth]
                    marks[adjusted].append(_mark(effect, metric, cell.name))
        if not labels:
            return empty("no_rows", "Every metric of this experiment is primary or a guardrail.")
        if shared.SHOWN.read(context.view) != "others":
            labels[0] = f"<b>{labels[0]}</b>"
        series = (
            Series("Adjusted by the 28 days before", "@accent", marks[True], -1),
            Series("As it is", "@before", marks[False], 1),
        )
        traces, layout = forest(labels, series)
        return figure(traces, layout, notes=_NOTE)


def _ordered(found: Experiment, context: Context) -> list[Metric]:
    """The set that the view names."""
    known = shared.measured(found, context)
    deciding = (found.primary, *found.guardrails)
    wanted = shared.SHOWN.read(context.view)
    return [m for n, m in known.items() if not wanted or (n in deciding) == (wanted == "deciding")]


def _effects(found: Experiment, metric: Metric, *, adjusted: bool) -> list[tuple[str, Effect]]:
    effects = found.effects(metric.name, adjusted=adjusted)
    return [(cell.name, e) for cell, e in zip(found.treatments, effects, strict=True)]


def _mark(effect: Effect, metric: Metric, cell: str) -> Mark | None:
    if not effect.is_known:
        return None
    once = shared.between(effect.low, effect.high, metric)
    always = shared.between(effect.always_low, effect.always_high, metric)
    text = (
        f"<b>{metric.label} {shared.relative(effect.value, metric)}</b>, {cell}<br>"
        f"one look: {once}, p {shared.p_value(effect.p)}<br>"
        f"every look: {always}, p {shared.p_value(effect.always_p)}"
    )
    return Mark(effect.value, effect.low, effect.high, effect.always_low, effect.always_high, text)


def _facts(metric: Metric, cell: str, effect: Effect, *, adjusted: bool) -> dict[str, Any]:
    return {
        "metric": metric.label,
        "cell": cell,
        "adjusted": adjusted,
        "effect": effect.value,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "always_valid_low": effect.always_low,
        "always_valid_high": effect.always_high,
        "always_valid_p": effect.always_p,
    }
