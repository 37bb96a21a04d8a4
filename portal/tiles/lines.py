"""Lines: a metric over time, one line for each of the largest values of a dimension.

As shares, the lines become a stack that fills the whole: the rest of the values is kept in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.theme import SERIES
from portal.tiles.figure import Trace, figure, rounded, value_axis
from portal.tiles.trend import time_axis
from queries.condition import Dimension
from queries.dataset import Metric
from queries.model import Query, Result

_MOST = len(SERIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """`shares` needs an additive metric; others are drawn as they are, never stacked."""

    metric: str
    by: str
    shares: bool = False
    place: Place = field(default_factory=lambda: Place(span=6, height=280))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        question = context.question(self.metrics, by=(context.time, self.by))
        return (replace(question, compare=None, interval=False, with_total=False),)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The values that have a line of their own."""
        (result,) = results
        metric, dimension = context.metric(self.metric), context.dataset.dimension(self.by)
        most = largest(result.frame, metric, dimension)
        values = pl.DataFrame({self.by: most}, schema={self.by: result.frame.schema[self.by]})
        drawn = result.frame.join(
            values, on=self.by, how="semi", nulls_equal=True, maintain_order="left"
        )
        return (replace(result, frame=drawn),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric, dimension = context.metric(self.metric), context.dataset.dimension(self.by)
        frame = result.frame.drop_nulls([context.time.name, metric.name])
        if "incomplete" in frame.columns and not frame["incomplete"].all():
            frame = frame.filter(~pl.col("incomplete"))
        if frame.is_empty():
            return no_values(result, metric, context)
        values = largest(frame, metric, dimension)
        is_stack = self.shares and metric.kind == "additive"
        parts = _stacked(frame, values, metric, context) if is_stack else frame
        traces = [
            _trace(parts.filter(pl.col(self.by).eq_missing(value)), (metric, dimension), context)
            | ({"stackgroup": "all", "fillcolor": f"{colour}/0.75"} if is_stack else {})
            | {"line": {"color": colour, "width": 0.5 if is_stack else 2}}
            for value, colour in zip(values, SERIES, strict=False)
        ]
        axis = {"tickformat": ",.0%", "range": [0, 1]} if is_stack else value_axis(metric)
        layout = {"xaxis": time_axis(context, frame), "yaxis": axis, "showlegend": True}
        return figure(traces, layout, brush=True, filters=self.by, grain=context.grain)


def largest(frame: pl.DataFrame, metric: Metric, dimension: Dimension) -> list[Any]:
    """The values with most rows, of as many by the metric: a colour stays with its value."""
    by = dimension.name
    rows, size = pl.col(f"{metric.name}__n").sum(), pl.col(metric.name).sum()
    sizes = frame.group_by(by).agg(n=rows, size=size).sort(by, nulls_last=True)
    ordered = sizes.sort("n", "size", descending=True, maintain_order=True)
    found = ordered[by].to_list()[:_MOST]
    order = {value: i for i, value in enumerate(dimension.values_order)}
    return sorted(found, key=lambda v: order.get(str(v), len(order))) if order else found


def _stacked(
    frame: pl.DataFrame, values: list[Any], metric: Metric, context: Context
) -> pl.DataFrame:
    """Shares of each bucket's whole; a value without rows in a bucket has none of it."""
    time, name = context.time.name, metric.name
    by = frame.columns[1] if frame.columns[0] == time else frame.columns[0]
    whole = frame.group_by(time).agg(pl.col(name).sum().alias("__whole"))
    grid = frame.select(time).unique().join(pl.DataFrame({by: values}), how="cross")
    return (
        grid.join(frame.select(time, by, name), on=[time, by], how="left", nulls_equal=True)
        .join(whole, on=time)
        .with_columns((pl.col(name).fill_null(0) / pl.col("__whole")).alias(name))
        .sort(time)
    )


def _trace(frame: pl.DataFrame, keys: tuple[Metric, Dimension], context: Context) -> Trace:
    metric, dimension = keys
    ordered = frame.sort(context.time.name)
    value = ordered[dimension.name][0] if ordered.height else None
    return {
        "type": "scatter",
        "mode": "lines" if ordered.height > 1 else "lines+markers",
        "name": written.value_label(value, dimension),
        "x": [str(d) for d in ordered[context.time.name]],
        "y": rounded(ordered[metric.name]),
        "customdata": [[value]] * ordered.height,
        "hovertemplate": "%{fullData.name}: %{y}<extra></extra>",
    }
