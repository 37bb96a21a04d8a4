"""Anomalies: days on which a metric was not what its own past foretold, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Trace, figure, rounded
from queries.analyses import anomaly
from queries.analyses.anomaly import Watched
from queries.analyses.cluster import Scope
from queries.condition import Dimension
from queries.dataset import Metric
from queries.model import Query, Result
from queries.period import Period

_FARTHEST = 15.0
_LISTED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Metrics by day and by one dimension; the days of the view are judged, those before teach.

    `accounts` counts those behind a day: slices with few are left out.
    """

    metrics: tuple[str, ...]
    by: str
    accounts: str = "accounts"
    place: Place = field(default_factory=lambda: Place(span=12, height=360))

    def questions(self, context: Context) -> tuple[Query, ...]:
        shown = [m for m in self.metrics if m not in context.withheld]
        if context.period is None or not shown:
            return ()
        last = min(context.period.end, context.extent.latest or context.period.end)
        days = anomaly.WARM_UP + context.period.days
        first = max(last - timedelta(days=days - 1), context.extent.first or last)
        period = Period(min(first, last), last)
        scope = Scope(context.dataset, period, context.without(self.by).condition)
        return tuple(anomaly.questions(scope, shown, self.accounts, self.by))

    def watched(self, results: Sequence[Result]) -> Watched:
        asked, accounts = results
        return anomaly.watched(asked.query.metrics, asked.frame, accounts.frame)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What was told, in place of what it was read from."""
        if not results:
            return ()
        found = self.watched(results).told
        return (replace(results[0], frame=found.drop("is_told", strict=False)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyLog(Watching):
    """The days that are told, the farthest first."""

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = self.watched(results) if results else Watched(pl.DataFrame())
        if found.days.is_empty():
            return ()
        if found.told.is_empty():
            return (Statement.unsaid(found.chance, "No day was out of line."),)
        row = found.told.row(0, named=True)
        metric, dimension = context.metric(row["metric"]), context.dataset.dimension(self.by)
        place = written.value_label(row["slice"], dimension)
        low, high = (written.number(row[end], metric) for end in ("low", "high"))
        return (
            Statement(
                subject=f"{metric.label}, {place}, {written.day(row['day'])}:",
                verb="",
                size=written.number(row["value"], metric),
                interval=f"foretold {low} to {high}",
                reason=f"The farthest of {found.told.height} days out of line in {found.series} "
                "series.",
                evidence="descriptive",
                probability=found.chance,
                is_sure=True,
                tone=written.tone(metric, row["z"], row["z"]),
                filters=(self.by, str(row["slice"])),
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if not results:
            return no_rows(context)
        found = self.watched(results)
        looked = _looked_at(found)
        if found.days.is_empty():
            hint = f"It takes {anomaly.WARM_UP} days to learn a series. {looked}"
            return empty("no_rows", "No series can be foretold here.", hint)
        if found.told.is_empty():
            return empty("nothing", "No day was out of line.", looked)
        dimension = context.dataset.dimension(self.by)
        columns: list[dict[str, Any]] = [
            {"label": "Day", "is_text": True},
            {"label": dimension.label, "is_text": True},
            {"label": "Metric", "is_text": True},
            {"label": "Value"},
            {"label": "Foretold"},
            {"label": "Error", "unit": "scales"},
        ]
        listed = found.told.head(_LISTED).iter_rows(named=True)
        rows = [_row(r, context.metric(r["metric"]), dimension) for r in listed]
        more = max(0, found.told.height - _LISTED)
        table = {"columns": columns, "rows": rows, "more": more}
        return Drawing(kind="table", content={"tables": [table]}, notes=(looked,), filters=self.by)


def _row(row: dict[str, Any], metric: Metric, dimension: Dimension) -> list[dict[str, Any]]:
    around = f"{written.number(row['low'], metric)} to {written.number(row['high'], metric)}"
    tone = written.tone(metric, row["z"], row["z"])
    return [
        {"text": written.day(row["day"])},
        {"text": written.value_label(row["slice"], dimension), "filter": row["slice"]}
        | {"mark": [[dimension.name, row["slice"]]], "days": [str(row["day"])] * 2},
        {"text": metric.label},
        {"text": written.number(row["value"], metric), "tone": tone},
        {"text": around, "tip": f"{written.number(row['expected'], metric)} was foretold"},
        {"text": f"{row['z']:+.1f}".replace("-", "−")},
    ]


def _looked_at(found: Watched) -> str:
    days = found.days["day"].n_unique() if found.days.height else 0
    few = f" Left out: {found.few} with fewer than {anomaly.FEWEST_ACCOUNTS} accounts a day."
    return (
        f"{found.series} series of {days} days were looked at together: at most 1 in 20 of what is"
        " told is expected to be chance, and where nothing happens 2 logs in 100 tell a day."
        f"{few if found.few else ''}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyMap(Watching):
    """Every error that was made, by day; those that are told stand out."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = self.watched(results) if results else Watched(pl.DataFrame())
        if found.days.is_empty():
            return no_rows(context)
        dimension = context.dataset.dimension(self.by)
        quiet = found.days.filter(~pl.col("is_told"))
        extremes = (
            quiet.group_by("day")
            .agg(pl.col("z").min().alias("low"), pl.col("z").max().alias("high"))
            .sort("day")
        )
        days = [str(d) for d in extremes["day"]]
        edge: Trace = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "x": days}
        traces = [
            edge | {"y": rounded(extremes["low"].clip(-_FARTHEST)), "hoverinfo": "skip"},
            edge
            | {
                "y": rounded(extremes["high"].clip(upper_bound=_FARTHEST)),
                "fill": "tonexty",
                "fillcolor": "@before/0.35",
                "name": "All other errors",
                "hoverinfo": "skip",
            },
            _marks(found.told, dimension, context),
        ]
        layout = {
            "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": 7},
            "yaxis": {
                "title": {"text": "Error of the forecast, in scales"},
                "range": [-_FARTHEST - 1, _FARTHEST + 1],
                "zeroline": True,
            },
            "shapes": [
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y,
                 "line": {"color": "@before", "width": 1, "dash": "4px,3px"}}
                for y in (-anomaly.BEYOND, anomaly.BEYOND)
            ],
            "hovermode": "closest",
        }  # fmt: skip
        note = f"Grey: all errors that are not told. Those beyond {_FARTHEST:.0f} are drawn there."
        return figure(traces, layout, notes=(note,), filters=self.by)


def _marks(told: pl.DataFrame, dimension: Dimension, context: Context) -> Trace:
    rows = list(told.iter_rows(named=True))
    metrics = [context.metric(r["metric"]) for r in rows]
    texts = [
        f"{written.value_label(r['slice'], dimension)}, {m.label.lower()}: "
        f"<b>{written.number(r['value'], m)}</b>, {written.number(r['expected'], m)} foretold"
        for r, m in zip(rows, metrics, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Told",
        "x": [str(r["day"]) for r in rows],
        "y": [round(max(-_FARTHEST, min(_FARTHEST, r["z"])), 2) for r in rows],
        "marker": {"size": 9, "color": "@bad"},
        "text": texts,
        "customdata": [[r["slice"]] for r in rows],
        "hovertemplate": "%{x|%a %-d %b}<br>%{text}<extra></extra>",
    }
