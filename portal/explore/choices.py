"""What Explore's URL says, read against the dataset it names.

A name that cannot be read is left out and said in `notices`; the rest still stands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from portal.context import Context
from portal.explore.askable import asked, leading, why_not
from portal.explore.order import Order, read_number, read_order
from portal.view import METRIC, View
from queries.condition import Dimension
from queries.dataset import Dataset, Key, Metric
from queries.errors import QueryError
from queries.question import read_key

DATASET = "dataset"
BY = "by"
PIVOT = "pivot"
ORDER = "order"
LIMIT = "limit"
OPEN = "open"
FIND = "find"
SKIP = "skip"
OPTIONS = (DATASET, METRIC, BY, PIVOT, ORDER, LIMIT, SKIP, OPEN, FIND)
PARAMETER = "with."

SIZE = "rows"
ROWS = 25
MOST_ROWS = 500
DEEPEST = 100_000
MOST_KEYS = 2

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Which metrics, by what, in which order. `dataset` has its parameters filled in.

    `metrics` are never empty; `is_by_default` says that `by` is our choice and not the viewer's.
    `order` has no column where they did not say. `withheld` are those of the metrics asked for
    that the viewer may not see, `closed` the names of all such.
    """

    dataset: Dataset
    metrics: tuple[Metric, ...]
    by: tuple[Key, ...]
    is_by_default: bool
    pivot: Key | None = None
    opened: Dimension | None = None
    find: str = ""
    order: Order = field(default_factory=Order)
    limit: int = ROWS
    skip: int = 0
    notices: tuple[str, ...] = ()
    withheld: tuple[Metric, ...] = ()
    closed: frozenset[str] = frozenset()

    @property
    def without(self) -> tuple[str, ...]:
        """What is said under a tile that leaves out metrics which the viewer may not see."""
        if not self.withheld:
            return ()
        names = ", ".join(m.label for m in self.withheld)
        owner = self.withheld[0].owner or self.dataset.owner or "an admin"
        return (f"Without {names}: hidden from you. Ask {owner} for access.",)

    @property
    def metric(self) -> Metric:
        """The main one: leaderboards rank by it."""
        return self.metrics[0]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(metric.name for metric in self.metrics)

    @property
    def size(self) -> str:
        """What the main metric is ranked by where nobody says: itself, or the rows it rests on.

        Of rates and medians the largest groups come first, or the top would be the smallest ones.
        """
        is_size = self.metric.kind in ("additive", "semi-additive", "distinct")
        known = {m.name for m in self.dataset.metrics} - self.closed
        return self.metric.name if is_size or SIZE not in known else SIZE

    @property
    def columns(self) -> tuple[str, ...]:
        """The chosen metrics, and what they are ranked by."""
        return tuple(dict.fromkeys((*self.names, self.size)))


def parameter_options(dataset: Dataset) -> tuple[str, ...]:
    """The options that give the parameters of metrics their values: `with.policy`."""
    names = frozenset[str]().union(*(waits_for(m) for m in dataset.metrics))
    return tuple(f"{PARAMETER}{name}" for name in sorted(names))


def bound(dataset: Dataset, view: View) -> Dataset:
    """The dataset with what the URL says of parameters filled in."""
    given = {o.removeprefix(PARAMETER): view.option(o) for o in parameter_options(dataset)}
    given = {name: text for name, text in given.items() if text}
    if not given:
        return dataset
    values = tuple(sorted(given.items()))
    return replace(dataset, metrics=tuple(_filled(m, values) for m in dataset.metrics))


@lru_cache(maxsize=4096)
def waits_for(metric: Metric) -> frozenset[str]:
    """Parameters without a value; read off the formula once."""
    return metric.parameters


@lru_cache(maxsize=4096)
def _filled(metric: Metric, values: tuple[tuple[str, str], ...]) -> Metric:
    given = {n: v for n, v in values if n in waits_for(metric)}
    return metric.bind(given) if given else metric


def read_choices(view: View, plain: Dataset) -> Choices:
    """Everything the view says of what to show of a dataset."""
    dataset = bound(plain, view)
    notices: list[str] = []
    metrics = _read(dict.fromkeys(view.every(METRIC)), dataset.metric, notices)
    metrics = tuple(metrics) or (_usual(dataset),)
    needed = [name for name in asked(metrics) if name not in view.every(BY)]
    by = _keys(dict.fromkeys(view.every(BY)), dataset, metrics, notices)
    by = _few((*_keys(needed, dataset, metrics, notices), *by), notices)
    pivot = _across(view, by, dataset, metrics, notices)
    order = _read((view.option(ORDER),), lambda text: read_order(text, dataset), notices)
    limit = _read(
        (view.option(LIMIT),), lambda text: read_number(LIMIT, text, 1, MOST_ROWS), notices
    )
    skip, unread = skipped(view)
    opened = _opened(view, dataset, notices)
    return Choices(
        dataset=dataset,
        metrics=metrics,
        by=by or _usual_key(dataset, metrics, pivot),
        is_by_default=len(by) == len(needed),
        pivot=pivot,
        opened=opened,
        find=view.option(FIND),
        order=order[0] if order else Order(),
        limit=limit[0] if limit else ROWS,
        skip=skip,
        notices=(*notices, *unread),
    )


def chosen(context: Context) -> tuple[Context, Choices]:
    """A tile's context with parameters filled in, and what its view says."""
    choices = _permitted(read_choices(context.view, context.dataset), context)
    return replace(context, dataset=choices.dataset), choices


def _permitted(choices: Choices, context: Context) -> Choices:
    """Without the metrics that the viewer may not see, unless nothing would be left."""
    closed = context.withheld
    seen = tuple(m for m in choices.metrics if m.name not in closed)
    if not seen and not context.view.every(METRIC):
        rest = [m for m in choices.dataset.metrics if m.name not in closed and not waits_for(m)]
        seen = tuple(rest[:1])
    choices = replace(choices, closed=closed)
    if not seen:
        return choices
    said = context.view.every(METRIC)
    withheld = tuple(m for m in choices.metrics if m.name in closed) if said else ()
    return replace(choices, metrics=seen, withheld=withheld)


def _read(texts: Iterable[str], read: Callable[[str], _T], notices: list[str]) -> list[_T]:
    found: list[_T] = []
    for text in filter(None, texts):
        try:
            found.append(read(text))
        except QueryError as error:
            notices.append(f"{error.message} {error.hint}".strip())
    return found


def _keys(
    texts: Iterable[str], dataset: Dataset, metrics: tuple[Metric, ...], notices: list[str]
) -> tuple[Key, ...]:
    keys = _read(texts, lambda text: read_key(dataset, text), notices)
    kept: dict[str, Key] = {}
    for key in keys:
        reason = why_not(key, metrics, dataset)
        if reason:
            notices.append(reason)
        else:
            kept.setdefault(key.name, key)
    return tuple(kept.values())


def _usual(dataset: Dataset) -> Metric:
    """The first metric that can be asked as it is."""
    return next((m for m in dataset.metrics if not waits_for(m)), dataset.metrics[0])


def _usual_key(dataset: Dataset, metrics: tuple[Metric, ...], taken: Key | None) -> tuple[Key, ...]:
    avoided = {dataset.exclusive, taken.name if taken else ""}
    useful = [d for d in leading(dataset) if d.name not in avoided]
    return tuple([d for d in useful if not why_not(d, metrics, dataset)][:1])


def _few(keys: tuple[Key, ...], notices: list[str]) -> tuple[Key, ...]:
    left = (key.label for key in keys[MOST_KEYS:])
    notices += [f"Without {label}: rows are by {MOST_KEYS} at most." for label in left]
    return keys[:MOST_KEYS]


def _across(
    view: View,
    by: tuple[Key, ...],
    dataset: Dataset,
    metrics: tuple[Metric, ...],
    notices: list[str],
) -> Key | None:
    found = _keys((view.option(PIVOT),), dataset, metrics, notices)
    for key in found:
        if key.name not in {k.name for k in by}:
            return key
        notices.append(f"{key.label} stands in the rows, so it has no columns of its own.")
    return None


def _opened(view: View, dataset: Dataset, notices: list[str]) -> Dimension | None:
    found = _read((view.option(OPEN),), dataset.dimension, notices)
    opened = next((d for d in found if d.role != "time"), None)
    if found and opened is None:
        notices.append(f"{found[0].label} is not opened: the lines over time show it.")
    text = view.option(FIND)
    if text and (opened is None or opened.kind != "text"):
        notices.append(f"There is no list of texts open to find “{text}” in.")
    return opened


def skipped(view: View) -> tuple[int, tuple[str, ...]]:
    """How many of the first rows a page of a table leaves out, and why that cannot be read."""
    notices: list[str] = []
    texts = (view.option(SKIP),)
    found = _read(texts, lambda text: read_number(SKIP, text, 0, DEEPEST), notices)
    return found[0] if found else 0, tuple(notices)
