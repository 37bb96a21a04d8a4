"""Timeline: where in an episode viewers pause, go back, watch twice and skip."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.episodes import SCENE, scene_of
from portal.tiles.figure import Layout, Trace, figure, rounded, runtime_axis
from portal.tiles.rankers import scope
from queries.analyses.cluster import cells, counted_by, is_present, left_out, occupied
from queries.interval import margin
from queries.model import Query, Result
from queries.small_cells import FEWEST_SHOWN, is_withheld

_KINDS = ("pause", "rewind", "rewatch", "ffwd")
_LABELS = {"ffwd": "Fast-forward"}
_WIDTHS = (2, 4, 8, 16)
_LAST = 96
_END = pl.col("position") + pl.col("width")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A panel a kind: share of the kind's interactions by two per cent of the runtime.

    Where few interact the cuts are wider, until no cut has to be withheld. The line that an even
    spread would give is dotted; bands are clustered by account. A drag marks a scene.
    """

    place: Place = field(default_factory=lambda: Place(span=12, height=380, dataset="interactions"))
    metrics: tuple[str, ...] = ("interactions",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (counted_by(scope(context), self.metrics, ("interaction", "position")),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """What is drawn: shares by kind and position."""
        return (replace(results[0], frame=_shares(results[0].frame)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame = _shares(results[0].frame)
        if frame.is_empty():
            return no_rows(context)
        dimension = context.dataset.dimension("interaction")
        traces: list[Trace] = []
        notes: list[str] = []
        layout: Layout = {
            "showlegend": False,
            "grid": {"rows": 2, "columns": 2, "pattern": "independent", "ygap": 0.36, "xgap": 0.1},
            "margin": {"t": 28},
        }
        titles: list[Layout] = []
        for number, (kind, colour) in enumerate(zip(_KINDS, SERIES, strict=False), start=1):
            part = frame.filter(pl.col("interaction") == kind)
            label = _LABELS.get(kind) or written.value_label(kind, dimension)
            axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
            traces += [trace | axes for trace in _panel(part, label, colour)]
            suffix = "" if number == 1 else str(number)
            layout[f"xaxis{suffix}"] = runtime_axis()
            layout[f"yaxis{suffix}"] = {
                "tickformat": ",.0%", "rangemode": "tozero", "nticks": 4, "fixedrange": True,
            }  # fmt: skip
            titles.append(_title(label, number, part))
            notes += _peak(part, label)
        layout["annotations"] = titles
        layout["shapes"] = _marked(scene_of(context))
        notes.append(
            "Share of the interactions of the kind, by 2% of the runtime where its title says no "
            "other; dotted: even."
        )
        return figure(traces, layout, notes=notes, option=SCENE)


def _shares(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns interaction, position, width, interactions, share, low, high, of every position.

    The narrowest cuts of which none is withheld, or the widest.
    """
    known = frame.drop_nulls(["interaction", "position"]).filter(
        pl.col("interaction").is_in(_KINDS) & (pl.col("position") < _LAST)
    )
    parts: list[pl.DataFrame] = []
    for kind in _KINDS:
        part = known.filter(pl.col("interaction") == kind)
        if part.is_empty():
            continue
        spreads = (_spread(part, width) for width in _WIDTHS)
        whole = next((s for s in spreads if not s["interactions"].null_count()), None)
        found = _spread(part, _WIDTHS[-1]) if whole is None else whole
        parts.append(found.with_columns(interaction=pl.lit(kind)))
    return pl.concat(parts) if parts else pl.DataFrame()


def _spread(part: pl.DataFrame, width: int) -> pl.DataFrame:
    """Shares of one kind by position, with the jackknife over clusters of accounts.

    Positions of fewer than ten clusters, which are as many accounts or more, are withheld.
    """
    at = pl.col("position").cast(pl.Int64) // width
    part = part.with_columns(at.alias("position"))
    groups, laid_out = cells(part, ["position"], "interactions")
    counts = np.zeros((_LAST // width, laid_out.shape[1]))
    counts[groups["position"].to_numpy()] = laid_out
    share = counts.sum(axis=1) / counts.sum()
    without = left_out(counts, is_present(counts))
    with np.errstate(all="ignore"):
        wide = margin(without / without.sum(axis=0))
    columns = {"share": share, "low": np.maximum(share - wide, 0), "high": share + wide}
    told = pl.DataFrame(
        {
            "position": range(0, _LAST, width),
            "width": [width] * (_LAST // width),
            "interactions": counts.sum(axis=1).astype(np.int64),
            **{n: pl.Series(v, nan_to_null=True) for n, v in columns.items()},
        }
    )
    if counts.shape[1] == 1:
        return told
    people = np.zeros(len(counts))
    people[groups["position"].to_numpy()] = occupied(part, ["position"], "interactions")
    gone = pl.Series(is_withheld(people, FEWEST_SHOWN))
    numbers = pl.col("interactions", *columns)
    return told.with_columns(pl.when(~gone).then(numbers))


def _panel(part: pl.DataFrame, label: str, colour: str) -> list[Trace]:
    at = (part["position"] + part["width"] / 2).to_list()
    even = _even(part)
    plain: Trace = {"type": "scatter", "mode": "lines", "x": at, "hoverinfo": "skip"}
    return [
        plain | {"y": rounded(part["low"]), "line": {"width": 0}},
        plain
        | {
            "y": rounded(part["high"]),
            "line": {"width": 0},
            "fill": "tonexty",
            "fillcolor": f"{colour}/0.16",
        },
        plain | {"y": [even] * len(at), "line": {"color": "@before", "dash": "dot", "width": 1}},
        {
            "type": "scatter",
            "mode": "lines",
            "x": at,
            "y": rounded(part["share"]),
            "line": {"color": colour, "width": 2},
            "customdata": part.select("interactions", "position", end=_END).rows(),
            "hovertemplate": f"{label}, %{{customdata[1]}} to %{{customdata[2]}}%: "
            "<b>%{y:.1%}</b> (%{customdata[0]})"
            "<extra></extra>",
        },
    ]


def _marked(scene: tuple[int, int] | None) -> list[Layout]:
    """The scene of the view in every panel."""
    if scene is None:
        return []
    return [
        {
            "type": "rect", "x0": scene[0], "x1": scene[1], "y0": 0, "y1": 1, "layer": "below",
            "xref": f"x{number}", "yref": f"y{number} domain",
            "fillcolor": "@accent/0.1", "line": {"width": 0},
        }
        for number in range(1, len(_KINDS) + 1)
    ]  # fmt: skip


def _even(part: pl.DataFrame) -> float:
    """The share of one cut where all of them have the same."""
    return 1 / part.height if part.height else 0.0


def _title(label: str, number: int, part: pl.DataFrame) -> Layout:
    width = part["width"].max() if part.height else _WIDTHS[0]
    cuts = "" if width == _WIDTHS[0] else f", by {width}%"
    return {
        "text": f"{label}{cuts}, n {written.count(int(part['interactions'].sum()))}",
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": "@ink-soft"},
    }


def _peak(part: pl.DataFrame, label: str) -> list[str]:
    """A place that is surely above an even spread by half, in words."""
    even = _even(part)
    high = part.filter(pl.col("low") > 1.5 * even).sort("share", descending=True)
    if high.is_empty():
        return []
    first = high.row(0, named=True)
    return [
        (
            f"{label}: most from {first['position']}% to {first['position'] + first['width']}%, "
            f"{first['share'] / even:.1f} times an even spread."
        )
    ]
