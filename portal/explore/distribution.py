"""Distribution: a page about how one metric is spread, whichever its URL names."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing
from portal.explore import held_apart
from portal.explore.choices import BY, DATASET, METRIC
from portal.explore.distribution_tiles import Ecdf, FiguresOfSpread, HistogramOfValues, Said
from portal.explore.held_apart import AGAINST, GROUP, OVER
from portal.explore.page import named_dataset, named_metric
from portal.page import Page, Place, Section
from portal.tiles import Headline
from portal.tiles.options import Option, controls
from portal.view import View
from queries.catalog import Catalog
from queries.distribution import Distribution, Over, unit_of, why_not
from queries.model import Query, Result

OPTIONS = (DATASET, METRIC, OVER, BY, GROUP, AGAINST)


def distribution_page(page: Page, query: str, catalog: Catalog) -> Page:
    """The page for one metric. A name that is not in the catalog is said, not fatal."""
    view = View.from_url(query, options=OPTIONS)
    dataset, notices = named_dataset(view, catalog)
    metric, said = named_metric(view, dataset)
    name = metric.name
    whole = Place(span=4, height=132, title=metric.label, note="As a whole")
    answer = Place(span=8, height=132, title="What is there to see?")
    share = Place(span=6, height=340, title="How many have so much or less?", note="With 95 % band")
    bars = Place(span=6, height=340, title="Where do the values lie?")
    table = Place(span=12, height=430, title="In numbers", note="With 95 % intervals")
    sections = (
        Section(tiles=(HeldApart(metric=name),)),
        Section(tiles=(Headline(metric=name, place=whole), Said(metric=name, place=answer))),
        Section(tiles=(Ecdf(metric=name, place=share), HistogramOfValues(metric=name, place=bars))),
        Section(tiles=(FiguresOfSpread(metric=name, place=table),)),
    )
    has_one = any(not why_not(metric, dataset, over) for over in ("rows", "units"))
    return replace(
        page,
        title=f"Distribution of {written.lowered(metric.label.split(', ')[0])}",
        datasets=(dataset.name,),
        options=OPTIONS,
        arranged_by=(DATASET, METRIC),
        notices=(*notices, *said, *held_apart.unread(view, dataset)),
        sections=sections if has_one else sections[1:2],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldApart:
    """The controls: over what, told apart by what, and which two groups."""

    metric: str
    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query | Distribution, ...]:
        if held_apart.dimension_of(context) is None:
            return ()
        return held_apart.questions(context, self.metric)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        metric, dataset = context.metric(self.metric), context.dataset
        over = held_apart.over_of(context, metric)
        nouns: dict[Over, str] = {"units": unit_of(dataset), "rows": dataset.row_label}
        can: list[Over] = [o for o in nouns if not why_not(metric, dataset, o)]
        can.sort(key=lambda o: o != over)
        chosen = held_apart.dimension_of(context)
        periods = ("", "nothing" if context.compare is None else "the two periods")
        names = [(d.name, d.label) for d in held_apart.offered(context, metric)]
        options = [Option(name=BY, label="apart by", choices=(periods, *names))]
        if can:
            choices = tuple((o, nouns[o]) for o in can)
            options.insert(0, Option(name=OVER, label="Over", choices=choices))
        if chosen is not None and results:
            values = held_apart.values_of(results[0], chosen)
            group, against = held_apart.groups(values, context)
            labelled = [(str(v), written.value_label(v, chosen)) for v in values]
            first = tuple(sorted(labelled, key=lambda one: one[0] != str(group)))
            others = tuple(one for one in labelled if one[0] != str(group))
            rest = ("", "all others")
            known = (rest, *others) if against is None else (*others, rest)
            options += [
                Option(name=GROUP, label="", choices=first),
                Option(name=AGAINST, label="against", choices=known),
            ]
        return controls(options, context)
