"""Images by taste cluster: whether another image wins where people like something else.

A taste cluster is what accounts watched most before; those whose taste is not known are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.components.problem import nothing
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.artwork import signed
from portal.tiles.rankers import scope
from portal.tiles.seen_titles import TITLE, TITLE_ID, among, seen_most
from queries.analyses import image_tastes
from queries.condition import conjunction
from queries.estimators.probability_best import DRAWS
from queries.model import Query, Result

DATASET = "image_tastes"
_VERDICTS = {"yes": "yes", "no": "not told apart", "too few": "too few"}
_METHOD = (
    "Tested: takes of images drawn by chance, against what each image draws everywhere times what "
    "each cluster takes (Pearson, design effect of accounts; Benjamini-Hochberg over the titles, "
    "5 %). A cluster counts from 200 accounts and ten expected takes of every image."
)
_LEADING = (
    "Not told from next, of the clusters tested: the likeliest best image is above the next "
    "likeliest with less than 95 % probability. Expected loss: the take rate that picking it gives "
    f"away, on average over what the data allow. Probabilities: {DRAWS} draws, off "
    "by two points at most."
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
        where = conjunction(asked.where, kept)
        return (image_tastes.question(replace(asked, where=where), TITLE_ID),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a title, with its test."""
        if len(results) == 1:
            return tuple(results)
        return (replace(results[-1], frame=_sorted(_read(results))),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:  # noqa: ARG002
        return _stated(_read(results)) if len(results) > 1 else ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = _read(results) if len(results) > 1 else None
        if found is None or found.titles.is_empty():
            return nothing(context, _UNKNOWN)
        titles, leading = _sorted(found), image_tastes.leading(found.images)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Best differs?", "is_text": True},
            {"label": "Chi-squared (df)"},
            {"label": "q"},
            {"label": "Not told from next"},
            {"label": "Expected loss"},
            {"label": "Likeliest best image: where", "is_text": True},
        ]
        rows = [
            [
                {"text": row[TITLE], "filter": row[TITLE]},
                {"text": _VERDICTS[row["verdict"]]},
                {"text": _chi(row)},
                {"text": written.NOTHING if row["q"] is None else f"{row['q']:.2g}"},
                *_unsure(leading.filter(pl.col(TITLE) == row[TITLE])),
                {"text": _winners(leading.filter(pl.col(TITLE) == row[TITLE])), "is_text": True},
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
            notes=(f"{said} {_METHOD}", _LEADING, _TASTE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteGallery:
    """Who wins where: the images of a title by taste cluster, the likeliest best marked.

    Each with its lift over random in that cluster, and what picking the likeliest may give away.
    """

    place: Place = field(default_factory=lambda: Place(span=12, height=420, dataset=DATASET))
    metrics: tuple[str, ...] = ("image_take_rate", "best_image_probability")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (image_tastes.question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a title, taste cluster and image."""
        return (replace(results[0], frame=image_tastes.tastes(results[0].frame).images),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:  # noqa: ARG002
        return _stated(image_tastes.tastes(results[0].frame))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = image_tastes.tastes(results[0].frame)
        if found.titles.is_empty():
            return nothing(context, _UNKNOWN)
        tables = [
            _map(found.images.filter(pl.col(TITLE) == row[TITLE]), row, context)
            for row in found.titles.head(3).iter_rows(named=True)
        ]
        verdicts = "; ".join(_said(row) for row in found.titles.head(3).iter_rows(named=True))
        leading = image_tastes.leading(found.images)
        unsure = leading.height - leading["is_told"].sum()
        share = (
            f" In {unsure} of {leading.height} clusters tested the likeliest best is not told from "
            "the next."
            if leading.height
            else ""
        )
        return Drawing(
            kind="table",
            content={"tables": tables},
            filters="taste",
            notes=(
                (
                    f"{verdicts}.{share} Take rate, the probability of being the best image in "
                    "that cluster, then what it is taken more than images at random there, with "
                    f"its 95 % interval; grey: under 200 accounts. {_METHOD}"
                ),
                _LEADING,
                _TASTE,
            ),
        )


def _read(results: Sequence[Result]) -> image_tastes.Tastes:
    """What was counted by the ids of titles, by their names."""
    names = results[0].frame.select(TITLE_ID, TITLE)
    return image_tastes.tastes(results[-1].frame.join(names, on=TITLE_ID))


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
        {"label": "Expected loss"},
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
            lines = [{"text": chance, "tone": "good" if is_first else "flat"}]
            lines += [{"text": _lift(cell), "tone": "flat"}] if cell["lift"] is not None else []
            shown = {"text": written.number(cell["rate"], take), "few": is_few, "lines": lines}
            row.append(shown | {"tip": f"{written.count(cell['rows'])} effective rows"})
        row.append({"text": _points(cells[taste, first[taste]]["loss"]), "few": is_few})
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


def _winners(leading: pl.DataFrame) -> str:
    """The likeliest best of a title's tested clusters, by how many clusters it leads."""
    if leading.is_empty():
        return written.NOTHING
    named = (
        leading.group_by("artwork")
        .agg(pl.col("taste").sort())
        .sort(pl.col("taste").list.len(), "artwork", descending=[True, False])
    )
    return "; ".join(f"{a}: {', '.join(t)}" for a, t in named.iter_rows())


def _unsure(leading: pl.DataFrame) -> list[dict[str, Any]]:
    """In how many clusters the winner may be another, and what picking it gives away."""
    if leading.is_empty():
        return [{"text": written.NOTHING}] * 2
    loss = np.average(leading["loss"].to_numpy(), weights=leading["accounts"].to_numpy())
    told = int(leading["is_told"].sum())
    return [
        {"text": f"{leading.height - told} of {leading.height}"},
        {"text": _points(float(loss)), "tip": "Mean over the clusters tested, by their accounts"},
    ]


def _stated(found: image_tastes.Tastes) -> Sequence[Statement]:
    """The title whose best image differs most surely between taste clusters, where one does."""
    tested = found.titles.drop_nulls("q")
    if tested.is_empty():
        return ()
    first = _sorted(found).row(0, named=True)
    if first["verdict"] != "yes":
        return (Statement.unsaid(min(tested["q"].to_list())),)
    leading = image_tastes.leading(found.images).filter(pl.col(TITLE) == first[TITLE])
    return (
        Statement(
            subject=f"The best image of {first[TITLE]}",
            verb="differs between",
            size=f"{first['clusters']} taste clusters",
            interval=f"chi-squared {_chi(first)}, q {first['q']:.2g}",
            reason=f"Likeliest best: {_winners(leading)}.",
            evidence="randomised",
            probability=first["q"],
            is_sure=True,
            filters=(TITLE, first[TITLE]),
        ),
    )


def _lift(cell: dict[str, Any]) -> str:
    if cell["lift_low"] is None:
        return signed(cell["lift"])
    return f"{signed(cell['lift'])} ({signed(cell['lift_low'])} to {signed(cell['lift_high'])})"


def _points(loss: float | None) -> str:
    return written.NOTHING if loss is None else f"{100 * loss:.2f} pt"


_UNKNOWN = empty(
    "not_defined",
    "No taste is known of those who saw an image.",
    "It is known from the month after an account has watched five hours.",
)
