"""For whom, after so many days? The primary metric's effect in every segment at a fixed horizon."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles import experiment as shared
from portal.tiles.experiment_segments import (
    Segment,
    Shown,
    drawn,
    facts,
    placed,
    segments_of,
    tested,
)
from portal.tiles.rankers import scope
from queries.analyses import experiment, experiment_horizon
from queries.analyses.experiment_horizon import Horizon
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsAfter:
    """Days are counted from the first on which an account met its cell."""

    by: tuple[str, ...]
    place: Place = field(
        default_factory=lambda: Place(span=6, height=420, dataset="experiment_days")
    )
    metrics: tuple[str, ...] = ("newly_exposed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = scope(context)
        return (
            experiment.days_question(asked),
            *(experiment.days_question(asked, (name,)) for name in self.by),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a segment and treatment."""
        rows = [facts(s) for s in self._segments(results, context)[0]]
        hidden = self._withheld(results, context) is not None
        return (replace(results[0], frame=pl.DataFrame([] if hidden else rows)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        whole = experiment.cumulative(results[0].frame)
        instead = self._withheld(results, context)
        if whole is None or instead is not None:
            return instead or no_rows(context)
        segments, found = self._segments(results, context)
        if not segments:
            return empty("no_rows", "By then no segment had 200 accounts in every cell.")
        metric = context.metric(whole.metric)
        several = whole.frame["cell"].n_unique() > 1
        small = sum(one.small for one in found)
        when = f" after {shared.horizon(context)} days, through {written.day(found[0].until)}"
        return drawn(segments, Shown(metric, several, small, when))

    def _withheld(self, results: Sequence[Result], context: Context) -> Drawing | None:
        whole = experiment.cumulative(results[0].frame)
        until = experiment_horizon.last_day(results[0].frame, shared.horizon(context))
        if whole is None or until is None:
            return no_rows(context)
        if whole.ratio.is_broken:
            return shared.BROKEN
        asked = context.view.option(shared.ABOUT)
        if asked and asked != whole.metric:
            return empty(
                "not_defined",
                "Day by day only the primary metric is known.",
                "Choose all days, or the primary metric.",
            )
        latest = results[0].complete_through
        if latest is not None and until > latest:
            return not_yet(shared.horizon(context), until)
        return None

    def _segments(
        self, results: Sequence[Result], context: Context
    ) -> tuple[list[Segment], list[Horizon]]:
        kept: list[Segment] = []
        every: list[Horizon] = []
        for name, result in zip(self.by, results[1:], strict=True):
            dimension = context.dataset.dimension(name)
            found = experiment_horizon.segments_after(
                result.frame,
                name,
                shared.horizon(context),
                adjusted=shared.is_adjusted(context),
            )
            if found is None:
                continue
            every.append(found)
            parts = sorted(found.parts, key=lambda p: placed(p.value, dimension, p.accounts))
            for part in parts:
                kept += segments_of(
                    dimension, part.value, part.accounts, part.effects, many=len(self.by) > 1
                )
        return tested(kept), every


def not_yet(days: int, until: date) -> Drawing:
    """What stands where a horizon lies ahead."""
    return empty(
        "not_defined",
        f"Day {days} is not complete yet.",
        f"It is {written.day(until)}; choose fewer days, or all that there are.",
    )
