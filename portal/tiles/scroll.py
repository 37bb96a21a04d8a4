"""How far down the page visits get: of all of them, the share that sees each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.rankers import scope
from queries.analyses import survival
from queries.model import Query, Result

MOST_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollDepth:
    """Share of visits that see a row, with its interval; every visit sees the first."""

    place: Place = field(default_factory=lambda: Place(span=6, height=300, dataset="visits"))
    metrics: tuple[str, ...] = ("scroll_depth", "rows_seen")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (survival.scroll_question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn, not the counts it was made from."""
        return (replace(results[0], frame=reached(results[0].frame)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = reached(results[0].frame).head(MOST_ROWS)
        if frame.is_empty():
            return no_rows(context)
        shares = frame["share"].to_list()
        bars: Trace = {
            "type": "bar",
            "x": frame["row"].to_list(),
            "y": [round(v, 5) for v in shares],
            "marker": {"color": "@accent"},
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": _distance(frame["high"], frame["share"]),
                "arrayminus": _distance(frame["share"], frame["low"]),
                "color": "@muted",
                "thickness": 1,
                "width": 2,
            },
            "hovertemplate": "Row %{x}: <b>%{y:.1%}</b> of visits see it<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"dtick": 1, "title": {"text": "Row of the home page"}},
            "yaxis": {"tickformat": ",.0%", "range": [0, 1]},
            "bargap": 0.35,
        }
        deep = next((r for r, s in zip(frame["row"], shares, strict=True) if s < 1 / 2), None)
        note = f"Fewer than half of the visits see row {deep}." if deep else ""
        return figure([bars], layout, notes=(note,) if note else ())


def reached(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns row, share, low, high: of all visits, those that see the row or a lower one."""
    curve = survival.scroll(frame)
    if not len(curve.time):
        return pl.DataFrame(schema={"row": pl.Int64, "share": pl.Float64})
    deepest = int(curve.time[-1])
    rows = pl.DataFrame({"row": range(2, deepest + 1)}, schema={"row": pl.Int64})
    passed = curve.frame.select(
        pl.col("time").cast(pl.Int64), pl.col("survival").alias("share"), "low", "high"
    )
    # Who sees a row has passed the one above it; a row where nobody stops is as the one above.
    lower = rows.with_columns(time=pl.col("row") - 1).join_asof(passed, on="time").drop("time")
    first = pl.DataFrame({"row": [1], "share": [1.0], "low": [1.0], "high": [1.0]})
    known = lower.with_columns(pl.col("share", "low", "high").fill_null(1.0))
    return pl.concat([first, known])


def _distance(higher: pl.Series, lower: pl.Series) -> list[float]:
    return [0.0 if v is None else round(v, 5) for v in (higher - lower).fill_nan(0)]
