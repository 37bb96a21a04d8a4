"""Images by taste cluster: whether another image wins where people like something else.

A taste cluster is what accounts watched most before; those whose taste is not known are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.rankers import scope
from portal.tiles.seen_titles import TITLE, among, seen_most
from queries.analyses import image_tastes
from queries.condition import conjunction
from queries.model import Query, Result

DATASET = "image_tastes"
_VERDICTS = {"yes": "yes", "no": "not told apart", "too few": "too few"}
_METHOD = (
    "Tested: takes of images drawn by chance, against what each image draws everywhere times what "
    "each cluster takes (Pearson, design effect of accounts; Benjamini-Hochberg over the titles, "
    "5 %). A cluster counts from 200 accounts and ten expected takes of every image."
)
_TASTE = (
    "Taste cluster: the genre watched most before, fixed from the month after five hours. "
    "Accounts and days before that are left out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteWinners:
    """Of the titles seen most: whether the best image differs by taste cluster."""

    rows: int = 12
    place: Place = field(default_factory=lambda: Place(span=12, height=400, dataset=DATASET))
    metrics: tuple[str, ...] = ("image_take_rate", "best_image_probability")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (seen_most(context),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        kept = among(results, context)
        if kept is None:
            return ()
        asked = scope(context)
        return (image_tastes.question(replace(asked, where=conjunction(asked.where, kept))),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a title, with its test."""
        if len(results) == 1:
            return tuple(results)
        return (replace(results[-1], frame=_sorted(image_tastes.tastes(results[-1].frame))),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = image_tastes.tastes(results[-1].frame) if len(results) > 1 else None
        if found is None or found.titles.is_empty():
            return _unknown(context)
        titles = _sorted(found)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Does the best image differ?", "is_text": True},
            {"label": "Clusters tested"},
            {"label": "Chi-squared (df)"},
            {"label": "q"},
            {"label": "Likeliest best image: where", "is_text": True},
        ]
        rows = [
            [
                {"text": row[TITLE], "filter": row[TITLE]},
                {"text": _VERDICTS[row["verdict"]]},
                {"text": str(row["clusters"])},
                {"text": _chi(row)},
                {"text": written.NOTHING if row["q"] is None else f"{row['q']:.2g}"},
                {"text": _winners(found.images, row), "is_text": True},
            ]
            for row in titles.head(self.rows).iter_rows(named=True)
        ]
        counts = dict(titles.group_by("verdict").len().iter_rows())
        tested = counts.get("yes", 0) + counts.get("no", 0)
        said = (
            f"{counts.get('yes', 0)} of {tested} titles tested have another best image in another "
            f"cluster; {counts.get('too few', 0)} have too few accounts or takes to test."
            if tested
            else "No title has two taste clusters with enough accounts and takes to test."
        )
        more = max(0, titles.height - self.rows)
        table = {"columns": columns, "rows": rows, "more": more}
        return Drawing(
            kind="table",
            content={"tables": [table]},
            filters=TITLE,
            notes=(f"{said} {_METHOD}", _TASTE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteGallery:
    """Who wins where: the images of a title by taste cluster, the likeliest best marked."""

    place: Place = field(default_factory=lambda: Place(span=12, height=420, dataset=DATASET))
    metrics: tuple[str, ...] = ("image_take_rate", "best_image_probability")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (image_tastes.question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a title, taste cluster and image."""
        return (replace(results[0], frame=image_tastes.tastes(results[0].frame).images),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = image_tastes.tastes(results[0].frame)
        if found.titles.is_empty():
            return _unknown(context)
        tables = [
            _map(found.images.filter(pl.col(TITLE) == row[TITLE]), row, context)
            for row in found.titles.head(3).iter_rows(named=True)
        ]
        verdicts = "; ".join(_said(row) for row in found.titles.head(3).iter_rows(named=True))
        return Drawing(
            kind="table",
            content={"tables": tables},
            filters="taste",
            notes=(
                (
                    f"{verdicts}. Take rate, then the probability of being the best image in that "
                    f"cluster; grey: under 200 accounts. {_METHOD}"
                ),
                _TASTE,
            ),
        )


def _map(images: pl.DataFrame, title: dict[str, Any], context: Context) -> dict[str, Any]:
    take = context.metric("image_take_rate")
    every = images["artwork"].unique().sort().to_list()
    cells = {(r["taste"], r["artwork"]): r for r in images.iter_rows(named=True)}
    best = images.sort("best", descending=True, nulls_last=True).unique("taste", keep="first")
    first = dict(best.select("taste", "artwork").iter_rows())
    dimension = context.dataset.dimension("taste")
    columns: list[dict[str, Any]] = [
        {"label": title[TITLE], "is_text": True},
        {"label": "Accounts"},
        *({"label": f"Image {one}"} for one in every),
    ]
    rows: list[list[dict[str, Any]]] = []
    for taste in image_tastes.by_size(images):
        some = next(r for (t, _), r in cells.items() if t == taste)
        is_few = some["accounts"] < image_tastes.FEWEST_ACCOUNTS
        head = {"text": written.value_label(taste, dimension), "filter": str(taste)}
        row = [head, {"text": written.count(some["accounts"]), "few": is_few}]
        for one in every:
            cell = cells.get((taste, one))
            if cell is None:
                row.append({"text": written.NOTHING})
                continue
            chance = written.NOTHING if cell["best"] is None else f"{cell['best']:.0%} best"
            is_first = first[taste] == one and not is_few
            line = {"text": chance, "tone": "good" if is_first else "flat"}
            shown = {"text": written.number(cell["rate"], take), "few": is_few, "lines": [line]}
            row.append(shown | {"tip": f"{written.count(cell['rows'])} effective rows"})
        rows.append(row)
    return {"columns": columns, "rows": rows, "more": 0}


def _said(title: dict[str, Any]) -> str:
    if title["verdict"] == "too few":
        return f"{title[TITLE]}: too few accounts or takes to say whether the best image differs"
    verb = "differs" if title["verdict"] == "yes" else "is not told to differ"
    return (
        f"{title[TITLE]}: the best image {verb} between {title['clusters']} clusters "
        f"(chi-squared {_chi(title)}, q {title['q']:.2g})"
    )


def _sorted(found: image_tastes.Tastes) -> pl.DataFrame:
    """Those that differ first, then by how sure, then by how many clusters."""
    return found.titles.sort(
        [pl.col("verdict") == "yes", "q", "clusters", TITLE],
        descending=[True, False, True, False],
        nulls_last=True,
    )


def _chi(title: dict[str, Any]) -> str:
    return written.NOTHING if title["chi"] is None else f"{title['chi']:.1f} ({title['freedom']})"


def _winners(images: pl.DataFrame, title: dict[str, Any]) -> str:
    """The likeliest best of the tested clusters, by how many clusters it leads."""
    own = images.filter(pl.col(TITLE) == title[TITLE], "is_enough")
    if own.is_empty():
        return written.NOTHING
    first = own.sort("best", descending=True, nulls_last=True).unique("taste", keep="first")
    named = (
        first.group_by("artwork")
        .agg(pl.col("taste").sort())
        .sort(pl.col("taste").list.len(), "artwork", descending=[True, False])
    )
    return "; ".join(f"{a}: {', '.join(t)}" for a, t in named.iter_rows())


def _unknown(context: Context) -> Drawing:
    if context.condition is not None:
        return no_rows(context)
    return empty(
        "not_defined",
        "No taste is known of those who saw an image.",
        "It is known from the month after an account has watched five hours.",
    )
