"""Lay Explore out: the page that its URL stands for, about whichever dataset is named there."""

from dataclasses import replace

from portal.explore.askable import leading
from portal.explore.breakdown import Breakdown, Opened
from portal.explore.choices import (
    BY,
    DATASET,
    METRIC,
    OPTIONS,
    parameter_options,
    read_choices,
)
from portal.explore.chooser import Chooser, Others
from portal.explore.leaderboard import Leaderboard
from portal.explore.metric_row import MetricRow
from portal.explore.over_time import OverTime
from portal.page import Page, Place, Section
from portal.view import View
from queries.catalog import Catalog, builtin
from queries.condition import Dimension
from queries.dataset import Dataset, Metric
from queries.errors import QueryError, UnknownField
from queries.period import Grain

_PERIODS = {
    Grain.DAY: "last 28 days",
    Grain.WEEK: "last 12 weeks",
    Grain.MONTH: "last 12 months",
    Grain.QUARTER: "last 8 quarters",
    Grain.YEAR: "all",
}


def explore(page: Page, query: str, catalog: Catalog) -> Page:
    """The page for one dataset. A name that is not in the catalog is said, not fatal."""
    dataset, notices = named_dataset(View.from_url(query, options=(DATASET,)), catalog)
    options = (*OPTIONS, *parameter_options(dataset))
    said = read_choices(View.from_url(query, options=options), dataset).notices
    is_file = dataset.name not in {d.name for d in builtin().datasets}
    return replace(
        page,
        datasets=(dataset.name,),
        options=options,
        arranged_by=(DATASET,),
        notices=(*notices, *said),
        period="all" if is_file else _PERIODS[dataset.smallest_grain],
        compare="none" if is_file else page.compare,
        sections=_sections(dataset),
    )


def named_dataset(view: View, catalog: Catalog) -> tuple[Dataset, tuple[str, ...]]:
    """The dataset that a URL names, or the first one and why."""
    wanted, dataset = view.option(DATASET), catalog.datasets[0]
    if not wanted:
        return dataset, ()
    try:
        return catalog.dataset(wanted), ()
    except QueryError as error:
        return dataset, (f"{error.message} {error.hint} Showing {dataset.label}.",)


def named_metric(view: View, dataset: Dataset) -> tuple[Metric, tuple[str, ...]]:
    """The metric that a URL names, or the first one and why."""
    wanted = view.option(METRIC)
    if not wanted:
        return dataset.metrics[0], ()
    try:
        return dataset.metric(wanted), ()
    except UnknownField as error:
        first = dataset.metrics[0]
        return first, (f"{error.message} {error.hint} Showing {first.label}.",)


def named_dimension(view: View, dataset: Dataset) -> tuple[Dimension | None, tuple[str, ...]]:
    """The dimension that a URL names with `by`, and why there is none where it names one."""
    wanted = view.option(BY)
    if not wanted:
        return None, ()
    try:
        return dataset.dimension(wanted), ()
    except UnknownField as error:
        return None, (f"{error.message} {error.hint}",)


def _sections(dataset: Dataset) -> tuple[Section, ...]:
    """The frames depend on the dataset alone, so that choosing within it moves nothing."""
    rows = tuple(
        MetricRow(
            metric=m.name,
            place=Place(span=12, height=58, title=f"{m.label} {m.name}", is_bare=True),
        )
        for m in dataset.metrics
    )
    boards = tuple(
        Leaderboard(by=d.name, place=Place(span=4, height=224, title=d.label))
        for d in leading(dataset)
    )
    over_time = OverTime(place=Place(span=12, height=236, title="Over time"))
    opened = Opened(place=Place(span=12, height=0, title="All values"))
    return (
        Section(tiles=(Chooser(), *rows)),
        Section(tiles=(over_time, opened)),
        Section(tiles=(*boards, Others())),
        Section(tiles=(Breakdown(),)),
    )
