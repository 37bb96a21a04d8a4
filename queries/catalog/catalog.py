"""The catalog: every dataset that can be asked of, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from queries.catalog.loader import read_dataset
from queries.dataset import Dataset
from queries.errors import InvalidQuery, QueryError, UnknownField

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Catalog:
    """Datasets in the order they are shown.

    `unreadable` says by name why one that a lake brings along is not among them, with a hint.
    """

    datasets: tuple[Dataset, ...]
    unreadable: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def dataset(self, name: str) -> Dataset:
        """Raises UnknownField, with the nearest name, where there is none.

        InvalidQuery where it cannot be read.
        """
        if name in self.unreadable:
            raise InvalidQuery(*self.unreadable[name], code="invalid_catalog")
        found = {d.name: d for d in self.datasets}
        if name not in found:
            raise UnknownField("dataset", name, found)
        return found[name]

    def extended(self, yaml_by_name: Mapping[str, str]) -> "Catalog":
        """With the datasets that a lake brings along, which may not replace a built-in one.

        One that cannot be read is left out: a single file never takes the others with it.
        """
        taken = {d.name for d in self.datasets}
        added: list[Dataset] = []
        unreadable: dict[str, tuple[str, str]] = {}
        for name, text in sorted(yaml_by_name.items()):
            try:
                added.append(_brought(name, text))
            except QueryError as error:
                if name not in taken:
                    unreadable[name] = (error.message, error.hint)
        added = [d for d in added if d.name not in taken]
        return Catalog((*self.datasets, *added), unreadable) if added or unreadable else self


@lru_cache(maxsize=1)
def builtin() -> Catalog:
    """The datasets described by the YAML files beside this module."""
    files = sorted(_FOLDER.glob("*.yaml"))
    datasets = [read_dataset(f.read_text(encoding="utf-8"), f.name) for f in files]
    return Catalog(tuple(sorted(datasets, key=_shown_first)))


@lru_cache(maxsize=256)
def _brought(name: str, text: str) -> Dataset:
    dataset = read_dataset(text, name)
    if dataset.name != name:
        raise InvalidQuery(
            f"The dataset “{name}” calls itself “{dataset.name}”.", code="invalid_catalog"
        )
    return dataset


_ORDER = (
    "playback", "audience", "episodes", "launches", "launch_views", "launch_reach",
    "forecasts", "impressions", "page_requests", "page_rows", "calibration", "visits",
    "searches", "membership", "marketing", "campaign_regions", "signups",
    "experiments", "experiment_days", "top10", "engagement",
)  # fmt: skip


def _shown_first(dataset: Dataset) -> tuple[int, str]:
    listed = dataset.name in _ORDER
    return (_ORDER.index(dataset.name) if listed else len(_ORDER), dataset.name)
