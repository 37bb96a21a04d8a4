"""Headline: one metric, one number, how it moved, and the way there as a thin line."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_values
from portal.components.target import aimed_at, held_against
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.store.target import Target
from queries.dataset import Metric
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The whole period's value with its interval; the line behind it is cut by the view's grain.

    Without a line it asks no more than the value: where each point of it would be a scan.
    """

    metric: str
    has_line: bool = True
    place: Place = field(default_factory=lambda: Place(span=3, height=118))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """With the metric its guardrail, where something is aimed at and it may be seen."""
        metric = context.metric(self.metric)
        is_seen = metric.guardrail and metric.guardrail not in context.withheld
        guarded = (metric.guardrail,) if is_seen and _aim(metric, context) else ()
        by = (context.time,) if self.has_line else ()
        return (context.question((*self.metrics, *guarded), by=by),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric = context.metric(self.metric)
        missing = no_number(result, metric, context)
        if missing is not None:
            return missing
        total = result.total.row(0, named=True)
        return Drawing(kind="number", content=number(total, metric, context) | spark(result))

    def whole(self, query: Query) -> Query:
        """The same without the days of the line, which do not add up to it."""
        return replace(query, by=())

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The whole period first, without a day, then the buckets of the line."""
        (result,) = results
        if not self.has_line:
            return (result,)
        whole = result.total.with_columns(pl.lit(None, pl.Date).alias(context.time.name))
        frame = pl.concat([whole, result.frame], how="diagonal_relaxed")
        ordered = frame.select(*(c for c in result.frame.columns if c in frame.columns))
        return (replace(result, frame=ordered),)


def no_number(result: Result, metric: Metric, context: Context) -> Drawing | None:
    """Why the whole period has no value; None where it has one."""
    total = result.total.row(0, named=True) if result.total.height else {}
    if total.get(metric.name) is not None and total.get(f"{metric.name}__n") != 0:
        return None
    has_rows = total.get(f"{metric.name}__n", 0) != 0
    whole = replace(result, frame=result.total if has_rows else result.total.clear())
    return no_values(whole, metric, context)


def number(row: dict[str, Any], metric: Metric, context: Context) -> dict[str, Any]:
    """A value with its change, both with interval and n."""
    name = metric.name
    aim = _aim(metric, context)
    content: dict[str, Any] = {
        "value": written.number(row[name], metric),
        "exact": written.exact(row[name], metric),
        "unit": written.unit(metric),
        "interval": written.interval(row, metric),
        "no_interval": no_interval(row, metric, context),
        "n": written.count(row.get(f"{name}__n")),
        "rows": context.dataset.row_label,
        "against": held_against(row, metric, aim),
        "guardrail": _guardrail(row, metric, context) if aim else {},
        "few": written.is_few(row),
    }
    if row.get(f"{name}__delta") is not None:
        delta = written.delta(row, metric)
        content |= {
            "metric": name,
            "delta": delta.text,
            "delta_interval": delta.interval,
            "tone": delta.tone,
            "before": written.number(row[f"{name}__previous"], metric),
        }
    elif context.compare_note:
        content["no_delta"] = context.compare_note
    elif context.compare is not None and f"{name}__previous" in row:
        content["no_delta"] = "no value before to compare with"
    return content


def _aim(metric: Metric, context: Context) -> Target | None:
    return aimed_at(context.targets, metric, context.period) if context.period else None


def _guardrail(row: dict[str, Any], metric: Metric, context: Context) -> dict[str, str]:
    """What must not get worse while the metric is pushed, and whether it did."""
    if not metric.guardrail:
        return {"text": "No guardrail is defined", "tone": "flat", "detail": ""}
    guard = context.metric(metric.guardrail)
    if row.get(guard.name) is None:
        return {}
    said = {
        "text": f"Guardrail {guard.label.lower()}",
        "detail": f"{written.number(row[guard.name], guard)} {written.unit(guard)}".strip(),
        "tone": "flat",
    }
    if row.get(f"{guard.name}__delta") is None:
        return said
    delta = written.delta(row, guard)
    interval = f" ({delta.interval})" if delta.interval else ""
    return said | {"detail": f"{said['detail']}, {delta.text}{interval}", "tone": delta.tone}


def no_interval(row: dict[str, Any], metric: Metric, context: Context) -> str:
    """Why a value has no interval of two ends, where it has none."""
    low, high = row.get(f"{metric.name}__low"), row.get(f"{metric.name}__high")
    if row[metric.name] is None or (low is not None and high is not None):
        return ""
    if low is not None:
        return f"95 % at least {written.number(low, metric)}"
    if high is not None:
        return f"95 % at most {written.number(high, metric)}"
    if not context.dataset.entity and not context.dataset.people:
        return "published total: no interval"
    return "no interval, by its definition" if metric.interval == "none" else "too few: no interval"


def spark(result: Result) -> dict[str, Any]:
    """The values over time, for a line without axes. Incomplete buckets are told apart."""
    query = result.query
    name, time = query.metrics[0].name, query.time_key
    if time is None or result.frame.height < len(("start", "end")):
        return {}
    frame = result.frame.sort(time.name)
    earlier = f"{name}__previous"
    return {
        "spark": [None if v is None else float(f"{v:.5g}") for v in frame[name]],
        "spark_before": [None if v is None else float(f"{v:.5g}") for v in frame[earlier]]
        if earlier in frame.columns
        else [],
        "spark_labels": [written.bucket(day, time.grain) for day in frame[time.name]],
        "spark_texts": [written.exact(v, query.metrics[0]) for v in frame[name]],
        "incomplete": frame["incomplete"].to_list() if "incomplete" in frame.columns else [],
    }
