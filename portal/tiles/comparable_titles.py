"""Comparable titles: those most like the open one, why, how early they are left; a click opens one.

Likeness knows nothing of what is compared: it is by size, kind, genre, language and whether it is
ours (Gower 1971, as for peers). Titles of fewer than 200 accounts are nobody's comparable.
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
from portal.tiles.episodes import SCENE
from queries import small_cells
from queries.analyses import peer_group
from queries.analyses.cluster import EVERY_GROUP
from queries.analyses.peer_group import Group, Peer
from queries.condition import Dimension, Filter, conjunction
from queries.dataset import SMALL
from queries.model import Query, Result

_TRAITS = ("kind", "genre", "original_language", "is_original")
_SIZE, _LEFT = "plays", "early_drop_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparableTitles:
    """The open title first, then at most twelve, the most alike first."""

    place: Place = field(default_factory=lambda: Place(span=12, height=400))
    metrics: tuple[str, ...] = (_LEFT, _SIZE)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """How much every title is played, and its traits."""
        names = ("title", *(t for t in _TRAITS if context.dataset.has_dimension(t)))
        asked = context.without("title", "episode").question((_SIZE,), by=names)
        plain = replace(asked, compare=None, interval=False, with_total=False)
        return (replace(plain, limit=EVERY_GROUP),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        """How early the title and its comparables are left."""
        own, found = _found(results[0].frame, context)
        if own is None or not found:
            return ()
        asked = context.without("title", "episode").question((_LEFT,), by=("title",))
        values = (own.value, *(peer.value for peer in found))
        kept = Filter(context.dataset.dimension("title"), "in", values)
        where = conjunction(asked.where, kept)
        return (replace(asked, where=where, compare=None, with_total=False),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The title, then its comparables by likeness, with the reasons."""
        rows = _rows(results, context)
        frame = pl.DataFrame(rows, infer_schema_length=None) if rows else results[0].frame.clear()
        return (replace(results[-1], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if len(context.view.values("title")) != 1:
            return empty("nothing", "More than one title is open.", "Choose one title.")
        rows = _rows(results, context)
        if not rows:
            return no_rows(context)
        left, size = context.metric(_LEFT), context.metric(_SIZE)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Alike"},
            {"label": "Why", "is_text": True, "is_wide": True},
            {"label": size.label},
            {"label": left.label},
            {"label": "95 %"},
        ]
        cells = [
            [
                _name(row),
                {"text": f"{row['likeness']:.0%}" if row["reasons"] else "–"},
                {"text": row["reasons"] or "the open title"},
                {"text": written.number(row[_SIZE], size)},
                {"text": written.number(row.get(_LEFT), left), "few": written.is_few(row)},
                {"text": written.interval(row, left) or written.NOTHING},
            ]
            for row in rows
        ]
        how = (
            "Alike: the mean over plays on a scale of logarithms, kind, genre, language and "
            "whether it is ours; 100% is the same in all. Choose a title to look inside it."
        )
        notes = (how, *small_cells.said(pl.DataFrame(rows, infer_schema_length=None)))
        table = {"columns": columns, "rows": cells, "more": 0}
        content = {"tables": [table]}
        return Drawing(kind="table", content=content, notes=notes, shows=0)


def _name(row: dict[str, Any]) -> dict[str, Any]:
    if not row["reasons"]:
        return {"text": row["title"]}
    opened = {"title": row["title"], "episode": None, SCENE: None}
    return {"text": row["title"], "set": opened, "about": f"Look inside {row['title']}"}


def _rows(results: Sequence[Result], context: Context) -> list[dict[str, Any]]:
    own, found = _found(results[0].frame, context)
    if own is None or len(results) == 1:
        return []
    measured = {row["title"]: row for row in results[1].frame.to_dicts()}
    about = [(own.value, own.size, 1.0, ())]
    sizes = {g.value: g.size for g in _groups(results[0].frame, context)}
    about += [(p.value, sizes[p.value], p.likeness, p.reasons) for p in found]
    return [
        measured.get(title, {})
        | {"title": title, _SIZE: plays, "likeness": likeness, "reasons": ", ".join(why)}
        for title, plays, likeness, why in about
    ]


def _found(frame: pl.DataFrame, context: Context) -> tuple[Group | None, list[Peer]]:
    """The open title and those most like it; none where it is withheld or not one."""
    chosen = context.view.values("title")
    groups = _groups(frame, context)
    own = next((g for g in groups if (g.value,) == chosen), None)
    if own is None:
        return None, []
    if SMALL in frame.columns:
        few = set(frame.filter(pl.col(SMALL).is_not_null())["title"].to_list())
        groups = [g for g in groups if g.value not in few]
    return own, peer_group.peers(own, groups)


def _groups(frame: pl.DataFrame, context: Context) -> list[Group]:
    traits = [context.dataset.dimension(t) for t in _TRAITS if t in frame.columns]
    return [
        Group(
            row["title"],
            float(row[_SIZE]),
            {t.name: _said(row[t.name], t) for t in traits if row[t.name] is not None},
        )
        for row in frame.drop_nulls(["title", _SIZE]).iter_rows(named=True)
    ]


def _said(value: Any, trait: Dimension) -> str:  # noqa: ANN401  # any trait's
    if isinstance(value, bool):
        return "made by us" if value else "licensed"
    return written.value_label(value, trait)
