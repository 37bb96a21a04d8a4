"""Listing: the rows behind a number, as they stand in the lake, newest first.

Rows must not be a way around an access. Row rules narrow them as they narrow every answer. A column
that a hidden number reads is withheld, and one that tells whose a row is, or which rows are of one
account, is shown to nobody (the unit of intervals, its bucket, what the contract calls personal:
visits, requests and searches too); neither can be filtered by. So are columns that are made of
accounts, or count them, in a table whose rows are nobody's: a row may be of a handful. Where the
number of rows is hidden, there is no listing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from queries.condition import Condition, conjunction
from queries.dataset import BUCKET, ROWS, Access, Dataset
from queries.derived import sources
from queries.errors import AccessDenied, InvalidQuery
from queries.expression import columns_of
from queries.lake import contract
from queries.period import Period
from queries.plan import needed_joins
from queries.reduction import Column, Reduction, Selection, Source
from queries.refusal import row_rules

DEEPEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which rows: of a dataset, in a period, under a condition; `limit` of them after `skip`."""

    dataset: Dataset
    where: Condition | None = None
    period: Period | None = None
    limit: int = 100
    skip: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1 or self.skip < 0:
            raise InvalidQuery("A page of rows has a row at least, and skips none or more.")
        if self.skip + self.limit > 2 * DEEPEST:
            raise InvalidQuery(
                f"Rows are listed down to the {DEEPEST:,}th.",
                "Narrow the period, or filter.",
                code="too_deep",
            )


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of the rows: its name in the lake, and what its contract says of it."""

    name: str
    unit: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page of rows, and how many there are in all.

    `withheld` are columns that this viewer may not see, `personal` those that nobody does.
    """

    listing: Listing
    frame: pl.DataFrame
    columns: tuple[RowColumn, ...]
    count: int
    withheld: tuple[str, ...]
    personal: tuple[str, ...]
    data_version: str
    complete_through: date | None
    sql: str
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """The work behind `Rows`: what is selected, and the count of all of it."""

    selection: Selection
    counted: Reduction
    columns: tuple[RowColumn, ...]
    withheld: tuple[str, ...]
    personal: tuple[str, ...]


def plan_rows(listing: Listing, access: Access, columns: Sequence[str]) -> RowPlan:
    """Turn a listing into engine work, of a table with these columns. Raises AccessDenied."""
    dataset = listing.dataset
    hidden = frozenset[str]().union(*(_bare(a.columns) for a in access.hidden))
    hidden |= {name for c, count in dataset.people for name in (c, *count.columns)}
    personal = _personal(dataset)
    _check(listing, access, hidden, personal)
    personal |= _bare(
        c for d in dataset.dimensions if d.is_personal for c in columns_of(d.expression)
    )
    shown = [*_titles(dataset, columns), *_ordered(dataset, columns)]
    shown = [c for c in shown if not _bare(columns_of(c.expression)) & (hidden | personal)]
    scan = Reduction(
        source=Source(dataset.table),
        keys=tuple(shown),
        aggregates=(),
        where=conjunction(listing.where, *row_rules(dataset, access)),
        base=dataset.base,
        time=dataset.time.expression,
        period=listing.period,
    )
    scan = replace(scan, source=Source(dataset.table, needed_joins(dataset.joins, scan.columns)))
    counted = replace(scan, keys=(), aggregates=(ROWS,))
    joins = needed_joins(dataset.joins, counted.columns)
    return RowPlan(
        selection=Selection(
            scan=scan,
            order=_newest_first(dataset, columns, hidden),
            limit=listing.limit,
            skip=listing.skip,
        ),
        counted=replace(counted, source=Source(dataset.table, joins)),
        columns=tuple(_described(dataset, c.name) for c in shown),
        withheld=tuple(c for c in columns if c in hidden and c not in personal),
        personal=tuple(c for c in columns if c in personal and c != BUCKET),
    )


def _check(
    listing: Listing, access: Access, hidden: frozenset[str], personal: frozenset[str]
) -> None:
    owner = listing.dataset.owner or "the owner"
    if ROWS in access.hidden:
        raise AccessDenied(
            f"You do not have access to the rows of {listing.dataset.label}.",
            f"Ask {owner} for access.",
        )
    for found in listing.where.filters() if listing.where else ():
        reads = _bare(columns_of(found.dimension.expression))
        if reads & hidden:
            raise AccessDenied(
                f"You do not have access to rows by {found.dimension.label}: "
                "a number that is hidden from you is made of it.",
                f"Ask {owner} for access, or take the filter away.",
            )
        if reads & personal:
            raise AccessDenied(
                f"{found.dimension.label} tells whose a row is, so rows are not listed by it.",
                "Take the filter away; numbers can be asked by it.",
            )


def _bare(columns: Iterable[str]) -> frozenset[str]:
    """Names without the look-up they come from: what is withheld is withheld in every table."""
    return frozenset(name.rpartition(".")[2] for name in columns)


def _personal(dataset: Dataset) -> frozenset[str]:
    below = (name for d in dataset.derived for name in sources(d))
    names = (dataset.table, *(j.table for j in dataset.joins), *below)
    tables = [contract.table(name) for name in names]
    marked = {c.name for table in tables if table for c in table.columns if c.personal}
    return frozenset({*marked, BUCKET, dataset.entity} - {""})


def _titles(dataset: Dataset, columns: Sequence[str]) -> list[Column]:
    """What a title is called, where the table has only its id."""
    return [
        Column(d.name, d.expression)
        for d in dataset.dimensions
        if d.role == "title"
        and d.name not in columns
        and any("." in column for column in columns_of(d.expression))
    ]


def _ordered(dataset: Dataset, columns: Sequence[str]) -> list[Column]:
    """The table's columns: the clocks first, since rows are newest first."""
    declared = contract.table(dataset.table)
    clocks = (declared.clocks.event, declared.clocks.day) if declared else ()
    first = [c for c in clocks if c in columns]
    return [Column(c, f'"{c}"') for c in dict.fromkeys((*first, *columns))]


def _newest_first(
    dataset: Dataset, columns: Sequence[str], hidden: frozenset[str]
) -> tuple[tuple[str, bool], ...]:
    """By the event's clock where there is one, and by the key, so that pages never overlap."""
    declared = contract.table(dataset.table)
    event = declared.clocks.event if declared else ""
    derived = (d.key for d in dataset.derived if d.name == dataset.table)
    keys = declared.key if declared else next(derived, columns)
    order = [(dataset.time.expression, True)]
    if event in columns and event not in hidden:
        order.append((f'"{event}"', True))
    rest = [(f'"{key}"', False) for key in keys if key in columns and key not in hidden]
    return (*order, *rest)


def _described(dataset: Dataset, name: str) -> RowColumn:
    declared = contract.table(dataset.table)
    found = next((c for c in declared.columns if c.name == name), None) if declared else None
    if found is not None:
        return RowColumn(name, found.unit, found.about)
    about = dataset.dimension(name).description if dataset.has_dimension(name) else ""
    return RowColumn(name, "", about)
