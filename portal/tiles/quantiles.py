"""Whole quantile functions: an arm and the rest at every level, and how far they are apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import arms
from portal.tiles.figure import Layout, Trace, band, figure, rounded
from queries.analyses import always_valid
from queries.analyses import quantile_function as qf
from queries.analyses.standing_out import FEWEST_ACCOUNTS
from queries.model import Query, Result

_NAMED = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Sides:
    """What the four answers after the split say."""

    split: arms.Split
    compared: qf.Comparison
    watch: always_valid.Watch


def following(results: Sequence[Result], context: Context) -> tuple[Query, ...]:
    """Of the arm and of the rest: the measure by cluster, and day by day."""
    found = arms.split(results, context)
    if found is None:
        return ()
    measure = arms.measure(context)
    sides = arms.two_sides(found, context)
    return (
        *(qf.question(side, measure) for side in sides),
        *(qf.daily_question(side, measure) for side in sides),
    )


def sides(results: Sequence[Result], context: Context) -> Sides | Drawing:
    """The comparison, or why there is none."""
    asked = len(arms.questions(context))
    found = arms.split(results[:asked], context)
    if found is None:
        return arms.no_split(results[:asked], context)
    frames = [result.frame for result in results[asked:]]
    measure = arms.measure(context)
    if frames[0].is_empty() or frames[1].is_empty():
        which = found.label if frames[0].is_empty() else "the others"
        return empty(
            "not_defined",
            f"No play of {which} records {measure.label.lower()}.",
            "Compare by another measure, or choose a longer period.",
        )
    by_day = [_by_day(frame) for frame in frames[2:]]
    days = sorted({*by_day[0], *by_day[1]})
    none = frames[2].clear()
    daily = [side.get(day, none) for side in by_day for day in days]
    own, rest, *others = qf.arms(frames[0], frames[1], *daily)
    compared = qf.compared(own, rest)
    if compared is None or min(own.rows, rest.rows) < FEWEST_ACCOUNTS:
        return empty(
            "not_defined",
            f"{found.label} and the others have no {FEWEST_ACCOUNTS} plays on the same device.",
            "Choose another value, or a longer period.",
        )
    watch = always_valid.watched(days, others[: len(days)], others[len(days) :], compared)
    return Sides(found, compared, watch)


def _by_day(frame: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = frame.partition_by("date", as_dict=True, include_key=True)
    return {day: part for (day,), part in parts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileFunctions:
    """The measure of an arm and of the rest, at every level, with bands for all levels at once."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320))
    metrics: tuple[str, ...] = ("startup_seconds",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return arms.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = sides(results, context)
        frame = pl.DataFrame() if isinstance(found, Drawing) else found.compared.frame
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = sides(results, context)
        if isinstance(found, Drawing):
            return found
        frame, measure = found.compared.frame, arms.measure(context)
        levels = frame["level"].to_list()
        traces: list[Trace] = []
        for name, label, colour in (
            ("rest", "All others", "@before"),
            ("arm", found.split.label, "@accent"),
        ):
            low, high = rounded(frame[f"{name}_low"]), rounded(frame[f"{name}_high"])
            traces += band(levels, low, high, colour)
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": label,
                    "x": levels,
                    "y": rounded(frame[name]),
                    "line": {"color": colour, "width": 2.25},
                    "hovertemplate": "%{fullData.name}: <b>%{y:.3~g} "
                    + measure.unit
                    + "</b> or less in %{x:.0%} of plays<extra></extra>",
                }
            )
        layout: Layout = {
            "xaxis": _levels_axis(),
            "yaxis": {"title": {"text": f"{measure.label}, {measure.unit}"}, "rangemode": "tozero"},
            "showlegend": True,
        }
        return figure(traces, layout, notes=_basis(found, context))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileDifference:
    """The arm's quantiles less those of the rest.

    The inner band holds at all levels at once, now; the outer one however often somebody looks.
    """

    place: Place = field(default_factory=lambda: Place(span=6, height=320))
    metrics: tuple[str, ...] = ("startup_seconds",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return arms.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        found = sides(results, context)
        if isinstance(found, Drawing):
            return (replace(results[0], frame=pl.DataFrame()),)
        columns = ("level", "difference", "difference_low", "difference_high")
        always = found.watch.difference.select("level", always_low="low", always_high="high")
        frame = found.compared.frame.select(columns).join(always, on="level", how="left")
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = sides(results, context)
        if isinstance(found, Drawing):
            return found
        frame, measure = found.compared.frame, arms.measure(context)
        levels = frame["level"].to_list()
        always = found.watch.difference.drop_nulls(["low", "high"])
        traces: list[Trace] = [
            *band(
                always["level"].to_list(),
                rounded(always["low"]),
                rounded(always["high"]),
                "@before",
            ),
            *band(
                levels,
                rounded(frame["difference_low"]),
                rounded(frame["difference_high"]),
                "@accent",
            ),
            {
                "type": "scatter",
                "mode": "lines",
                "x": levels,
                "y": rounded(frame["difference"]),
                "line": {"color": "@accent", "width": 2.25},
                "text": [
                    f"{written.plain(low)} to {written.plain(high)}"
                    for low, high in frame.select("difference_low", "difference_high").iter_rows()
                ],
                "hovertemplate": "At %{x:.0%} of plays <b>%{y:+.3~g} "
                + measure.unit
                + "</b> (%{text})<extra></extra>",
            },
        ]
        layout: Layout = {
            "xaxis": _levels_axis(),
            "yaxis": {
                "title": {"text": f"Difference, {measure.unit}"},
                "zeroline": True,
                "range": _room(frame),
            },
        }
        *said, worst = [_sentence(found, level, measure) for level in _NAMED]
        return figure(traces, layout, says=worst, notes=(*said, _BANDS))


_BANDS = (
    "Inner band: 95 % at all levels together, clustered by account. Outer band: holds however "
    "often one looks."
)


def _sentence(found: Sides, level: float, measure: qf.Measure) -> str:
    at = found.compared.at(level)
    ends = f"95 % {_signed(at.low)} to {_signed(at.high)}"
    more = "" if at.low > 0 or at.high < 0 else ": too noisy to say"
    return f"P{level * 100:.0f}: {_signed(at.value)} {measure.unit} ({ends}){more}."


def _signed(value: float) -> str:
    text = written.plain(float(f"{abs(value):.3g}"))
    return f"{'−' if value < 0 else '+'}{text}"  # a minus, not a hyphen


def _room(frame: pl.DataFrame) -> list[float] | None:
    """The inner band, zero, and some of the outer one, which is endless at the last levels."""
    ends = frame.select(
        low=pl.col("difference_low").min(), high=pl.col("difference_high").max()
    ).row(0)
    if None in ends:
        return None
    low, high = min(ends[0], 0.0), max(ends[1], 0.0)
    room = (high - low) * 0.35
    return [low - room, high + room]


def _levels_axis() -> Layout:
    return {
        "title": {"text": "Share of plays, best to worst value"},
        "tickformat": ",.0%",
        "range": [0, 1],
        "tickvals": [0.05, 0.25, 0.5, 0.75, 0.95],
    }


def _basis(found: Sides, context: Context) -> tuple[str, ...]:
    compared, split = found.compared, found.split
    counts = [written.count(n) for n in (compared.arm_rows, compared.rest_rows)]
    notes = [f"{split.label}: {counts[0]} plays; all others: {counts[1]}."]
    if split.dimension.name != qf.STRATUM and context.dataset.entity:
        notes.append("The others are weighted to its mix of devices. A description, not an effect.")
    if compared.covered < 0.995:  # noqa: PLR2004  # nearly all
        notes.append(f"{compared.covered:.0%} of its plays are on devices that others have too.")
    return tuple(notes)
