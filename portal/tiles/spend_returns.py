"""Does more spend go with as many more claimed sign-ups? Within a campaign in a region."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure, rounded
from portal.tiles.rankers import scope
from queries.analyses import returns
from queries.analyses.cluster import Estimate
from queries.model import Query, Result

_PROPORTIONAL = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendReturns:
    """Weeks by how much more than usual a region was given; the dotted line is in proportion."""

    place: Place = field(default_factory=lambda: Place(span=5, height=320, dataset="marketing"))
    metrics: tuple[str, ...] = ("attributed_signups", "spend")

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (returns.question(scope(context)),)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a band of spend."""
        found = returns.returns(results[0].frame)
        return (replace(results[0], frame=pl.DataFrame() if found is None else found.bands),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = returns.returns(results[0].frame)
        if results[0].frame.is_empty():
            return no_rows(context)
        if found is None:
            return empty(
                "no_rows",
                "Too few regions with spend in several weeks.",
                "Take a longer period, or more campaigns.",
            )
        spend = rounded(found.bands["spend"])
        points: Trace = {
            "type": "scatter",
            "mode": "markers",
            "x": spend,
            "y": rounded(found.bands["signups"]),
            "marker": {"color": "@accent", "size": 9},
            "hovertemplate": "%{x:.2f}× the usual spend: <b>%{y:.2f}×</b> the usual sign-ups"
            "<extra></extra>",
        }
        ends = [min(found.bands["spend"]), max(found.bands["spend"])]
        line: Trace = {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": ends,
            "line": {"color": "@muted", "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
        }
        layout: Layout = {
            "xaxis": {"ticksuffix": "×", "title": {"text": "Spend over the usual"}},
            "yaxis": {"ticksuffix": "×", "title": {"text": "Claimed sign-ups over the usual"}},
            "hovermode": "closest",
        }
        notes = ("What channels claim, not what spend caused. Dotted: in proportion.",)
        return figure([line, points], layout, says=_said(found.elasticity), notes=notes)


def _said(elasticity: Estimate) -> str:
    around = f"({elasticity.low:.2f} to {elasticity.high:.2f})".replace("-", "−")
    share = f"1% more spend goes with {elasticity.value:.2f}% more claimed sign-ups {around}"
    if elasticity.high < _PROPORTIONAL:
        return f"{share}: returns diminish."
    if elasticity.low > _PROPORTIONAL:
        return f"{share}: more than in proportion."
    return f"{share}: cannot be told from in proportion."
