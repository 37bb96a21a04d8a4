"""What the hours of each group are made of: the largest groups, cut by a second dimension.

Shares and their intervals, as those of any proportion, come from one question by clusters of
accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from portal.components import format as written
from portal.components.problem import few_accounts, no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.heat import FEWEST_ROWS, Heat, heat, looking_through
from portal.tiles.rankers import scope
from queries.analyses.cluster import cells, counted_by, is_present, left_out, occupied
from queries.condition import Dimension
from queries.interval import margin, proportion_bounds
from queries.measure import rests_on
from queries.model import Query, Result
from queries.small_cells import FEWEST_SHOWN, is_withheld

_UTC = {"hour": "utc_hour"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A bar a group, cut by the share that each value of `of` has of its hours."""

    by: str
    of: str
    most: int = 12
    place: Place = field(default_factory=lambda: Place(span=6, height=360))
    metrics: tuple[str, ...] = ("hours_viewed", "plays")

    def questions(self, context: Context) -> tuple[Query, ...]:
        keys = self.keys(context)
        every = looking_through(context, [context.dataset.dimension(name) for name in keys])
        return (counted_by(scope(every), self.metrics, keys),)

    def keys(self, context: Context) -> tuple[str, str]:
        """The two dimensions; with `clock=utc` hours are those of UTC."""
        return (self.by, _UTC.get(self.of, self.of) if context.view.clock == "utc" else self.of)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a group and value, with its share and how that compares with all groups."""
        return (replace(results[0], frame=self._told(results[0].frame, context)),)

    def _told(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Columns group, value, n, and share and index with low and high; the largest groups."""
        by, of = self.keys(context)
        known = frame.drop_nulls([by, of])
        if known.is_empty():
            return pl.DataFrame()
        sizes = known.group_by(by).agg(pl.col("hours_viewed").sum().alias("all"))
        sizes = sizes.filter(pl.col("all") > 0)
        largest = sizes.sort("all", by, descending=[True, False]).head(self.most)[by].to_list()
        return shares(known, (by, of), largest) if largest else pl.DataFrame()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        by, of = (context.dataset.dimension(name) for name in self.keys(context))
        frame = self._told(results[0].frame, context)
        if (why := untold(frame, context)) is not None:
            return why
        groups = frame["group"].unique(maintain_order=True).to_list()[::-1]
        values = _ordered(frame["value"].unique().to_list(), of)
        traces = [
            _bars(frame.filter(pl.col("value") == value), (value, of), groups, (by, colour))
            for value, colour in zip(values, SERIES, strict=False)
        ]
        layout: Layout = {
            "barmode": "stack",
            "xaxis": {
                "tickformat": ",.0%",
                "range": [0, 1],
                "dtick": 0.25,
                "title": {"text": "Share of hours"},
            },
            "yaxis": {"type": "category", "dtick": 1, "automargin": True, "showgrid": False},
            "showlegend": True,
            "hovermode": "closest",
            "bargap": 0.25,
        }
        return figure(traces, layout, filters=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixIndex(Mix):
    """A cell a group and value: the share it has there, over the share it has in all together."""

    place: Place = field(default_factory=lambda: Place(span=12, height=380))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        keys = self.keys(context)
        by, of = (context.dataset.dimension(name) for name in keys)
        told = self._told(results[0].frame, context)
        if (why := untold(told, context)) is not None:
            return why
        frame = told.drop_nulls("index")
        found = {(row["group"], row["value"]): _cell(row) for row in frame.iter_rows(named=True)}
        order = tuple(str(g) for g in frame["group"].unique(maintain_order=True))
        drawn = Heat(metric=self.metrics[0], rows=by.name, columns=of.name, with_text=True)
        notes = (
            "1: as much of its hours as in all of them together. The largest first.",
            "Hatched: under 200 plays.",
        )
        return heat(found, (replace(by, values_order=order), of), drawn, notes, "× all together")


def untold(told: pl.DataFrame, context: Context) -> Drawing | None:
    """Why there is no share to draw: nothing was watched, or only by too few accounts."""
    if told.is_empty():
        return no_rows(context)
    return few_accounts() if told["share"].is_null().all() else None


def shares(known: pl.DataFrame, keys: tuple[str, str], largest: Sequence[Any]) -> pl.DataFrame:
    """Columns group, value, n, and share and index with low and high, of the largest groups.

    The index is the share of a value in a group over its share in all of them. What fewer than ten
    clusters of accounts watched is withheld, with the smallest other where it would stand alone.
    """
    by, of = keys
    found, hours = cells(known, keys, "hours_viewed")
    _, plays = cells(known, keys, "plays")
    people = occupied(known, keys, "plays")
    values = found[of].unique().to_list()
    place = {value: i for i, value in enumerate(values)}
    every = np.zeros((len(values), hours.shape[1]))
    np.add.at(every, [place[v] for v in found[of].to_list()], hours)
    rows: list[pl.DataFrame] = []
    for group in largest:
        at = (found[by] == group).to_numpy()
        own, which = hours[at], [place[v] for v in found[of].filter(pl.Series(at)).to_list()]
        usual, usual_without = every / every.sum(), left_out(every, is_present(every))
        share, without = own.sum(axis=1) / own.sum(), left_out(own, is_present(every))
        with np.errstate(all="ignore"):
            parts = without / without.sum(axis=0)
            index = share / usual.sum(axis=1)[which]
            indices = parts / (usual_without / usual_without.sum(axis=0))[which]
            whole = np.broadcast_to(own.sum(axis=0), own.shape)
            base = rests_on(own, whole, np.full(len(own), plays[at].sum()))
            ends = proportion_bounds(share, margin(parts, base.inhabited), base)
            wide_index = margin(indices, base.inhabited)
        gone = is_withheld(people[at], FEWEST_SHOWN)
        if gone.sum() == 1 and not gone.all():
            # Shares add up to one, so a single one that is missing would be known.
            gone = gone | (own.sum(axis=1) == own[~gone].sum(axis=1).min())
        numbers = {
            "share": share, "low": ends.low, "high": ends.high,
            "index": index, "index_low": np.maximum(index - wide_index, 0),
            "index_high": index + wide_index, "n": plays[at].sum(axis=1),
        }  # fmt: skip
        told = pl.DataFrame(
            {n: pl.Series(np.where(gone, np.nan, v), nan_to_null=True) for n, v in numbers.items()}
        )
        named = pl.DataFrame({"group": [group] * len(which), "value": [values[i] for i in which]})
        rows.append(pl.concat([named, told], how="horizontal"))
    return pl.concat(rows)


def _ordered(values: list[Any], dimension: Dimension) -> list[Any]:
    order = {value: i for i, value in enumerate(dimension.values_order)}
    return sorted(values, key=lambda v: (order.get(str(v), len(order)), str(v)))


def _bars(
    frame: pl.DataFrame, of: tuple[Any, Dimension], groups: list[Any], by: tuple[Dimension, str]
) -> Trace:
    shown = {row["group"]: row for row in frame.drop_nulls("share").iter_rows(named=True)}
    label = written.value_label(*of)
    rows = [shown[g] for g in groups if g in shown]
    return {
        "type": "bar",
        "orientation": "h",
        "name": label,
        "y": [written.value_label(r["group"], by[0]) for r in rows],
        "x": [float(f"{r['share']:.5g}") for r in rows],
        "marker": {"color": f"{by[1]}/0.8"},
        "customdata": [
            [r["group"], f"95 % {r['low']:.1%} to {r['high']:.1%}"
             if r["low"] is not None else "too few for an interval"]
            for r in rows
        ],
        "hovertemplate": f"%{{y}}, {label}: <b>%{{x:.1%}}</b><br>%{{customdata[1]}}<extra></extra>",
    }  # fmt: skip


def _cell(row: dict[str, Any]) -> dict[str, Any]:
    low, high = row["index_low"], row["index_high"]
    return {
        "value": row["index"],
        "text": f"{row['index']:.2f}",
        "exact": f"{row['index']:.2f}× its share in all together; {row['share']:.1%} of the hours",
        "interval": "" if low is None else f"{low:.2f} to {high:.2f}",
        "n": written.count(row["n"]),
        "few": row["n"] < FEWEST_ROWS,
    }
