"""Images of titles: which is best, what makes one work, and whether it only baits.

The lake has no pictures: an image is a placeholder drawn of what is known of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import nothing
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.seen_titles import MOST_TITLES, TITLE, among, seen_most
from queries.analyses import artwork
from queries.condition import conjunction
from queries.model import Query, Result

_MEASURES = ("image_take_rate", "best_image_probability", "click_bait_index", "seen_impressions")
_LIFT = "lift_over_random"
_LOOKS = ("artwork", "shot_type", "faces", "expression", "brightness")
_CARDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageWinners:
    """Of the titles seen most, those whose best image is known with most certainty."""

    rows: int = 12
    place: Place = field(default_factory=lambda: Place(span=12, height=420))
    metrics: tuple[str, ...] = ("best_image_probability", "image_take_rate", "click_bait_index")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (seen_most(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        kept = among(results, context)
        if kept is None:
            return ()
        question = context.question(_MEASURES, by=(TITLE, "artwork"))
        where = conjunction(question.where, kept)
        return (replace(question, where=where, compare=None, with_total=False),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        if len(results) == 1:
            return tuple(results)
        return (replace(results[-1], frame=artwork.winners(results[-1].frame)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        return _stated(results[-1].frame, context) if len(results) > 1 else ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known = results[-1].frame if len(results) > 1 else pl.DataFrame()
        if known.is_empty() or known["best_image_probability"].drop_nulls().is_empty():
            return nothing(context, _NO_IMAGES)
        found = artwork.winners(known)
        best, take = (context.metric(n) for n in ("best_image_probability", "image_take_rate"))
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Best image", "is_text": True},
            {"label": "P(best)"},
            {"label": "Take rate"},
            {"label": "Over the one in use"},
            {"label": "95 % interval"},
        ]
        rows = [
            [
                {"text": row[TITLE], "filter": row[TITLE]},
                {"text": f"Image {row['artwork']}"},
                {"text": written.chance(row[best.name])},
                {"text": written.number(row[take.name], take), "tip": written.interval(row, take)},
                {"text": "in use" if row["is_used"] else signed(row["gain"])},
                {"text": "" if row["is_used"] else _range(row)},
            ]
            for row in found.head(self.rows).iter_rows(named=True)
        ]
        first = found.row(0, named=True)
        said = (
            f"Image {first['artwork']} of {first[TITLE]} beats the one in use by "
            f"{signed(first['gain'])} ({_range(first)}), best with probability "
            f"{written.chance(first[best.name])}. Images are drawn at random with known chances."
            if artwork.is_clear(first)
            else "No image is better than the one in use beyond doubt."
        )
        table = {"columns": columns, "rows": rows, "more": 0}
        notes = (said, f"Of the {MOST_TITLES} titles seen most. Click one for its images.")
        return Drawing(kind="table", content={"tables": [table]}, filters=TITLE, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The images of the titles kept, likeliest best first, as placeholders."""

    place: Place = field(default_factory=lambda: Place(span=12, height=420))
    metrics: tuple[str, ...] = (*_MEASURES, _LIFT)

    def questions(self, context: Context) -> tuple[Query, ...]:
        measured = context.question(self.metrics, by=(TITLE, "artwork"))
        looks = context.question(("seen_impressions",), by=_LOOKS)
        return (
            replace(measured, compare=None, with_total=False),
            replace(looks, compare=None, with_total=False, interval=False),
        )

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        return (replace(results[0], frame=artwork.compared(results[0].frame)),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        return _stated(results[0].frame.drop_nulls("artwork"), context)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = artwork.compared(results[0].frame.drop_nulls("artwork"))
        if found.is_empty():
            return nothing(context, _NO_IMAGES)
        looks = {row["artwork"]: row for row in results[1].frame.iter_rows(named=True)}
        cards = [
            _card(row, looks.get(row["artwork"], {}), context)
            for row in found.head(_CARDS).iter_rows(named=True)
        ]
        notes = (
            "Placeholders: the lake has no pictures, only what is known of them.",
            "Over random: against the mean of the title’s images, as if each had an equal chance.",
        )
        return Drawing(kind="gallery", content={"cards": cards}, notes=notes)


def _stated(frame: pl.DataFrame, context: Context) -> Sequence[Statement]:
    """The image to promote, where one is clearly better than the one in use."""
    if frame.is_empty() or frame["best_image_probability"].drop_nulls().is_empty():
        return ()
    found = artwork.winners(frame)
    tested = found.drop_nulls("q")
    if tested.is_empty():
        return ()
    first = found.row(0, named=True)
    if not artwork.is_clear(first):
        return (Statement.unsaid(min(tested["q"].to_list())),)
    take = context.metric("image_take_rate")
    return (
        Statement(
            subject=f"Image {first['artwork']} of {first[TITLE]} earns",
            verb="a take rate",
            size=f"{signed(first['gain']).lstrip('+−')} higher",
            interval=f"95 % {_range(first)}",
            against="than the one in use",
            reason=f"{written.number(first[take.name], take)} of those who see it play; best of "
            f"its title with probability {written.chance(first['best_image_probability'])}.",
            evidence="randomised",
            probability=first["q"],
            is_sure=first["q"] <= artwork.LEVEL,
            tone="good",
            filters=(TITLE, first[TITLE]),
        ),
    )


def _card(row: dict[str, Any], look: dict[str, Any], context: Context) -> dict[str, Any]:
    best, take, bait = (
        context.metric(n) for n in ("best_image_probability", "image_take_rate", "click_bait_index")
    )
    said = [
        written.readable(str(look[n])) if n != "faces" else _faces(int(look[n]))
        for n in ("shot_type", "expression", "brightness", "faces")
        if look.get(n) is not None
    ]
    return {
        "image": f"Image {row['artwork']}",
        "title": row[TITLE],
        "shot": look.get("shot_type") or "",
        "faces": look.get("faces") or 0,
        "brightness": look.get("brightness") or "medium",
        "looks": ", ".join(said).lower().capitalize(),
        "best": written.chance(row[best.name]),
        "is_best": bool(row["is_best"]),
        "take": written.number(row[take.name], take),
        "interval": written.interval(row, take),
        "lift": signed(row[_LIFT]),
        "lift_interval": _lifted(row),
        "bait": written.number(row[bait.name], bait),
        "has_bait": bool(row["has_bait"]),
        "n": written.count(row["seen_impressions"]),
    }


def _lifted(row: dict[str, Any]) -> str:
    low, high = row.get(f"{_LIFT}__low"), row.get(f"{_LIFT}__high")
    return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def _faces(count: int) -> str:
    return f"{count or 'no'} face{'' if count == 1 else 's'}"


_NO_IMAGES = empty(
    "not_defined",
    "The log names no images.",
    "Images are compared where each row says which one was shown, and with what chance.",
)


def _range(row: dict[str, Any]) -> str:
    return f"{signed(row['gain_low'])} to {signed(row['gain_high'])}"


def signed(value: float | None) -> str:
    """A share as per cent with its sign."""
    return written.NOTHING if value is None else f"{value:+.1%}".replace("-", "−")
