"""Frozen forecasts: freeze what the page supposes, and see what became of those before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from queries.analyses.cluster import EVERY_GROUP
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenForecasts:
    """The list itself is fetched by the browser: it is of people, not of the lake."""

    place: Place = field(default_factory=lambda: Place(span=12, height=240, dataset="forecasts"))
    metrics: tuple[str, ...] = ("rows",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Productions, of which one may be named for a forecast to be checked by."""
        by = ("production_id", "production", "status", "is_known")
        asked = context.question(self.metrics, by=by)
        return (replace(asked, period=None, compare=None, interval=False, limit=EVERY_GROUP),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002  # one protocol
        frame = results[0].frame.filter(~pl.col("is_known")).sort("production", "production_id")
        productions = frame.select("production_id", "production", "status").rows()
        choices = [(str(i), f"{name} ({status})") for i, name, status in productions]
        return Drawing(kind="frozen", content={"productions": choices})
