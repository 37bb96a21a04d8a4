"""The catalog: every dataset that can be asked of, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from queries.catalog.loader import read_dataset
from queries.dataset import Access, Dataset
from queries.errors import InvalidQuery, QueryError, UnknownField

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Catalog:
    """Datasets in the order they are shown.

    `left_out` says by name why one that a lake brings along is not among them, with a hint.
    """

    datasets: tuple[Dataset, ...]
    left_out: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def dataset(self, name: str) -> Dataset:
        """Raises UnknownField, with the nearest name, where there is none.

        InvalidQuery where it cannot be read.
        """
        found = {d.name: d for d in self.datasets}
        if name in found:
            return found[name]
        if name in self.left_out:
            raise InvalidQuery(*self.left_out[name], code="invalid_catalog")
        raise UnknownField("dataset", name, found)

    def extended(self, yaml_by_name: Mapping[str, str]) -> "Catalog":
        """With the datasets that a lake brings along, which may not replace a built-in one.

        One that would, or that cannot be read, is left out: a single file never takes the others
        with it.
        """
        taken = {d.name: d for d in self.datasets}
        added: list[Dataset] = []
        left_out: dict[str, tuple[str, str]] = {}
        for name, text in sorted(yaml_by_name.items()):
            if name in taken:
                left_out[name] = (
                    f"The file’s dataset “{name}” is left out: a built-in one has that name.",
                    "Load the file again under another name.",
                )
                continue
            try:
                added.append(_brought(name, text))
            except QueryError as error:
                left_out[name] = (error.message, error.hint)
        return Catalog((*self.datasets, *added), left_out) if yaml_by_name else self

    def seen_with(self, access: Access) -> "Catalog":
        """What somebody with this access may read of it.

        Why a file cannot be read may quote a number that is hidden; then it is only said that.
        """
        left_out = dict(self.left_out)
        if access.hidden:
            left_out = {name: _unsaid(name) for name in left_out}
        return Catalog(tuple(access.discreet(d) for d in self.datasets), left_out)


def _unsaid(name: str) -> tuple[str, str]:
    return f"The dataset “{name}” of a file is left out.", "Ask whoever loaded it."


@lru_cache(maxsize=1)
def builtin() -> Catalog:
    """The datasets described by the YAML files beside this module."""
    texts = _texts()
    datasets = [read_dataset(text, f"{name}.yaml", texts) for name, text in texts.items()]
    return Catalog(tuple(sorted(datasets, key=_shown_first)))


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, str]:
    files = sorted(_FOLDER.glob("*.yaml"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


@lru_cache(maxsize=256)
def _brought(name: str, text: str) -> Dataset:
    dataset = read_dataset(text, name, _texts())
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
