"""A view resolved against the lake: real dates, typed filters, one data version.

What cannot be read in a URL is left out and said in `notices`, never silently and never as an
error of the whole page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, Self

from portal.store.target import Target
from portal.view import Choice, View
from queries.condition import Condition, Dimension, Either, Filter, conjunction
from queries.dataset import Dataset, Key, Metric, TimeBucket
from queries.errors import InvalidQuery, QueryError
from queries.model import Comparison, Query
from queries.period import Grain, Period, last_year, parse_period, previous

_LARGEST = 10**6
_GRAIN_BY_DAYS = ((92, Grain.DAY), (400, Grain.WEEK), (2000, Grain.MONTH))


class Defaults(Protocol):
    """What a page says where its view says nothing."""

    @property
    def period(self) -> str: ...
    @property
    def compare(self) -> str: ...
    @property
    def grain(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Extent:
    """The days a dataset has, both ends included, in one data version. None: no rows at all.

    `is_cut` where it has later ones, which its page leaves out because other datasets end before.
    """

    first: date | None
    latest: date | None
    data_version: str = ""
    is_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything a tile needs to ask its questions and to draw the answers.

    `unreached` are the filters that the dataset has no dimension for: the tile says so.
    `compare_note` says why there is no comparison although one was asked for. `withheld` are the
    metrics that the viewer may not see: a tile of several can do without them. `targets` are those
    of the dataset's metrics and of just these filters, the newest written first.
    """

    view: View
    dataset: Dataset
    extent: Extent
    grain: Grain
    period: Period | None = None
    compare: Comparison | None = None
    compare_note: str = ""
    condition: Condition | None = None
    unreached: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    withheld: frozenset[str] = frozenset()
    targets: tuple[Target, ...] = ()

    @property
    def time(self) -> TimeBucket:
        return TimeBucket(self.dataset.time, self.grain)

    @property
    def zone(self) -> str:
        """The clock its dates are read on, in words."""
        return "viewers’ local time" if self.dataset.clock == "local" else "UTC"

    def metric(self, name: str) -> Metric:
        return self.dataset.metric(name)

    def without(self, *names: str) -> Self:
        """The same view before values of these dimensions were picked."""
        view = self.view
        for name in names:
            view = view.without(name)
        condition, _, _ = _condition(view.choices, self.dataset)
        return replace(self, view=view, condition=condition)

    def question(self, metrics: Sequence[str], by: Sequence[Key | str] = ()) -> Query:
        """These metrics of the view, by these keys; `dataclasses.replace` says the rest."""
        keys = tuple(self.dataset.dimension(k) if isinstance(k, str) else k for k in by)
        return Query(
            dataset=self.dataset,
            metrics=tuple(self.metric(name) for name in metrics),
            by=keys,
            where=self.condition,
            period=self.period,
            compare=self.compare,
        )


def resolve(view: View, page: Defaults, dataset: Dataset, extent: Extent) -> Context:
    """Give the view's texts their meaning for one dataset, as of its last complete day."""
    period, period_notices = _period(view.period, page.period, extent)
    compare, compare_notices = _comparison(
        view.compare or page.compare, period, dataset.smallest_grain, extent
    )
    earlier = _uncovered(compare, extent)
    compare = None if earlier else compare
    condition, unreached, filter_notices = _condition(view.choices, dataset)
    grain, grain_notices = _grain(view.grain or page.grain, period, dataset)
    return Context(
        view=view,
        dataset=dataset,
        extent=extent,
        grain=grain,
        period=period,
        compare=compare,
        compare_note=earlier,
        condition=condition,
        unreached=unreached,
        notices=(
            *period_notices,
            *compare_notices,
            *filter_notices,
            *grain_notices,
            *_clock_notices(view.clock),
        ),
    )


Notices = tuple[str, ...]
_CLOCKS = ("", "utc", "local")


def _period(text: str, default: str, extent: Extent) -> tuple[Period | None, Notices]:
    if extent.latest is None or (not text and default == "all"):
        return None, ()
    if text:
        try:
            return parse_period(text, extent.latest, extent.first), ()
        except InvalidQuery as error:
            said = f"{error.message} Showing “{default}” instead. {error.hint}"
            return parse_period(default, extent.latest, extent.first), (said,)
    return parse_period(default, extent.latest, extent.first), ()


def _comparison(
    text: str, period: Period | None, smallest: Grain, extent: Extent
) -> tuple[Comparison | None, Notices]:
    if period is None or extent.latest is None:
        return None, ()
    match text.lower():
        case "none" | "off" | "no":
            return None, ()
        case "previous":
            return Comparison("previous", previous(period)), ()
        case "last-year" | "last year":
            return Comparison("last year", last_year(period, smallest)), ()
        case _:
            try:
                other = parse_period(text, extent.latest, extent.first)
            except InvalidQuery:
                said = f"“{text}” is no comparison: write previous, last-year, none or two dates."
                return None, (said,)
            return (Comparison("custom", other), ()) if other else (None, ())


def _uncovered(compare: Comparison | None, extent: Extent) -> str:
    """Why a period cannot be compared with: the data does not reach back so far.

    Holding a whole period against a part of one would show a rise that never was.
    """
    if compare is None or extent.first is None or compare.period.start >= extent.first:
        return ""
    return f"no data before {extent.first.day} {extent.first:%b %Y}"


def _grain(text: str, period: Period | None, dataset: Dataset) -> tuple[Grain, Notices]:
    smallest = dataset.smallest_grain
    if text in set(Grain):
        asked = Grain(text)
        if smallest in asked.is_finer_than:
            return smallest, (f"{dataset.label} has nothing finer than a {smallest.value}.",)
        return asked, ()
    days = period.days if period else _LARGEST
    fitting = next((grain for limit, grain in _GRAIN_BY_DAYS if days <= limit), Grain.QUARTER)
    chosen = smallest if smallest in fitting.is_finer_than else fitting
    said = (f"“{text}” is no grain: write day, week, month, quarter or year.",) if text else ()
    return chosen, said


def _clock_notices(text: str) -> Notices:
    if text in _CLOCKS:
        return ()
    return (f"“{text}” is no clock: write utc or local.",)


def _condition(
    choices: Iterable[Choice], dataset: Dataset
) -> tuple[Condition | None, tuple[str, ...], Notices]:
    kept: list[Condition] = []
    unreached: list[str] = []
    notices: list[str] = []
    for choice in choices:
        if not dataset.has_dimension(choice.name):
            unreached.append(choice.name)
            continue
        try:
            kept.append(read_choice(choice, dataset.dimension(choice.name)))
        except QueryError as error:
            notices.append(f"A filter was left out. {error.message} {error.hint}".strip())
    return conjunction(*kept), tuple(dict.fromkeys(unreached)), tuple(notices)


def read_choice(choice: Choice, dimension: Dimension) -> Condition:
    """The typed filter a choice means. Raises InvalidQuery where a value cannot be read."""
    if choice.operation != "between":
        values = tuple(dimension.read(text) for text in choice.values)
        return Filter(dimension, choice.operation, values)
    if dimension.kind not in ("number", "date"):
        raise InvalidQuery(
            f"{dimension.label} has no order, so it cannot lie between two values.",
            "Name the values, or write .contains= for a part of the text.",
        )
    low, high = (dimension.read(text) if text else None for text in choice.values)
    match (low, high):
        case (None, None):
            raise InvalidQuery(f"{dimension.label} needs a first or a last value.")
        case (None, end):
            return Filter(dimension, "at most", (end,))
        case (start, None):
            return Filter(dimension, "at least", (start,))
        case (int(start), int(end)) if dimension.role == "hour" and start > end:
            night = Filter(dimension, "at least", (start,))
            return Either((night, Filter(dimension, "at most", (end,))))
        case (start, end):
            return Filter(dimension, "between", (start, end))
