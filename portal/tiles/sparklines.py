"""Sparklines: several metrics side by side, each by day over the band made the day before.

The bands are those of `Forecast`. A day outside of its band is no claim: one in ten lies outside
by chance, which the page says beside them, and only a run of days takes the colour of good or bad
news.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows, no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import rounded
from portal.tiles.forecast import SHOWN, banded, complete, daily
from queries.analyses import forecast
from queries.analyses.forecast import Bands, Run, last_run
from queries.dataset import SMALL, Metric
from queries.model import Query, Result
from queries.period import Grain

_RUN = 2
_LATELY, _MANY = 28, 8
"""By chance so many of four weeks lie outside in less than one case of a hundred (binomial)."""
_SIDES = {1: "Above", -1: "Below"}
_LEVEL = f"{forecast.COVERAGE * 100:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparklines:
    """One question for all of them, by day whatever the grain of the view.

    Metrics are amounts or shares: what may be below zero has no band. `leads` are the paths of the
    pages that say more of each. All end on the last complete day and share their days.
    """

    metrics: tuple[str, ...]
    leads: tuple[str, ...] = ()
    place: Place = field(default_factory=lambda: Place(span=12, height=132))

    def questions(self, context: Context) -> tuple[Query, ...]:
        seen = [name for name in self.metrics if name not in context.withheld]
        return daily(seen or self.metrics, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a metric and a day, with what was foretold for it."""
        return tuple(replace(r, frame=_table(r, context)) for r in results)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if not results or results[0].frame.is_empty():
            return no_rows(context)
        (result,) = results
        leads = dict(zip_longest(self.metrics, self.leads, fillvalue=""))
        asked = result.query.metrics
        shown = [m for m in asked if result.frame[m.name].is_not_null().any()]
        if not shown:
            return no_values(result, asked[0], context)
        lines = [_line(result, metric, context) | {"lead": leads[metric.name]} for metric in shown]
        said: list[str] = []
        if hidden := [context.metric(m).label for m in self.metrics if m in context.withheld]:
            said.append(f"Not shown, as you may not see it: {', '.join(hidden)}.")
        if lacking := [m.label for m in asked if m not in shown]:
            said.append(f"Withheld or not recorded: {', '.join(lacking)}.")
        return Drawing(kind="sparklines", content={"lines": lines}, notes=tuple(said))


def _line(result: Result, metric: Metric, context: Context) -> dict[str, Any]:
    """One metric: its last day, the days before it with their bands, and how the last one lies."""
    time = context.dataset.time.name
    frame = complete(result, context).drop_nulls(metric.name).sort(time)
    row: dict[str, Any] = frame.row(-1, named=True) if frame.height else {metric.name: None}
    found = banded(result, metric, context)
    days = _days(result)
    shown = _by_day(days, frame, metric, time, found)
    values = shown["value"].drop_nulls()
    return {
        "metric": metric.name,
        "label": metric.label,
        "description": metric.description,
        "value": written.number(row[metric.name], metric),
        "exact": written.exact(row[metric.name], metric),
        "unit": written.unit(metric),
        "day": _weekday(row[time]) if time in row else "",
        "few": written.is_few(row),
        "range": [written.number(end, metric) for end in (values.min(), values.max())],  # pyright: ignore[reportArgumentType]
        "days": [_weekday(day) for day in days],
        "ends": [written.day(days[0], year=False), written.day(days[-1], year=False)],
        "values": rounded(shown["value"]),
        "low": rounded(shown["low"]),
        "high": rounded(shown["high"]),
        "texts": [written.exact(value, metric) for value in shown["value"]],
        "foretold": [_foretold(r, metric) for r in shown.iter_rows(named=True)],
        "outside": shown["outside"].to_list(),
        **_standing(found, metric),
    }


def _weekday(day: date) -> str:
    return written.bucket(day, Grain.DAY)


def _days(result: Result) -> list[date]:
    """Every day that is shown, whether it is known or not."""
    assert result.query.period is not None  # noqa: S101  # `daily` names its days
    last = result.query.period.end
    return [last - timedelta(n) for n in reversed(range(SHOWN))]


def _by_day(
    days: Sequence[date], frame: pl.DataFrame, metric: Metric, time: str, found: Bands | None
) -> pl.DataFrame:
    """`day`, `value`, `low`, `high`, `expected` and `outside`, a row a day that is shown."""
    own = frame.select(day=pl.col(time), value=pl.col(metric.name).cast(pl.Float64))
    every = pl.DataFrame({"day": days}).join(own, on="day", how="left")
    ends = (
        found.known.select("day", "expected", "low", "high")
        if found
        else pl.DataFrame(schema={"day": pl.Date, **dict.fromkeys(_BAND, pl.Float64)})
    )
    outside = ~pl.col("value").is_between(pl.col("low"), pl.col("high"))
    return (
        every.join(ends, on="day", how="left")
        .sort("day")
        .with_columns(outside=outside.fill_null(value=False))
    )


_BAND = ("expected", "low", "high")


def _foretold(row: dict[str, Any], metric: Metric) -> str:
    if row["low"] is None:
        return ""
    expected, low, high = (written.number(row[name], metric) for name in _BAND)
    return f"{expected} foretold ({_LEVEL} {low} to {high})"


def _standing(found: Bands | None, metric: Metric) -> dict[str, str]:
    """Where the last day lies, in words; good or bad only where a run of days lies there."""
    if found is None or found.known.is_empty():
        return {"word": f"Under {forecast.FEWEST_DAYS} days: no band yet", "tone": "flat"}
    run = last_run(found.known)
    if run.since is None:
        late = replace(found, known=found.known.tail(_LATELY))
        outside = late.known.height - late.inside
        if outside >= _MANY:
            return {"word": f"Inside, but not on {outside} of {_LATELY} days", "tone": "moved"}
        return {"word": "Inside its band", "tone": "flat"}
    since = written.day(run.since, year=False)
    if run.days < _RUN:
        return {"word": f"{_SIDES[run.side]} its band on {since}", "tone": "moved"}
    return {
        "word": f"{_SIDES[run.side]}: {run.days} days since {since}",
        "tone": _tone(run, metric),
    }


def _tone(run: Run, metric: Metric) -> str:
    return written.tone(metric, run.side, run.side)


def _table(result: Result, context: Context) -> pl.DataFrame:
    time, days = context.dataset.time.name, _days(result)
    frame = complete(result, context)
    few = {row[time] for row in frame.iter_rows(named=True) if row.get(SMALL) is not None}
    parts = [
        _by_day(days, frame, metric, time, banded(result, metric, context)).select(
            pl.lit(metric.label).alias("metric"),
            "day",
            "value",
            "expected",
            "low",
            "high",
            "outside",
            pl.col("day").is_in(list(few)).alias("few_accounts"),
        )
        for metric in result.query.metrics
    ]
    return pl.concat(parts).drop_nulls("value")
