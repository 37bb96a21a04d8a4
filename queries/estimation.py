"""What a metric has where no formula can say it: an estimator, and the counts it is given.

The estimator is named, never held, so that a definition is a text and stays the same over
processes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from queries.estimators.estimator import Estimator, Inner
from queries.estimators.registry import estimator
from queries.formula import Aggregate


@dataclass(frozen=True, slots=True)
class Estimation:
    """An estimator by name, the aggregates it is given, and the dimensions they are counted by.

    `inner` are pairs of the estimator's name for a key and the dimension that it is. `never_by` are
    further dimensions that would tell the items apart, `never_filter` those that would leave some
    of them out. `settings` are texts, by the estimator's names; those it lacks a question must
    give.
    """

    name: str
    amounts: tuple[tuple[str, Aggregate], ...]
    inner: tuple[tuple[str, str], ...]
    never_by: tuple[str, ...] = ()
    never_filter: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def estimator(self) -> Estimator:
        return estimator(self.name)

    @property
    def sql(self) -> str:
        """The estimation as a person would write it."""
        amounts = ", ".join(aggregate.sql for _, aggregate in self.amounts)
        given = "".join(f", {s.name}" for s in self.estimator.settings)
        return f"{self.name}({amounts} by {', '.join(name for _, name in self.inner)}{given})"

    @property
    def unset(self) -> frozenset[str]:
        """The settings that are still to be given."""
        return frozenset(s.name for s in self.estimator.settings) - dict(self.settings).keys()

    @property
    def numbers(self) -> dict[str, float]:
        """The settings by name, read. Raises InvalidQuery where one cannot be that."""
        given = dict(self.settings)
        return {s.name: s.read(given[s.name]) for s in self.estimator.settings}

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions counted by."""
        return tuple(name for _, name in self.inner)

    @property
    def named(self) -> tuple[str, ...]:
        """Every dimension that the definition speaks of."""
        return (*self.dimensions, *self.never_by, *self.never_filter)

    @property
    def asked(self) -> tuple[str, ...]:
        """The dimensions that a question must break down by."""
        return tuple(name for key, name in self.inner if self.estimator.key(key).is_asked)

    def aggregates(self) -> frozenset[Aggregate]:
        return frozenset(aggregate for _, aggregate in self.amounts)

    def bind(self, parameters: Mapping[str, str]) -> "Estimation":
        bound = tuple((name, aggregate.bind(parameters)) for name, aggregate in self.amounts)
        names = [s.name for s in self.estimator.settings if s.name in parameters]
        given = {**dict(self.settings), **{name: parameters[name] for name in names}}
        return replace(self, amounts=bound, settings=tuple(sorted(given.items())))

    def spans(self, dimension: str) -> bool:
        """Whether it is worked out over the dimension's values, and adds none of them."""
        return dimension in self.dimensions

    def groups_by(self, dimension: str) -> bool:
        """Whether the number keeps its meaning when it is broken down by the dimension."""
        inner = self._inner(dimension)
        is_fine = inner is None or inner.may_group or inner.is_asked
        return is_fine and dimension not in self.never_by

    def filters_by(self, dimension: str) -> bool:
        """Whether it keeps its meaning when some values of the dimension are left out."""
        inner = self._inner(dimension)
        is_fine = inner is None or inner.may_filter
        return is_fine and dimension not in self.never_filter

    def _inner(self, dimension: str) -> Inner | None:
        found = (self.estimator.key(key) for key, name in self.inner if name == dimension)
        return next(found, None)
