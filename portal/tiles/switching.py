"""Switching: who moved a share, accounts that turned to something else or others that came.

Shares are of hours that name an account. The tile that says it in words splits only what moved far
enough to be worth a word; the one that draws splits every share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.theme import SERIES
from portal.tiles.figure import figure
from portal.tiles.forest import Mark, Series, forest
from queries.analyses.findings import chance
from queries.analyses.switching import LEVEL, Kind, Moved, Part, switching
from queries.condition import Scalar
from queries.interval import Estimate
from queries.model import Query, Result
from queries.share_split import ShareSplit

MATERIAL = 0.003
"""A share that moved by less is not worth a word: three tenths of a point."""
_MOST = 6
_APART = 2
_KINDS: dict[Kind, str] = {
    "switched": "Switching within accounts",
    "weighed": "Same accounts, watching more or less",
    "joined": "Accounts that came",
    "left": "Accounts that went",
    "moved": "Accounts that came or went",
}
_IN_WORDS: dict[Kind, str] = {
    "switched": "switching within accounts",
    "weighed": "the same accounts watching more or less",
    "joined": "accounts that came",
    "left": "accounts that went",
    "moved": "accounts that came or went",
}
_METHOD = (
    "The parts add up to the change exactly, each at the mean of both periods (Griliches & Regev "
    "1995), and each has its 95 % interval. It describes who, not why."
)
_NO_PERIODS = empty(
    "not_defined", "A share moves between two periods.", "Choose what to compare with."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switching:
    """A row a value of `by`: how far its share moved, and what each kind of account made of it."""

    metric: str = "hours_viewed"
    by: str
    place: Place = field(default_factory=lambda: Place(span=12, height=380))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        if context.compare is None:
            return ()
        asked = context.without(self.by).question(self.metrics, by=(self.by,))
        return (replace(asked, interval=False, with_total=False),)

    def following(
        self, results: Sequence[Result], context: Context
    ) -> tuple[Query | ShareSplit, ...]:
        """What splits the shares that may be told; of one alone there is nothing to say."""
        values = self._values(results)
        if len(values) <= 1:
            return ()
        asked = context.without(self.by).question(self.metrics, by=(self.by,))
        query = replace(asked, interval=False, with_total=False, keeps_small=True)
        return (ShareSplit(query=query, values=values),)

    def joined(
        self,
        results: Sequence[Result],
        context: Context,  # noqa: ARG002  # one protocol
    ) -> tuple[Result, ...]:
        """A row a value and part, the whole change first: points as a share, 0 to 1."""
        rows = [
            {
                self.by: one.value, "share_before": one.before, "share": one.now, "part": name,
                "change": estimate.value, "low": estimate.low, "high": estimate.high,
                "accounts": accounts,
            }
            for one in self.found(results)
            for name, estimate, accounts in (
                ("all", one.change, None),
                *((_KINDS[p.kind], p.estimate, p.accounts) for p in one.parts),
            )
        ]  # fmt: skip
        return tuple(replace(r, frame=pl.DataFrame(rows)) for r in results[-1:])

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if context.compare is None:
            return _NO_PERIODS
        found = self.found(results)
        if not found:
            return self._nothing(results, context)
        dimension = context.dataset.dimension(self.by)
        labels = [
            f"{written.value_label(one.value, dimension)}<br><b>{one.now:.1%}</b>" for one in found
        ]
        series = [
            Series(
                "Change of the share", "@ink", [_mark("In all", m.change) for m in found], -_APART
            )
        ]
        for place, part in enumerate(found[0].parts):
            of_kind = [one.parts[place] for one in found]
            colour = f"{SERIES[place]}/0.4" if part.few else SERIES[place]
            marks = [_mark(_KINDS[p.kind], p.estimate, p) for p in of_kind]
            series.append(Series(_KINDS[part.kind], colour, marks, place + 1 - _APART))
        traces, layout = forest(labels, series)
        layout["xaxis"] |= {
            "tickformat": "+,.3~f",
            "ticksuffix": " pt",
            "title": {
                "text": f"Points of the share, against {written.period(context.compare.period)}"
            },
        }
        layout["yaxis"] |= {"automargin": True}
        return figure(traces, layout, notes=_notes(found[0].parts))

    def found(self, results: Sequence[Result]) -> tuple[Moved, ...]:
        """The split shares, in the order of the dimension; none where nothing was split."""
        values = self._values(results[:1])
        if len(results) <= 1 or len(values) <= 1:
            return ()
        return switching(results[-1].frame, values)

    def _values(self, results: Sequence[Result]) -> tuple[Scalar, ...]:
        """The largest values that both periods may tell of, in the order of their dimension."""
        if not results or results[0].frame.is_empty():
            return ()
        earlier = f"{self.metric}__previous"
        known = results[0].frame.drop_nulls([self.by, self.metric, earlier])
        largest = known.sort(self.metric, descending=True).head(_MOST)[self.by].to_list()
        order = results[0].query.dataset.dimension(self.by).values_order
        place = {value: n for n, value in enumerate(order)}
        return tuple(sorted(largest, key=lambda v: (place.get(str(v), len(place)), str(v))))

    def _nothing(self, results: Sequence[Result], context: Context) -> Drawing:
        if not self._values(results[:1]):
            return no_rows(context)
        label = context.dataset.dimension(self.by).label.lower()
        return empty(
            "nothing",
            f"There is one {label} here: its share is everything.",
            "Take a filter away to see several.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchingVerdict(Switching):
    """The surest of the shares that moved, in a sentence; or that none did."""

    place: Place = field(default_factory=lambda: Place(span=12, height=92))

    def following(
        self, results: Sequence[Result], context: Context
    ) -> tuple[Query | ShareSplit, ...]:
        """The same, where a share moved by three tenths of a point; else nothing is to be said."""
        if not results:
            return ()
        is_large = any(abs(moved) >= MATERIAL for moved in self._moved(results).values())
        return Switching.following(self, results, context) if is_large else ()

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        told = self._told(results)
        if told is None:
            return (Statement.unsaid(1.0),) if results else ()
        if not _is_sure(told):
            return (Statement.unsaid(told.q),)
        return (_statement(told, self, context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if context.compare is None:
            return _NO_PERIODS
        values = self._values(results[:1])
        if len(values) <= 1:
            return self._nothing(results, context)
        told = self._told(results)
        label = context.dataset.dimension(self.by).label.lower()
        if told is not None and told.parts[0].few:
            sentence = (
                "Fewer than 200 accounts watched in both periods: nothing is claimed of them."
            )
            return _verdict(
                "Too few to say", "flat", sentence, self._largest(told, results, context)
            )
        if told is None or not _is_sure(told):
            noise = " beyond noise" if told is not None else ""
            sentence = f"No {label}’s share moved by {MATERIAL * 100:.1f} pt or more{noise}."
            reasons = self._largest(told, results, context)
            return _verdict("Nothing moved", "flat", sentence, reasons)
        said = _statement(told, self, context)
        sentence = f"{said.subject} {said.verb} {said.size} ({said.interval}) {said.against}."
        parts = [
            {"text": f"{_points(p.estimate)} {_IN_WORDS[p.kind]}", "tone": _tone(p)}
            for p in _ordered(told)
        ]
        return _verdict("Moved", "moved", sentence, parts)

    def _told(self, results: Sequence[Result]) -> Moved | None:
        """The surest of those that moved far enough, else the surest of all."""
        found = self.found(results)
        large = [one for one in found if abs(one.change.value) >= MATERIAL]
        return min(large or found, key=lambda one: chance(one.change), default=None)

    def _moved(self, results: Sequence[Result]) -> dict[Scalar, float]:
        """How far each share moved, without its interval."""
        frame, earlier = results[0].frame, f"{self.metric}__previous"
        now, before = (frame[name].sum() or 1.0 for name in (self.metric, earlier))
        known = frame.drop_nulls([self.by, self.metric, earlier])
        pairs = zip(known[self.by], known[self.metric] / now, known[earlier] / before, strict=True)
        return {value: one - other for value, one, other in pairs}

    def _largest(
        self, told: Moved | None, results: Sequence[Result], context: Context
    ) -> list[dict[str, str]]:
        """The largest change there was: with its interval where it was split."""
        dimension = context.dataset.dimension(self.by)
        if told is not None:
            name = written.value_label(told.value, dimension)
            return [{"text": f"Largest: {name}, {_points(told.change)}.", "tone": "flat"}]
        value, size = max(self._moved(results).items(), key=lambda pair: abs(pair[1]))
        name = written.value_label(value, dimension)
        return [{"text": f"Largest: {name}, {_signed(size)}.", "tone": "flat"}]


def _is_sure(told: Moved) -> bool:
    """Whether it may be said: beyond noise, worth a word, and of 200 accounts or more."""
    is_large = abs(told.change.value) >= MATERIAL
    return told.q <= LEVEL and is_large and not told.parts[0].few


def _statement(told: Moved, tile: Switching, context: Context) -> Statement:
    dimension = context.dataset.dimension(tile.by)
    change = told.change
    parts = "; ".join(f"{_points(p.estimate)} {_IN_WORDS[p.kind]}" for p in _ordered(told))
    against = written.period(context.compare.period) if context.compare else ""
    return Statement(
        subject=f"{written.value_label(told.value, dimension)} share{_where(context)}",
        verb="rose" if change.value > 0 else "fell",
        size=_signed(change.value).lstrip("+−"),
        interval=f"95 % {_signed(change.low).removesuffix(' pt')} to {_signed(change.high)}",
        evidence="descriptive",
        probability=told.q,
        is_sure=True,
        against=f"against {against}",
        reason=f"{told.before:.1%} to {told.now:.1%} of hours: {parts}.",
    )


def _where(context: Context) -> str:
    """In which country, where the view keeps one."""
    values = context.view.values("country")
    if len(values) != 1 or not context.dataset.has_dimension("country"):
        return ""
    return f" in {written.value_label(values[0], context.dataset.dimension('country'))}"


def _ordered(told: Moved) -> list[Part]:
    return sorted(told.parts, key=lambda part: -abs(part.estimate.value))


def _tone(part: Part) -> str:
    return "flat" if part.few or part.estimate.low <= 0 <= part.estimate.high else "moved"


def _verdict(word: str, tone: str, sentence: str, reasons: list[dict[str, str]]) -> Drawing:
    content = {"word": word, "kind": "descriptive", "tone": tone, "sentence": sentence}
    return Drawing(kind="verdict", content={**content, "reasons": reasons})


def _mark(name: str, estimate: Estimate, part: Part | None = None) -> Mark:
    few = (
        f"<br>{written.grouped(part.accounts)} accounts: too few to read much into"
        if part and part.few
        else ""
    )
    value, low, high = (100 * end for end in (estimate.value, estimate.low, estimate.high))
    return Mark(value, low, high, low, high, f"{name}: <b>{_points(estimate)}</b>{few}")


def _signed(size: float) -> str:
    text = f"{100 * size:+.2f}".replace("-", "−")
    return f"{text if text.strip('+−0.') else '±0.00'} pt"


def _points(estimate: Estimate) -> str:
    if isnan(estimate.low):
        return f"{_signed(estimate.value)} (too few for an interval)"
    ends = " to ".join(_signed(end).removesuffix(" pt") for end in (estimate.low, estimate.high))
    return f"{_signed(estimate.value)} (95 % {ends})"


def _notes(parts: Sequence[Part]) -> tuple[str, ...]:
    accounts = {part.kind: f"{written.grouped(part.accounts)}" for part in parts}
    stayed = f"{accounts['switched']} accounts watched in both periods"
    if "moved" in accounts:
        others = f"{accounts['moved']} in one of them only"
    else:
        others = f"{accounts['joined']} only in this one, {accounts['left']} only in the other"
    pale = " Pale: fewer than 200 accounts." if any(part.few for part in parts) else ""
    return (f"{stayed}, {others}. Hours that name no account are left out.{pale}", _METHOD)
