"""A page opened with a view: one data version, its datasets, and a context for each of them.

The browser's tiles, exports and tests all start here, so they ask the same questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from portal.context import Context, Extent, resolve
from portal.page import Asking, Gathering, Joining, Lists, Page, Spanning, Tile, dataset_name
from portal.store.target import Target
from portal.view import METRIC, Choice, View
from queries.catalog import Catalog
from queries.condition import Condition, Filter, Scalar, conjuncts
from queries.dataset import Access, Dataset
from queries.derived import require
from queries.distribution import Distribution
from queries.errors import (
    AccessDenied,
    Cancelled,
    NotLoaded,
    QueryError,
    UnknownField,
    UnsafeQuestion,
)
from queries.estimation import Estimation
from queries.lake.errors import UnknownVersion
from queries.listing import Rows
from queries.model import Query, Result
from queries.share_split import ShareSplit
from queries.warehouse import Warehouse
from queries.where import Where
from queries.where_text import written

_WEEK = 7
_SLACK = timedelta(_WEEK)
_LASTING = (AccessDenied, NotLoaded, UnknownField, UnsafeQuestion)
"""Refusals that the same question of the same data meets again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """Every tile of it asks the same data version.

    `assumed` are filters of its view that its URL does not name: without them nothing adds up.
    """

    page: Page
    view: View
    catalog: Catalog
    data_version: str
    extents: Mapping[str, Extent]
    notices: tuple[str, ...] = ()
    assumed: tuple[Choice, ...] = ()
    access: Access = field(default_factory=Access)
    targets: tuple[Target, ...] = ()

    @property
    def context(self) -> Context:
        """The context of the page's main dataset: the dates its head shows."""
        return self.context_of(self.page.datasets[0])

    def context_of(self, dataset: str) -> Context:
        extent = self.extents.get(dataset, Extent(None, None, self.data_version))
        found = self.catalog.dataset(dataset)
        withheld = frozenset(m.name for m in found.metrics if self.access.hides(m, found))
        context = resolve(self.view, self.page, found, extent)
        return replace(context, withheld=withheld, targets=self._targets_of(context))

    def scope_of(self, context: Context) -> Condition | None:
        """The rows that a number of this view is of, by the filters that somebody chose."""
        return context.without(*(choice.name for choice in self.assumed)).condition

    def _targets_of(self, context: Context) -> tuple[Target, ...]:
        """Those of exactly the rows of this view; none where a row rule leaves some of them out."""
        dataset, condition = context.dataset, self.scope_of(context)
        if leaves_out(self.access, dataset, condition):
            return ()
        scope = written(Where(condition))
        return tuple(t for t in self.targets if (t.dataset, t.scope) == (dataset.name, scope))

    def tile_context(self, tile: Tile) -> Context:
        return self.context_of(dataset_name(self.page, tile))

    def tiles(self) -> dict[str, Tile]:
        """The tiles by name; those about the whole page know it."""
        tiles = self.page.tiles(self.catalog, self.view)
        if not any(isinstance(tile, Spanning) for tile in tiles.values()):
            return tiles
        names = dict.fromkeys(dataset_name(self.page, tile) for tile in tiles.values())
        contexts = {name: self.context_of(name) for name in names}
        beside = tuple(t for t in tiles.values() if not isinstance(t, Spanning))
        return {
            name: tile.within(beside, self.page.filters, contexts)
            if isinstance(tile, Spanning)
            else tile
            for name, tile in tiles.items()
        }

    def all_notices(self) -> tuple[str, ...]:
        return (*self.notices, *self.page.notices, *self.context.notices)


def open_page(
    page: Page, query: str, warehouse: Warehouse, access: Access | None = None
) -> OpenPage:
    """Read a page's query string against the lake, at the version it pins or the newest.

    With an access, its tiles know which metrics are withheld and can leave them out.
    """
    pinned, notices = _version(View.from_url(query).version, warehouse)
    access = access or Access()
    catalog = warehouse.catalog(pinned).seen_with(access)
    page = page.read(query, catalog)
    version = warehouse.snapshot(pinned).data_version
    view = page.view(query, catalog)
    assumed = _assumed(catalog.dataset(page.datasets[0]), view, warehouse, version)
    view = replace(view, choices=tuple(sorted((*view.choices, *assumed))))
    asked = {dataset_name(page, tile) for tile in page.tiles(catalog, view).values()}
    datasets = [catalog.dataset(name) for name in {*page.datasets, *asked}]
    return OpenPage(
        page=page,
        view=view,
        catalog=catalog,
        data_version=version,
        extents=_together({d.name: _extent(d, warehouse, version) for d in datasets}, page),
        notices=notices,
        assumed=assumed,
        access=access,
    )


class Asked(NamedTuple):
    """The answers to a tile's questions; not whole where one is missing that may come yet."""

    results: tuple[Result, ...]
    is_whole: bool = True


def ask(opened: OpenPage, tile: Tile, warehouse: Warehouse, access: Access) -> tuple[Result, ...]:
    """The answers to a tile's questions. Raises the errors of `queries.errors`."""
    return ask_all(opened, tile, warehouse, access).results


def ask_all(opened: OpenPage, tile: Tile, warehouse: Warehouse, access: Access) -> Asked:
    """The same, and whether nothing was left out. Raises the errors of `queries.errors`."""
    context = opened.tile_context(tile)
    questions = tile.questions(context)
    version = opened.data_version
    if questions and context.extent.latest is None:
        raise _not_there(context.dataset, warehouse, version)

    def answer(question: Query | Distribution | ShareSplit) -> Result:
        if isinstance(question, Distribution):
            return warehouse.distribution(question, access, version)
        if isinstance(question, ShareSplit):
            return warehouse.share_split(question, access, version)
        return warehouse.ask(question, access, version)

    def answers(
        asked: Sequence[Query | Distribution | ShareSplit],
    ) -> tuple[Result, ...]:
        queries = [question for question in asked if isinstance(question, Query)]
        warehouse.read_together(queries, access, version)
        return tuple(map(answer, asked))

    results = answers(questions)
    if isinstance(tile, Asking):
        results = (*results, *answers(tile.following(results, context)))
    if not isinstance(tile, Gathering):
        return Asked(results)
    beside = [_asked_beside(opened, one, warehouse, access) for one in tile.gathered]
    results = (*results, *(result for found in beside for result in found.results))
    return Asked(results, all(found.is_whole for found in beside))


def _asked_beside(opened: OpenPage, tile: Tile, warehouse: Warehouse, access: Access) -> Asked:
    """The answers of a tile that another reads too; none where it has none."""
    try:
        return ask_all(opened, tile, warehouse, access)
    except Cancelled:
        raise
    except QueryError as error:
        return Asked((), isinstance(error, _LASTING))


def _not_there(dataset: Dataset, warehouse: Warehouse, version: str | None) -> QueryError:
    """Why a dataset has no days: of a derived one, what it lacks to be made."""
    if not dataset.derived:
        return NotLoaded(f"The dataset “{dataset.label}” is not loaded.", dataset.load_hint)
    try:
        require(dataset, warehouse.snapshot(version))
    except QueryError as error:
        return error
    said = f"No {dataset.label.lower()} can be made of what is loaded."
    return NotLoaded(said, dataset.load_hint)


def list_rows(
    opened: OpenPage, tile: Lists, warehouse: Warehouse, access: Access, limit: int = 0
) -> Rows:
    """The rows of a tile that lists some; `limit` of them, or as many as it shows."""
    context = opened.tile_context(tile)
    if context.extent.latest is None:
        raise _not_there(context.dataset, warehouse, opened.data_version)
    listing = tile.listing(context)
    listing = replace(listing, limit=limit) if limit else listing
    return warehouse.rows(listing, access, opened.data_version)


def shown(opened: OpenPage, tile: Tile, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The answers as the tile shows them: what its table reads and what its file holds."""
    if not results or not isinstance(tile, Joining):
        return results
    return tile.joined(results, opened.tile_context(tile))


def _version(asked: str, warehouse: Warehouse) -> tuple[str | None, tuple[str, ...]]:
    if not asked:
        return None, ()
    try:
        return warehouse.snapshot(asked).data_version, ()
    except UnknownVersion:
        said = f"The link names data version {asked}, which this lake does not have (any more)."
        return None, (f"{said} The newest data is shown; numbers may differ.",)


def _together(extents: dict[str, Extent], page: Page) -> dict[str, Extent]:
    """The same last day for all datasets of a page, unless one is later than a week."""
    main = extents[page.datasets[0]].latest
    if main is None:
        return extents
    near = [e.latest for e in extents.values() if e.latest and abs((main - e.latest).days) <= _WEEK]
    last = min(near)
    return {
        name: replace(e, latest=last, is_cut=True)
        if e.latest and last < e.latest <= main + _SLACK
        else e
        for name, e in extents.items()
    }


def leaves_out(access: Access, dataset: Dataset, condition: Condition | None) -> bool:
    """Whether a row rule leaves out some of the rows that a condition keeps.

    All of them, of a dataset that does not tell them apart.
    """
    rules = () if dataset.open else access.rows
    return any(not _is_within(condition, name, allowed) for name, allowed in rules)


def _is_within(condition: Condition | None, name: str, allowed: tuple[Scalar, ...]) -> bool:
    """Whether a condition keeps only rows that a row rule of these values keeps too."""
    return any(
        isinstance(part, Filter)
        and (part.dimension.name, part.operation) == (name, "in")
        and set(part.values) <= set(allowed)
        for part in conjuncts(condition)
    )


def _assumed(
    dataset: Dataset, view: View, warehouse: Warehouse, version: str
) -> tuple[Choice, ...]:
    """One level, where rows of different levels overlap: the widest that the data has.

    None for a metric that is worked out over all of them, such as the value of a membership.
    """
    name = dataset.exclusive
    if not name or any(choice.name == name for choice in view.choices):
        return ()
    asked = [m.formula for m in dataset.metrics if m.name in view.every(METRIC)]
    if asked and all(isinstance(f, Estimation) and f.spans(name) for f in asked):
        return ()
    dimension = dataset.dimension(name)
    try:
        found = [str(v) for v in warehouse.values(dataset, dimension, Access(), version=version)]
    except NotLoaded:
        return ()
    ordered = [v for v in dimension.values_order if v in found] or found
    return (Choice(name, "in", (ordered[0],)),) if ordered else ()


def _extent(dataset: Dataset, warehouse: Warehouse, version: str) -> Extent:
    try:
        days = warehouse.span(dataset, version)
    except NotLoaded:
        return Extent(None, None, version)
    return Extent(days.start, days.end, version)
