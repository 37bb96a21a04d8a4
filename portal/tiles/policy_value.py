"""What another policy would have earned on the log: every estimator, and what may be concluded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.rankers import scope
from portal.tiles.target_policy import asked, chosen, ends, threshold
from queries.analyses import offpolicy
from queries.analyses.cluster import Estimate
from queries.model import Query, Result

_ROWS = {
    "ips_value": "IPS",
    "clipped_value": "IPS, clipped",
    "snips_value": "SNIPS",
    "dr_value": "DR",
    "switch_dr_value": "Switch-DR",
}
_ALL_LABELS = {"type": "category", "showgrid": False, "tickmode": "linear", "dtick": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLadder:
    """Each estimator with its interval against the log; the model alone apart and marked."""

    place: Place = field(default_factory=lambda: Place(span=8, height=330))
    metrics: tuple[str, ...] = ("snips_value", "dr_value", "ips_value", "direct_value")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context)),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return (asked(results, context),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The ladder as a table: an estimator a row."""
        rows = _ladder(offpolicy.reading(results[-1].frame), threshold(context))
        frame = pl.DataFrame(
            [
                {"estimator": label, "value": e.value, "low": e.low, "high": e.high}
                for label, e, _ in rows
            ]
        )
        return (replace(results[-1], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = offpolicy.reading(results[-1].frame)
        if math.isnan(found.logged.value):
            return no_rows(context)
        rows = _ladder(found, threshold(context))
        traces = [_mark(label, estimate, colour) for label, estimate, colour in rows]
        layout: Layout = {
            "xaxis": {
                "tickformat": ",.3~p",
                "showgrid": True,
                "title": {"text": "Reward per seen slot"},
            },
            "yaxis": {**_ALL_LABELS, "autorange": "reversed"},
            "hovermode": "closest",
            "showlegend": False,
            "shapes": _logged(found.logged),
        }
        notes = ["A reward is a play, or a click where the log has no plays."]
        if found.refusal is not None:
            notes.insert(0, f"Conclude nothing from this. {found.refusal.message}")
        if not math.isnan(found.direct.value):
            notes.append(
                "The model alone is narrow and may be wrong: its interval says how alike its "
                "guesses are. It decides nothing here."
            )
        else:
            notes.append("The log holds no reward model, so there is no DR, and no model alone.")
        return figure(traces, layout, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSample:
    """How much of the log counts for the policy, against the tenth below which nothing is said."""

    place: Place = field(default_factory=lambda: Place(span=4, height=150))
    metrics: tuple[str, ...] = ("effective_sample_size",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context)),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return (asked(results, context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = offpolicy.reading(results[-1].frame)
        value, least = found.effective_share, offpolicy.SMALLEST_EFFECTIVE_SHARE
        if math.isnan(value):
            return no_rows(context)
        colour = "@bad" if value < least else "@accent"
        trace: Trace = {
            "type": "bar",
            "orientation": "h",
            "x": [value],
            "y": [""],
            "width": [0.5],
            "marker": {"color": colour},
            "text": [f" {value:.1%}"],
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": f"<b>%{{x:.1%}}</b> of the log counts, "
            f"{written.count(found.effective_rows)} rows<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"range": [0, 1], "tickformat": ",.0%", "dtick": 0.25, "showgrid": True},
            "yaxis": {"showticklabels": False, "showgrid": False},
            "showlegend": False,
            "hovermode": "closest",
            "shapes": [
                {
                    "type": "rect", "x0": 0, "x1": least, "y0": 0, "y1": 1, "yref": "paper",
                    "fillcolor": "@bad/0.14", "line": {"width": 0}, "layer": "below",
                }
            ],
        }  # fmt: skip
        notes = (f"Below {least:.0%}, the shaded part, nothing is concluded.",)
        return figure([trace], layout, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class GainBySegment:
    """The gain over the log by the values of a dimension, each refused by itself where it must."""

    by: str
    place: Place = field(default_factory=lambda: Place(span=6, height=300))
    metrics: tuple[str, ...] = ("dr_gain", "snips_gain")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (offpolicy.policies_question(scope(context.without(self.by))),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        every = context.without(self.by)
        policy, key = chosen(results[0], every), context.dataset.dimension(self.by)
        question = offpolicy.question(scope(every), policy, (key,), threshold(context))
        return (replace(question, order_by="effective_rows", limit=12, with_total=False),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame, dimension = results[-1].frame, context.dataset.dimension(self.by)
        known = [frame[i] for i in range(frame.height) if frame[self.by][i] is not None]
        found = [(row[self.by][0], offpolicy.reading(row)) for row in known]
        labels = {value: written.value_label(value, dimension) for value, _ in found}
        told = [(v, r) for v, r in found if r.refusal is None and r.logged.value]
        refused = [labels[v] for v, r in found if r.refusal is not None]
        if not found:
            return empty(
                "not_defined",
                f"The log does not say the {dimension.label.lower()}.",
                "The policy can be judged on all of it only.",
            )
        if not told:
            return empty(
                "not_defined",
                f"Refused for every {dimension.label.lower()}.",
                "Too little of the log counts, or the estimators disagree. Try a longer period.",
            )
        told.sort(key=lambda one: one[1].gain.value / one[1].logged.value)
        colour = {"better": "@good", "worse": "@bad", "cannot tell": "@muted"}
        traces = [
            _mark(
                labels[value],
                Estimate(*(x / r.logged.value for x in (r.gain.value, r.gain.low, r.gain.high))),
                colour[r.verdict],
                (str(value), "{:+.1%}"),
            )
            for value, r in told
        ]
        layout: Layout = {
            "xaxis": {"tickformat": "+,.3~p", "showgrid": True, "title": {"text": "Over the log"}},
            "yaxis": _ALL_LABELS,
            "hovermode": "closest",
            "showlegend": False,
            "shapes": [_upright(0.0, "@muted", "dot")],
        }
        notes = (f"Refused, too little overlap or no agreement: {', '.join(refused)}.",)
        return figure(traces, layout, filters=self.by, notes=notes if refused else ())


def _ladder(found: offpolicy.Reading, tau: float) -> list[tuple[str, Estimate, str]]:
    """Label, estimate and colour of each row, the log first and the model alone last."""
    colour = "@muted" if found.refusal is not None else "@accent"
    clipped = {"clipped_value", "switch_dr_value"}
    rows = [("The log, as it was", found.logged, "@before")]
    rows += [
        (f"{label}, τ = {tau:g}" if name in clipped else label, found.ladder[name], colour)
        for name, label in _ROWS.items()
        if name in found.ladder
    ]
    if not math.isnan(found.direct.value):
        rows.append(("Model alone: may be wrong", found.direct, "@muted"))
    return rows


def _mark(
    label: str, estimate: Estimate, colour: str, said: tuple[str, str] = ("", "{:.3%}")
) -> Trace:
    value, text = said
    is_bare = math.isnan(estimate.low)
    hollow = label.startswith("Model alone")
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "x": [estimate.value],
        "y": [label],
        "marker": {
            "color": colour, "size": 10, "symbol": "circle-open" if hollow else "circle",
            "line": {"width": 2, "color": colour},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if is_bare else estimate.high - estimate.value],
            "arrayminus": [0.0 if is_bare else estimate.value - estimate.low],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        **({"customdata": [[value]]} if value else {}),
        "hovertemplate": f"{label}: <b>{text.format(estimate.value)}</b> "
        f"({ends(estimate, text)})<extra></extra>",
    }  # fmt: skip


def _logged(logged: Estimate) -> list[dict[str, Any]]:
    """What the log earned, as a line across all rows with its band."""
    line = _upright(logged.value, "@before", "dot")
    if math.isnan(logged.low):
        return [line]
    return [
        {
            "type": "rect", "x0": logged.low, "x1": logged.high, "y0": 0, "y1": 1,
            "yref": "paper", "fillcolor": "@before/0.14", "line": {"width": 0}, "layer": "below",
        },
        line,
    ]  # fmt: skip


def _upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
        "line": {"color": colour, "width": 1.25, "dash": dash}, "layer": "below",
    }  # fmt: skip
