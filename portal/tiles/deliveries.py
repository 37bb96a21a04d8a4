"""When productions in post will be delivered, against the day they are due."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.inputs import Field
from portal.tiles.rankers import scope
from queries.analyses import delivery, flow
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.dataset import TimeBucket
from queries.model import Query, Result
from queries.period import Grain

CAPACITY = Field(
    name="capacity", label="Capacity", unit="× of now", usual="1", low=0.1, high=10,
    about="What if a stage could begin so many times as much: its waits shrink in proportion.",
)  # fmt: skip
STAGE = "capacity_stage"
_USUAL_STAGE = "vfx"
_DOUBT = 0.025
_FEWEST_TO_CLAIM = 100
_RECENT_WEEKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Draws of the stages still needed; `capacity` in the URL supposes a stage could do more.

    It states that a delivery is late where a hundred tasks of each stage are finished: with sixty
    to draw from, one world in seven in which all goes by plan claims something, with 160 one in 12.
    """

    rows: int = 16
    place: Place = field(default_factory=lambda: Place(span=12, height=380))
    metrics: tuple[str, ...] = ("finished",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        known = context.without("stage", "vendor")
        week = TimeBucket(context.dataset.time, Grain.WEEK)
        recent = replace(
            known.question(("finished",), by=(week,)), period=None, compare=None, interval=False
        )
        everything = context.without("stage", "vendor", "production", "kind")
        keys = (*flow.TASK, "due_date")
        return (
            flow.question(flow.as_of(scope(known)), keys),
            recent,
            flow.question(flow.as_of(scope(everything)), keys),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The forecasts."""
        now = results[0].complete_through or context.extent.latest
        if now is None:
            return (results[0],)
        return (replace(results[0], frame=_forecasts(results, _supposed(context), now)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        now = results[0].complete_through or context.extent.latest
        if now is None:
            return ()
        supposed = _supposed(context)
        late = _forecasts(results, supposed, now).drop_nulls("on_time")
        done = results[2].frame.filter(pl.col("finished") > 0)["stage"].value_counts()["count"]
        if late.is_empty() or int(str(done.min())) < _FEWEST_TO_CLAIM:
            return ()
        return (_stated(late, supposed, context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        now, supposed = results[0].complete_through or context.extent.latest, _supposed(context)
        frame = pl.DataFrame() if now is None else _forecasts(results, supposed, now)
        if frame.is_empty() or now is None:
            if results[0].frame.is_empty():
                return no_rows(context)
            return empty("no_rows", "Nothing is in post-production.", "All of it is delivered.")
        late = frame.drop_nulls("middle")
        shown = late.head(self.rows)
        layout: Layout = {
            "xaxis": {"type": "date", "showgrid": True, "tickformat": "%-d %b\n%Y", "nticks": 7},
            "yaxis": {"type": "category", "dtick": 1, "categoryorder": "array",
                      "categoryarray": shown["production"].to_list()[::-1]},
            "hovermode": "closest",
            "showlegend": True,
        }  # fmt: skip
        says, *notes = _said(late, shown, frame)
        notes += _cleared(results[1], frame, now)
        if supposed.factor != 1:
            notes.append(f"Supposed: {supposed.words(context)}.")
        notes += supposed.problems
        drawn = _traces(shown, now)
        return figure(drawn, layout, filters="production", grain="none", says=says, notes=notes)


@dataclass(frozen=True, slots=True)
class _Supposed:
    """A stage that could begin so many times as much, and what of the URL cannot be taken."""

    stage: str
    factor: float
    problems: tuple[str, ...]

    def words(self, context: Context) -> str:
        label = written.value_label(self.stage, context.dataset.dimension("stage"))
        return f"{self.factor:g} times the capacity at {label}"


def _supposed(context: Context) -> _Supposed:
    dimension = context.dataset.dimension("stage")
    factor, problem = CAPACITY.number(context.view, 1.0)
    asked = context.view.option(STAGE)
    stage = asked if asked in dimension.values_order else _USUAL_STAGE
    problems = [problem] if problem else []
    if asked not in ("", stage):
        usual = written.value_label(_USUAL_STAGE, dimension)
        problems.append(f"No stage is called “{asked}”; {usual} is taken.")
    return _Supposed(stage, factor, tuple(problems))


def _forecasts(results: Sequence[Result], supposed: _Supposed, now: date) -> pl.DataFrame:
    """A row a production that is not delivered, the furthest behind its plan first."""
    own, everything = results[0].frame, results[2].frame
    stages = list(results[0].query.dataset.dimension("stage").values_order)
    due = own.group_by("production_id").agg(pl.col("due_date").drop_nulls().first())
    days = due.drop_nulls().with_columns((pl.col("due_date") - now).dt.total_days())
    found = delivery.deliveries(
        own, everything, stages, {supposed.stage: supposed.factor}, dict(days.iter_rows())
    )
    left = (pl.col("due_date") - now).dt.total_days()
    return (
        found.join(due, on="production_id", how="left")
        .with_columns((pl.col(e) - left).alias(f"late_{e}") for e in ("low", "middle", "high"))
        .sort("late_middle", "production_id", descending=[True, False], nulls_last=True)
    )


def _stated(late: pl.DataFrame, supposed: _Supposed, context: Context) -> Statement:
    """The one that is furthest behind of those that are late beyond doubt, of all in post."""
    tested = late.with_columns(q=pl.Series(benjamini_hochberg(late["on_time"].to_list())))
    chance = float(tested["q"].min())  # type: ignore[arg-type]
    sure = tested.filter(pl.col("q") <= _DOUBT)
    row = (tested if sure.is_empty() else sure).row(0, named=True)
    low, middle, high = (f"{row[f'late_{e}']:+.0f}".replace("-", "−")
                         for e in ("low", "middle", "high"))  # fmt: skip
    if sure.is_empty():
        silence = (
            f"No delivery will be late beyond doubt; furthest behind is {row['production']} with "
            f"{middle} days against the plan (80 % {low} to {high})"
        )
        return Statement.unsaid(chance, silence)
    throughput = "At present throughput"
    return Statement(
        subject=f"{throughput if supposed.factor == 1 else f'With {supposed.words(context)}'} "
        f"delivery of {row['production']}",
        verb="is forecast",
        size=f"{row['late_middle']:.0f} days late",
        interval=f"80 % {row['late_low']:.0f} to {row['late_high']:.0f}",
        reason=f"Due {written.day(row['due_date'])}. {_likely(late)}.",
        evidence="forecast",
        probability=chance,
        is_sure=True,
        tone="bad",
        filters=("production", str(row["production"])),
    )


def _likely(late: pl.DataFrame) -> str:
    count = int((late["late_middle"] > 0).fill_null(value=False).sum())
    return f"{count} of {late.height} in post will likely be late"


def _traces(shown: pl.DataFrame, now: date) -> list[Trace]:
    names = shown["production"].to_list()
    days = {
        e: [now + timedelta(days=float(v)) for v in shown[e]] for e in ("low", "middle", "high")
    }
    ends: dict[str, list[Any]] = {"x": [], "y": []}
    for name, low, high in zip(names, days["low"], days["high"], strict=True):
        ends["x"] += [str(low), str(high), None]
        ends["y"] += [name, name, None]
    texts = [
        f"{row['late_middle']:+.0f} days against the plan (80 % {row['late_low']:+.0f} to "
        f"{row['late_high']:+.0f})"
        if row["late_middle"] is not None
        else "no planned delivery"
        for row in shown.iter_rows(named=True)
    ]
    return [
        {"type": "scatter", "mode": "lines", "name": "80 % of draws", **ends,
         "line": {"color": "@accent/0.45", "width": 6}, "hoverinfo": "skip"},
        {"type": "scatter", "mode": "markers", "name": "Forecast",
         "x": [str(d) for d in days["middle"]], "y": names, "text": texts,
         "customdata": [[n] for n in names],
         "marker": {"color": "@accent", "size": 9},
         "hovertemplate": "%{y}: <b>%{x|%-d %b %Y}</b><br>%{text}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "name": "Planned delivery",
         "x": [None if d is None else str(d) for d in shown["due_date"]], "y": names,
         "customdata": [[n] for n in names],
         "marker": {"color": "@ink-soft", "size": 10, "symbol": "line-ns",
                    "line": {"width": 2, "color": "@ink-soft"}},
         "hovertemplate": "%{y} is due <b>%{x|%-d %b %Y}</b><extra></extra>"},
    ]  # fmt: skip


def _said(late: pl.DataFrame, shown: pl.DataFrame, frame: pl.DataFrame) -> list[str]:
    surely = int((late["late_low"] > 0).fill_null(value=False).sum())
    said = [
        f"{_likely(late)}, {surely} almost surely.",
        (
            "Likely: in more than half of the draws; almost surely: in at least nine of ten. Each "
            "stage still needed is drawn from what finished tasks of that stage took."
        ),
    ]
    if late.height > shown.height:
        said.append(f"Shown are the {shown.height} that are furthest behind.")
    if unknown := frame.height - late.height:
        said.append(f"{unknown} have a stage ahead with too few finished tasks to draw from.")
    return said


def _cleared(weekly: Result, frame: pl.DataFrame, now: date) -> list[str]:
    """When all tasks ahead are done at the throughput of late, if nothing new came in."""
    counts = weekly.frame.sort(weekly.frame.columns[0])
    if "incomplete" in counts.columns:
        counts = counts.filter(~pl.col("incomplete").fill_null(value=False))
    recent = counts["finished"].tail(_RECENT_WEEKS).cast(pl.Float64).to_numpy()
    remaining = int(frame["remaining"].sum())
    cleared = delivery.weeks_to_clear(recent, remaining)
    if cleared is None:
        return ["Too few weeks with finished tasks for a forecast by throughput."]
    low, middle, high = (
        written.day(now + timedelta(weeks=w)) for w in (cleared.low, cleared.middle, cleared.high)
    )
    return [
        (
            f"By throughput alone, as if no stage had to wait for the one before and nothing new "
            f"came in: at that of the last {len(recent)} whole weeks the {remaining} tasks ahead "
            f"are done by {middle} (80 % {low} to {high})."
        )
    ]
