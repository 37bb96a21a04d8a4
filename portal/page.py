"""What a page is: a value that names what to show. It does nothing by itself.

A tile is one answer on a page. It says which questions it asks of a resolved view and how the
answers are drawn; it knows nothing of callbacks, ids or people, so exports, the command line and
tests use it as the browser does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from portal.context import Context
from portal.drawing import Drawing
from portal.statement import Statement
from portal.store.frozen_forecast import Figures
from portal.view import View
from queries.catalog import Catalog
from queries.distribution import Distribution
from queries.errors import QueryError
from queries.health import Health
from queries.listing import Listing, Rows
from queries.model import Query, Result
from queries.share_split import ShareSplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tile stands and what it is headed with.

    `title` is a noun phrase or a question; empty means the label of the tile's first metric.
    `span` counts columns of twelve, `height` is the pixels kept free for the answer. `dataset`
    empty means the page's first. A bare tile is its answer and nothing around it.
    """

    title: str = ""
    note: str = ""
    span: int = 6
    height: int = 280
    dataset: str = ""
    is_bare: bool = False


class Tile(Protocol):
    """One answer on a page: it asks, then draws what came back."""

    @property
    def place(self) -> Place: ...

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics it shows, the main one first."""
        ...

    def questions(self, context: Context) -> tuple[Query | Distribution | ShareSplit, ...]: ...

    def draw(self, results: Sequence[Result], context: Context) -> Drawing: ...


@runtime_checkable
class Asking(Tile, Protocol):
    """A tile that knows what else to ask only when it has seen its first answers."""

    def following(
        self, results: Sequence[Result], context: Context
    ) -> tuple[Query | Distribution | ShareSplit, ...]: ...


@runtime_checkable
class Joining(Tile, Protocol):
    """A tile that shows its answers as one table: its file holds that table."""

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]: ...


@runtime_checkable
class Totalling(Tile, Protocol):
    """A tile whose number is the total of its answer and no row of it."""

    def whole(self, query: Query) -> Query:
        """The question whose only row is that number."""
        ...


@runtime_checkable
class Spanning(Tile, Protocol):
    """A tile about its whole page: it is told the page's tiles, filters and datasets."""

    def within(
        self, tiles: Sequence[Tile], filters: Sequence[str], contexts: Mapping[str, Context]
    ) -> "Spanning": ...


@runtime_checkable
class Stating(Tile, Protocol):
    """A tile whose analysis has something to say on top of its page: one statement a hypothesis.

    Those that are not sure are stated too: how many were tried decides what may be claimed.
    """

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]: ...


@runtime_checkable
class Gathering(Tile, Protocol):
    """A tile that reads the answers of others beside its own; those without an answer are left out.

    What they ask is answered once, for them and for it.
    """

    @property
    def gathered(self) -> tuple[Tile, ...]: ...


@runtime_checkable
class Advising(Tile, Protocol):
    """A tile that knows the nearest question when its own has no answer."""

    def advise(self, error: QueryError, context: Context) -> Drawing: ...


@runtime_checkable
class Forecasting(Tile, Protocol):
    """A tile whose forecast can be frozen, to be checked when it is known what came."""

    def figures(self, results: Sequence[Result], context: Context) -> Figures | None: ...


@runtime_checkable
class Lists(Tile, Protocol):
    """A tile that shows rows of the lake instead of numbers; it asks no questions."""

    def listing(self, context: Context) -> Listing: ...

    def draw_rows(self, rows: Rows, context: Context) -> Drawing: ...


@runtime_checkable
class Reports(Tile, Protocol):
    """A tile that shows how the lake and the catalog stand; it asks no questions."""

    def report(self, health: Health, context: Context) -> Drawing: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tiles that answer one question together."""

    tiles: tuple[Tile, ...]
    title: str = ""
    note: str = ""


Arrange = Callable[[Catalog, View], tuple[Section, ...]]
Become = Callable[["Page", str, Catalog], "Page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A URL, the question it answers, the filters it offers and the tiles it shows.

    `datasets` are those its tiles ask, the main one first: its clock and its last complete day
    are the page's. `options` are the names besides filters that its URL may carry. A page whose
    tiles depend on its view gives `arrange` instead of `sections`, and names in `arranged_by` the
    options and filters that change the arrangement. A page about whatever its URL names gives
    `become`, which reads a query string as the page it stands for; `notices` are what it could not
    read. With `has_clocks` hours may be those of
    UTC instead of the viewers' own. A page that `compares` offers a comparison and a grain; one
    whose tiles choose their own days has no period to offer (`has_period`); one that is not
    `is_listed` is come to from others.
    """

    path: str
    title: str
    question: str
    datasets: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    filters: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    arrange: Arrange | None = None
    arranged_by: tuple[str, ...] = ()
    become: Become | None = None
    notices: tuple[str, ...] = ()
    unit: str = ""
    period: str = "last 28 days"
    compare: str = "previous"
    grain: str = ""
    has_clocks: bool = False
    compares: bool = True
    has_period: bool = True
    is_listed: bool = True
    order: int = field(default=100)

    def read(self, query: str, catalog: Catalog) -> "Page":
        """The page that a query string stands for: itself, unless its datasets are named there."""
        return self.become(self, query, catalog) if self.become else self

    def dimensions(self, catalog: Catalog) -> frozenset[str]:
        """Every dimension a filter of this page may name."""
        datasets = [catalog.dataset(name) for name in self.datasets]
        return frozenset(d.name for dataset in datasets for d in (*dataset.dimensions,))

    def view(self, query: str, catalog: Catalog) -> View:
        return View.from_url(query, self.dimensions(catalog), self.options)

    def arranged(self, catalog: Catalog, view: View) -> tuple[Section, ...]:
        return self.arrange(catalog, view) if self.arrange else self.sections

    def tiles(self, catalog: Catalog, view: View) -> dict[str, Tile]:
        """The tiles by the name that the browser calls them: section and position."""
        return {
            tile_name(number, position): tile
            for number, section in enumerate(self.arranged(catalog, view))
            for position, tile in enumerate(section.tiles)
        }


def tile_name(section: int, position: int) -> str:
    return f"tile-{section}-{position}"


def dataset_name(page: Page, tile: Tile) -> str:
    return tile.place.dataset or page.datasets[0]
