"""Rankers side by side: how well each orders its rows, what those are like, what it gives up.

`split` says whose rows are one line: those of a ranker, or of a version. `against` names the line
that all others are held against, `across` and `up` what the trade-off compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Trace, figure
from portal.tiles.labels import Measured, laid_out
from portal.tiles.options import Option, controls
from portal.tiles.rankers import scope
from portal.tiles.ranking_quality import at_cut_off, in_view
from portal.tiles.target_policy import one_of
from queries.analyses import side_by_side
from queries.dataset import Metric
from queries.errors import InvalidQuery
from queries.model import Query, Result

SPLIT, AGAINST, ACROSS, UP = "split", "against", "across", "up"
OPTIONS = (SPLIT, AGAINST, ACROSS, UP)
SPLITS = ("ranker", "policy")
_FIRST = "pvr"
_OF_ORDER = ("ndcg", "map")
_UP = ("ndcg", "recall_in_view", "average_precision", "reciprocal_rank", "hit_rate", "precision")
_ACROSS = ("diversity", "novelty", "serendipity")
_LIST_METRICS = ("ndcg", "average_precision", "reciprocal_rank", "hit_rate", "recall_in_view")
_LISTS = (
    "A list is what was seen of one row, left to right. NDCG: the ideal is over min(k, titles "
    "played in it). MAP and recall: over the titles played in it. Those three are over rows with "
    "a play; MRR and hit rate over all rows, 0 without a play; precision over 5, even where fewer "
    "were seen; titles: seen a row. A row of one title has no order. Second line: 95 % interval. "
    "Third: difference from the reference, in colour where beyond noise (Benjamini-Hochberg, 5 %)."
)
_CAUTION = (
    "Described, not caused: rows higher on the page and longer ones are played more by that alone, "
    "which MRR, hit rate, precision and recall in view show. A policy that never filled a row "
    "has no lists: what it would earn is in the ladder above."
)
_CONVENTIONS = (_LISTS, _CAUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideOptions:
    """Controls: whose rows make a line, and the axes of the trade-off."""

    place: Place = field(
        default_factory=lambda: Place(span=12, height=44, is_bare=True, dataset="page_rows")
    )
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002
        labels = {n: context.metric(n).label.removesuffix(" of a row") for n in (*_UP, *_ACROSS)}
        splits = (("ranker", "ranker"), ("policy", "version of the ranker"))
        options = (
            Option(name=SPLIT, label="Side by side by", choices=splits, clears=(AGAINST,)),
            Option(name=UP, label="trade-off: up", choices=tuple((n, labels[n]) for n in _UP)),
            Option(name=ACROSS, label="across", choices=tuple((n, labels[n]) for n in _ACROSS)),
        )
        return controls(options, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankersSideBySide:
    """A line a ranker, a column a metric: value, interval, and how far from the reference."""

    place: Place = field(default_factory=lambda: Place(span=12, height=420, dataset="page_rows"))
    metrics: tuple[str, ...] = (*_LIST_METRICS, "precision", *_ACROSS)

    def questions(self, context: Context) -> tuple[Query, ...]:
        by = split(context)
        every, names = context.without(by), _open_to(context, _measures(context))
        if not names:
            return (_described(every, ("titles_per_row",), by),)
        return (
            _described(every, (*names, "titles_per_row"), by),
            side_by_side.question(scope(every), by, names),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a ranker, with the differences from the reference beside each number."""
        frame = _ordered(results[0].frame, context)
        apart = _apart(results, frame, context)
        for name in _open_to(context, _measures(context)):
            one = apart.filter(pl.col("metric") == name).select(
                pl.col("value").alias(split(context)),
                *(
                    pl.col(c).alias(f"{name}__apart_{c}")
                    for c in ("difference", "low", "high", "q")
                ),
            )
            frame = frame.join(one, on=split(context), how="left", maintain_order="left")
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        by = split(context)
        frame = _ordered(results[0].frame, context)
        if frame.is_empty():
            return no_rows(context)
        held = _reference(frame, context)
        names = _open_to(context, _measures(context))
        metrics = [context.metric(n) for n in names]
        apart = {
            (r["value"], r["metric"]): r
            for r in _apart(results, frame, context).iter_rows(named=True)
        }
        dimension = context.dataset.dimension(by)
        columns: list[dict[str, Any]] = [
            {"label": dimension.label, "is_text": True},
            *(
                {"label": _short(m), "unit": written.unit(m) if m.unit == "bits" else ""}
                for m in metrics
            ),
            {"label": "Titles"},
            {"label": "Reference"},
        ]
        length = context.metric("titles_per_row")
        rows = [
            [
                {"text": written.value_label(row[by], dimension), "filter": str(row[by])},
                *(_cell(row, m, apart.get((row[by], m.name))) for m in metrics),
                {"text": written.number(row[length.name], length)},
                _chooser(row[by], held),
            ]
            for row in frame.iter_rows(named=True)
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, filters=by, notes=_CONVENTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTradeOff:
    """How well a ranker's rows are ordered against how unlike, new or surprising they are."""

    place: Place = field(default_factory=lambda: Place(span=6, height=340, dataset="page_rows"))
    metrics: tuple[str, ...] = ("ndcg", "diversity")

    def questions(self, context: Context) -> tuple[Query, ...]:
        by = split(context)
        names = dict.fromkeys((*_axes(context), "titles_per_row"))
        return (_described(context.without(by), tuple(names), by),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        by = split(context)
        dimension = context.dataset.dimension(by)
        across, up = (context.metric(n) for n in _axes(context))
        known = results[0].frame.drop_nulls([by, across.name, up.name])
        lists = known.filter(pl.col("titles_per_row") > 1)
        if lists.is_empty():
            return empty(
                "not_defined",
                "No ranker has both numbers.",
                "Choose other axes, or a period in which rows of several titles were played.",
            )
        rows = list(lists.sort(across.name).iter_rows(named=True))
        labels = [written.value_label(row[by], dimension) for row in rows]
        traces = [
            _point(row, (row[by], label), across, up)
            for row, label in zip(rows, labels, strict=True)
        ]
        layout = laid_out(
            [
                Measured(label, _reach(row, across.name), _reach(row, up.name))
                for row, label in zip(rows, labels, strict=True)
            ]
        )
        layout |= {
            "xaxis": layout["xaxis"] | _axis(across) | {"showgrid": True},
            "yaxis": layout["yaxis"] | _axis(up),
            "hovermode": "closest",
            "showlegend": False,
        }
        left = known.height - lists.height
        said = ["95 % intervals both ways. Up and to the right gives nothing up."]
        said += [f"{left} with rows of one title left out: they have no order."] if left else []
        return figure(traces, layout, filters=by, notes=said)


def split(context: Context) -> str:
    """Whose rows make a line."""
    return one_of(context, SPLIT, SPLITS)


def _measures(context: Context) -> tuple[str, ...]:
    at_k = [at_cut_off(n, context) for n in ("ndcg", "average_precision", "hit_rate")]
    return (
        *at_k[:2],
        "reciprocal_rank",
        at_k[2],
        in_view(context),
        "precision",
        *_ACROSS,
    )


def _axes(context: Context) -> tuple[str, str]:
    """Across and up, at the URL's k and viewport."""
    across, up = one_of(context, ACROSS, _ACROSS), one_of(context, UP, _UP)
    if up == "recall_in_view":
        return across, in_view(context)
    has_k = up in ("ndcg", "average_precision", "hit_rate")
    return across, at_cut_off(up, context) if has_k else up


def _open_to(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(n for n in names if n not in context.withheld)


def _described(context: Context, names: Sequence[str], by: str) -> Query:
    return replace(context.question(names, by=(by,)), compare=None, with_total=False)


def _ordered(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Rankers as they are usually named, others after them."""
    by = split(context)
    usual = context.dataset.dimension(by).values_order
    place = {value: n for n, value in enumerate(usual)}
    rank = pl.col(by).replace_strict(place, default=len(place), return_dtype=pl.Int64)
    return frame.drop_nulls(by).sort(rank, by)


def _reference(frame: pl.DataFrame, context: Context) -> str:
    """The URL's, else the personal ranker, else the first.

    Raises InvalidQuery where the URL names one that has no rows here.
    """
    values = [str(v) for v in frame[split(context)].to_list()]
    asked = context.view.option(AGAINST)
    if asked and asked not in values:
        raise InvalidQuery(
            f"“{asked}” has no rows here to hold the others against.",
            f"It may be {', '.join(values)}, or be left out." if values else "Leave it out.",
        )
    return asked or next((v for v in (_FIRST, *values) if v in values), "")


def _apart(results: Sequence[Result], frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Differences of the groups that may be shown, each tested with the others."""
    by, names = split(context), _open_to(context, _measures(context))
    if len(results) == 1:
        return side_by_side.differences(frame, by, (), "")
    shown = results[1].frame.filter(pl.col(by).is_in(frame[by].implode()))
    return side_by_side.differences(shown, by, names, _reference(frame, context))


def _cell(row: dict[str, Any], metric: Metric, apart: dict[str, Any] | None) -> dict[str, Any]:
    if metric.unit.startswith(_OF_ORDER) and (row["titles_per_row"] or 0) <= 1:
        return {"text": written.NOTHING, "tip": "Rows of one title have no order"}
    cell: dict[str, Any] = {
        "text": _value(row[metric.name], metric),
        "few": written.is_few(row),
    }
    around = _ends(row[f"{metric.name}__low"], row[f"{metric.name}__high"], metric)
    lines = [{"text": around}] if around else [{"text": "no interval"}]
    if row[metric.name] is None:
        return cell
    if apart is not None and apart["difference"] is not None:
        size, low, high = (_signed(apart[n], metric) for n in ("difference", "low", "high"))
        is_sure = apart["q"] <= side_by_side.SURE
        tone = written.tone(metric, apart["low"], apart["high"]) if is_sure else "flat"
        lines.append({"text": size, "tone": tone})
        cell["tip"] = f"{size} from the reference (95 % {low} to {high}), q {apart['q']:.2g}"
    return cell | {"lines": lines}


def _chooser(value: object, held: str) -> dict[str, Any]:
    if str(value) == held:
        return {"text": "reference"}
    return {"text": "take", "set": {AGAINST: str(value)}, "about": "Hold the others against it"}


def _value(value: float | None, metric: Metric) -> str:
    is_plain = value is not None and metric.format == "decimal"
    return f"{value:.3f}" if is_plain else written.exact(value, metric)


def _ends(low: float | None, high: float | None, metric: Metric) -> str:
    if low is None or high is None:
        return ""
    first, last = _value(low, metric), _value(high, metric)
    return f"{first.removesuffix('%')}–{last}"


def _signed(value: float, metric: Metric) -> str:
    if metric.format == "percent":
        return f"{100 * value:+.2f} pt".replace("-", "−")
    return f"{value:+.3f}".replace("-", "−")


def _short(metric: Metric) -> str:
    """The label without what the heading of the tile says already."""
    label = metric.label.removesuffix(" of a row").replace("Intra-list diversity", "Diversity")
    return label.replace("Recall of a row in view, ", "Recall in ").replace(" by ", "×")


def _axis(metric: Metric) -> dict[str, Any]:
    unit = " (bits)" if metric.unit == "bits" else ""
    tick = ",.3~p" if metric.format == "percent" else ".2~f"
    return {"title": {"text": f"{_short(metric)}{unit}"}, "tickformat": tick}


def _point(row: dict[str, Any], named: tuple[str, str], across: Metric, up: Metric) -> Trace:
    value, label = named
    said = "<br>".join(
        f"{_short(m)} <b>{_value(row[m.name], m)}</b> "
        f"({_ends(row[f'{m.name}__low'], row[f'{m.name}__high'], m) or 'no interval'})"
        for m in (up, across)
    )
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row[across.name]],
        "y": [row[up.name]],
        "text": [label],
        "cliponaxis": False,
        "customdata": [[value]],
        "marker": {"color": "@accent", "size": 10},
        "error_x": _bar(row, across.name),
        "error_y": _bar(row, up.name),
        "hovertemplate": f"{label}<br>{said}<extra></extra>",
    }


def _bar(row: dict[str, Any], name: str) -> dict[str, Any]:
    value, low, high = (row[f"{name}{end}"] for end in ("", "__low", "__high"))
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if high is None else high - value],
        "arrayminus": [0 if low is None else value - low],
        "color": "@accent",
        "thickness": 1.5,
        "width": 0,
    }


def _reach(row: dict[str, Any], name: str) -> tuple[float, float, float]:
    """A number with the ends of its interval, itself where there is none."""
    value, low, high = (row[f"{name}{end}"] for end in ("", "__low", "__high"))
    return value, value if low is None else low, value if high is None else high
