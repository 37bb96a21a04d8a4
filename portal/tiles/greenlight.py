"""Greenlight: what a programme is supposed to be, and what it will be watched by past launches."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from portal.components import format as written
from portal.components.languages import LANGUAGES
from portal.context import Context
from portal.countries import names
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.store.frozen_forecast import Figures
from portal.tiles.inputs import Field
from portal.tiles.rankers import scope
from queries.analyses import greenlight
from queries.analyses.comparables import NEIGHBOURS, Programme, nearest, tags_of
from queries.analyses.greenlight import Lesson
from queries.catalog import builtin
from queries.formula import Array
from queries.model import Query, Result

PICKED = ("new_kind", "new_genre", "language", "origin", "tag1", "tag2", "tag3")
NUMBERS = (
    Field(name="episodes", label="Episodes", low=1, high=200, about="A film has 1."),
    Field(name="budget", label="Budget", unit="US$", low=1e4, high=1e10),
    Field(
        name="worth", label="Worth of a view", unit="US$", low=1e-6, high=1e9,
        about="What a view is worth to you. Unsaid: what half of our past launches paid for one.",
    ),
)  # fmt: skip
WITHOUT = "without"
OPTIONS = (*PICKED, *(f.name for f in NUMBERS), WITHOUT)
USD = builtin().dataset("launches").metric("cost_per_view")
NOT_ENOUGH = empty(
    "no_rows",
    f"Fewer than {greenlight.FEWEST_LAUNCHES} launches of our own whose 91 days are over.",
    "A forecast from so few would only look like one.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The view read against past launches."""

    lesson: Lesson
    programme: Programme
    worth: float
    usual: Mapping[str, str]
    said: tuple[str, ...]
    without: frozenset[int]

    @property
    def wanted(self) -> float:
        """Views at which the programme is worth its budget."""
        return self.programme.budget_usd / self.worth

    def quantiles(self) -> Array:
        return self.lesson.quantiles(self.programme)

    def ranked(self) -> pl.DataFrame:
        """Past launches, nearest first, those left out by hand among them."""
        return nearest(self.lesson.past, self.programme)

    def comparables(self) -> pl.DataFrame:
        return nearest(self.lesson.past, self.programme, self.without).head(NEIGHBOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenlightTile:
    """What all tiles of the page ask; the answers teach once, whoever asks first."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))
    metrics: tuple[str, ...] = ("views",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return greenlight.questions(scope(context))


class GreenlightInputs(GreenlightTile):
    """The programme and what a view of it is worth."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        past, view = plan.lesson.past, context.view
        tags = sorted(frozenset[str]().union(*map(tags_of, past["tags"].to_list())))
        one = plan.programme
        chosen = {
            "new_kind": (one.kind, _values(past, "kind")),
            "new_genre": (one.genre, _values(past, "genre")),
            "language": (one.original_language, _values(past, "original_language")),
            "origin": (one.origin_country, _countries(past)),
        }
        programme = [
            Field(name=name, label=_label(name), choices=choices).content(view, value)
            for name, (value, choices) in chosen.items()
        ]
        carried = [
            Field(name=f"tag{i + 1}", label=f"Tag {i + 1}", choices=tuple((t, t) for t in tags))
            .content(view, one.tags[i] if i < len(one.tags) else "")
            for i in range(3)
        ]  # fmt: skip
        numbers = [f.content(view, plan.usual[f.name]) for f in NUMBERS]
        groups = [
            {"label": "The programme", "fields": [*programme, numbers[0]]},
            {"label": "What it is about", "fields": carried},
            {"label": "Money", "fields": numbers[1:]},
        ]
        return Drawing(kind="inputs", content={"groups": groups}, notes=plan.said)


class GreenlightVerdict(GreenlightTile):
    """How likely the programme brings what it costs, and how little that is known."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        at = plan.quantiles()
        low, middle, high = (_views(v, context) for v in greenlight.views(at[[0, 2, 4]]))
        chance = greenlight.chance_of(at, plan.wanted)
        sentence = (
            f"80 % interval {low} to {high} views in 91 days, {middle} in the middle; break-even "
            f"at {_views(plan.wanted, context)}: P(success) {said_chance(chance)}."
        )
        lesson = plan.lesson
        wide = float(greenlight.width(at))
        typical = float(greenlight.typical_factor(lesson.errors))
        reasons = [
            {"text": f"P90 is {wide:.0f} times P10: this is how little is known before a launch.",
             "tone": "flat"},
            {"text": f"Half of our past launches came within a factor of {typical:.1f} of what is "
                     f"forecast of them without them, half did not.", "tone": "flat"},
            {"text": f"Learnt from {written.count(lesson.past.height)} launches of our own; the "
                     f"interval is as wide as forecasts of those that were left out were wrong "
                     f"(cross-conformal, CV+).", "tone": "flat"},
        ]  # fmt: skip
        tone = "good" if chance >= 0.5 else "flat"  # noqa: PLR2004 - more likely than not
        content = {
            "word": f"P(success) {said_chance(chance)}",
            "tone": tone,
            "sentence": sentence,
            "reasons": reasons,
            "kind": "forecast",
        }
        return Drawing(kind="verdict", content=content)

    def figures(self, results: Sequence[Result], context: Context) -> Figures | None:
        """What is frozen: the programme as it is supposed to be, and its forecast."""
        plan = read_plan(results, context)
        if plan is None:
            return None
        at, one = plan.quantiles(), plan.programme
        low, middle, high = (float(v) for v in greenlight.views(at[[0, 2, 4]]))
        inputs = {
            "kind": one.kind,
            "genre": one.genre,
            "tags": ", ".join(one.tags),
            "original language": one.original_language,
            "country of origin": one.origin_country,
            "episodes": one.episodes,
            "budget in US$": one.budget_usd,
            "worth of a view in US$": plan.worth,
            "launches learnt from": plan.lesson.past.height,
        }
        chance = greenlight.chance_of(at, plan.wanted)
        return Figures(inputs, low, middle, high, plan.wanted, chance)


def said_chance(chance: float) -> str:
    """A probability in words where the quantiles say no more than that."""
    if chance <= greenlight.LEVELS[0] + 1e-9:
        return "under 10%"
    if chance >= greenlight.LEVELS[-1] - 1e-9:
        return "over 90%"
    return f"{chance:.0%}"


def read_plan(results: Sequence[Result], context: Context) -> Plan | None:
    """The plan of a view, or None where there is too little to learn from."""
    lesson = greenlight.lesson(results[0].frame, results[1].frame)
    if lesson is None:
        return None
    view, past = context.view, lesson.past
    said: list[str] = []

    def picked(option: str, column: str) -> str:
        value, usual = view.option(option), str(past[column].drop_nulls().mode().sort()[0])
        if value and value not in past[column]:
            said.append(
                f"No launch of ours has the {_label(option).lower()} “{value}”; {usual} is taken."
            )
        return value if value in past[column] else usual

    kind, genre = picked("new_kind", "kind"), picked("new_genre", "genre")
    alike = past.filter(pl.col("kind") == kind)
    paid = (alike["budget_usd"] / alike["views"].clip(lower_bound=0.5)).median()
    usual = {
        "episodes": _median(alike, "episodes"),
        "budget": _median(alike, "budget_usd"),
        "worth": float(f"{float(str(paid)):.3g}"),
    }
    numbers: dict[str, float] = {}
    for one in NUMBERS:
        numbers[one.name], problem = one.number(view, usual[one.name])
        said += [problem] if problem else []
    programme = Programme(
        kind=kind,
        genre=genre,
        tags=_tags(context, past),
        budget_usd=numbers["budget"],
        original_language=picked("language", "original_language"),
        origin_country=picked("origin", "origin_country"),
        episodes=numbers["episodes"],
    )
    texts = {name: f"{value:,.0f}" for name, value in usual.items()}
    return Plan(
        lesson, programme, numbers["worth"], texts, tuple(said), frozenset(left_out(context))
    )


def left_out(context: Context) -> tuple[int, ...]:
    """Ids of titles that are left out by hand."""
    text = context.view.option(WITHOUT)
    return tuple(sorted({int(part) for part in text.split(",") if part.strip().isdecimal()}))


def _tags(context: Context, past: pl.DataFrame) -> tuple[str, ...]:
    """Those of the view, else those that most launches carry, never one twice."""
    held = Counter(tag for text in past["tags"].to_list() for tag in tags_of(text))
    usual = sorted(held, key=lambda tag: (-held[tag], tag))
    found: list[str] = []
    for option in ("tag1", "tag2", "tag3"):
        value = context.view.option(option)
        free = [t for t in usual if t not in found]
        found.append(value if value in usual and value not in found else free[0])
    return tuple(found)


def _countries(past: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    codes: list[str] = past["origin_country"].drop_nulls().unique().to_list()
    return tuple(sorted(((c, names().get(c, c)) for c in codes), key=lambda pair: pair[1]))


def _label(option: str) -> str:
    return option.removeprefix("new_").capitalize()


def _median(frame: pl.DataFrame, column: str) -> float:
    return float(str(frame[column].cast(pl.Float64).median() or 1))


def _values(past: pl.DataFrame, column: str) -> tuple[tuple[str, str], ...]:
    found: list[str] = sorted(past[column].drop_nulls().unique().to_list())
    return tuple((v, LANGUAGES.get(v) or v.capitalize()) for v in found)


def _views(value: float, context: Context) -> str:
    return written.number(float(value), context.metric("views"))
