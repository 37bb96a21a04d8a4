"""Derived tables: which of them a lake has, and whether they still hold.

A derived table is current when it was built by the definition, and from the very versions of its
sources, that it is asked by. Whoever reads one calls `require` first: a stale one is never read.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from queries.dataset import Dataset, DerivedTable
from queries.errors import NotLoaded
from queries.reduction import Tables

DETAILS = "derived"
BUILD_HINT = "Build it with: playhead rollups"


@lru_cache(maxsize=256)
def sources(derived: DerivedTable) -> tuple[str, ...]:
    """The tables at the bottom: those that somebody loaded."""
    made = {d.name: d for d in derived.over}
    found = {n for i in derived.inputs for n in (sources(made[i]) if i in made else (i,))}
    return tuple(sorted({*found, *(o.name for o in derived.optional)}))


def needed(derived: DerivedTable) -> tuple[str, ...]:
    """The sources that it cannot be made without."""
    spared = {o.name for d in (derived, *derived.over) for o in d.optional}
    return tuple(name for name in sources(derived) if name not in spared)


@lru_cache(maxsize=256)
def fingerprint(derived: DerivedTable) -> str:
    """Changes whenever what the table holds does: by its own SELECT or by one below."""
    below = [fingerprint(d) for d in derived.over]
    own: tuple[object, ...] = (derived.select, derived.day, derived.follow_up_days)
    if derived.optional:
        own = (*own, derived.optional)
    return blake2b(repr((derived.name, own, below)).encode(), digest_size=8).hexdigest()


def built_from(derived: DerivedTable, tables: Tables) -> dict[str, Any]:
    """What is written down when the table is built, to tell later whether it is current."""
    return {
        "definition": fingerprint(derived),
        "versions": {name: tables.versions.get(name) for name in sources(derived)},
    }


def is_current(derived: DerivedTable, tables: Tables) -> bool:
    written = tables.details.get(DETAILS, {}).get(derived.name)
    return tables.has(derived.name) and written == built_from(derived, tables)


def require(dataset: Dataset, tables: Tables) -> None:
    """Raise NotLoaded where a derived table that the dataset reads is missing or stale."""
    for derived in dataset.derived:
        if is_current(derived, tables):
            continue
        missing = [name for name in needed(derived) if not tables.has(name)]
        if missing:
            raise NotLoaded(
                f"{dataset.label} is worked out from {_listed(needed(derived))}, and the lake has "
                f"no {_listed(missing)} yet.",
                f"Load it with: {dataset.load_hint}" if dataset.load_hint else "Load it first.",
            )
        why = "is older than the data" if tables.has(derived.name) else "is not built yet"
        raise NotLoaded(f"The derived table “{derived.name}” {why}.", BUILD_HINT)


def sourced(dataset: Dataset, names: Iterable[str]) -> tuple[str, ...]:
    """The tables with what a derived one is made of in its place: what versions to go by."""
    made = {d.name: d for d in dataset.derived}
    found = {n for name in names for n in (sources(made[name]) if name in made else (name,))}
    return tuple(sorted(found))


def inputs_complete_through(derived: DerivedTable, tables: Tables) -> date | None:
    """The last day for which every source that has days is complete."""
    known = (tables.complete_through(name) for name in needed(derived))
    return min((day for day in known if day is not None), default=None)


def complete_through(derived: DerivedTable, tables: Tables) -> date | None:
    """The last day of the table itself whose follow-up is complete."""
    inputs = inputs_complete_through(derived, tables)
    if inputs is None or not derived.day:
        return None
    return inputs - timedelta(days=derived.follow_up_days - 1)


def in_order(datasets: Iterable[Dataset]) -> Iterator[DerivedTable]:
    """The derived tables that datasets read, once each, those they are made of first."""
    seen: set[str] = set()
    for derived in (d for dataset in datasets for d in dataset.derived):
        if derived.name not in seen:
            seen.add(derived.name)
            yield derived


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
