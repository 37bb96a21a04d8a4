"""Treated regions against those held out, week by week, among re-drawn campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import geo_experiment as shared
from portal.tiles.figure import Layout, Trace, band, figure, rounded, said_at
from queries.analyses.geo_experiment import weekly
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoPlacebo:
    """The band holds 95 % of campaigns that would have treated other regions."""

    place: Place = field(
        default_factory=lambda: Place(span=7, height=320, dataset="campaign_regions")
    )
    metrics: tuple[str, ...] = ("signups",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return shared.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a week."""
        read = shared.reading(results, context)
        shown = read is not None and shared.withheld(read.experiment) is None
        frame = weekly(read.experiment) if read is not None and shown else pl.DataFrame()
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        read = shared.reading(results, context)
        instead = shared.withheld(read.experiment if read else None)
        if read is None or instead is not None:
            return instead or shared.NO_HOLDOUT
        found = read.experiment
        frame = weekly(found)
        days = [str(day) for day in frame["day"]]
        line: Trace = {
            "type": "scatter",
            "mode": "lines+markers",
            "x": days,
            "y": rounded(frame["difference"]),
            "line": {"color": "@accent", "width": 2.25},
            "hovertemplate": "Week from %{x|%-d %b}: <b>%{y:+.2f}</b> a region<extra></extra>",
        }
        start = str(found.dates[found.before])
        title = f"{read.outcome.label} a region and week"
        layout: Layout = {
            "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": 7},
            "yaxis": {"tickformat": "+,.3~f", "title": {"text": title}},
            "shapes": [_line(x0=start, x1=start, y0=0, y1=1, yref="paper"),
                       _line(x0=0, x1=1, xref="paper", y0=0, y1=0)],
            "annotations": [said_at(start, "campaign begins")],
        }  # fmt: skip
        traces = [*band(days, rounded(frame["low"]), rounded(frame["high"]), "@before"), line]
        notes = (
            (
                "Mean of the treated less mean of the held out, over the weeks before. Band: 95 % "
                f"of campaigns with other regions treated. Days of {context.zone}."
            ),
            *((f"Chosen by hand: {shared.by_hand(read)}.",) if not read.is_registered else ()),
        )
        return figure(traces, layout, grain="week", notes=notes)


def _line(**ends: object) -> Layout:
    return {"type": "line", "line": {"color": "@muted", "width": 1, "dash": "dot"}, **ends}
