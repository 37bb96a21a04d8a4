"""Did every cell get its accounts? Counts against what was planned, cell by cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import experiment as shared
from queries.analyses.experiment import Experiment
from queries.estimators.sample_ratio import ALARM
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRatio:
    """Below an alarm of .0005 the effects of the experiment are not shown."""

    place: Place = field(default_factory=lambda: Place(span=5, height=260))
    metrics: tuple[str, ...] = ("sample_ratio_p", "rows", "exposed")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a cell."""
        found = shared.chosen(results)
        return (replace(results[0], frame=pl.DataFrame(_facts(found) if found else [])),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        if found is None:
            return no_rows(context)
        columns: list[dict[str, Any]] = [
            {"label": "Cell", "is_text": True},
            {"label": "Planned"},
            {"label": "Allocated"},
            {"label": "Against plan"},
            {"label": "Exposed"},
        ]
        rows = [
            [
                {"text": row["cell"]},
                {"text": f"{row['planned_share']:.1%}"},
                {"text": f"{row['allocated']:,.0f}".replace(",", "\u2009")},
                {
                    "text": f"{row['too_many']:+,.0f}".replace(",", "\u2009").replace("-", "−"),
                    "tip": f"Expected {written.grouped(row['expected'])}",
                },
                {"text": f"{row['exposed']:,.0f}".replace(",", "\u2009")},
            ]
            for row in _facts(found)
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        allocated, exposed = found.ratios()
        notes = (
            (
                f"Allocated: p {shared.p_value(allocated.p)}, at any look "
                f"{shared.p_value(allocated.always_p)}. "
                f"Exposed: p {shared.p_value(exposed.p)}, at any look "
                f"{shared.p_value(exposed.always_p)}. Alarm below {shared.p_value(ALARM)}."
            ),
        )
        return Drawing(kind="table", content={"tables": [table]}, notes=notes)


def _facts(found: Experiment) -> list[dict[str, Any]]:
    allocated, _ = found.ratios()
    return [
        {
            "cell": cell.name,
            "planned_share": share,
            "allocated": cell.allocated,
            "expected": expected,
            "too_many": cell.allocated - expected,
            "exposed": cell.exposed,
        }
        for cell, share, expected in zip(
            found.cells, allocated.shares, allocated.expected, strict=True
        )
    ]
