"""Ladder: of those who finish an episode, the share that plays the next within 28 days."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from queries.condition import Filter, conjunction
from queries.model import Query, Result

_METRIC = "continuation_rate"
_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The title's episodes with intervals, and the same episodes of all other titles."""

    place: Place = field(default_factory=lambda: Place(span=4, height=340, dataset="episodes"))
    metrics: tuple[str, ...] = (_METRIC,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        whole = context.without("episode")
        own = replace(whole.question(self.metrics, by=("episode",)), compare=None)
        chosen = context.view.values("title")
        everyone = context.without("episode", "title").question(self.metrics, by=("episode",))
        apart = Filter(context.dataset.dimension("title"), "not in", chosen) if chosen else None
        others = replace(everyone, where=conjunction(everyone.where, apart), compare=None)
        return (own, others) if chosen else (own,)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The title beside the others."""
        frame = results[0].frame
        if len(results) > 1:
            others = results[1].frame.select("episode", comparables=_METRIC)
            frame = frame.join(others, on="episode", how="left", maintain_order="left")
        return (replace(results[0], frame=frame.sort("episode")),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        own = _known(results[0].frame)
        if own.is_empty():
            return no_rows(context)
        traces = [_bars(own)]
        if len(results) > 1:
            others = _known(results[1].frame).join(own.select("episode"), on="episode", how="semi")
            traces.append(_marks(others))
        layout: Layout = {
            "xaxis": {"title": {"text": "Finished episode"}, "dtick": 1},
            "yaxis": {"tickformat": ",.0%", "range": [0, 1]},
            "showlegend": len(results) > 1,
            "bargap": 0.4,
        }
        notes = ("Episodes finished at least 28 days ago; the last has no next one.",)
        return figure(traces, layout, filters="episode", notes=notes)


def _bars(own: pl.DataFrame) -> Trace:
    low, high = (
        (own[_METRIC] - own[f"{_METRIC}__{end}"].fill_null(own[_METRIC])).abs().to_list()
        for end in ("low", "high")
    )
    return {
        "type": "bar",
        "name": "This title",
        "x": own["episode"].to_list(),
        "y": own[_METRIC].to_list(),
        "marker": {"color": "@accent"},
        "customdata": [[int(e)] for e in own["episode"]],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": high,
            "arrayminus": low,
            "color": "@muted",
            "thickness": 1,
            "width": 2,
        },
        "hovertemplate": "After episode %{x}: <b>%{y:.1%}</b> go on<extra></extra>",
    }


def _marks(others: pl.DataFrame) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Comparables",
        "x": others["episode"].to_list(),
        "y": others[_METRIC].to_list(),
        "marker": {"symbol": "line-ew-open", "size": 16, "color": "@ink"},
        "hovertemplate": "Comparables: <b>%{y:.1%}</b><extra></extra>",
    }


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    return (
        frame.drop_nulls(["episode", _METRIC])
        .filter(pl.col(f"{_METRIC}__n") >= _FEWEST)
        .sort("episode")
    )
