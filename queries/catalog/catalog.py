"""The catalog: every dataset that can be asked of, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from queries.catalog.loader import read_dataset
from queries.dataset import Dataset
from queries.errors import InvalidQuery, UnknownField

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Catalog:
    """Datasets in the order they are shown."""

    datasets: tuple[Dataset, ...]

    def dataset(self, name: str) -> Dataset:
        """Raises UnknownField, with the nearest name, where there is none."""
        found = {d.name: d for d in self.datasets}
        if name not in found:
            raise UnknownField("dataset", name, found)
        return found[name]

    def extended(self, yaml_by_name: Mapping[str, str]) -> "Catalog":
        """With the datasets that a lake brings along, which may not replace a built-in one."""
        added = tuple(_brought(name, text) for name, text in sorted(yaml_by_name.items()))
        taken = {d.name for d in self.datasets} & {d.name for d in added}
        if taken:
            raise InvalidQuery(
                f"There already is a dataset called “{min(taken)}”.",
                "Give the file another name.",
                code="invalid_catalog",
            )
        return Catalog((*self.datasets, *added)) if added else self


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
