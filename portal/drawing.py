"""What a tile hands to the browser: plain JSON, drawn by assets/draw-*.js.

Numbers arrive as text, formatted once, here in the server. Colours are named by token (`@accent`)
and given their value in the browser, so that a drawing fits the light and the dark scheme.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from queries.dataset import Clock

Kind = Literal[
    "number", "ranking", "figure", "heat", "map", "table", "scores", "empty",
    "chooser", "metric", "leaders", "others", "sheet", "pivot", "rows", "nothing",
    "catalog", "reasons", "parts", "findings", "verdict", "options", "inputs",
    "gallery", "frozen", "flows", "sparklines",
]  # fmt: skip
Reason = Literal[
    "no_rows", "not_loaded", "late", "not_permitted", "not_defined", "problem", "bug", "nothing"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A kind that assets/ knows how to draw, and what it needs for it.

    `notes` are said under the drawing; `filters` is the dimension that a click on a mark filters
    by. Where it `shows` the first few of its answers only, nothing is said of what the others lack.
    `seen` are the rows that it draws where its answers have more: small cells are said of these
    alone. `clock` is what its days are of, where that is not the dataset's.
    """

    kind: Kind
    content: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    filters: str = ""
    shows: int | None = None
    seen: tuple[pl.DataFrame, ...] | None = field(default=None, compare=False)
    clock: Clock | None = None


def empty(reason: Reason, message: str, hint: str = "", **content: object) -> Drawing:
    """The place of an answer that is not there, with why and what to do about it."""
    return Drawing(
        kind="empty", content={"reason": reason, "message": message, "hint": hint, **content}
    )
