"""Gross and net churn by month, side by side, and what a price change did to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Layout, Trace, band, figure, rounded, value_axis
from portal.tiles.trend import time_axis
from queries.analyses import price_change
from queries.analyses.cluster import Estimate
from queries.condition import conjunction
from queries.dataset import Metric
from queries.model import Query, Result

_COLOURS = ("@accent", "@series-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """Two shares of the members at the end of the month before, never of an average."""

    metrics: tuple[str, ...] = ("gross_churn", "net_churn")
    place: Place = field(default_factory=lambda: Place(span=7, height=300, dataset="churn"))

    def questions(self, context: Context) -> tuple[Query, ...]:
        question = context.question(self.metrics, by=(context.time,))
        return (replace(question, compare=None, with_total=False),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = results[0].frame.drop_nulls([context.time.name, self.metrics[0]])
        if "incomplete" in frame.columns:
            frame = frame.filter(~pl.col("incomplete"))
        frame = frame.sort(context.time.name)
        if frame.is_empty():
            return no_rows(context)
        traces: list[Trace] = []
        for name, colour in zip(self.metrics, _COLOURS, strict=False):
            traces += _line(frame, context.metric(name).label, name, (colour, context))
        layout: Layout = {
            "xaxis": time_axis(context, frame),
            "yaxis": value_axis(context.metric(self.metrics[0])),
            "showlegend": True,
        }
        notes = (
            "Cancels over the members at the end of the month before.",
            "Net: less those who return within 12 months of leaving.",
        )
        return figure(traces, layout, brush=True, grain=context.grain, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChurn:
    """Voluntary churn of the members whose price changed last, beside others on the same plan."""

    metric: str = "voluntary_churn"
    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="churn"))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric, "months_at_risk")

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return (price_change.question(),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        found = price_change.changes(results[0].frame)
        if not found:
            return ()
        asked = context.without("country", "plan").question(self.metrics, by=(context.time,))
        asked = replace(asked, compare=None, with_total=False, period=None)
        return tuple(
            replace(asked, where=conjunction(asked.where, kept))
            for kept in price_change.sides(found[-1], context.dataset)
            if kept is not None
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """Both lines as one table."""
        found = price_change.changes(results[0].frame)
        if not found or len(results) < _ANSWERS:
            return (results[0],)
        names = _names(found[-1], context)
        frames = [
            _recent(r.frame, found[-1]).with_columns(members=pl.lit(name))
            for r, name in zip(results[1:], names, strict=True)
        ]
        return (replace(results[1], frame=pl.concat(frames), total=results[1].total.clear()),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = price_change.changes(results[0].frame)
        if not found or len(results) < _ANSWERS:
            return ()
        change, metric = found[-1], context.metric(self.metric)
        frames = [_recent(r.frame, change) for r in results[1:]]
        caused = price_change.difference(change, frames, metric.name, "months_at_risk")
        return () if caused is None else (_statement(change, caused, context, metric),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = price_change.changes(results[0].frame)
        if not found or len(results) < _ANSWERS:
            return empty("nothing", "No price has changed.", "Of any plan in any country.")
        change = found[-1]
        metric = context.metric(self.metric)
        frames = [_recent(r.frame, change) for r in results[1:]]
        traces: list[Trace] = []
        for frame, name, colour in zip(frames, _names(change, context), _COLOURS, strict=True):
            traces += _line(frame, name, metric.name, (colour, context))
        # A point of those whose price changed leads to their rows.
        mark = [["country", change.country], ["plan", change.plan]]
        whose = next(t for t in traces if "name" in t)
        whose["customdata"] = [[None, mark]] * len(whose["x"])
        layout: Layout = {
            "xaxis": time_axis(context, frames[1]),
            "yaxis": value_axis(metric),
            "showlegend": True,
            **_marked([change]),
        }
        how = (
            f"Difference in differences, months after the one of the change against the {_MONTHS} "
            "before: a quasi-experiment."
        )
        says = _verdict(change, frames, metric)
        drawn = figure(traces, layout, grain=context.grain, says=says, notes=(how,))
        return replace(drawn, seen=tuple(frames))


_ANSWERS = 3
_MONTHS = 12


def _statement(
    change: price_change.PriceChange, caused: Estimate, context: Context, metric: Metric
) -> Statement:
    size, low, high = (
        written.change(end, metric, relative=False)
        for end in (caused.value, caused.low, caused.high)
    )
    who, others = _names(change, context)
    price = f"${change.before_usd:.2f} → ${change.after_usd:.2f} since {written.day(change.day)}"
    is_sure = caused.low > 0 or caused.high < 0
    return Statement(
        subject=f"{metric.label} of {who}",
        verb="was raised" if caused.value > 0 else "was lowered",
        size=size.lstrip("+−"),
        interval=f"95 % {low} to {high}",
        against=f"a month by its new price ({price})",
        reason=f"Change since then less that of {others[:1].lower()}{others[1:]}.",
        evidence="quasi-experiment",
        probability=price_change.chance(caused),
        is_sure=is_sure,
        tone="bad" if caused.value > 0 else "good",
        silence=""
        if is_sure
        else f"The new price of {who} is not shown to change who leaves: {size} a month "
        f"(95 % {low} to {high}).",
    )


def _recent(frame: pl.DataFrame, change: price_change.PriceChange) -> pl.DataFrame:
    """Complete months, from a year before the change on."""
    whole = frame.filter(~pl.col("incomplete")) if "incomplete" in frame.columns else frame
    first = change.day.replace(year=change.day.year - 1, day=1)
    return whole.drop_nulls("month").filter(pl.col("month") >= first).sort("month")


def _names(change: price_change.PriceChange, context: Context) -> tuple[str, str]:
    country = written.value_label(change.country, context.dataset.dimension("country"))
    plan = written.readable(change.plan).lower()
    return f"{country}, {plan}", f"Elsewhere, {plan}"


def _verdict(
    change: price_change.PriceChange, frames: Sequence[pl.DataFrame], metric: Metric
) -> str:
    found = price_change.difference(change, frames, metric.name, "months_at_risk")
    if found is None:
        return "No whole month since the change yet, or none before: nothing to say."
    ends = [written.change(end, metric, relative=False) for end in (found.low, found.high)]
    size = written.change(found.value, metric, relative=False)
    said = "more left than elsewhere" if found.low > 0 else "too noisy to say"
    if found.high < 0:
        said = "fewer left than elsewhere"
    return f"{size} a month (95 % {ends[0]} to {ends[1]}): {said}."


def _line(frame: pl.DataFrame, label: str, name: str, drawn: tuple[str, Context]) -> list[Trace]:
    colour, context = drawn
    months = [str(d) for d in frame[context.time.name]]
    low, high = rounded(frame[f"{name}__low"]), rounded(frame[f"{name}__high"])
    metric = context.metric(name)
    said = [[written.interval(r, metric)] for r in frame.iter_rows(named=True)]
    edges = [edge | {"showlegend": False} for edge in band(months, low, high, colour)]
    return [
        *edges,
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": label,
            "x": months,
            "y": rounded(frame[name]),
            "line": {"color": colour, "width": 2.25},
            "marker": {"size": 5, "color": colour},
            "text": [text for (text,) in said],
            "hovertemplate": "%{fullData.name}: <b>%{y:.2%}</b> (%{text})<extra></extra>",
        },
    ]


def _marked(shown: Sequence[price_change.PriceChange]) -> Layout:
    """A dotted line on the day of each price change, and what changed."""
    lines: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for change in shown:
        at = str(change.day)
        line = {"color": "@muted", "width": 1, "dash": "dot"}
        lines.append(
            {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        )
        texts.append(
            {
                "x": at,
                "y": 1,
                "yref": "paper",
                "text": f"{change.country} {change.plan}<br>"
                f"${change.before_usd:.2f} → ${change.after_usd:.2f}",
                "showarrow": False,
                "xanchor": "right",
                "yanchor": "top",
                "align": "right",
                "xshift": -6,
                "font": {"size": 11, "color": "@muted"},
            }
        )
    return {"shapes": lines, "annotations": texts}
