"""Packaging tests: the split first, which blocks a test, then the arm that readers clicked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.rankers import scope
from queries.analyses import packaging
from queries.estimators.sample_ratio import ALARM
from queries.model import Query, Result

_LONG = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagingTests:
    """All weeks of the archive: tests of the largest lift whose split is right."""

    rows: int = 15
    place: Place = field(default_factory=lambda: Place(span=12, height=420, dataset="packaging"))
    metrics: tuple[str, ...] = ("click_rate", "impressions", "clicks")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (packaging.question(replace(scope(context), period=None)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        return (replace(results[0], frame=packaging.tests(results[0].frame).arms),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = packaging.tests(results[0].frame)
        if found.arms.is_empty():
            return no_rows(context)
        told = found.arms.filter(~pl.col("is_broken"))
        best = told.filter(pl.col("best") == pl.col("best").max().over("test"))
        rows = [
            _row(row)
            for row in best.sort("best", "clicks", descending=True)
            .head(self.rows)
            .iter_rows(named=True)
        ]
        columns: list[dict[str, Any]] = [
            {"label": "Best headline of its test", "is_text": True},
            {"label": "P(best)"},
            {"label": "Click rate"},
            {"label": "Over the test’s mean"},
            {"label": "Split, p"},
            {"label": "Readers"},
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        blocked = (
            f"{written.grouped(found.broken)} of {written.grouped(found.count)} tests are blocked: "
            "their arms did not get equal "
            f"shares of readers (chi-squared, p < {ALARM}). Nothing is said of them."
        )
        certain = (
            "Intervals of 95 % and P(best) take readers as independent: the archive has totals "
            "only. P(best) is itself what is known, and has no interval. Winners are shown, and a "
            "winner is partly lucky: expect less of it when it is used."
        )
        notes = (blocked, certain)
        return Drawing(kind="table", content={"tables": [table]}, notes=notes)


def _row(row: dict[str, Any]) -> list[dict[str, Any]]:
    headline = str(row["headline"] or "(no headline)")
    short = headline if len(headline) <= _LONG else f"{headline[:_LONG].rstrip()}…"
    return [
        {"text": short, "tip": headline},
        {"text": written.chance(row["best"])},
        {
            "text": f"{row['rate']:.2%}",
            "lines": [{"text": f"{row['rate_low']:.2%} to {row['rate_high']:.2%}"}],
        },
        _lift(row),
        {"text": f"{row['p']:.3f}"},
        {"text": written.count(row["impressions"])},
    ]


def _lift(row: dict[str, Any]) -> dict[str, Any]:
    size, low, high = (
        written.NOTHING if row[name] is None else f"{row[name]:+.0%}".replace("-", "−")
        for name in ("lift", "lift_low", "lift_high")
    )
    return {"text": size, "lines": [{"text": f"{low} to {high}"}]}
