"""What to do about an experiment, by rules that were there before it.

Unhealthy: some cell did not get its accounts; nothing else is said. Ship: the primary metric is
better beyond its interval and no guardrail is worse. Stop: it is worse, or a guardrail is, or the
experiment has had its accounts and shows no difference. Extend: it may still show one. While it
runs, the intervals and p-values are those that hold at every look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from queries.analyses.experiment import FEWEST_ACCOUNTS, Experiment
from queries.analyses.multiple_testing import holm
from queries.dataset import Metric
from queries.estimators.effect import ALPHA, Effect

Kind = Literal["unhealthy", "ship", "stop", "extend"]
_RANK: tuple[Kind, ...] = ("ship", "extend", "stop")


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail of a treatment; `p` is Holm's over all guardrails of the experiment."""

    metric: str
    cell: str
    effect: Effect
    p: float
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do and about which cell, with what it rests on.

    `low` and `high` are the bounds that decided: of all looks while the experiment runs.
    """

    kind: Kind
    cell: str = ""
    effect: Effect | None = None
    low: float = float("nan")
    high: float = float("nan")
    is_running: bool = False
    has_its_accounts: bool = False
    guardrails: tuple[Guardrail, ...] = ()

    @property
    def worse(self) -> tuple[Guardrail, ...]:
        """The guardrails that the cell makes worse."""
        return tuple(g for g in self.guardrails if g.is_worse and g.cell == self.cell)


def verdict(
    experiment: Experiment, metrics: Mapping[str, Metric], latest: date | None
) -> Verdict | None:
    """None where there is nothing to decide by: one cell only, or a metric nobody defined."""
    if experiment.is_broken:
        return Verdict(kind="unhealthy", is_running=experiment.is_running(latest))
    metric = metrics.get(experiment.primary)
    if metric is None or not experiment.treatments or metric.better == "none":
        return None
    running = experiment.is_running(latest)
    watched = guardrails(experiment, metrics, running=running)
    found = [
        _of_cell(experiment, metric, running, watched, nth)
        for nth in range(len(experiment.treatments))
    ]
    return min(found, key=lambda v: _RANK.index(v.kind))


def guardrails(
    experiment: Experiment, metrics: Mapping[str, Metric], *, running: bool
) -> tuple[Guardrail, ...]:
    """Every guardrail that is defined, of every treatment."""
    named = [g for g in experiment.guardrails if g in metrics and g in experiment.cells[0].moments]
    pairs = [
        (name, cell.name, found)
        for name in named
        for cell, found in zip(experiment.treatments, experiment.effects(name), strict=True)
    ]
    adjusted = holm([e.always_p if running else e.p for _, _, e in pairs])
    return tuple(
        Guardrail(name, cell, e, p, p < ALPHA and _is_better(e.value, metrics[name]) is False)
        for (name, cell, e), p in zip(pairs, adjusted, strict=True)
    )


def _of_cell(
    experiment: Experiment,
    metric: Metric,
    running: bool,
    watched: tuple[Guardrail, ...],
    nth: int,
) -> Verdict:
    found = experiment.effects(metric.name)[nth]
    low, high = (found.always_low, found.always_high) if running else (found.low, found.high)
    has_accounts = experiment.exposed >= experiment.planned
    made = Verdict(
        kind="extend",
        cell=experiment.treatments[nth].name,
        effect=found,
        low=low,
        high=high,
        is_running=running,
        has_its_accounts=has_accounts,
        guardrails=watched,
    )
    few = min(c.exposed for c in (experiment.cells[0], experiment.treatments[nth]))
    if not found.is_known or few < FEWEST_ACCOUNTS:
        return made
    is_sure = low > 0 or high < 0
    if made.worse or (is_sure and not _is_better(found.value, metric)):
        return replace(made, kind="stop")
    if is_sure:
        return replace(made, kind="ship")
    return replace(made, kind="extend" if running or not has_accounts else "stop")


def _is_better(value: float, metric: Metric) -> bool | None:
    if metric.better == "none":
        return None
    return (value > 0) == (metric.better == "up")
