"""Lateness: the share of a period's events that had arrived so many hours after they happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import figure, rounded
from queries.model import Query, Result

_MARKS = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """A curve without an interval: every row that arrived is counted.

    The dataset names the whole hours until arrival in its dimension `by`.
    """

    by: str = "arrival_hours"
    metrics: tuple[str, ...] = ("rows",)
    place: Place = field(default_factory=lambda: Place(span=6, height=260))

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = context.question(self.metrics, by=(self.by,))
        return (replace(asked, compare=None, interval=False, with_total=False),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn: hours, rows and the share that had arrived by then."""
        (result,) = results
        return (replace(result, frame=self._arrived(result.frame)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = self._arrived(results[0].frame)
        if frame.is_empty():
            return no_rows(context)
        hours, share = frame["hours"], frame["arrived"]
        last = float(hours.filter(share >= _MARKS[-1]).min()) * 1.5  # type: ignore[arg-type]
        said = ", ".join(
            f"{mark:.0%} within {float(hours.filter(share >= mark).min()):.0f} h"  # type: ignore[arg-type]
            for mark in _MARKS
        )
        traces = [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0.0, *rounded(hours)],
                "y": [0.0, *rounded(share)],
                "line": {"color": "@accent", "width": 2.25, "shape": "linear"},
                "hovertemplate": "<b>%{y:.1%}</b> had arrived after %{x:.0f} h<extra></extra>",
            }
        ]
        layout = {
            "xaxis": {
                "title": {"text": "Hours after the event"},
                "range": [0, max(24.0, last)],
                "dtick": 12 if last < 100 else None,  # noqa: PLR2004  # half days, while they fit
            },
            "yaxis": {"tickformat": ",.0%", "range": [0, 1.02], "title": {"text": "Arrived"}},
            "hovermode": "closest",
        }
        return figure(
            traces, layout, says=f"{said}.", notes=("Every row is counted: no interval.",)
        )

    def _arrived(self, frame: pl.DataFrame) -> pl.DataFrame:
        known = (
            frame.select(pl.col(self.by).alias("hours"), pl.col("rows")).drop_nulls().sort("hours")
        )
        share = pl.col("rows").cum_sum() / pl.col("rows").sum()
        return known.with_columns((pl.col("hours") + 1).alias("hours"), share.alias("arrived"))
