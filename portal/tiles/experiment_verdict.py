"""What to do about an experiment, in a word, with the reasons for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles import experiment as shared
from portal.tiles.experiment_list import TONES, WORDS, runs
from queries.analyses.experiment import Experiment
from queries.analyses.experiment_verdict import Verdict, verdict
from queries.dataset import Metric
from queries.estimators.effect import variance_kept
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentVerdict:
    """The verdict is adjusted by the time before, whatever the view shows."""

    place: Place = field(default_factory=lambda: Place(span=7, height=260))
    metrics: tuple[str, ...] = ("exposed", "variance_reduction")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = shared.chosen(results)
        said = shared.statement(found, context, shared.latest(results)) if found else None
        return () if said is None else (said,)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        metrics = shared.metrics(context)
        latest = shared.latest(results)
        decided = verdict(found, metrics, latest) if found else None
        if found is None or decided is None:
            return shared.withheld(found, context) or shared.no_rows(context)
        metric = metrics[found.primary] if decided.effect else None
        content = {
            "word": WORDS[decided.kind],
            "tone": TONES[decided.kind],
            "sentence": _sentence(found, decided, metric),
            "reasons": [*_reasons(found, decided, metrics)],
            "kind": "descriptive" if decided.effect is None else "randomised",
        }
        return Drawing(kind="verdict", content=content, notes=(runs(found, latest),))


def _sentence(found: Experiment, decided: Verdict, metric: Metric | None) -> str:
    if metric is None or decided.effect is None:
        return "Cells did not get the accounts they were to get. No effect of it can be believed."
    effect = shared.said(decided.effect, metric, running=decided.is_running)
    who = f"{decided.cell} against {found.cells[0].name}"
    if decided.kind == "ship":
        return f"{who}: {metric.label.lower()} {effect}, and no guardrail got worse."
    if decided.worse:
        harmed = ", ".join(g.metric.replace("_", " ") for g in decided.worse)
        return f"{who}: {metric.label.lower()} {effect}, but {harmed} got worse."
    if decided.kind == "extend":
        return f"{who}: {metric.label.lower()} {effect}. That is too uncertain to decide by."
    if decided.low <= 0 <= decided.high:
        return f"{who}: no difference in {metric.label.lower()}, {effect}."
    return f"{who}: {metric.label.lower()} got worse, {effect}."


def _reasons(
    found: Experiment, decided: Verdict, metrics: dict[str, Metric]
) -> Iterator[dict[str, str]]:
    for name, ratio in zip(("allocated", "exposed"), found.ratios(), strict=True):
        fits = "does not fit" if ratio.is_broken else "fits"
        p = f"p {shared.p_value(ratio.p)}; at any look {shared.p_value(ratio.always_p)}"
        yield {
            "text": f"Accounts {name}: the sample ratio {fits} the plan ({p}).",
            "tone": "bad" if ratio.is_broken else "good",
        }
    if decided.effect is None:
        return
    size = f"{written.count(found.exposed)} accounts exposed of {written.count(found.planned)}"
    yield {"text": f"{size} planned.", "tone": "good" if decided.has_its_accounts else "flat"}
    looks = (
        "It is still running, so the interval is the one that holds at every look."
        if decided.is_running
        else "It has ended and is read once, by the interval that holds at the end."
    )
    yield {"text": looks, "tone": "flat"}
    if len(found.treatments) > 1:
        said = f"{len(found.treatments)} treatments share the 5%: intervals are wider for it."
        yield {"text": said, "tone": "flat"}
    for guardrail in decided.guardrails:
        if guardrail.cell != decided.cell:
            continue
        metric = metrics[guardrail.metric]
        effect = shared.said(guardrail.effect, metric, running=decided.is_running)
        worse = "got worse" if guardrail.is_worse else "not shown to get worse"
        p = f"Holm p {shared.p_value(guardrail.p)}"
        yield {
            "text": f"{metric.label}: {effect}, {worse} ({p}).",
            "tone": "bad" if guardrail.is_worse else "good",
        }
    kept = variance_kept([cell.moments[found.primary] for cell in found.cells])
    if kept < 1:
        yield {
            "text": f"Adjusting by the 28 days before takes away {1 - kept:.0%} of the variance.",
            "tone": "flat",
        }
