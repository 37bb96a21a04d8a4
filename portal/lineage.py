"""Where a metric is shown: read off the pages themselves, so that it can never be out of date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.page import Page, Section, dataset_name
from queries.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Use:
    """A page and its tiles that show a metric, by their titles."""

    page: str
    path: str
    tiles: tuple[str, ...]


def uses(pages: Iterable[Page], catalog: Catalog) -> Mapping[tuple[str, str], tuple[Use, ...]]:
    """By dataset and metric, in the order of the pages.

    Pages about whatever their URL names (Explore) show every metric and are left out.
    """
    found: dict[tuple[str, str], dict[str, Use]] = {}
    for page in pages:
        for section in _sections(page, catalog):
            for tile in section.tiles:
                dataset = dataset_name(page, tile)
                for metric in tile.metrics:
                    title = tile.place.title or catalog.dataset(dataset).metric(metric).label
                    known = found.setdefault((dataset, metric), {})
                    before = known.get(page.path, Use(page.title, page.path, ())).tiles
                    tiles = before if title in before else (*before, title)
                    known[page.path] = Use(page.title, page.path, tiles)
    return {key: tuple(by_page.values()) for key, by_page in found.items()}


def _sections(page: Page, catalog: Catalog) -> Iterable[Section]:
    """The page as it opens, and as each thing that arranges it makes it."""
    if not page.is_listed or (page.become and page.arrange is None):
        return
    for query in ("", *(f"{name}=x" for name in page.arranged_by)):
        yield from page.arranged(catalog, page.view(query, catalog))
