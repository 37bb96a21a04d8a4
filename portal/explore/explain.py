"""Explain: a page about why one number changed, whichever its URL names.

The change, how much each dimension explains of it, and the parts that the groups of one make.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.explore.askable import leading, why_not
from portal.explore.choices import BY, DATASET, METRIC
from portal.explore.page import named_dataset, named_metric
from portal.page import Page, Place, Section
from portal.tiles import Headline
from portal.tiles.parts import parts_of, refused
from portal.tiles.value_change import ValueMoved
from portal.tiles.value_groups import VALUE
from portal.view import View
from queries.analyses.decomposition import Decomposition, decompose
from queries.analyses.laid_out import MOST_GROUPS
from queries.catalog import Catalog
from queries.condition import Dimension
from queries.dataset import Metric
from queries.errors import QueryError
from queries.model import Query, Result

OPTIONS = (DATASET, METRIC, BY)
_PAY_OR_MONTHS = Section(
    tiles=(ValueMoved(place=Place(span=12, height=96, title="Do they pay more, or stay longer?")),)
)


def explain_page(page: Page, query: str, catalog: Catalog) -> Page:
    """The page for one metric. A name that is not in the catalog is said, not fatal."""
    view = View.from_url(query, options=OPTIONS)
    dataset, notices = named_dataset(view, catalog)
    metric, said = named_metric(view, dataset)
    change = Place(span=4, height=132, title=metric.label, note="The change")
    reasons = Place(
        span=8, height=132, title="What explains it?", note="Least share, beyond a group’s size"
    )
    parts = Place(span=12, height=300, title="Which groups make it?")
    return replace(
        page,
        title=f"Why did {written.lowered(metric.label)} change?",
        datasets=(dataset.name,),
        options=OPTIONS,
        arranged_by=(DATASET, METRIC),
        notices=(*notices, *said),
        sections=(
            Section(
                tiles=(
                    Headline(metric=metric.name, place=change),
                    Reasons(metric=metric.name, place=reasons),
                )
            ),
            *((_PAY_OR_MONTHS,) if metric.name == VALUE else ()),
            Section(tiles=(Parts(metric=metric.name, place=parts),)),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """How much each dimension explains; a click on one shows the parts its groups make."""

    metric: str
    place: Place = field(default_factory=Place)

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return explaining(context, self.metric)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if context.compare is None:
            return nothing_to_compare(context)
        ranked = rank(context.metric(self.metric), results)
        if not ranked:
            return no_rows(context)
        chosen = context.view.option(BY) or ranked[0].dimension.name
        rows = [
            {
                "name": reason.dimension.name,
                "label": reason.dimension.label,
                "share": min(1.0, reason.share),
                "text": f"{min(1.0, reason.share):.0%}" if reason.is_known else "",
                "why": reason.why,
                "is_chosen": reason.dimension.name == chosen,
            }
            for reason in ranked
        ]
        return Drawing(kind="reasons", content={"rows": rows, "option": BY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the groups of the chosen dimension make of the change, of the best where none is."""

    metric: str
    place: Place = field(default_factory=Place)

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        chosen = context.view.option(BY)
        if context.dataset.has_dimension(chosen):
            return _asked(context, self.metric, [context.dataset.dimension(chosen)])
        return explaining(context, self.metric)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The groups with the change of each, as the file and the table hold them."""
        metric = context.metric(self.metric)
        return (_shown(rank(metric, results), results),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if context.compare is None:
            return nothing_to_compare(context)
        metric = context.metric(self.metric)
        ranked = rank(metric, results)
        if not ranked:
            return no_rows(context)
        best = ranked[0]
        dimension = best.dimension
        if best.found is None:
            said = (best.why, best.refusal.hint if best.refusal else "")
            content = refused(_shown(ranked, results), metric, dimension, said)
        else:
            content = parts_of(best.found, dimension)
        notes = ()
        if unknown := context.view.option(BY):
            known = context.dataset.has_dimension(unknown)
            notes = () if known else (f"There is no dimension “{unknown}”; the best is shown.",)
        return Drawing(kind="parts", content=content, filters=dimension.name, notes=notes)


@dataclass(frozen=True, slots=True)
class Reason:
    """A dimension and what it explains: the least share, 0 where nothing can be told.

    `found` is None where there are no parts, and `refusal` says why.
    """

    dimension: Dimension
    found: Decomposition | None
    share: float = 0.0
    refusal: QueryError | None = None

    @property
    def why(self) -> str:
        return self.refusal.message if self.refusal else ""

    @property
    def is_known(self) -> bool:
        return self.found is not None and not self.found.is_noisy


def explaining(context: Context, metric: str) -> tuple[Query, ...]:
    """The change of all together, then by every dimension that may explain it."""
    asked = context.metric(metric)
    settled = {c.name for c in context.view.choices if c.operation == "in" and len(c.values) == 1}
    dimensions = [
        d
        for d in leading(context.dataset)
        if d.name not in settled and not why_not(d, [asked], context.dataset)
    ]
    return _asked(context, metric, dimensions)


def rank(metric: Metric, results: Sequence[Result]) -> list[Reason]:
    """The dimensions of the answers after the first, those that explain most first."""
    whole, groups = results[0], results[1:]
    reasons: list[Reason] = []
    for result in groups:
        key = result.query.by[0]
        dimension = result.query.dataset.dimension(key.name)
        try:
            found = decompose(metric, result, whole)
        except QueryError as error:
            reasons.append(Reason(dimension, None, refusal=error))
            continue
        size = abs(found.change.value)
        share = found.explained / size if size and not found.is_noisy else 0.0
        reasons.append(Reason(dimension, found, share))
    return sorted(reasons, key=lambda r: -r.found.explained if r.found else 1.0)


def nothing_to_compare(context: Context) -> Drawing:
    """Why there is no change: no comparison, or none that the data reaches."""
    previous = {"label": "Compare with the period before", "set": {"compare": "previous"}}
    if context.compare_note:
        return empty(
            "no_rows", f"There is {context.compare_note}.", "Choose a later or a shorter period."
        )
    said = "Nothing is compared, so nothing changed."
    return empty("no_rows", said, "Choose what to compare with.", actions=[previous])


def _asked(context: Context, metric: str, dimensions: Sequence[Dimension]) -> tuple[Query, ...]:
    whole = context.question((metric,))
    by = [replace(context.question((metric,), by=(d.name,)), with_total=False) for d in dimensions]
    cut = [
        replace(q, limit=MOST_GROUPS, order_by=metric) if d.is_wide else q
        for q, d in zip(by, dimensions, strict=True)
    ]
    return (whole, *cut)


def _shown(ranked: Sequence[Reason], results: Sequence[Result]) -> Result:
    if not ranked:
        return results[0]
    name = ranked[0].dimension.name
    return next(r for r in results[1:] if r.query.by[0].name == name)
