"""Peers: a page about one group among those most like it, whichever its URL names."""

from dataclasses import replace

from portal.components import format as written
from portal.explore.choices import BY, DATASET, METRIC
from portal.explore.held_apart import GROUP
from portal.explore.page import named_dataset, named_dimension, named_metric
from portal.page import Page, Place, Section
from portal.tiles.peers import PeerBand, PeerStanding, PeerTable
from portal.view import View
from queries.catalog import Catalog
from queries.condition import Dimension
from queries.dataset import Dataset
from queries.errors import QueryError

OPTIONS = (DATASET, METRIC, BY, GROUP)


def peers_page(page: Page, query: str, catalog: Catalog) -> Page:
    """The page for one group. A name that is not in the catalog is said, not fatal."""
    view = View.from_url(query, options=OPTIONS)
    dataset, notices = named_dataset(view, catalog)
    metric, said = named_metric(view, dataset)
    found = replace(
        page,
        datasets=(dataset.name,),
        options=OPTIONS,
        arranged_by=OPTIONS,
        notices=(*notices, *said),
    )
    dimension, group, unread = _named_group(view, dataset)
    if dimension is None:
        return replace(found, notices=(*found.notices, *unread))
    label = written.value_label(dimension.read(group), dimension)
    parts = {"metric": metric.name, "by": dimension.name, "group": group}
    standing = Place(span=4, height=132, title=metric.label, note=label)
    over_time = Place(span=8, height=320, title="How did it go?", note="Before the band of peers")
    table = Place(span=12, height=480, title="Who are its peers, and why?")
    return replace(
        found,
        title=f"{label} among its peers",
        question=f"{metric.label}: unusual for a group like this, or not?",
        sections=(
            Section(
                tiles=(
                    PeerStanding(place=standing, **parts),
                    PeerBand(place=over_time, **parts),
                )
            ),
            Section(tiles=(PeerTable(place=table, **parts),)),
        ),
    )


def _named_group(view: View, dataset: Dataset) -> tuple[Dimension | None, str, tuple[str, ...]]:
    """The dimension and the value of it, or why there is none."""
    dimension, unread = named_dimension(view, dataset)
    group = view.option(GROUP)
    if dimension is None or not group:
        missing = "The link names no group: choose “Compare with peers” in the menu of a mark."
        return None, "", (*unread, missing)
    try:
        dimension.read(group)
    except QueryError as error:
        return None, "", (f"{error.message} {error.hint}".strip(),)
    return dimension, group, ()
