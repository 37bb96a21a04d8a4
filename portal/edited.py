"""Definitions edited since a view was saved, or since the data version that its link names.

Such a view asks the same question of the same data, and has another answer all the same. That is
said above the page, for the metrics that the page shows.
"""

from collections.abc import Mapping
from datetime import datetime

from portal.components import format as written
from portal.open_page import OpenPage
from portal.page import dataset_name
from queries.catalog import Catalog
from queries.fingerprint import fingerprint

Edits = Mapping[tuple[str, str], datetime]
"""When a metric of a dataset was last edited, of those that ever were."""


def fingerprints(catalog: Catalog) -> Mapping[tuple[str, str], str]:
    """Of every metric, by dataset and name."""
    return {(d.name, m.name): fingerprint(m, d) for d in catalog.datasets for m in d.metrics}


def notices(opened: OpenPage, edits: Edits, since: datetime) -> tuple[str, ...]:
    """A sentence where a metric of the page was edited after `since`; none where none was."""
    if not edits:
        return ()
    found: dict[str, datetime] = {}
    for tile in opened.tiles().values():
        dataset = opened.catalog.dataset(dataset_name(opened.page, tile))
        for metric in (m for m in dataset.metrics if m.name in tile.metrics):
            edited = edits.get((dataset.name, metric.name), since)
            if edited > since:
                found[metric.label] = edited
    if not found:
        return ()
    said = "the definition of " + ", ".join(
        f"{label} ({written.day(day.date())})" for label, day in found.items()
    )
    then = written.day(since.date())
    return (f"Edited since this view of {then}: {said}. Its numbers need not be those of then.",)
