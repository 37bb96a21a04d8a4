"""Forecast: a metric by day within the band made the day before, and the four weeks to come.

Days that are not complete yet are outside of it: they neither teach nor are judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, band, figure, rounded, value_axis
from queries.analyses import forecast
from queries.analyses.forecast import Bands
from queries.dataset import Metric, TimeBucket
from queries.model import Query, Result
from queries.period import Grain, Period

_HISTORY = 180
SHOWN = 56
_LEVEL = f"{forecast.COVERAGE * 100:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """By day whatever the grain of the view, and up to the last day of its period.

    A drag sets the period.
    """

    metric: str
    place: Place = field(default_factory=lambda: Place(span=12, height=280))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return daily(self.metrics, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a day, known and to come."""
        found = self._bands(results, context)
        frame = pl.concat([found.known, found.ahead]) if found else pl.DataFrame()
        return tuple(replace(r, frame=frame) for r in results)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if not results or results[0].frame.is_empty():
            return no_rows(context)
        found = self._bands(results, context)
        if found is None or found.known.is_empty():
            return empty(
                "no_rows",
                "Too few days for a forecast.",
                f"It takes {forecast.FEWEST_DAYS} complete days to learn from.",
            )
        metric = context.metric(self.metric)
        shown = _shown(found, context)
        first, last = shown.known["day"].min(), shown.ahead["day"].max()
        layout: Layout = {
            "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": 9,
                      "hoverformat": "%a %-d %b %Y", "range": [str(first), str(last)]},
            "yaxis": value_axis(metric, rangemode="normal"),
            "showlegend": True,
        }  # fmt: skip
        traces = _traces(shown, metric)
        return figure(traces, layout, brush=True, grain=Grain.DAY, notes=_said(shown, metric))

    def _bands(self, results: Sequence[Result], context: Context) -> Bands | None:
        return banded(results[0], context.metric(self.metric), context) if results else None


def daily(metrics: Sequence[str], context: Context) -> tuple[Query, ...]:
    """Values by day, those that bands are learnt from; nothing of what is not known by day."""
    last = context.extent.latest
    if last is None or context.dataset.smallest_grain is not Grain.DAY:
        return ()
    if context.period is not None:
        last = min(last, context.period.end)
    day = TimeBucket(context.dataset.time, Grain.DAY)
    return (
        replace(
            context.question(metrics, by=(day,)),
            period=Period(last - timedelta(_HISTORY - 1), last),
            compare=None,
            interval=False,
            with_total=False,
            limit=_HISTORY,
        ),
    )


def complete(result: Result, context: Context) -> pl.DataFrame:
    """The days of an answer that are complete: the others neither teach nor are judged."""
    frame = result.frame.drop_nulls(context.dataset.time.name)
    if "incomplete" in frame.columns:
        frame = frame.filter(~pl.col("incomplete").fill_null(value=False))
    return frame


def banded(result: Result, metric: Metric, context: Context) -> Bands | None:
    """The bands of one metric of an answer by day; None where its days are too few."""
    frame = complete(result, context)
    days: list[date] = frame[context.dataset.time.name].to_list()
    values: list[float | None] = frame[metric.name].to_list()
    return forecast.bands(days, values, is_share=metric.format == "percent")


def _shown(found: Bands, context: Context) -> Bands:
    """The days of the view, four weeks at least and eight at most, and those to come."""
    days = context.period.days if context.period else SHOWN
    return replace(found, known=found.known.tail(min(SHOWN, max(forecast.AHEAD, days))))


def _traces(shown: Bands, metric: Metric) -> list[Trace]:
    known, ahead = shown.known, shown.ahead
    days, later = ([str(d) for d in part["day"]] for part in (known, ahead))
    outside = known.filter(~pl.col("value").is_between(pl.col("low"), pl.col("high")))
    return [
        *band(days, rounded(known["low"]), rounded(known["high"]), "@before"),
        *band(later, rounded(ahead["low"]), rounded(ahead["high"]), "@accent"),
        {
            "type": "scatter", "mode": "lines", "name": metric.label, "x": days,
            "y": rounded(known["value"]), "text": _texts(known, metric),
            "line": {"color": "@accent", "width": 2.25},
            "hovertemplate": "<b>%{text}</b><extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines", "name": "Forecast", "x": later,
            "y": rounded(ahead["expected"]), "text": _texts(ahead, metric),
            "line": {"color": "@accent", "width": 1.75, "dash": "4px,3px"},
            "hovertemplate": "<b>%{text}</b><extra></extra>",
        },
        {
            "type": "scatter", "mode": "markers", "name": "Outside the band of the day before",
            "x": [str(d) for d in outside["day"]], "y": rounded(outside["value"]),
            "marker": {"color": "@bad", "size": 8}, "hoverinfo": "skip",
        },
    ]  # fmt: skip


def _texts(frame: pl.DataFrame, metric: Metric) -> list[str]:
    texts: list[str] = []
    for row in frame.iter_rows(named=True):
        foretold = f"{written.number(row['expected'], metric)} foretold ({_around(row, metric)})"
        value = row["value"]
        unit = written.unit(metric)
        is_known = value is not None
        shown = f"{written.exact(value, metric)} {unit}".strip() if is_known else ""
        texts.append(f"{shown}</b>, {foretold}<b>" if is_known else f"{foretold}")
    return texts


def _around(row: dict[str, float], metric: Metric) -> str:
    low, high = (written.number(row[end], metric) for end in ("low", "high"))
    return f"{_LEVEL} {low} to {high}"


def _said(shown: Bands, metric: Metric) -> tuple[str, ...]:
    last = shown.ahead.row(-1, named=True)
    unit = written.unit(metric)
    middle = f"{written.number(last['expected'], metric)} {unit}".strip()
    judged = f"{shown.inside} of {shown.known.height} days"
    return (
        f"{judged} lay within the band made the day before; {_LEVEL} should.",
        f"{written.day(last['day'])}: {middle} ({_around(last, metric)}) if it goes on as before.",
        "Days that are not complete are left out.",
    )
