"""The launches that a launch is held against, the most alike first; a click leaves one out.

Likeness is how many of genre, language and origin are the same: nothing that is compared plays a
part. Whoever leaves some out by hand gives up what the interval promises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place, Tile
from portal.tiles.launch import WITHOUT, alike, left_out, shared
from queries import small_cells
from queries.analyses.cluster import EVERY_GROUP
from queries.dataset import SMALL
from queries.model import Query, Result

_TRAITS = ("genre", "original_language", "origin_country")
_VIEWS = "views"
_ROWS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchComparables:
    """Launches whose 28 days are over, by what they have in common with the one that is open."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320, dataset="launches"))
    metrics: tuple[str, ...] = (_VIEWS,)
    plays: Context | None = None

    def within(
        self,
        tiles: Sequence[Tile],  # noqa: ARG002  # one protocol
        filters: Sequence[str],  # noqa: ARG002
        contexts: Mapping[str, Context],
    ) -> "LaunchComparables":
        """The same tile, knowing where a title is known whose 28 days are not over."""
        return replace(self, plays=contexts.get("playback"))

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Every launch by what is known of it, with its views; and what the open one is."""
        shared(context)
        known = [n for n in _TRAITS if context.dataset.has_dimension(n)]
        asked = context.without("title").question(
            (_VIEWS,), by=("title_id", "title", "kind", *known)
        )
        plain = replace(asked, period=None, compare=None, interval=False, with_total=False)
        every = replace(plain, limit=EVERY_GROUP)
        if self.plays is None:
            return (every,)
        named = [n for n in _TRAITS if self.plays.dataset.has_dimension(n)]
        own = self.plays.question(("plays",), by=("title", "kind", *named))
        own = replace(own, period=None, compare=None, interval=False, with_total=False)
        return (every, own)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The launches of the list, and whether each counts."""
        frame = _listed(results, context)
        return (replace(results[0], frame=results[0].frame.clear() if frame is None else frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if results[0].frame.is_empty():
            return no_rows(context)
        frame = _listed(results, context)
        if frame is None:
            return no_rows(context)
        metric = context.metric(_VIEWS)
        columns: list[dict[str, Any]] = [
            {"label": "Launch", "is_text": True},
            {"label": "Counts"},
            {"label": "In common", "is_text": True, "is_wide": True},
            {"label": metric.label},
        ]
        shown = frame.head(_ROWS)
        rows = [_row(row, metric, context) for row in shown.to_dicts()]
        counted = frame.filter(~pl.col("is_out")).height
        said = (
            f"{counted} {alike(context)}. A click on a name leaves it out of the fan and of the "
            "projection, or takes it back; of launches chosen by hand an interval promises nothing."
        )
        table = {"columns": columns, "rows": rows, "more": max(frame.height - _ROWS, 0)}
        content = {"tables": [table]}
        notes = (said, *small_cells.said(shown))
        return Drawing(kind="table", content=content, notes=notes, shows=0)


def _listed(results: Sequence[Result], context: Context) -> pl.DataFrame | None:
    """Those left out first, then the most alike; None where nothing is known of the open title."""
    frame, chosen = results[0].frame, context.view.values("title")
    own = results[-1].frame.filter(pl.col("title").is_in(chosen))
    if own.is_empty():
        return None
    others = frame.filter(~pl.col("title").is_in(chosen))
    by = shared(context)
    if by:
        others = others.join(own.select(by).unique(), on=by, how="semi", nulls_equal=True)
    first = own.row(0, named=True)
    traits = [t for t in _TRAITS if t in frame.columns and first.get(t) is not None]
    same = [pl.when(pl.col(t) == first[t]).then(pl.lit(_label(t, context))) for t in traits]
    return others.with_columns(
        is_out=pl.col("title_id").is_in(left_out(context)),
        common=pl.concat_list(same).list.drop_nulls() if same else pl.lit([], pl.List(pl.String)),
    ).sort("is_out", pl.col("common").list.len(), "title", descending=[True, True, False])


def _label(trait: str, context: Context) -> str:
    return written.lowered(context.dataset.dimension(trait).label)


def _row(row: dict[str, Any], metric: Any, context: Context) -> list[dict[str, Any]]:  # noqa: ANN401
    out = set(left_out(context)) ^ {int(row["title_id"])}
    state, tone, about = (
        ("left out", "flat", "Take it back") if row["is_out"] else ("yes", "good", "Leave it out")
    )
    return [
        {
            "text": row["title"],
            "set": {WITHOUT: ",".join(map(str, sorted(out)))},
            "about": about,
        },
        {"text": state, "tone": tone},
        {"text": ", ".join(row["common"]) or "nothing but the kind"},
        {"text": written.number(row[_VIEWS], metric), "few": row.get(SMALL) is not None},
    ]
