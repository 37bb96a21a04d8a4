"""For whom? The effect in every segment, with the false discovery rate over all that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import experiment as shared
from portal.tiles.figure import figure
from portal.tiles.forest import Mark, Series, forest
from portal.tiles.rankers import scope
from queries.analyses import experiment
from queries.analyses.experiment import FEWEST_ACCOUNTS
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.condition import Dimension, Scalar
from queries.dataset import Metric
from queries.estimators.effect import Effect
from queries.model import Query, Result

CALLED = 0.1
_MOST = 24


@dataclass(frozen=True, slots=True)
class Segment:
    """A treatment in a segment of the dimension that is labelled `by`, whose rows are `of`."""

    by: str
    value: str
    of: tuple[str, str | None]
    cell: str
    accounts: float
    effect: Effect
    q: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSegments:
    """Of the metric that the page is about. Segments with under 200 accounts are not tested."""

    by: tuple[str, ...]
    place: Place = field(default_factory=lambda: Place(span=7, height=420))
    metrics: tuple[str, ...] = ("hours_per_account",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = scope(context)
        return (
            shared.question(context),
            *(experiment.question(asked, (name,)) for name in self.by),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a segment and treatment."""
        found = shared.chosen(results)
        hidden = found is None or shared.withheld(found, context)
        rows = [] if hidden else [facts(s) for s in self._segments(results, context)[0]]
        return (replace(results[0], frame=pl.DataFrame(rows)),)

    def _segments(self, results: Sequence[Result], context: Context) -> tuple[list[Segment], int]:
        """Those large enough, with their q, and how many were too small."""
        found = shared.chosen(results)
        kept: list[Segment] = []
        small = 0
        for name, result in zip(self.by, results[1:], strict=True):
            dimension = context.dataset.dimension(name)
            pairs = list(experiment.segments(result.frame, name))
            pairs.sort(key=lambda pair: placed(pair[0], dimension, pair[1].exposed))
            for value, part in pairs:
                if found is None or part.number != found.number:
                    continue
                fewest = min(cell.exposed for cell in part.cells)
                if fewest < FEWEST_ACCOUNTS or len(part.cells) != len(found.cells):
                    small += 1
                    continue
                effects = part.effects(
                    shared.about(found, context).name, adjusted=shared.is_adjusted(context)
                )
                named = tuple((c.name, e) for c, e in zip(part.treatments, effects, strict=True))
                kept += segments_of(dimension, value, part.exposed, named, many=len(self.by) > 1)
        return tested(kept), small

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        instead = shared.withheld(found, context)
        if found is None or instead is not None:
            return instead or shared.no_rows(context)
        segments, small = self._segments(results, context)
        if not segments:
            return empty("no_rows", "No segment has 200 accounts in every cell.")
        shown = Shown(shared.about(found, context), len(found.treatments) > 1, small)
        return drawn(segments, shown)


@dataclass(frozen=True, slots=True)
class Shown:
    """What segments are drawn as: of a metric, by name of the treatment where there are several.

    `small` were left out. `when` says when the effects are of, where not of all days.
    """

    metric: Metric
    has_several: bool
    small: int
    when: str = ""


def segments_of(
    dimension: Dimension,
    value: Scalar | None,
    accounts: float,
    effects: Sequence[tuple[str, Effect]],
    *,
    many: bool,
) -> list[Segment]:
    """A segment for each treatment; with `many` dimensions each says which it is of."""
    label = written.value_label(value, dimension)
    label = f"{dimension.label}: {label}" if many else label
    of = (dimension.name, None if value is None else str(value))
    return [Segment(dimension.label, label, of, cell, accounts, effect) for cell, effect in effects]


def tested(segments: Sequence[Segment]) -> list[Segment]:
    """The same with the false discovery rate over all of them."""
    qs = benjamini_hochberg([s.effect.p for s in segments])
    return [replace(s, q=q) for s, q in zip(segments, qs, strict=True)]


def drawn(segments: Sequence[Segment], shown: Shown) -> Drawing:
    """A forest of segments, those in colour that are called."""
    metric, several = shown.metric, shown.has_several
    first = segments[:_MOST]
    labels = [f"{s.value} · {s.cell}" if several else s.value for s in first]
    series = [
        Series(
            f"Found, q below {CALLED:g}",
            "@accent",
            [_mark(s, metric) if s.q < CALLED else None for s in first],
        ),
        Series(
            "Not told from none",
            "@before",
            [None if s.q < CALLED else _mark(s, metric) for s in first],
        ),
    ]
    traces, layout = forest(labels, series)
    notes = [
        (
            f"{metric.label}{shown.when}, {len(segments)} segments; q is the false discovery rate "
            "over all of them (Benjamini-Hochberg). Exploratory unless named before the start."
        )
    ]
    if shown.small:
        notes.append(
            f"{shown.small} segments have under 200 accounts in a cell and are not tested."
        )
    return figure(traces, layout, notes=notes)


def placed(value: object, dimension: Dimension, accounts: float) -> tuple[float, float]:
    """Ordered values as they are ordered, all others the largest first."""
    order = dimension.values_order
    return (order.index(str(value)) if str(value) in order else len(order), -accounts)


def _mark(segment: Segment, metric: Metric) -> Mark | None:
    effect = segment.effect
    if not effect.is_known:
        return None
    text = (
        f"<b>{segment.value} {shared.relative(effect.value, metric)}</b><br>"
        f"one look: {shared.between(effect.low, effect.high, metric)}<br>"
        f"q {shared.p_value(segment.q)}, {written.count(segment.accounts)} accounts"
    )
    ends = (effect.low, effect.high)
    return Mark(effect.value, *ends, *ends, text, of=segment.of)


def facts(segment: Segment) -> dict[str, Any]:
    """A row of the table behind the picture."""
    return {
        "dimension": segment.by,
        "segment": segment.value,
        "cell": segment.cell,
        "accounts": segment.accounts,
        "effect": segment.effect.value,
        "low": segment.effect.low,
        "high": segment.effect.high,
        "p": segment.effect.p,
        "q": segment.q,
    }
