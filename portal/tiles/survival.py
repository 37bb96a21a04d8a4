"""How long until something happens, with those for whom it had not happened yet kept in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, said_at
from portal.tiles.rankers import scope
from queries.analyses import survival
from queries.formula import Array
from queries.model import Query, Result
from queries.small_cells import FEWEST_SHOWN

HORIZON_S = 300
PATIENCE_S = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPlay:
    """Share of visits that have a play by each second; visits that end without one are censored."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="visits"))
    metrics: tuple[str, ...] = ("choosing_median_seconds", "quick_play_rate")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (survival.first_play_question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = survival.first_play(results[0].frame, HORIZON_S)
        frame = found.frame
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        curve = survival.first_play(results[0].frame, HORIZON_S)
        if not len(curve.time):
            return no_rows(context)
        playing = replace(
            curve, survival=1 - curve.survival, low=1 - curve.high, high=1 - curve.low
        )
        layout: Layout = {
            "xaxis": {"range": [0, HORIZON_S], "ticksuffix": " s", "dtick": 60},
            "yaxis": {"tickformat": ",.0%", "range": [0, 1]},
            "shapes": [_line_at(PATIENCE_S)],
            "annotations": [
                said_at(PATIENCE_S, f"90 s: {1 - curve.at(PATIENCE_S):.0%} are playing")
            ]
            if curve.end >= PATIENCE_S
            else [],
        }
        notes = [f"Half of the visits are playing after {curve.median:.0f} s."]
        if math.isnan(curve.median):
            notes = [f"Fewer than half are playing after {min(HORIZON_S, curve.end):.0f} s."]
        notes.append("Who leaves counts up to then, so this lies above the share of all visits.")
        if curve.end < HORIZON_S:
            notes.append(f"Later fewer than {FEWEST_SHOWN} accounts are left, and nothing is told.")
        return figure(step(playing, "%{x} s: <b>%{y:.1%}</b> playing"), layout, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandonment:
    """Share of plays still going at each per cent of the runtime; completed ones are censored."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300))
    metrics: tuple[str, ...] = ("abandonment_position", "early_drop_rate")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (survival.abandonment_question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = survival.abandonment(results[0].frame)
        frame = found.frame
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        curve = survival.abandonment(results[0].frame)
        if not len(curve.time):
            return no_rows(context)
        layout: Layout = {
            "xaxis": {
                "range": [0, 100],
                "ticksuffix": "%",
                "title": {"text": "Of the runtime"},
            },
            "yaxis": {"tickformat": ",.0%", "range": [0, 1]},
        }
        said = {
            10: f"{1 - curve.at(10):.0%} leave within the first tenth.",
            89: f"{curve.at(89):.0%} reach 90%.",
        }
        notes = [text for share, text in said.items() if share <= curve.end]
        text = "At %{x}% of the runtime <b>%{y:.1%}</b> still watch"
        return figure(step(curve, text), layout, notes=notes)


def step(curve: survival.Curve, text: str) -> list[Trace]:
    """A step for every time something happened, and the band around it."""
    times = [float(t) for t in curve.time]
    shape = {"line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    edge: Trace = {"type": "scatter", "mode": "lines", "x": times, **shape}
    return [
        {**edge, "y": _known(curve.low)},
        {**edge, "y": _known(curve.high), "fill": "tonexty", "fillcolor": "@accent/0.14"},
        {
            "type": "scatter",
            "mode": "lines",
            "x": times,
            "y": _known(curve.survival),
            "line": {"color": "@accent", "width": 2.25, "shape": "hv"},
            "hovertemplate": f"{text}<extra></extra>",
        },
    ]


def _known(values: Array) -> list[float | None]:
    return [None if math.isnan(v) else round(float(v), 5) for v in values]


def _line_at(x: float) -> Layout:
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "@muted", "width": 1, "dash": "dot"},
    }
