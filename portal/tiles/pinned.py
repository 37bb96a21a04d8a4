"""Pins: headlines that a link puts on top of a page, whichever page they are of.

A pin is a metric as `dataset.metric`, an option of the URL that may be repeated, so a saved view or
a bookmark keeps it and nothing else does. What a pin cannot be is said above the page.
"""

from dataclasses import dataclass, replace

from portal.page import Page, Place, Section
from portal.tiles.headline import Headline
from portal.view import View
from queries.catalog import Catalog
from queries.errors import InvalidQuery, QueryError
from queries.estimation import Estimation

PIN = "pin"
MOST = 8


@dataclass(frozen=True, slots=True)
class Pins:
    """The pins of a view that can be shown, as `(dataset, metric)`, and what is said of others."""

    kept: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()


def read_pins(view: View, catalog: Catalog) -> Pins:
    """At most eight, in the order of the URL."""
    kept: list[tuple[str, str]] = []
    notices: list[str] = []
    for text in view.every(PIN):
        try:
            kept.append(_read(text, catalog))
        except QueryError as error:
            notices.append(f"A pin was left out. {error.message} {error.hint}".strip())
    if len(kept) > MOST:
        notices.append(f"Of {len(kept)} pins the first {MOST} are shown.")
    return Pins(tuple(kept[:MOST]), tuple(notices))


def pinned(page: Page, query: str, catalog: Catalog) -> Page:
    """The page with the datasets of its pins."""
    found = read_pins(View.from_url(query, options=(PIN,)), catalog)
    datasets = dict.fromkeys((*page.datasets, *(dataset for dataset, _ in found.kept)))
    return replace(page, datasets=tuple(datasets), notices=(*page.notices, *found.notices))


def pinned_section(catalog: Catalog, view: View) -> tuple[Section, ...]:
    """The row of pinned headlines; no section where there is none.

    One without a formula has no line: each point would be a scan, or cannot be worked out alone.
    """
    tiles = tuple(
        Headline(
            metric=metric,
            has_line=not isinstance(catalog.dataset(dataset).metric(metric).formula, Estimation),
            place=_place(dataset, metric, catalog),
        )
        for dataset, metric in read_pins(view, catalog).kept
    )
    return (Section(title="Pinned", tiles=tiles),) if tiles else ()


def _read(text: str, catalog: Catalog) -> tuple[str, str]:
    """Raises InvalidQuery or UnknownField."""
    name, dot, metric = text.partition(".")
    if not dot:
        raise InvalidQuery(
            f"“{text}” is no pin.", "Write the dataset and the metric: playback.hours_viewed."
        )
    dataset = catalog.dataset(name)
    found = dataset.metric(metric)
    if found.name in dataset.unnamed:
        raise InvalidQuery("You may not see its metric.")
    if dataset.exclusive:
        raise InvalidQuery(
            f"Rows of {dataset.label} overlap: its numbers stand on a page of their own only."
        )
    return dataset.name, metric


def _place(dataset: str, metric: str, catalog: Catalog) -> Place:
    found = catalog.dataset(dataset)
    note = "" if found.metric(metric).label == found.label else found.label
    return Place(span=3, height=118, note=note, dataset=dataset)
