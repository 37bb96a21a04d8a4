"""Where a launch stands: how many comparables had less by the same day, and where it will end.

The share of comparables has Wilson's interval: they are taken for a sample of launches of the kind.
What it is projected to after 28 and 91 days has a conformal interval of 80 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.launch import (
    WINDOWS,
    Launch,
    alike,
    left_out,
    measured,
    without_runtime,
)
from queries.analyses import launch
from queries.analyses.launch_projection import Projection, projection
from queries.dataset import Metric
from queries.interval import wilson
from queries.model import Result
from queries.small_cells import FEWEST_SHOWN


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a launch is projected to after so many days; None of one of too few views."""

    days: int
    found: Projection | None

    def said(self, metric: Metric) -> tuple[str, str]:
        """The middle and the interval in words, or why there are none."""
        if self.found is None:
            return written.NOTHING, f"under {FEWEST_SHOWN} {metric.unit} so far"
        over = f"launches whose {self.days} days are over"
        if not self.found.is_told:
            return written.NOTHING, f"only {self.found.launches} {over}: too few for an interval"
        low, middle, high = (
            written.number(end, metric)
            for end in (self.found.low, self.found.middle, self.found.high)
        )
        return middle, f"80 % {low} to {high}, by {self.found.launches} {over}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchStanding(Launch):
    """Of one title: its last day among comparables, and where its 28 and 91 days will end."""

    place: Place = field(default_factory=lambda: Place(span=12, height=84))

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        """What to say of it where nothing else is found: it is no test, so nothing is claimed."""
        if not context.view.values("title") or Launch.draw(self, results, context).kind == "empty":
            return ()
        comparables, own = self.curves(results, context)
        stands = standing(own, comparables)
        if own["title_id"].n_unique() != 1 or stands is None:
            return ()
        metric = context.metric(measured(results)[1])
        said = (
            f"Day {stands['day']} since its release: {written.number(stands['value'], metric)} "
            f"{metric.unit}, {_percentile(stands['share'])} of {stands['launches']} "
            f"{alike(context)} (95 % {_around(stands)})"
        )
        for ahead in self.forecasts(results, context, own):
            middle, around = ahead.said(metric)
            if ahead.found is not None and ahead.found.is_told:
                what = written.lowered(metric.label)
                said += f"; projected {ahead.days}-day {what} {middle} ({around})"
        return (Statement.unsaid(1.0, f"{said}.", "forecast"),)

    def forecasts(
        self, results: Sequence[Result], context: Context, own: pl.DataFrame
    ) -> list[Forecast]:
        """Of every window that one title has not had yet."""
        return forecasts(own, {n: self.others(results, context, n) for n in WINDOWS})

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        drawn = Launch.draw(self, results, context)
        if drawn.kind == "empty":
            return drawn
        metric = context.metric(measured(results)[1])
        comparables, own = self.curves(results, context)
        stands = standing(own, comparables)
        if own["title_id"].n_unique() != 1 or stands is None:
            return empty("not_defined", "Nothing to hold it against.", "Choose one title.")
        scores: list[dict[str, Any]] = [
            {
                "label": f"By day {stands['day']} since release",
                "description": "Cumulated since the release, up to the last complete day.",
                "value": written.number(stands["value"], metric),
                "unit": metric.unit,
            },
            {
                "label": f"Among {alike(context)}",
                "description": "The share of comparables with less by that day, ties halved.",
                "value": _percentile(stands["share"]).removeprefix("at the "),
                "unit": f"of {stands['launches']}",
                "interval": _around(stands),
            },
        ]
        for ahead in self.forecasts(results, context, own):
            middle, around = ahead.said(metric)
            scores.append(
                {
                    "label": f"Projected {ahead.days}-day {written.lowered(metric.label)}",
                    "description": "A forecast: what it has, times how comparables grew from that "
                    "day on, with a conformal prediction interval.",
                    "value": middle,
                    "unit": metric.unit,
                    "basis": around,
                }
            )
        by_hand = "Comparables are left out by hand, so an interval promises nothing."
        notes = [by_hand] if left_out(context) else []
        notes += without_runtime(results)
        return Drawing(kind="scores", content={"scores": scores}, notes=tuple(notes))


def standing(own: pl.DataFrame, others: pl.DataFrame) -> dict[str, Any] | None:
    """The last day of one launch among others, without itself; None where there are none."""
    others = _without(own, others)
    placed = launch.percentile(own, others)
    if placed.is_empty():
        return None
    day, value, share = placed.row(-1)
    count = others["title_id"].n_unique()
    ends = wilson(np.array([share * count]), np.array([float(count)]))
    return {
        "day": day,
        "value": value,
        "share": share,
        "low": float(ends.low[0]),
        "high": float(ends.high[0]),
        "launches": count,
    }


def forecasts(own: pl.DataFrame, others: Mapping[int, pl.DataFrame]) -> list[Forecast]:
    """Of one launch, to the end of every window that is not over."""
    last = own["day"].max()
    return [
        Forecast(days, projection(own, _without(own, comparables), days))
        for days, comparables in others.items()
        if isinstance(last, int) and last < days - 1
    ]


def _without(own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return others.filter(~pl.col("title_id").is_in(own["title_id"].unique().to_list()))


def _percentile(share: float) -> str:
    """In words: at the 78th percentile."""
    place = min(max(round(100 * share), 1), 99)
    if share in (0, 1):
        return "above all" if share else "below all"
    last = place % 10 if place // 10 != 1 else 0
    return f"at the {place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') } percentile"


def _around(stands: dict[str, Any]) -> str:
    return f"{100 * stands['low']:.0f} to {100 * stands['high']:.0f}"
