"""When licence windows end: a calendar by week, as high as the hours that are at stake."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded, value_axis
from portal.tiles.licences import horizon, nothing_ends, other, said
from portal.tiles.rankers import scope
from queries.analyses.licences import ending
from queries.model import Query, Result

_WEEK_MS = 6 * 86_400_000
_MOST_TICKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEnds:
    """A bar a week; a click filters to the windows that end in it, a second one takes that back."""

    place: Place = field(default_factory=lambda: Place(span=12, height=300))
    metrics: tuple[str, ...] = ("hours_28_days", "titles", "fee_usd")

    def questions(self, context: Context) -> tuple[Query, ...]:
        calendar = context.without("ends_week", "window_end", "days_to_end")
        asked: list[Query] = []
        for one, metrics in (
            (calendar, ("titles", "fee_usd", "rows")),
            (other(calendar, "licensed_viewing"), ("hours_28_days",)),
        ):
            question = one.question(metrics, by=("ends_week",))
            where = ending(scope(one), horizon(context))
            asked.append(
                replace(
                    question, where=where, period=None, compare=None, with_total=False, limit=600
                )
            )
        return tuple(asked)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a week."""
        windows, viewing = (r.frame for r in results)
        frame = windows.join(viewing, on="ends_week", how="left").sort("ends_week")
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (joined,) = self.joined(results, context)
        frame = joined.frame
        if frame.is_empty():
            return nothing_ends(context)
        weeks: list[str] = frame["ends_week"].to_list()
        metric = other(context, "licensed_viewing").metric("hours_28_days")
        layout: Layout = {
            "xaxis": {"type": "date", "range": _range(joined, context), "tickformat": "%-d %b",
                      "tickmode": "array",
                      "tickvals": weeks[:: 1 + len(weeks) // _MOST_TICKS],
                      "title": {"text": "Week in which windows end (Monday)"}},
            "yaxis": value_axis(metric, title={"text": "Hours, last 28 days"}),
            "hovermode": "closest",
            "bargap": 0.1,
        }  # fmt: skip
        fees = float(frame["fee_usd"].sum() or 0)
        note = f"Fees of these windows: {written.number(fees, context.metric('fee_usd'))}."
        notes = (said(results[0], context), note)
        return figure([_bars(frame, context)], layout, filters="ends_week", notes=notes)


def _range(result: Result, context: Context) -> list[str] | None:
    """The week of the last complete day up to the horizon, whatever weeks have ends."""
    last = result.complete_through or context.extent.latest
    if last is None:
        return None
    ends = last + timedelta(days=horizon(context))
    return [str(last - timedelta(days=last.weekday() + 4)), str(ends + timedelta(days=3))]


def _bars(frame: pl.DataFrame, context: Context) -> Trace:
    hours = frame["hours_28_days"].fill_null(0)
    up, down = (rounded((frame[f"hours_28_days__{end}"] - hours).abs()) for end in ("high", "low"))
    error = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "width": 0,
             "thickness": 1.5, "color": "@ink-soft"}  # fmt: skip
    weeks: list[str] = frame["ends_week"].to_list()
    chosen = context.view.values("ends_week")
    return {
        "type": "bar",
        "name": "Hours at stake",
        "x": weeks,
        "y": rounded(hours),
        "width": _WEEK_MS,
        "error_y": error,
        "customdata": [[week] for week in weeks],
        "text": [_text(row, context) for row in frame.iter_rows(named=True)],
        "textposition": "none",
        "marker": {
            "color": ["@accent" if not chosen or w in chosen else "@accent/0.3" for w in weeks]
        },
        "hovertemplate": "Week of %{x|%-d %b %Y}: <b>%{y:,.3~s} h</b><br>%{text}<extra></extra>",
    }


def _text(row: dict[str, Any], context: Context) -> str:
    fee = written.number(row["fee_usd"], context.metric("fee_usd"))
    return (
        f"{written.count(row['titles'])} titles, {written.count(row['rows'])} windows, fees {fee}"
    )
