"""Peers: one group among those most like it: where it stands, how that went, and who they are.

All three kinds of tile ask the same questions: first who is how large, then what the group and its
peers measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows, not_recorded
from portal.context import Context
from portal.countries import countries
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.figure import Trace, band, figure, rounded, value_axis
from portal.tiles.headline import number
from portal.tiles.trend import time_axis
from queries.analyses import peer_group
from queries.analyses.cluster import EVERY_GROUP
from queries.analyses.peer_group import Band, Group, Peer
from queries.condition import Dimension, Filter, conjunction
from queries.dataset import Metric, TimeBucket
from queries.model import Query, Result

_TRAITS = ("genre", "kind", "original_language", "is_original")
_ACCOUNTS = "accounts"
FEWEST_ACCOUNTS = 200
FEWEST_SHOWN = 10
_ANSWERS = 3
_SAID = {
    "above": ("Above its peers", "its whole interval lies over the band"),
    "below": ("Below its peers", "its whole interval lies under the band"),
    "within": ("Among its peers", "its whole interval lies within the band"),
    "unsure": ("Not told apart from its peers", "its interval reaches across an end of the band"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGroup:
    """What the tiles about a group and its peers have in common. `group` is a value as text."""

    metric: str
    by: str
    group: str
    place: Place = field(default_factory=lambda: Place(span=12, height=300))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """How large every group is, and its traits."""
        dataset, every = context.dataset, context.without(self.by)
        sized = _size(context, self.metric)
        dimension = dataset.dimension(self.by)
        traits = _TRAITS if dimension.role == "title" else ()
        keys = [dimension, *(dataset.dimension(t) for t in traits if dataset.has_dimension(t))]
        asked = every.question((sized,), by=keys)
        plain = replace(asked, compare=None, interval=False, with_total=False)
        return (replace(plain, limit=EVERY_GROUP),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        """What the group and its peers measured: in the period, and over time."""
        group, found = self.found(results, context)
        if group is None or not found:
            return ()
        dimension = context.dataset.dimension(self.by)
        values = tuple(dimension.read(v) for v in (group.value, *(p.value for p in found)))
        asked = context.without(self.by).question((self.metric,), by=(dimension,))
        kept = conjunction(asked.where, Filter(dimension, "in", values))
        whole = replace(asked, where=kept, with_total=False)
        line = (TimeBucket(context.dataset.time, _grain(context, self.metric)), dimension)
        return (whole, replace(whole, by=line, compare=None))

    def found(self, results: Sequence[Result], context: Context) -> tuple[Group | None, list[Peer]]:
        """The group and its peers; small groups are nobody's peer."""
        dimension, sized = context.dataset.dimension(self.by), _size(context, self.metric)
        column = sized if sized == _ACCOUNTS else f"{sized}__n"
        least = FEWEST_ACCOUNTS if sized == _ACCOUNTS else 1
        groups = _groups(results[0].frame, dimension, column, context)
        group = next((g for g in groups if g.value == self.group), None)
        if group is None:
            return None, []
        return group, peer_group.peers(group, [g for g in groups if g.size >= least])

    def refusal(self, results: Sequence[Result], context: Context) -> Drawing | None:
        """What is shown where there is nothing to compare."""
        dimension = context.dataset.dimension(self.by)
        group, found = self.found(results, context)
        label = _labelled(self.group, dimension)
        if group is None:
            return no_rows(context)
        if _size(context, self.metric) == _ACCOUNTS and group.size < FEWEST_SHOWN:
            return empty(
                "not_permitted",
                f"{label} has fewer than {FEWEST_SHOWN} accounts here.",
                "So few are shown to nobody. Choose a longer period or a larger group.",
            )
        if len(found) < peer_group.FEWEST_PEERS or len(results) < _ANSWERS:
            return empty(
                "nothing",
                f"{label} has too few peers.",
                f"At least {peer_group.FEWEST_PEERS} other groups with {FEWEST_ACCOUNTS} accounts "
                "are needed.",
            )
        if _of(results[1].frame, self.by, self.group)[self.metric].null_count():
            return not_recorded(context.metric(self.metric))
        return None

    def among(self, frame: pl.DataFrame) -> Band | None:
        """The band of the peers in an answer, without the group itself."""
        others = frame.filter(pl.col(self.by).cast(pl.String) != self.group)
        return peer_group.band(others[self.metric].to_list())


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStanding(PeerGroup):
    """One number, and whether it is beyond what is usual among the peers."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        refused = self.refusal(results, context)
        among = None if refused else self.among(results[1].frame)
        if refused or among is None:
            return refused or not_recorded(context.metric(self.metric))
        metric = context.metric(self.metric)
        row = _of(results[1].frame, self.by, self.group).row(0, named=True)
        name = metric.name
        low, high = row.get(f"{name}__low"), row.get(f"{name}__high")
        side = peer_group.standing(row[name], low, high, among)
        median, *ends = (written.number(v, metric) for v in (among.median, among.low, among.high))
        spread = "P10 to P90" if among.is_of_tenths else "all of them"
        text, relation = _SAID[side]
        against = {
            "text": text,
            "detail": f"their median {median}, {spread} {ends[0]} to {ends[1]}",
            "relation": relation,
            "tone": _tone(metric, side),
        }
        said = "peers. A group like them lies outside their band by chance"
        notes = [f"{among.count} {said} {among.chance:.0%} of the time."]
        group, _ = self.found(results, context)
        if group is not None and group.size < FEWEST_ACCOUNTS:
            notes.append(f"Fewer than {FEWEST_ACCOUNTS} accounts: read it with care.")
        content = number(row, metric, context) | {"against": against}
        return Drawing(kind="number", content=content, notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerBand(PeerGroup):
    """The group over time, before the band of its peers and their median."""

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The lines of all of them."""
        return (results[-1],)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        refused = self.refusal(results, context)
        if refused:
            return refused
        metric, time = context.metric(self.metric), context.time.name
        dimension = context.dataset.dimension(self.by)
        frame = results[2].frame.drop_nulls([time, self.metric]).sort(time)
        if "incomplete" in frame.columns and not frame["incomplete"].all():
            frame = frame.filter(~pl.col("incomplete"))
        every, own = (_of(f, self.by, self.group) for f in (results[2].frame, frame))
        if own.is_empty():
            return not_recorded(metric)
        days = [day for day in own[time] if self.among(_at(frame, time, day))]
        bands = [b for day in days if (b := self.among(_at(frame, time, day)))]
        at = [str(day) for day in days]
        traces: list[Trace] = []
        if bands:
            traces = [
                *band(at, [b.low for b in bands], [b.high for b in bands], "@before"),
                _line(at, [b.median for b in bands], ("Median of its peers", "@before"), metric),
            ]
        label = _labelled(self.group, dimension)
        mine = [str(day) for day in own[time]]
        if own[f"{metric.name}__low"].null_count() < own.height:
            ends = [rounded(own[f"{metric.name}__{end}"]) for end in ("low", "high")]
            traces += band(mine, ends[0], ends[1], "@accent")
        traces.append(_line(mine, rounded(own[metric.name]), (label, "@accent"), metric))
        layout = {
            "xaxis": time_axis(context, own),
            "yaxis": value_axis(metric, rangemode="normal"),
            "showlegend": True,
        }
        said = (
            "10th to 90th percentile" if bands and bands[-1].is_of_tenths else "lowest to highest"
        )
        notes = [f"Grey: the {said} of its peers in each {context.grain.value}."]
        gone = every[self.metric].null_count()
        if gone > own.height:
            notes.append(
                f"{label} has too few accounts in {gone} of {every.height} {context.grain.value}s: "
                "a coarser step shows more."
            )
        return figure(traces, layout, brush=True, grain=context.grain, notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTable(PeerGroup):
    """The group and its peers, each with its interval and why it is one."""

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The group first, then its peers by likeness, with the reasons."""
        if len(results) < _ANSWERS:
            return (results[0],)
        group, found = self.found(results, context)
        order = [group.value if group else "", *(p.value for p in found)]
        why = pl.DataFrame(
            {
                self.by: pl.Series(order, dtype=pl.String),
                "likeness": [1.0, *(p.likeness for p in found)],
                "reasons": ["", *("; ".join(p.reasons) for p in found)],
            }
        )
        measured = results[1].frame.with_columns(pl.col(self.by).cast(pl.String))
        return (replace(results[1], frame=why.join(measured, on=self.by, how="left")),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        refused = self.refusal(results, context)
        if refused:
            return refused
        metric, dimension = context.metric(self.metric), context.dataset.dimension(self.by)
        sized = _size(context, self.metric)
        noun = "Accounts" if sized == _ACCOUNTS else context.dataset.row_label.capitalize()
        sizes = _sizes(results[0].frame, self.by, sized if noun == "Accounts" else f"{sized}__n")
        (joined,) = self.joined(results, context)
        rows: list[list[dict[str, Any]]] = []
        for row in joined.frame.iter_rows(named=True):
            is_own = row[self.by] == self.group
            cells = [
                {"text": _labelled(row[self.by], dimension)},
                {"text": written.number(row[metric.name], metric)},
                {"text": written.interval(row, metric) or written.NOTHING},
                {"text": written.count(sizes.get(row[self.by]))},
                {"text": "–" if is_own else f"{row['likeness']:.2f}"},
                {"text": "the group itself" if is_own else ", ".join(row["reasons"].split("; "))},
            ]
            rows.append(cells)
        columns = [
            {"label": dimension.label, "is_text": True},
            {"label": metric.label, "unit": written.unit(metric)},
            {"label": "95 %"},
            {"label": noun},
            {"label": "Likeness"},
            {"label": "Why it is a peer", "is_text": True},
        ]
        note = (
            "Likeness from 0 to 1 by size and traits (Gower 1971). What is compared plays no part."
        )
        table = {"columns": columns, "rows": rows, "more": 0}
        content = {"tables": [table]}
        return Drawing(kind="table", content=content, notes=(note,))


def _size(context: Context, metric: str) -> str:
    """What groups are sized by: accounts where they can be counted, else rows of the metric."""
    names = {m.name for m in context.dataset.metrics}
    return _ACCOUNTS if _ACCOUNTS in names - context.withheld else metric


def _grain(context: Context, metric: str) -> Any:  # noqa: ANN401  # a Grain
    smallest = context.metric(metric).smallest_grain
    return smallest if smallest and smallest in context.grain.is_finer_than else context.grain


def _groups(
    frame: pl.DataFrame, dimension: Dimension, column: str, context: Context
) -> list[Group]:
    """The groups of an answer; of one with several traits the larger part counts."""
    found: dict[str, Group] = {}
    known = frame.drop_nulls([dimension.name, column]).sort(column, descending=True)
    for row in known.iter_rows(named=True):
        value = str(row[dimension.name])
        if value in found:
            continue
        traits = {
            d.name: _trait(row[d.name], d)
            for d in context.dataset.dimensions
            if d.name in _TRAITS and row.get(d.name) is not None
        }
        if dimension.role == "country":
            known_as = countries().get(value)
            traits = {"region": known_as.region} if known_as and known_as.region else {}
        found[value] = Group(value, float(row[column]), traits)
    return list(found.values())


def _trait(value: Any, dimension: Dimension) -> str:  # noqa: ANN401  # a value of an answer
    if dimension.kind == "boolean":
        label = written.lowered(dimension.label)
        return label if value else f"not {label}"
    text = written.value_label(value, dimension)
    return f"language {text.lower()}" if "language" in dimension.name else text


def _sizes(frame: pl.DataFrame, by: str, column: str) -> dict[str, float]:
    sorted_ = frame.drop_nulls([by, column]).sort(column)
    return {str(row[by]): float(row[column]) for row in sorted_.iter_rows(named=True)}


def _of(frame: pl.DataFrame, by: str, group: str) -> pl.DataFrame:
    return frame.filter(pl.col(by).cast(pl.String) == group)


def _at(frame: pl.DataFrame, time: str, day: object) -> pl.DataFrame:
    return frame.filter(pl.col(time) == day)


def _labelled(value: str, dimension: Dimension) -> str:
    return written.value_label(dimension.read(value), dimension)


def _tone(metric: Metric, side: str) -> str:
    if side not in ("above", "below") or metric.better == "none":
        return "flat"
    return "good" if (side == "above") == (metric.better == "up") else "bad"


def _line(x: list[str], y: list[Any], named: tuple[str, str], metric: Metric) -> Trace:
    name, colour = named
    return {
        "type": "scatter",
        "mode": "lines" if len(x) > 1 else "markers",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 2.25 if colour == "@accent" else 1.5},
        "text": [written.exact(v, metric) for v in y],
        "hovertemplate": f"{name.replace('%', '%%')}: <b>%{{text}}</b><extra></extra>",
    }
