"""What is held against what on a page of playback quality: its options and their values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import arms
from portal.tiles.options import Option, controls
from queries.analyses import quantile_function as qf
from queries.condition import Scalar
from queries.errors import InvalidQuery
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """Three controls: the dimension, the value that is looked at, and the measure."""

    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))
    metrics: tuple[str, ...] = ("startup_seconds",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """None where the view splits by nothing that there is: the controls stay, to mend it."""
        try:
            return arms.questions(context)
        except InvalidQuery:
            return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = arms.compared(results, context) if results else None
        values: list[tuple[str, str]] = []
        splits = [(n, context.dataset.dimension(n).label) for n in arms.SPLITS]
        if found is not None:
            sizes = found.table.group_by("value").agg(pl.col("rows").max())
            ordered = sizes.sort("rows", "value", descending=[True, False])["value"].to_list()
            arm = _arm(results, context)
            first = [v for v in ordered if v == arm]
            rest = [v for v in ordered if v != arm]
            values = [(str(v), written.value_label(v, found.dimension)) for v in (*first, *rest)]
            splits.sort(key=lambda one: one[0] != found.dimension.name)
        asked = context.view.option(arms.MEASURE)
        measures = sorted(qf.MEASURES.values(), key=lambda m: m.name not in (asked, "startup"))
        options = [
            Option(name=arms.SPLIT, label="Compare", choices=tuple(splits), clears=(arms.ARM,)),
            Option(name=arms.ARM, label="value", choices=tuple(values)),
            Option(
                name=arms.MEASURE,
                label="by",
                choices=tuple((m.name, m.label) for m in measures),
            ),
        ]
        return controls(
            options if values else [options[0], options[2]], context, "against all other values"
        )


def _arm(results: Sequence[Result], context: Context) -> Scalar | None:
    """The value that is looked at; None where the view names one that there is not."""
    try:
        found = arms.split(results, context)
    except InvalidQuery:
        return None
    return found.arm if found else None
