"""A question in plain words: the texts that a person types, a script posts or a link keeps.

One reader makes a `Query` of them, for the command line, the API and pages alike.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from queries.dataset import Access, Dataset, Key, Metric, TimeBucket
from queries.errors import InvalidQuery, UnknownField
from queries.model import Calculation, Comparison, Query, Result, Threshold
from queries.period import EXAMPLES, Grain, Period, last_year, parse_period, previous
from queries.shape import CHANGES
from queries.warehouse import Warehouse
from queries.where import parse_where

MOST_ROWS = 100_000
KINDS = ("share", "rank", "running", "rolling")
_TIME_NAMES = ("date", "day", "time")
_ORDER = re.compile(r"^(-?)\s*([\w.]+)(?:\s+(asc|desc))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, unread.

    `by` has dimensions and grains of the dataset's time: `country`, `date:week`, `week`.
    `compare` is `none`, `previous`, `last-year` or a period. `order` names a column of the answer:
    `hours_viewed` (largest first), `hours_viewed asc`, `-country`. `parameters` bind what metrics
    wait for, `calculations` are `share:hours_viewed`, `rolling:hours_viewed:7` and the like.
    """

    dataset: str
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: str = ""
    period: str = "all"
    compare: str = "none"
    order: str = ""
    limit: int = 10_000
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    calculations: tuple[str, ...] = ()
    interval: bool = True
    version: str | None = None


def ask(question: Question, warehouse: Warehouse, access: Access) -> Result:
    """Answer at the data version it names, or at the newest, from beginning to end.

    Raises the errors of `queries.errors`.
    """
    version = warehouse.snapshot(question.version).data_version
    dataset = warehouse.dataset(question.dataset, version, access)
    query = read(question, dataset, lambda: warehouse.span(dataset, version))
    return warehouse.ask(query, access, version)


def read(question: Question, dataset: Dataset, span: Callable[[], Period]) -> Query:
    """The question as a query. `span` gives the first and the last complete day.

    Raises UnknownField, InvalidQuery, and what `span` raises where dates are relative to it.
    """
    metrics = _metrics(dataset, question.metrics, question.parameters)
    where = parse_where(dataset, question.where)
    period = read_period(question.period, span)
    order_by, descending = _order(question.order, dataset)
    if not 1 <= question.limit <= MOST_ROWS:
        raise InvalidQuery(f"The limit is {question.limit}; it is from 1 to {MOST_ROWS}.")
    _check_thresholds(where.thresholds, metrics)
    query = Query(
        dataset=dataset,
        metrics=metrics,
        by=tuple(read_key(dataset, text) for text in question.by),
        where=where.condition,
        thresholds=where.thresholds,
        period=period,
        compare=read_comparison(question.compare, period, dataset.smallest_grain, span),
        order_by=order_by,
        descending=descending,
        limit=question.limit,
        calculations=tuple(_calculation(text) for text in question.calculations),
        interval=question.interval,
    )
    _check_order(query)
    return query


def read_period(text: str, span: Callable[[], Period]) -> Period | None:
    """Resolve a period. None, for everything there is, incomplete days included."""
    if text.strip().lower() in ("", "all", "all time"):
        return None
    days = span()
    return parse_period(text, days.end, days.start)


def read_comparison(
    text: str, period: Period | None, smallest: Grain, span: Callable[[], Period]
) -> Comparison | None:
    """Resolve what a period is held against: `none`, `previous`, `last-year`, or a period.

    `smallest` is the finest grain that the dataset knows.
    """
    wanted = text.strip().lower().replace("_", "-").replace(" ", "-")
    if wanted in ("", "none", "off", "no"):
        return None
    if period is None:
        raise InvalidQuery("A comparison needs a period.", EXAMPLES)
    if wanted == "previous":
        return Comparison("previous", previous(period))
    if wanted == "last-year":
        return Comparison("last year", last_year(period, smallest))
    try:
        other = read_period(text, span)
    except InvalidQuery:
        other = None
    if other is None:
        raise InvalidQuery(
            f"“{text}” is nothing to compare with.",
            "Write previous, last-year, none, or a period such as 2026-01-01 to 2026-01-28.",
        )
    return Comparison("custom", other)


def read_key(dataset: Dataset, text: str) -> Key:
    """A dimension to break down by, or the dataset's time at a grain."""
    name, _, grain = (part.strip() for part in text.partition(":"))
    if not grain and name == dataset.time.name:
        return TimeBucket(dataset.time, dataset.smallest_grain)
    if dataset.has_dimension(name) and name != dataset.time.name:
        if grain:
            raise InvalidQuery(
                f"{dataset.dimension(name).label} has no grain.",
                f"Only time has: {dataset.time.name}:{grain}.",
            )
        return dataset.dimension(name)
    if not grain and name in set(Grain):
        return TimeBucket(dataset.time, Grain(name))
    if name == dataset.time.name or name in _TIME_NAMES:
        return TimeBucket(dataset.time, _grain(grain) if grain else dataset.smallest_grain)
    raise UnknownField("dimension", name, (d.name for d in (dataset.time, *dataset.dimensions)))


def _grain(text: str) -> Grain:
    try:
        return Grain(text.lower())
    except ValueError:
        raise UnknownField("grain", text, list(Grain)) from None


def _metrics(
    dataset: Dataset, names: Iterable[str], parameters: Mapping[str, str]
) -> tuple[Metric, ...]:
    metrics = [dataset.metric(name) for name in dict.fromkeys(names)]
    known = frozenset[str]().union(*(m.unbound for m in metrics))
    for name in parameters:
        if name not in known:
            raise UnknownField("parameter", name, known)
    return tuple(m.bind({n: v for n, v in parameters.items() if n in m.unbound}) for m in metrics)


def _check_thresholds(thresholds: Iterable[Threshold], metrics: tuple[Metric, ...]) -> None:
    asked = {m.name for m in metrics}
    for name in (t.metric for t in thresholds if t.metric not in asked):
        raise InvalidQuery(f"“{name}” is compared but not asked for.", "Add it to the metrics.")


def _check_order(query: Query) -> None:
    """An order by a column that the answer will not have would be no order at all."""
    suffixes = ("low", "high", "n", *(sorted(CHANGES) if query.compare is not None else ()))
    columns = {f"{m.name}__{suffix}" for m in query.metrics for suffix in suffixes}
    columns |= {*query.names, *(c.name for c in query.calculations)}
    if query.order_by is None or query.order_by in columns:
        return
    if query.order_by.rpartition("__")[2] in CHANGES and query.compare is None:
        raise InvalidQuery(
            f"There is no {query.order_by} to order by: nothing is compared.",
            "Say what to compare with, for example previous.",
        )
    raise UnknownField("column", query.order_by, columns)


def _order(text: str, dataset: Dataset) -> tuple[str | None, bool]:
    if not text.strip():
        return None, True
    match = _ORDER.match(text.strip())
    if match is None:
        raise InvalidQuery(
            f"“{text}” is not an order.", "Name a column: hours_viewed, or hours_viewed asc."
        )
    name = match[2]
    is_key = dataset.has_dimension(name) or name in set(Grain)
    descending = match[3] == "desc" if match[3] else bool(match[1]) or not is_key
    return (dataset.time.name if name in set(Grain) else name), descending


def _calculation(text: str) -> Calculation:
    kind, _, rest = text.partition(":")
    metric, _, window = rest.partition(":")
    for known in KINDS:
        if kind.strip() == known and metric:
            made = Calculation(known, metric.strip())
            return replace(made, window=_window(window)) if window else made
    raise InvalidQuery(
        f"“{text}” is not a calculation.",
        "Write share:METRIC, rank:METRIC, running:METRIC or rolling:METRIC:7.",
    )


def _window(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 1000:  # noqa: PLR2004
        return int(text)
    raise InvalidQuery(f"“{text}” is not a number of buckets.", "Write 2 to 1000.")
