"""What the tiles of an experiment share: their question, who is chosen, why nothing is shown.

An experiment with a broken sample ratio shows none of its effects: they would say what is not true.
"""

from collections.abc import Sequence
from datetime import date

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.statement import Statement
from portal.tiles.options import Option
from portal.tiles.rankers import scope
from queries.analyses import experiment
from queries.analyses.experiment import Experiment
from queries.analyses.experiment_verdict import Verdict, verdict
from queries.dataset import Metric
from queries.errors import InvalidQuery
from queries.estimators.effect import Effect
from queries.model import Query, Result

ADJUSTMENT = Option(
    name="cuped",
    label="Effects",
    choices=(("", "adjusted by the 28 days before (CUPED)"), ("off", "as they are")),
)
SHOWN = Option(
    name="metrics",
    label="on",
    choices=(
        ("", "every metric"),
        ("deciding", "primary and guardrails"),
        ("others", "those that decide nothing"),
    ),
)
HORIZON = Option(
    name="after",
    label="as it stood after",
    choices=(("", "all days"), *((str(n), f"{n} days") for n in (7, 14, 21, 28))),
)
ABOUT = "effect"
OPTIONS = (ADJUSTMENT.name, SHOWN.name, ABOUT, HORIZON.name)
BROKEN = empty(
    "not_defined",
    "The sample ratio is broken, so no effect is shown.",
    "Find out why accounts are missing from a cell; then run the experiment again.",
)


def question(context: Context) -> Query:
    """Every tile of an experiment asks it, so they share one answer."""
    return experiment.question(scope(context))


def chosen(results: Sequence[Result]) -> Experiment | None:
    """The newest experiment that the view keeps."""
    return next(iter(experiment.read(results[0].frame)), None)


def latest(results: Sequence[Result]) -> date | None:
    """The last complete day: an experiment that ends later is still running."""
    return results[0].complete_through


def metrics(context: Context) -> dict[str, Metric]:
    return {m.name: m for m in context.dataset.metrics}


def is_adjusted(context: Context) -> bool:
    """Whether effects are adjusted by the time before; `cuped=off` in the view says no."""
    return ADJUSTMENT.read(context.view) != "off"


def horizon(context: Context) -> int:
    """After how many days the effect is read; 0 is as of the last complete one."""
    return int(HORIZON.read(context.view) or 0)


def about(found: Experiment, context: Context) -> Metric:
    """The metric that power and segments are of: the primary one unless the view names another."""
    name, known = context.view.option(ABOUT) or found.primary, measured(found, context)
    if name not in known:
        raise InvalidQuery(
            f"“{name}” is no metric of experiments.", f"It may be {', '.join(known)}."
        )
    return known[name]


def measured(found: Experiment, context: Context) -> dict[str, Metric]:
    """The metrics of an experiment, the primary one first, then its guardrails."""
    names = dict.fromkeys((found.primary, *found.guardrails, *found.cells[0].moments))
    known = metrics(context)
    return {n: known[n] for n in names if n in known and n in found.cells[0].moments}


def withheld(found: Experiment | None, context: Context) -> Drawing | None:
    """What stands in place of an effect: nothing to compare, or nothing to be believed."""
    if found is None:
        return no_rows(context)
    if found.primary not in metrics(context):
        return empty(
            "not_defined",
            f"“{found.primary}” is no metric of experiments.",
            "Its definition has to be in the catalogue before an effect on it can be said.",
        )
    if not found.treatments:
        return empty("not_defined", "One cell only: there is nothing to hold it against.")
    return BROKEN if found.is_broken else None


def relative(value: float, metric: Metric) -> str:
    return written.change(value, metric, relative=True)


def between(low: float, high: float, metric: Metric) -> str:
    """An interval of a relative effect, in words."""
    return f"{relative(low, metric)} to {relative(high, metric)}"


def said(found: Effect, metric: Metric, *, running: bool) -> str:
    """An effect with the interval that may be read now."""
    low, high = (found.always_low, found.always_high) if running else (found.low, found.high)
    return f"{relative(found.value, metric)} ({between(low, high, metric)})"


def p_value(p: float) -> str:
    """`0.03`, `0.0004`, `< 0.0001`."""
    if p != p:  # noqa: PLR0124  # not a number
        return written.NOTHING
    if p < 0.0001:  # noqa: PLR2004
        return "< 0.0001"
    places = 2 if p >= 0.01 else 3 if p >= 0.001 else 4  # noqa: PLR2004
    return f"{p:.{places}f}"


def statement(found: Experiment, context: Context, latest: date | None) -> Statement | None:
    """What an experiment says by itself: that it is broken, its effect, or that there is none.

    Of several treatments the one that is decided about counts, so its p is Bonferroni's.
    """
    if found.is_broken:
        return _broken(found)
    decided, metric = verdict(found, metrics(context), latest), metrics(context).get(found.primary)
    if decided is None or metric is None or decided.effect is None or not decided.effect.is_known:
        return None
    effect = decided.effect
    p = effect.always_p if decided.is_running else effect.p
    p = min(1.0, p * len(found.treatments))
    who = f"{metric.label} by {decided.cell} against {found.cells[0].name}"
    around = f"95 % {between(decided.low, decided.high, metric)}"
    size = relative(effect.value, metric)
    if decided.low <= 0 <= decided.high:
        lowered = written.lowered(metric.label)
        said = f"{found.name}: no difference in {lowered} beyond doubt, {size} ({around})."
        return Statement.unsaid(p, said)
    return _effect(found, decided, metric, (who, size, around, p))


def _effect(
    found: Experiment, decided: Verdict, metric: Metric, said: tuple[str, str, str, float]
) -> Statement:
    who, size, around, p = said
    worse = ", ".join(g.metric.replace("_", " ") for g in decided.worse)
    looks = "at every look" if decided.is_running else "looked at once, at its end"
    guards = f"but {worse} got worse" if worse else "no guardrail got worse"
    return Statement(
        subject=f"{found.name}: {who}",
        verb="was raised" if size.startswith("+") else "was lowered",
        size=size.lstrip("+−"),
        interval=around,
        reason=f"{written.count(found.exposed)} accounts exposed; {looks}, p {p_value(p)}; "
        f"{guards}.",
        evidence="randomised",
        probability=p,
        is_sure=True,
        tone=written.tone(metric, decided.low, decided.high),
        filters=("experiment", found.name),
    )


def _broken(found: Experiment) -> Statement:
    """Cells that did not get their accounts: p is of the worse of both ratios, times two."""
    worst = min(found.ratios(), key=lambda ratio: ratio.p)
    counts = " and ".join(f"{c.allocated:,.0f}".replace(",", "\u2009") for c in found.cells)
    planned = " : ".join(f"{cell.share:.0%}" for cell in found.cells)
    return Statement(
        subject=f"{found.name}: the sample ratio",
        verb="does not fit the plan,",
        size=f"{counts} accounts",
        interval=f"planned {planned}",
        reason=f"p {p_value(worst.p)}; at any look {p_value(worst.always_p)}. No effect of it can "
        "be believed.",
        evidence="descriptive",
        probability=min(1.0, 2 * worst.p),
        is_sure=True,
        tone="bad",
        filters=("experiment", found.name),
    )
