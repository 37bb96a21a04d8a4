"""Launch: a title's views since release, cumulated, among launches whose window has elapsed.

Views are hours over the runtime of the film or season, so hours are asked, which are read off a
rollup, and divided title by title. A chosen title without a known runtime has none: it is held by
its hours against the hours of the others, and that is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, band, figure, rounded, value_axis
from portal.tiles.options import Option
from portal.tiles.rankers import scope
from queries.analyses import launch, launch_projection
from queries.model import Query, Result
from queries.period import Period

FIRST_DAYS = 28
WHOLE_DAYS = 91
WINDOWS = (FIRST_DAYS, WHOLE_DAYS)
FEWEST_LAUNCHES = 10
AGAINST = Option(
    name="against",
    label="Comparables",
    choices=(("", "same kind"), ("genre", "same kind and genre"), ("all", "all launches")),
)
WITHOUT = "without"
HOURS, VIEWS = "hours_viewed", "views"
_ABOUT = ("kind", "genre")
_MINUTES = "title_minutes"
_WEEK, _MONTH = 7, 14
_NOTHING = pl.DataFrame(
    schema={"title_id": pl.Int64, "title": pl.String, "days_since_release": pl.Int64}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Days since release, whatever period the page shows.

    The fan is made of every launch, beside a title of those alike (option `against`); fewer than
    ten would be drawn one by one, and are not. It is 28 days wide, or 91 where the title is past
    28 and enough launches are past 91. The days that a title has not seen yet are dashed.
    """

    place: Place = field(default_factory=lambda: Place(span=8, height=320))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (VIEWS,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        everything = replace(scope(context.without("title")), period=None)
        asked = launch.question(everything, HOURS, WHOLE_DAYS, (*_ABOUT, _MINUTES))
        if not context.view.values("title"):
            return (asked,)
        shared(context)
        chosen = replace(scope(context), period=None)
        return (asked, launch.own_question(chosen, HOURS, WHOLE_DAYS))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the days it was made from."""
        comparables, own = self.curves(results, context)
        frame = _fan_of(comparables).frame
        if context.view.values("title"):
            own_days = own.select("day", "title_id", "cumulative").pivot("title_id", index="day")
            frame = frame.join(own_days, on="day", how="full", coalesce=True).sort("day")
        return (replace(results[0], frame=frame),)

    def curves(
        self, results: Sequence[Result], context: Context
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Every launch whose window has elapsed, and those of the chosen titles up to its end."""
        own = self.own(results, context)
        others = self.others(results, context, WHOLE_DAYS)
        is_past = own.height and own["day"].max() >= FIRST_DAYS  # type: ignore[operator]
        if is_past and others["title_id"].n_unique() >= FEWEST_LAUNCHES:
            return others, own
        others = self.others(results, context, FIRST_DAYS)
        return others, own.filter(pl.col("day") < FIRST_DAYS)

    def own(self, results: Sequence[Result], context: Context) -> pl.DataFrame:
        """The chosen titles, each up to its last complete day, on the days that may be told."""
        told = _told(results)
        days, measure = measured(results)
        own = launch.curves(days, measure, span(context), WHOLE_DAYS, whole=False)
        # Days on which nobody watched tell nothing: the curve goes on to the last complete one.
        ends = told.group_by("title_id").agg(pl.col("day").max().alias("end"))
        own = own.join(ends, on="title_id").join(
            told.with_columns(is_told=True), on=["title_id", "day"], how="left"
        )
        is_told = pl.col("is_told").fill_null(value=False) | (pl.col("day") > pl.col("end"))
        return own.filter(is_told).drop("end", "is_told", "title")

    def others(self, results: Sequence[Result], context: Context, days: int) -> pl.DataFrame:
        """The launches that the chosen titles are held against, whose window of days is over."""
        titles = _told(results)["title_id"].unique().to_list()
        every, measure = measured(results)
        return launch.curves(_alike(every, titles, context), measure, span(context), days)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        comparables, own = self.curves(results, context)
        fan = _fan_of(comparables)
        has_title = bool(context.view.values("title"))
        names = _names(results[1].frame) if has_title else {}
        if has_title and own.is_empty():
            watched = results[1].frame
            return _WITHHELD if watched.height and launch.told(watched).is_empty() else _NO_LAUNCH
        if fan.frame.is_empty() and not has_title:
            return _FEW_LAUNCHES if fan.launches else _NO_LAUNCH
        traces = _fan(fan.frame) if fan.frame.height else []
        kind = alike(context) if has_title else "launches"
        days = WHOLE_DAYS if own.height and own["day"].max() >= FIRST_DAYS else FIRST_DAYS  # type: ignore[operator]
        notes = [
            f"The fan holds {fan.launches} {kind} whose {days} days are over: "
            "a tenth to nine tenths, and a half."
            if traces
            else f"No fan: fewer than {FEWEST_LAUNCHES} {kind} to make it of."
        ]
        if has_title:
            traces += [
                _curve(own, title, name) | {"line": {"color": colour, "width": 2.5}}
                for (title, name), colour in zip(names.items(), SERIES, strict=False)
                if title in own["title_id"]
            ]
            traces += _to_come(own, comparables, days)
            notes += [*_by_hand(context), *without_runtime(results)]
        metric = context.metric(measured(results)[1])
        layout: Layout = {
            "xaxis": {
                "title": {"text": "Days since release"},
                "range": [0, days - 1],
                "dtick": _WEEK if days == FIRST_DAYS else _MONTH,
            },
            "yaxis": value_axis(metric) | {"title": {"text": metric.label}},
        }
        return figure(traces, layout, notes=notes)


def views(days: pl.DataFrame) -> pl.DataFrame:
    """Hours by title and day as views; titles of an unknown runtime are not in it."""
    known = days.filter(pl.col(_MINUTES) > 0)
    return known.with_columns((pl.col(HOURS) * 60 / pl.col(_MINUTES)).alias(VIEWS))


def measured(results: Sequence[Result]) -> tuple[pl.DataFrame, str]:
    """What launches are held by: views, or hours where a chosen title has no known runtime."""
    days = results[0].frame
    return (days, HOURS) if _lacking(results) else (views(days), VIEWS)


def without_runtime(results: Sequence[Result]) -> list[str]:
    """That hours stand for views, and whose runtime is not known."""
    names = ", ".join(_lacking(results))
    return [f"The runtime of {names} is not known: hours in place of views."] if names else []


def _lacking(results: Sequence[Result]) -> list[str]:
    """The chosen titles with a launch but without a known runtime."""
    if len(results) == 1:
        return []
    runs = pl.col(_MINUTES).fill_null(0) > 0
    unknown = results[0].frame.filter(~runs)["title_id"].unique().to_list()
    own = results[1].frame.filter(pl.col("title_id").is_in(unknown))
    return own["title"].unique().sort().to_list()


def span(context: Context) -> Period:
    """From the first to the last complete day of the data."""
    first, latest = context.extent.first or date.min, context.extent.latest or date.min
    return Period(first, max(first, latest))


def _told(results: Sequence[Result]) -> pl.DataFrame:
    return launch.told(results[1].frame if len(results) > 1 else _NOTHING)


_WITHHELD = empty(
    "not_defined",
    "Too few accounts watched it here, so its days are withheld.",
    "Take a filter away.",
)
_FEW_LAUNCHES = empty(
    "not_defined",
    f"Fewer than {FEWEST_LAUNCHES} launches: each would be drawn by itself.",
    "Take a filter away.",
)
_NO_LAUNCH = empty(
    "no_rows",
    "No launch to show.",
    "It was released before the data begins, or not yet, or nobody watched it here.",
)


def _fan_of(comparables: pl.DataFrame) -> launch.Fan:
    """Without its days where it would be that of single launches."""
    fan = launch.fan(comparables)
    return fan if fan.launches >= FEWEST_LAUNCHES else replace(fan, frame=fan.frame.clear())


def _names(frame: pl.DataFrame) -> dict[int, str]:
    """The chosen titles, the most watched first."""
    sums = frame.group_by("title_id", "title").agg(pl.col(HOURS).sum())
    return dict(
        sums.sort(HOURS, "title_id", descending=[True, False]).select("title_id", "title").rows()
    )


def _alike(days: pl.DataFrame, titles: list[int], context: Context) -> pl.DataFrame:
    """The launches that chosen titles are held against; all of them where none is chosen."""
    if not context.view.values("title"):
        return days
    apart = set(left_out(context)) - set(titles)
    days = days.filter(~pl.col("title_id").is_in(apart))
    by = shared(context)
    if not by:
        return days
    kinds = days.filter(pl.col("title_id").is_in(titles)).select(by).unique()
    return days.join(kinds, on=by, how="semi", nulls_equal=True)


def shared(context: Context) -> tuple[str, ...]:
    """What comparables have in common with a launch. Raises InvalidQuery for an unknown option."""
    return {"all": (), "genre": _ABOUT, "": _ABOUT[:1]}[AGAINST.read(context.view)]


def left_out(context: Context) -> tuple[int, ...]:
    """Ids of launches that are left out by hand."""
    text = context.view.option(WITHOUT)
    return tuple(sorted({int(part) for part in text.split(",") if part.strip().isdecimal()}))


def alike(context: Context) -> str:
    """What the comparables are called, by the option."""
    by = shared(context)
    return f"launches of the same {' and '.join(by)}" if by else "launches"


def _by_hand(context: Context) -> list[str]:
    """That launches are left out, or why what the URL says of it cannot be read."""
    text, ids = context.view.option(WITHOUT), left_out(context)
    unread = [part for part in text.split(",") if part.strip() and not part.strip().isdecimal()]
    said = [f"“{', '.join(unread)}” in without= are no ids of launches."] if unread else []
    return [*said, f"{len(ids)} left out by hand."] if ids else said


def _to_come(own: pl.DataFrame, comparables: pl.DataFrame, days: int) -> list[Trace]:
    """The days that one title has not seen yet, by how its comparables went on."""
    if own["title_id"].n_unique() != 1:
        return []
    others = comparables.filter(~pl.col("title_id").is_in(own["title_id"].unique().to_list()))
    ahead = launch_projection.course(own, others, days)
    if ahead.height < 2:  # noqa: PLR2004 - its last day, and one to come
        return []
    to_come = ahead["day"].to_list()
    line: Trace = {
        "type": "scatter",
        "mode": "lines",
        "name": "To come",
        "x": to_come,
        "y": rounded(ahead["p50"]),
        "line": {"color": SERIES[0], "width": 2, "dash": "5px,4px"},
        "hovertemplate": "Day %{x}, projected: %{y:,.3~s}<extra></extra>",
    }
    return [*band(to_come, rounded(ahead["p10"]), rounded(ahead["p90"]), SERIES[0]), line]


def _fan(frame: pl.DataFrame) -> list[Trace]:
    days = frame["day"].to_list()
    edge: Trace = {"type": "scatter", "mode": "lines", "x": days, "line": {"width": 0}}
    traces: list[Trace] = []
    for low, high, strength in (("p10", "p90", "0.14"), ("p25", "p75", "0.2")):
        traces += [
            {**edge, "y": rounded(frame[low]), "hoverinfo": "skip"},
            {
                **edge,
                "y": rounded(frame[high]),
                "fill": "tonexty",
                "fillcolor": f"@before/{strength}",
                "hoverinfo": "skip",
            },
        ]
    middle: Trace = {
        "type": "scatter",
        "mode": "lines",
        "name": "Median launch",
        "x": days,
        "y": rounded(frame["p50"]),
        "line": {"color": "@before", "width": 1.5, "dash": "4px,3px"},
        "hovertemplate": "Median launch: %{y:,.3~s}<extra></extra>",
    }
    return [*traces, middle]


def _curve(own: pl.DataFrame, title: int, name: str) -> Trace:
    frame = own.filter(pl.col("title_id") == title).sort("day")
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": frame["day"].to_list(),
        "y": rounded(frame["cumulative"]),
        "hovertemplate": "%{fullData.name}, day %{x}: <b>%{y:,.3~s}</b><extra></extra>",
    }
