"""What of an image changes its take rate, what exploring costs, and what the log is too small for.

Both are read off images that were drawn at random. Where nothing is told apart from none the tile
says what its data would have found, so that nobody reads “unknown” as “none”.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import figure
from portal.tiles.forest import Mark, Series, forest
from portal.tiles.trend import Trend
from queries.analyses import detectable
from queries.condition import Filter, conjunction
from queries.model import Query, Result

_WANTED = 0.1
_EFFECTS = (
    "close_up_effect",
    "face_effect",
    "main_cast_effect",
    "bright_effect",
    "joy_effect",
    "frame_effect",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEffects:
    """What of an image's look changes the take rate, within titles and randomised rows only."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320))
    metrics: tuple[str, ...] = _EFFECTS

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (replace(context.question(self.metrics), compare=None), at_random(context))

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The effects; what was shown at random is behind the note alone."""
        return (results[0],)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = results[0].frame.row(0, named=True) if results[0].frame.height else {}
        shown = [n for n in _EFFECTS if row.get(n) is not None]
        if not shown:
            return empty(
                "not_defined",
                "No title has images of both kinds shown at random.",
                "Composition is compared within titles, where images were randomised.",
            )
        marks = [_effect(row, name, context) for name in shown]
        series = [Series(name="Effect", colour="@accent", marks=marks)]
        traces, layout = forest([context.metric(n).label for n in shown], series)
        layout["xaxis"] |= {
            "title": {"text": "Change of the take rate, in points"},
            "tickformat": "+,~f",
        }
        notes = ["Randomised: within each title, only rows whose image was drawn at random."]
        notes += _power(row, shown, results[1], context)
        return figure(traces, layout, notes=notes)


@dataclass(frozen=True, kw_only=True)
class ExploringCost(Trend):
    """Regret over time, and how much of it the period is large enough to tell."""

    metric: str = "exploration_regret"

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (*super().questions(context), at_random(context))

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The line; what was shown at random is behind the note alone."""
        return (results[0],)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        drawing = super().draw(results[:1], context)
        return replace(drawing, notes=(*drawing.notes, *_regret_power(results, self.metric)))


def at_random(context: Context) -> Query:
    """How often an image was shown at random, and how often that was taken."""
    question = context.question(("seen_impressions", "plays", "take_rate"))
    explored = Filter(context.dataset.dimension("explore"), "in", (True,))
    where = conjunction(question.where, explored)
    return replace(question, where=where, compare=None, interval=False)


def _power(
    row: dict[str, Any], names: Sequence[str], random: Result, context: Context
) -> list[str]:
    """Of effects that are not told apart from none: what a tenth of the take rate would take."""
    known = random.frame.row(0, named=True) if random.frame.height else {}
    shown, take = known.get("seen_impressions"), known.get("take_rate")
    ends = {n: (row[f"{n}__low"], row[f"{n}__high"]) for n in names}
    ends = {n: e for n, e in ends.items() if None not in e and e[0] <= 0 <= e[1]}
    if not shown or not take or not ends:
        return []
    wanted = _WANTED * take
    said: list[str] = []
    for name, (low, high) in ends.items():
        found, label = detectable.smallest(low, high), context.metric(name).label
        more = written.count(detectable.rows_for(wanted, found, shown))
        said.append(f"{label} {_points(found)} ({more})")
    text = (
        f"Not told apart from none, with the effect that {written.count(shown)} images shown at "
        "random find four times in five, and in brackets how many find one of "
        f"{_points(wanted)}, a tenth of the take rate: {'; '.join(said)}."
    )
    return [text]


def _regret_power(results: Sequence[Result], name: str) -> list[str]:
    """Of a regret that is not told apart from none: what it takes to tell one."""
    whole, known = (_whole(result) for result in results)
    low, high = whole.get(f"{name}__low"), whole.get(f"{name}__high")
    plays, shown = known.get("plays"), known.get("seen_impressions")
    if low is None or high is None or not low <= 0 <= high or not plays or not shown:
        return []
    found = detectable.smallest(low, high) / plays
    more = written.count(detectable.rows_for(_WANTED, found, shown))
    text = (
        f"In all {_plays(whole[name])} plays ({_plays(low)} to {_plays(high)}): not told apart "
        "from none. "
        f"{written.count(shown)} images shown at random find a regret of {found:.0%} of their "
        f"plays four times in five; one of {_WANTED:.0%} takes {more}."
    )
    return [text]


def _whole(result: Result) -> dict[str, Any]:
    frame = result.total if result.total.height else result.frame
    return frame.row(0, named=True) if frame.height else {}


def _plays(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u2009").replace("-", "−")


def _points(share: float) -> str:
    return f"{100 * share:.2f} pt"


def _effect(row: dict[str, Any], name: str, context: Context) -> Mark:
    """In points of the take rate."""
    value, low, high = (row[f"{name}{end}"] for end in ("", "__low", "__high"))
    value, low, high = (100 * (value if end is None else end) for end in (value, low, high))
    text = f"{context.metric(name).label}: <b>{value:+.2f} pt</b> ({low:+.2f} to {high:+.2f})"
    return Mark(value=value, low=low, high=high, always_low=low, always_high=high, text=text)
