"""Two images of a title held against each other, which the view names as `hold` and `against`.

Left out, the likeliest best is held against the one in use, which is the one seen most.
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
from portal.tiles.artwork import Gallery
from portal.tiles.options import Option, controls
from portal.tiles.rankers import scope
from portal.tiles.seen_titles import TITLE
from queries.analyses import artwork, side_by_side
from queries.dataset import Metric
from queries.model import Query, Result

IMAGE, AGAINST = "hold", "against"
OPTIONS = (IMAGE, AGAINST)
_MEASURES = ("image_take_rate", "click_bait_index")
_ONE_TITLE = empty(
    "not_defined",
    "Images of several titles are not compared.",
    "Choose one title: what is on offer differs from title to title.",
)
_ALONE = empty(
    "no_rows",
    "Fewer than two images have enough accounts.",
    "Choose a longer period, or fewer filters.",
)
_METHOD = (
    "Randomised: images are drawn with known chances, and rows weighted to equal ones. Difference "
    "in points or steps of the index; 95 % by the jackknife over accounts that saw either; q: "
    "Benjamini-Hochberg over the rows. Click-bait: clicks over plays by how much was watched."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePairOptions:
    """Controls: which two of the title's images."""

    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))
    metrics: tuple[str, ...] = ("image_take_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return Gallery().questions(context)[:1]

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        images = _images(results[0])
        return controls(_options(images, context) if _is_one(images) else (), context)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesCompared:
    """The take rate and the click-bait index of both, and their differences."""

    place: Place = field(default_factory=lambda: Place(span=12, height=220))
    metrics: tuple[str, ...] = _MEASURES

    def questions(self, context: Context) -> tuple[Query, ...]:
        names = [n for n in _MEASURES if n not in context.withheld]
        return (
            *Gallery().questions(context)[:1],
            side_by_side.question(scope(context), "artwork", names),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a metric."""
        images = _images(results[0])
        found = _apart(results[1], images, context) if _is_one(images) else pl.DataFrame()
        return (replace(results[0], frame=found),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        images = _images(results[0])
        if images.is_empty():
            return nothing(context, _ALONE)
        if not _is_one(images):
            return _ONE_TITLE if images[TITLE].n_unique() > 1 else _ALONE
        first, second = _pair(images, context)
        if first == second:
            return empty("not_defined", "An image is as good as itself.", "Choose another one.")
        sides = {row["artwork"]: row for row in images.iter_rows(named=True)}
        found = _apart(results[1], images, context)
        columns: list[dict[str, Any]] = [
            {"label": "Of the image", "is_text": True},
            *({"label": f"Image {image}"} for image in (first, second)),
            {"label": "Difference and 95 %"},
            {"label": "q"},
        ]
        rows = [
            [
                {"text": metric.label, "tip": metric.description},
                *(_cell(sides[image], metric) for image in (first, second)),
                *_difference(row, metric),
            ]
            for row in found.iter_rows(named=True)
            for metric in [context.metric(row["metric"])]
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        said = _said(found, (first, second), context)
        return Drawing(kind="table", content={"tables": [table]}, notes=(said, _METHOD))


def _images(result: Result) -> pl.DataFrame:
    """What may be shown, likeliest best first."""
    return artwork.compared(result.frame.drop_nulls("artwork"))


def _is_one(images: pl.DataFrame) -> bool:
    """Whether there are images of one title to choose two of."""
    return images.height > 1 and images[TITLE].n_unique() == 1


def _options(images: pl.DataFrame, context: Context) -> tuple[Option, Option]:
    """Both, with what is meant where the view names none: never an image against itself."""
    ids = [str(i) for i in images["artwork"].to_list()]
    used = str(images.sort("seen_impressions", descending=True)["artwork"][0])
    own = context.view.option(IMAGE) or ids[0]
    held = used if used != own else next(i for i in ids if i != own)

    def option(name: str, label: str, usual: str) -> Option:
        ordered = (usual, *(i for i in ids if i != usual))
        choices = ((i, f"image {i}{', in use' if i == used else ''}") for i in ordered)
        return Option(name=name, label=label, choices=tuple(choices))

    return option(IMAGE, "Hold", ids[0]), option(AGAINST, "against", held)


def _pair(images: pl.DataFrame, context: Context) -> tuple[int, int]:
    """The two that the view names. Raises InvalidQuery for an image that the title has not."""
    own, held = _options(images, context)
    return int(own.read(context.view)), int(held.read(context.view))


def _apart(result: Result, images: pl.DataFrame, context: Context) -> pl.DataFrame:
    first, second = _pair(images, context)
    names = [n for n in _MEASURES if n not in context.withheld]
    both = result.frame.filter(pl.col("artwork").is_in([first, second]))
    return side_by_side.differences(both, "artwork", names, second)


def _cell(row: dict[str, Any], metric: Metric) -> dict[str, Any]:
    around = written.interval(row, metric) or "no interval"
    return {
        "text": written.exact(row[metric.name], metric),
        "few": written.is_few(row),
        "lines": [{"text": around}],
    }


def _difference(row: dict[str, Any], metric: Metric) -> list[dict[str, Any]]:
    if row["difference"] is None:
        return [{"text": "too few to tell"}, {"text": written.NOTHING}]
    is_sure = row["q"] <= side_by_side.SURE
    tone = written.tone(metric, row["low"], row["high"]) if is_sure else "flat"
    size, low, high = (_step(row[n], metric) for n in ("difference", "low", "high"))
    return [
        {"text": size, "tone": tone, "lines": [{"text": f"{low} to {high}"}]},
        {"text": written.probability(row["q"])},
    ]


def _said(found: pl.DataFrame, pair: tuple[int, int], context: Context) -> str:
    """Which of the two to show, by both rows."""
    rows = {r["metric"]: r for r in found.iter_rows(named=True)}
    take, bait = (rows.get(name) for name in _MEASURES)
    if take is None or take["q"] is None or take["q"] > side_by_side.SURE:
        return "The take rates of the two are not told apart."
    better, worse = pair if take["difference"] > 0 else pair[::-1]
    size = _step(abs(take["difference"]), context.metric(_MEASURES[0])).lstrip("+")
    first = f"Image {better} takes {size} more than image {worse}"
    if bait is None or bait["q"] is None or bait["q"] > side_by_side.SURE:
        return f"{first}; that it only baits is not shown."
    baits = (bait["difference"] > 0) == (better == pair[0])
    more = (
        "but it is clicked more for what is then watched: it may only bait"
        if baits
        else ("and is clicked less for what is then watched")
    )
    return f"{first}, {more}."


def _step(value: float, metric: Metric) -> str:
    if metric.format == "percent":
        return f"{100 * value:+.2f} pt".replace("-", "−")
    return f"{value:+.2f}".replace("-", "−")
