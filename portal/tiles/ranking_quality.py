"""How well pages are ranked: measures at k and in view, with the conventions they follow."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Trace, figure
from portal.tiles.labels import Measured, laid_out
from portal.tiles.ranking import Ranking
from portal.tiles.target_policy import CUT_OFF, CUT_OFFS, VIEWPORT, VIEWPORTS, one_of
from queries.dataset import Metric
from queries.model import Query, Result

_AT_K = ("ndcg", "average_precision", "recall", "hit_rate")
_CONVENTIONS = (
    "NDCG: the ideal is over min(k, titles played). MAP and recall: over the titles played.",
    "These and recall in view are over requests with a play; MRR and hit rate over all.",
    "The list is what was seen, in reading order; a title shown twice stands at its first place.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingQuality:
    """A row a value of `by`, all requests first."""

    by: str
    place: Place = field(
        default_factory=lambda: Place(span=12, height=260, dataset="page_requests")
    )
    metrics: tuple[str, ...] = ("ndcg", "recall_in_view", "average_precision", "reciprocal_rank")

    def questions(self, context: Context) -> tuple[Query, ...]:
        names = _measures(context)
        question = context.without(self.by).question(names, by=(self.by,))
        return (replace(question, compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        dimension = context.dataset.dimension(self.by)
        metrics = result.query.metrics
        if result.frame.is_empty():
            return no_rows(context)
        columns = [{"label": dimension.label, "is_text": True}]
        columns += [{"label": m.label} for m in metrics]
        every = [{"text": "All requests"}]
        rows = [
            every + [_cell(row, m) for m in metrics] for row in result.total.iter_rows(named=True)
        ]
        for row in result.frame.drop_nulls(self.by).iter_rows(named=True):
            value = row[self.by]
            head = {"text": written.value_label(value, dimension), "filter": str(value)}
            rows.append([head, *(_cell(row, m) for m in metrics)])
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(
            kind="table", content={"tables": [table]}, filters=self.by, notes=_CONVENTIONS
        )


@dataclass(frozen=True, kw_only=True)
class CalibrationRanking(Ranking):
    """Calibration over all whole months: a period of days seldom holds one."""

    def questions(self, context: Context) -> tuple[Query, ...]:
        whole = replace(context.without(self.by), period=None, compare=None)
        return (replace(whole.question(self.metrics, by=(self.by,)), with_total=False),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerTradeOff:
    """What a ranker earns against how much of the catalogue it shows."""

    place: Place = field(default_factory=lambda: Place(span=6, height=320))
    metrics: tuple[str, ...] = (
        "debiased_take_index",
        "exposure_gini",
        "titles_seen",
        "seen_impressions",
    )

    def questions(self, context: Context) -> tuple[Query, ...]:
        every = context.without("ranker")
        return (replace(every.question(self.metrics, by=("ranker",)), compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        dimension = context.dataset.dimension("ranker")
        known = result.frame.drop_nulls(["ranker", "debiased_take_index"])
        every = result.total["titles_seen"][0] if result.total.height else 0
        if known.is_empty() or not every:
            return empty(
                "not_defined",
                "Position cannot be taken out.",
                "That needs plays, and titles shown at random in rows and columns.",
            )
        traces = [
            _point(row, written.value_label(row["ranker"], dimension), every)
            for row in known.iter_rows(named=True)
        ]
        named = [
            Measured(
                written.value_label(row["ranker"], dimension),
                (row["exposure_gini"],) * 3,
                (row["debiased_take_index"], *_interval(row)),
            )
            for row in known.iter_rows(named=True)
        ]
        layout = laid_out(named)
        layout |= {
            "xaxis": layout["xaxis"]
            | {
                "tickformat": ".2~f",
                "showgrid": True,
                "title": {"text": "Gini of exposure: 0 shows all its titles alike"},
            },
            "yaxis": layout["yaxis"]
            | {
                "tickformat": ".2~f",
                "ticksuffix": "×",
                "title": {"text": "Take, position taken out"},
            },
            "hovermode": "closest",
            "showlegend": False,
        }
        shown = "; ".join(
            f"{written.value_label(row['ranker'], dimension)} {row['titles_seen'] / every:.0%}"
            for row in known.sort("titles_seen", descending=True).iter_rows(named=True)
        )
        said = (
            f"Coverage, of all titles that any row showed: {shown}.",
            "It grows with how often a row is seen: compare rankers of like size.",
        )
        return figure(traces, layout, filters="ranker", notes=said)


def _measures(context: Context) -> tuple[str, ...]:
    at_k = [at_cut_off(name, context) for name in _AT_K]
    return (*at_k[:3], in_view(context), "reciprocal_rank", at_k[3])


def at_cut_off(name: str, context: Context) -> str:
    """A metric at the URL's k; that of 10 has the plain name."""
    k = one_of(context, CUT_OFF, CUT_OFFS)
    return name if k == CUT_OFFS[0] else f"{name}_{k}"


def in_view(context: Context) -> str:
    """Recall in the URL's viewport; that of 3 by 4 has the plain name."""
    viewport = one_of(context, VIEWPORT, VIEWPORTS)
    return "recall_in_view" if viewport == VIEWPORTS[0] else f"recall_in_view_{viewport}"


def _cell(row: dict[str, Any], metric: Metric) -> dict[str, Any]:
    around = written.interval(row, metric)
    return {
        "text": written.number(row.get(metric.name), metric),
        "lines": [{"text": around}] if around else [],
    }


def _point(row: dict[str, Any], label: str, every: float) -> Trace:
    value, ends = row["debiased_take_index"], _interval(row)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row["exposure_gini"]],
        "y": [value],
        "text": [label],
        "cliponaxis": False,
        "customdata": [[row["ranker"]]],
        "marker": {"color": "@accent", "size": 11},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [ends[1] - value],
            "arrayminus": [value - ends[0]],
            "color": "@accent",
            "thickness": 1.5,
            "width": 0,
        },
        "hovertemplate": f"{label}: <b>%{{y:.2f}}×</b> ({ends[0]:.2f} to {ends[1]:.2f}), "
        f"Gini %{{x:.2f}}, {row['titles_seen'] / every:.0%} of titles, "
        f"{written.count(row['seen_impressions'])} seen<extra></extra>",
    }


def _interval(row: dict[str, Any]) -> tuple[float, float]:
    """The ends of the take index; the value itself where there is none."""
    value, low, high = (row[f"debiased_take_index{end}"] for end in ("", "__low", "__high"))
    return low if low is not None else value, high if high is not None else value
