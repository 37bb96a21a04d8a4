"""Findings: what changed on the whole page beyond noise, in words, on top of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import ceil, isnan
from typing import Any

from portal.components import format as written
from portal.components import sentence
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place, Stating, Tile
from portal.statement import Statement
from portal.tiles.covering import Covering
from portal.tiles.headline import Headline
from portal.tiles.missing_days import MissingDays, lacking, may_lack, said
from portal.tiles.off_target import OffTarget, aim_of
from portal.tiles.stated import stated
from queries.analyses.findings import (
    MOST_FINDINGS,
    UNUSUAL,
    Candidate,
    Evidence,
    Explanation,
    explain,
    find,
    times_usual,
)
from queries.analyses.findings import Findings as Found
from queries.analyses.missing_days import weakened
from queries.complete_days import has_whole_buckets
from queries.condition import Filter, conjunction
from queries.dataset import Dataset, Metric
from queries.model import Comparison, Query, Result
from queries.period import Grain, Period, is_whole_months, last_year, previous

_WEEK = 7
_YEAR = 364
_EARLIER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """At most three sentences: of the page's analyses, then of the metrics of its headlines.

    All are tried together, so that at most one in ten is chance. Metrics are tried by the page's
    filters; `only` names other metrics, as `metric` or `dataset.metric`, `by` other dimensions,
    `why` some that only explain, `covering` which few values of a wide dimension make a claim, and
    without `changes` there are only the analyses. Both
    comparisons of a page are tried: the days just before, whole weeks back, and the same weeks last
    year; where somebody chose dates of their own, those alone. A headline that has a target is
    tried against it too. A day that a country lacks is said to be missing, apart from what is
    tried.
    """

    only: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    covering: tuple[Covering, ...] = ()
    changes: bool = True
    evidence: Evidence = "descriptive"
    place: Place = field(
        default_factory=lambda: Place(span=12, height=72, title="Findings", is_bare=True)
    )
    contexts: Mapping[str, Context] = field(default_factory=dict[str, Context])
    asked: tuple[tuple[str, str], ...] = ()
    gathered: tuple[Tile, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        return ()

    def within(
        self, tiles: Sequence[Tile], filters: Sequence[str], contexts: Mapping[str, Context]
    ) -> "Findings":
        """The same tile, knowing what it is about."""
        first = next(iter(contexts), "")
        if not self.changes:
            asked: tuple[tuple[str, str], ...] = ()
        elif self.only:
            asked = tuple(_named(name, first) for name in self.only)
        else:
            shown = [t for t in tiles if isinstance(t, Headline)]
            shown = shown or [t for t in tiles if t.metrics][:1]
            asked = tuple((t.place.dataset or first, m) for t in shown for m in t.metrics)
        known = tuple((d, m) for d, m in dict.fromkeys(asked) if d in contexts)
        stating = tuple(t for t in tiles if isinstance(t, Stating))
        spoken = dict.fromkeys([*(d for d, _ in known), *(t.place.dataset for t in stating)])
        named = dict.fromkeys(name or first for name in spoken)
        arriving = (MissingDays(place=Place(dataset=n)) for n in named if may_lack(contexts[n]))
        return replace(
            self,
            contexts=contexts,
            asked=known,
            by=self.by or tuple(filters),
            gathered=(*stating, *_aimed(tiles, contexts), *arriving),
        )

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # knows them all
        questions: list[Query] = []
        for name, one in self.contexts.items():
            metrics = [one.metric(m) for d, m in self.asked if d == name]
            open_metrics = [m for m in metrics if m.name not in one.withheld and not m.parameters]
            open_metrics = [m for m in open_metrics if _may_be_filtered(m, one)]
            for compare in comparisons(one):
                questions += _by_dimension(replace(one, compare=compare), open_metrics, self.by)
        return tuple(filter(has_whole_buckets, questions))

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:  # noqa: ARG002
        """What explains a claim about a slice, and how the same has changed before."""
        queries: list[Query] = []
        for claims in _alike(find(results).claims):
            claim, metrics = claims[0], [c.metric for c in claims]
            one = _narrowed(self.contexts[claim.dataset.name], claim)
            others = [n for n in self.by if claim.dimension and n != claim.dimension.name]
            if claim.dimension is not None or self.why:
                asked = _by_dimension(one, metrics, [*others, *self.why])
                # What is claimed of all rows has been asked of all rows.
                queries += [q for q in asked if q.by or claim.dimension is not None]
            for together in _batches(metrics):
                queries += _earlier(one, claim, [m.name for m in together])
            queries += [q for c in claims for told in self.covering for q in told.questions(one, c)]
        return tuple(filter(has_whole_buckets, queries))

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        changes = [r for r in results if r.query.compare is not None]
        first = [r for r in changes if self.is_first(r.query)]
        later = [r for r in changes if not self.is_first(r.query)]
        said_of = stated(self.gathered, results, self.contexts, context)
        statements = [s for s in said_of if s.is_tried]
        sure_of = self.weakened(results)
        found = find(first, beside=[s.probability for s in statements], weakened=sure_of)
        sure = claimed(statements, found)
        told = sorted(sure, key=lambda s: s.probability)[:MOST_FINDINGS]
        claims = [_statement(s) for s in told]
        # What explains a claim was asked for those that hold without the analyses too.
        explained = {c.key for c in find(first).claims}
        claims += [
            self._claim(c, [*first, *later] if c.dimension is None else later, later, context)
            for c in found.claims[: MOST_FINDINGS - len(told)]
            if c.key in explained
        ]
        silences = [s.silence for s in said_of if s.silence and s not in sure]
        if not claims and (found.tested or not silences):
            silences = [sentence.silence(found.largest, len(statements)), *silences]
        content = {
            "faults": [*self._faults(results, context)],
            "claims": claims,
            "silence": " ".join(silences),
            "basis": _basis(found.tested, len(statements)),
        }
        return Drawing(kind="findings", content=content)

    def _faults(self, results: Sequence[Result], context: Context) -> Iterable[str]:
        arriving = [t for t in self.gathered if isinstance(t, MissingDays)]
        about = [self.contexts.get(tile.place.dataset, context) for tile in arriving]
        return said([(lost, one.dataset) for one in about for lost in lacking(one, results)])

    def weakened(self, results: Sequence[Result]) -> Callable[[Candidate], Candidate]:
        """Changes as sure as they would be, had the days that the answers lack been as usual."""
        arriving = [t.place.dataset for t in self.gathered if isinstance(t, MissingDays)]
        lost = {name: lacking(self.contexts[name], results) for name in arriving}
        return lambda change: weakened(change, lost.get(change.dataset.name, ()))

    def is_first(self, query: Query) -> bool:
        """Whether it is one of `questions`: what only explains is asked of the same rows."""
        one = self.contexts.get(query.dataset.name)
        return (
            one is not None
            and all(key.name in self.by for key in query.by)
            and query.where == one.condition
            and query.period == one.period
            and query.compare in comparisons(one)
        )

    def _claim(
        self, claim: Candidate, about: Sequence[Result], later: Sequence[Result], context: Context
    ) -> dict[str, Any]:
        one = _narrowed(self.contexts[claim.dataset.name], claim)
        found = explain(claim, [r for r in about if r.query.where == one.condition])
        size, around = sentence.amount(claim)
        told = (covering.said(one, claim, later) for covering in self.covering)
        return {
            "subject": sentence.subject(claim),
            "verb": sentence.verb(claim, self.evidence),
            "size": size,
            "interval": around,
            "against": f"against {written.period(claim.comparison.period)}",
            "reason": " ".join(filter(None, (*told, sentence.reason(claim, found, self.evidence)))),
            "evidence": self.evidence,
            "tone": written.tone(claim.metric, claim.change.low, claim.change.high),
            "caution": _caution(claim, later),
            "explain": _link(claim, found, self.contexts[claim.dataset.name], context),
        }


def claimed(statements: Sequence[Statement], found: Found) -> list[Statement]:
    """Those that hold in the family of the page, and by the rule of their own analysis."""
    held = zip(statements, found.beside, strict=True)
    return [s for s, is_kept in held if is_kept and s.is_sure]


def _statement(found: Statement) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "verb": found.verb,
        "size": found.size,
        "interval": found.interval,
        "against": found.against,
        "reason": found.reason,
        "evidence": found.evidence,
        "tone": found.tone,
        "caution": "",
        "filters": found.filters,
    }


def _basis(changes: int, analyses: int) -> str:
    """What was tried, all of it together."""
    parts: list[str] = []
    if changes:
        parts.append(f"{changes} changes tested, of slices with 200 accounts or more")
    if analyses:
        parts.append(f"{analyses} {'analysis' if analyses == 1 else 'analyses'} of this page")
    if not parts:
        return ""
    tried = ", and ".join(parts)
    return f"{tried}; at most one claim in ten is chance (Benjamini-Hochberg)."


def comparisons(context: Context) -> tuple[Comparison, ...]:
    """What a finding holds its period against: weekdays against the same weekdays.

    Where the view is cut by months and its period is whole ones, whole months against whole months.
    """
    period, first = context.period, context.extent.first
    if period is None or first is None:
        return ()
    if context.compare is not None and context.compare.kind == "custom":
        return (context.compare,)
    if _goes_by_months(context, period):
        earlier = (previous(period), last_year(period, Grain.MONTH))
    else:
        weeks = _WEEK * ceil(period.days / _WEEK)
        earlier = (period.shifted(-weeks), period.shifted(-_YEAR))
    both = [Comparison("previous", earlier[0])]
    if earlier[1] != earlier[0]:
        both.append(Comparison("last year", earlier[1]))
    return tuple(c for c in both if c.period.start >= first)


def _goes_by_months(context: Context, period: Period) -> bool:
    return context.grain not in (Grain.DAY, Grain.WEEK) and is_whole_months(period)


def _aimed(tiles: Sequence[Tile], contexts: Mapping[str, Context]) -> Iterable[OffTarget]:
    """The headlines of which something is aimed at."""
    first = next(iter(contexts), "")
    shown = [(t.place.dataset or first, t.metric) for t in tiles if isinstance(t, Headline)]
    for dataset, metric in dict.fromkeys(shown):
        if dataset in contexts and aim_of(metric, contexts[dataset]) is not None:
            yield OffTarget(metric=metric, place=Place(dataset=dataset))


def _named(text: str, main: str) -> tuple[str, str]:
    dataset, _, metric = text.rpartition(".")
    return dataset or main, metric


def _by_dimension(one: Context, metrics: Sequence[Metric], by: Sequence[str]) -> list[Query]:
    """The metrics of all rows, then by each dimension that is not filtered to one value."""
    settled = {c.name for c in one.view.choices if c.operation == "in" and len(c.values) == 1}
    names = [n for n in by if n not in settled and one.dataset.has_dimension(n)]
    dimensions = [d for d in map(one.dataset.dimension, names) if not d.is_wide]
    found: list[Query] = []
    for together in _batches(metrics):
        found.append(one.question([m.name for m in together]))
        for dimension in dimensions:
            cut = [m.name for m in together if _may_be_cut(m, dimension.name, one.dataset)]
            if cut:
                question = one.question(cut, by=(dimension.name,))
                found.append(replace(question, with_total=False))
    return found


def _may_be_filtered(metric: Metric, one: Context) -> bool:
    """Whether the metric is defined by all that the view is filtered by."""
    filtered = {f.dimension.name for f in one.condition.filters()} if one.condition else set()
    return not metric.dimensions or filtered <= {*metric.dimensions, one.dataset.time.name}


def _batches(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Metrics that one scan answers: those that rollups add up, then each other kind apart."""
    adding = [m for m in metrics if all(a.is_additive for a in m.formula.aggregates())]
    counting = [m for m in metrics if m not in adding and m.kind == "distinct"]
    others = [[m] for m in metrics if m not in adding and m not in counting]
    return [batch for batch in (adding, counting, *others) if batch]


def _may_be_cut(metric: Metric, dimension: str, dataset: Dataset) -> bool:
    """Whether the slices of a dimension cost little.

    Quantiles and estimations take a scan of their own for each group, and accounts are counted
    quickly only where a rollup keeps them.
    """
    if metric.kind in ("quantile", "model"):
        return False
    if metric.dimensions and dimension not in metric.dimensions:
        return False
    return metric.kind != "distinct" or any(
        r.by_account and dimension in r.dimensions and metric.name in (r.metrics or (metric.name,))
        for r in dataset.rollups
    )


def _narrowed(one: Context, claim: Candidate) -> Context:
    """The rows of a claim, in its two periods."""
    one = replace(one, compare=claim.comparison)
    if claim.dimension is None or claim.value is None:
        return one
    slice_of = Filter(claim.dimension, "in", (claim.value,))
    return replace(one, condition=conjunction(one.condition, slice_of))


def _alike(claims: Sequence[Candidate]) -> list[list[Candidate]]:
    """Claims about the same rows, which the same questions explain."""
    found: dict[object, list[Candidate]] = {}
    for claim in claims:
        name = claim.dimension.name if claim.dimension else ""
        key = (claim.dataset.name, claim.comparison, name, claim.value)
        found.setdefault(key, []).append(claim)
    return list(found.values())


def _earlier(one: Context, claim: Candidate, metrics: Sequence[str]) -> Iterable[Query]:
    """The changes between equally long periods before, whole weeks or months apart."""
    later, first = claim.comparison.period, one.extent.first
    step = timedelta(_WEEK * ceil(later.days / _WEEK))
    by_months = _goes_by_months(one, later)
    for _ in range(_EARLIER):
        before = previous(later) if by_months else Period(later.start - step, later.end - step)
        if first is None or before.start < first:
            return
        question = one.question(metrics)
        compare = Comparison("custom", before)
        yield replace(question, period=later, compare=compare, interval=False)
        later = before


def _keeps(query: Query, claim: Candidate) -> bool:
    """Whether a question is about the claim's own slice, or about all where it is of all."""
    if claim.dimension is None:
        return True
    filters = query.where.filters() if query.where else ()
    return any(
        f.dimension.name == claim.dimension.name and f.values == (claim.value,) for f in filters
    )


def _caution(claim: Candidate, later: Sequence[Result]) -> str:
    """Twyman's law: what looks unusual is usually wrong."""
    earlier = [
        r
        for r in later
        if not r.query.interval and claim.metric in r.query.metrics and _keeps(r.query, claim)
    ]
    times = times_usual(claim, earlier)
    if isnan(times) or times <= UNUSUAL:
        return ""
    return f"{times:.0f}× its usual change: check the data before you believe it."


def _link(
    claim: Candidate, found: Explanation | None, one: Context, context: Context
) -> list[tuple[str, str]]:
    """The query string that explains the claim: its very dates, its slice, its dimension."""
    pairs = [
        ("dataset", claim.dataset.name),
        ("metric", claim.metric.name),
        ("period", str(claim.period)),
        ("compare", str(claim.comparison.period)),
    ]
    if found is not None:
        pairs.append(("by", found.dimension.name))
    kept = [c for c in one.view.choices if claim.dataset.has_dimension(c.name)]
    if claim.dimension is not None:
        kept = [c for c in kept if c.name != claim.dimension.name]
        pairs.append((claim.dimension.name, str(claim.value)))
    pairs += [pair for choice in kept for pair in choice.pairs]
    return [*pairs, ("v", context.view.version)] if context.view.version else pairs
