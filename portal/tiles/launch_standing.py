"""Where launches stand: how many comparables had less by the same day, and where they will end.

The share of comparables has Wilson's interval: they are taken for a sample of launches of the kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.launch import HORIZON_DAYS, LAST_DAY, Launch, alike, comparables_of
from portal.tiles.rankers import scope
from queries.analyses import launch
from queries.analyses.cluster import EVERY_GROUP
from queries.condition import Filter, conjunction
from queries.interval import wilson
from queries.model import Query, Result

_NONE = empty(
    "no_rows",
    "No title was released in the last 28 days of data.",
    "Launches before are in the fan beside.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchStanding(Launch):
    """Of one title: its last day among comparables, and its end of the window, as numbers."""

    place: Place = field(default_factory=lambda: Place(span=12, height=84))

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        """What to say of it where nothing else is found: it is no test, so nothing is claimed."""
        if not context.view.values("title") or Launch.draw(self, results, context).kind == "empty":
            return ()
        comparables, own = self.curves(results, context)
        stands = _standing(own, comparables)
        if own["title_id"].n_unique() != 1 or stands is None:
            return ()
        metric = context.metric(self.metric)
        said = (
            f"By day {stands['day']} since its release: {written.number(stands['value'], metric)} "
            f"{metric.unit}, above {stands['share']:.0%} of {stands['launches']} {alike(context)} "
            f"(95 % {stands['low']:.0%} to {stands['high']:.0%})."
        )
        if stands["p50"] is not None:
            low, middle, high = (written.number(stands[p], metric) for p in ("p10", "p50", "p90"))
            said += f" Projected to day {LAST_DAY}: {middle} (80 % {low} to {high})."
        return (Statement.unsaid(1.0, said),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        drawn = Launch.draw(self, results, context)
        if drawn.kind == "empty":
            return drawn
        metric = context.metric(self.metric)
        comparables, own = self.curves(results, context)
        stands = _standing(own, comparables)
        if own["title_id"].n_unique() != 1 or stands is None:
            return empty("not_defined", "Nothing to hold it against.", "Choose one title.")
        kind = alike(context)
        scores: list[dict[str, Any]] = [
            {
                "label": f"By day {stands['day']} since release",
                "description": "Cumulated since the release, up to the last complete day.",
                "value": written.number(stands["value"], metric),
                "unit": metric.unit,
            },
            {
                "label": f"Above so many {kind}",
                "description": f"Of {stands['launches']} comparables, those with less by that day.",
                "value": f"{stands['share']:.0%}",
                "unit": f"of {stands['launches']}",
                "interval": f"{stands['low']:.0%} to {stands['high']:.0%}",
            },
        ]
        if stands["p50"] is not None:
            low, middle, high = (written.number(stands[p], metric) for p in ("p10", "p50", "p90"))
            scores.append(
                {
                    "label": f"Projected to day {LAST_DAY}",
                    "description": "What it has, times how comparables grew from that day on.",
                    "value": middle,
                    "unit": metric.unit,
                    "basis": f"80 % {low} to {high}",
                }
            )
        return Drawing(kind="scores", content={"scores": scores})


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchList:
    """Every title of the last four weeks against launches of its kind, the newest first."""

    metric: str = "hours_viewed"
    place: Place = field(default_factory=lambda: Place(span=12, height=320))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Days of every launch, as the fan asks them, and the titles that are young."""
        days = Launch(metric=self.metric).questions(context.without("title"))[0]
        latest = context.extent.latest
        if latest is None:
            return (days,)
        every = replace(scope(context.without("title")), period=None)
        since = Filter(
            every.dataset.dimension("release_date"),
            "between",
            (latest - timedelta(LAST_DAY), latest),
        )
        by = ("title_id", "title", "kind", "release_date")
        young = Query(
            dataset=every.dataset,
            metrics=(context.metric(self.metric),),
            by=tuple(every.dataset.dimension(name) for name in by),
            where=conjunction(every.where, since),
            period=None,
            limit=EVERY_GROUP,
            interval=False,
            with_total=False,
        )
        return (days, young)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a young title."""
        return (replace(results[-1], frame=self._standings(results, context)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if len(results) == 1:
            return no_rows(context)
        frame = self._standings(results, context)
        if frame.is_empty():
            return _NONE
        metric = context.metric(self.metric)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Released"},
            {"label": "Day"},
            {"label": metric.label, "unit": metric.unit},
            {"label": "Above, of its kind"},
            {"label": "95 %"},
            {"label": f"Day {LAST_DAY}, projected", "unit": metric.unit},
            {"label": "80 %"},
        ]
        rows = [_row(row, metric) for row in frame.to_dicts()]
        table = {"columns": columns, "rows": rows, "more": 0}
        notes = (
            f"Released in the last {HORIZON_DAYS} days; cumulated since the release.",
            "Held against launches of the same kind whose 28 days are over, by the same day.",
        )
        return Drawing(kind="table", content={"tables": [table]}, filters="title", notes=notes)

    def _standings(self, results: Sequence[Result], context: Context) -> pl.DataFrame:
        days, young = (result.frame for result in results)
        every, own = comparables_of(days, self.metric, context)
        kinds = days.select("title_id", "kind").unique()
        every = every.join(kinds, on="title_id", how="left")
        found: list[dict[str, Any]] = []
        # What is withheld of a title has no value here.
        for row in young.drop_nulls(self.metric).to_dicts():
            others = every.filter(
                (pl.col("kind") == row["kind"]) & (pl.col("title_id") != row["title_id"])
            )
            stands = _standing(own.filter(pl.col("title_id") == row["title_id"]), others)
            if stands is not None:
                found.append(row | stands)
        return (
            pl.DataFrame(found, infer_schema_length=None).sort(
                "release_date", "title_id", descending=True
            )
            if found
            else pl.DataFrame()
        )


def _standing(own: pl.DataFrame, others: pl.DataFrame) -> dict[str, Any] | None:
    """The last day of one launch among others, without itself; None where there are none."""
    others = others.filter(~pl.col("title_id").is_in(own["title_id"].unique().to_list()))
    placed = launch.percentile(own, others)
    if placed.is_empty():
        return None
    day, value, share = placed.row(-1)
    count = others["title_id"].n_unique()
    ends = wilson(np.array([share * count]), np.array([float(count)]))
    end = launch.projection(own, others) if day < LAST_DAY else None
    return {
        "day": day,
        "value": value,
        "share": share,
        "low": float(ends.low[0]),
        "high": float(ends.high[0]),
        "launches": count,
        **(end or dict.fromkeys(("p10", "p50", "p90"))),
    }


def _row(row: dict[str, Any], metric: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    ends = (
        ("", "")
        if row["p50"] is None
        else (
            written.number(row["p50"], metric),
            f"{written.number(row['p10'], metric)} to {written.number(row['p90'], metric)}",
        )
    )
    return [
        {"text": row["title"], "filter": row["title"]},
        {"text": written.day(row["release_date"], year=False)},
        {"text": str(row["day"])},
        {"text": written.number(row["value"], metric)},
        {"text": f"{row['share']:.0%} of {row['launches']}"},
        {"text": f"{row['low']:.0%} to {row['high']:.0%}"},
        *({"text": text} for text in ends),
    ]
