"""What may be concluded of another policy from the log: its gain, and what that rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.components.sentence import WORDS
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.statement import Statement
from portal.tiles.rankers import scope
from portal.tiles.target_policy import asked, chosen, ends, share, signed
from queries.analyses import offpolicy
from queries.analyses.cluster import Estimate
from queries.analyses.findings import chance
from queries.model import Query, Result

_VERDICTS = {
    "better": "Better than the log: worth an experiment",
    "worse": "Worse than the log: drop it",
    "cannot tell": "No difference that this log can tell",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVerdict:
    """The gain over the log and what it rests on. Refuses where nothing may be concluded."""

    place: Place = field(default_factory=lambda: Place(span=12, height=120))
    metrics: tuple[str, ...] = ("dr_gain", "snips_gain")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context)),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return (asked(results, context),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        if results[-1].frame.is_empty():
            return ()
        found, policy = offpolicy.reading(results[-1].frame), chosen(results[0], context)
        if found.refusal is not None:
            said = f"Nothing can be concluded of {policy}: {found.refusal.message}"
            return (Statement.unsaid(1.0, said),)
        gain = _relative(found)
        around = f"95 % {signed(gain.low)} to {signed(gain.high)}"
        p = chance(found.gain)
        if found.verdict == "cannot tell":
            said = f"{policy} is not shown to earn more or less than the log: {around}."
            return (Statement.unsaid(p, said),)
        return (
            Statement(
                subject=f"What a seen slot earns under {policy}",
                verb=WORDS["forecast"].rose if gain.value > 0 else WORDS["forecast"].fell,
                size=signed(gain.value).lstrip("+−"),
                interval=around,
                against="over what the log earned",
                reason=f"{found.best.value:.2%} against {found.logged.value:.2%}; "
                f"{share(found.effective_share)} of the log counts. Estimated, not tried: an "
                "experiment decides.",
                evidence="forecast",
                probability=p,
                is_sure=True,
                tone="good" if gain.value > 0 else "bad",
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if results[-1].frame.is_empty():
            return no_rows(context)
        found = offpolicy.reading(results[-1].frame)
        if found.refusal is not None:
            raise found.refusal.error
        logged, relative = found.logged.value, _relative(found)
        by = "DR" if "dr_value" in found.ladder else "SNIPS"
        scores = [
            _score(
                f"Gain over the log, {by}",
                signed(relative.value),
                "Relative to what the log earned, on the same accounts.",
                " to ".join(signed(end) for end in (relative.low, relative.high)),
            ),
            _score(
                f"Value, {by}",
                f"{found.best.value:.2%}",
                "Reward per seen slot had the policy chosen the titles.",
                ends(found.best),
            ),
            _score("Value of the log", f"{logged:.2%}", "As it was.", ends(found.logged)),
            _score(
                "Effective sample size",
                share(found.effective_share),
                "Share of the log that counts once it is weighted (Kong 1992).",
                "",
            )
            | {"basis": f"{written.count(found.effective_rows)} rows; no interval: of this log"},
            _score(
                "Mean weight",
                f"{found.mean_weight.value:.3f}",
                "1 where the propensities are right and the log covers the policy.",
                ends(found.mean_weight, "{:.3f}"),
            ),
        ]
        notes = (f"{_VERDICTS[found.verdict]}.", *found.reasons)
        return Drawing(kind="scores", content={"scores": scores}, notes=notes)


def _score(label: str, value: str, description: str, interval: str) -> dict[str, Any]:
    return {
        "label": label,
        "value": value,
        "description": description,
        "interval": interval,
        "unit": "",
        "sign": "",
    }


def _relative(found: offpolicy.Reading) -> Estimate:
    """The gain as a share of what the log earned."""
    gain, logged = found.gain, found.logged.value
    return Estimate(gain.value / logged, gain.low / logged, gain.high / logged)
