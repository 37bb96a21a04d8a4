"""What a page of playback quality compares: one value of a dimension against the others.

`split` names the dimension, `arm` the value and `measure` what is compared; all are options of the
URL. Left out, the split is the app version, or the bitrate algorithm in a log that has no versions,
and the arm is the value that starts worst beyond noise.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.tiles.rankers import scope
from queries.analyses import quantile_function as qf
from queries.analyses import standing_out
from queries.analyses.cluster import Scope
from queries.condition import Dimension, Filter, Scalar, conjunction
from queries.errors import AccessDenied, InvalidQuery
from queries.model import Query, Result

SPLIT, ARM, MEASURE = "split", "arm", "measure"
SPLITS = ("app_version", "cdn", "isp", "device", "connection", "abr", "country", "plan")
QUALITY = (
    "mean_startup_seconds",
    "abandoned_start_rate",
    "start_failure_rate",
    "playback_failure_rate",
    "rebuffering_ratio",
    "bitrate_kbps",
)
_USUAL = ("app_version", "abr")
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """A dimension, and its values against each other."""

    dimension: Dimension
    table: pl.DataFrame

    @property
    def has_accounts(self) -> bool:
        """Whether the log knows accounts; else rows stand for them."""
        return not self.table["accounts"].equals(self.table["rows"])


@dataclass(frozen=True, slots=True)
class Split(Compared):
    """The same, and the value that is looked at."""

    arm: Scalar

    @property
    def label(self) -> str:
        return written.value_label(self.arm, self.dimension)


def measure(context: Context) -> qf.Measure:
    """What is compared.

    Raises AccessDenied where the viewer may not see its metric, InvalidQuery for what is none.
    """
    asked = context.view.option(MEASURE) or "startup"
    if asked not in qf.MEASURES:
        raise InvalidQuery(
            f"“{asked}” is nothing that plays are compared by.",
            f"It may be {', '.join(qf.MEASURES)}, or be left out.",
        )
    found = qf.MEASURES[asked]
    if found.metric in context.withheld:
        raise AccessDenied(f"You do not have access to {found.label.lower()}.")
    return found


def metrics(context: Context) -> tuple[str, ...]:
    """The metrics of quality that the viewer may see."""
    return tuple(name for name in QUALITY if name not in context.withheld)


def questions(context: Context) -> tuple[Query, ...]:
    """One question for each dimension that may be the split."""
    names = _splits(context)
    has_accounts = "accounts" not in context.withheld
    return tuple(
        standing_out.question(
            scope(context.without(name)), name, metrics(context), accounts=has_accounts
        )
        for name in names
    )


def _splits(context: Context) -> tuple[str, ...]:
    """The dimension that the view names, or the usual. Raises InvalidQuery for another text."""
    asked = context.view.option(SPLIT)
    if asked and asked not in SPLITS:
        raise InvalidQuery(
            f"“{asked}” is nothing that plays are split by.",
            f"It may be {', '.join(SPLITS)}, or be left out.",
        )
    return (asked,) if asked else _USUAL


def compared(results: Sequence[Result], context: Context) -> Compared | None:
    """The first dimension with two values; None where a log has none."""
    for query, result in zip(questions(context), results, strict=False):
        dimension = context.dataset.dimension(query.by[0].name)
        table = standing_out.standing_out(result.frame, dimension.name, metrics(context))
        if table["value"].n_unique() > 1:
            return Compared(dimension, table)
    return None


def split(results: Sequence[Result], context: Context) -> Split | None:
    """The same with its arm. Raises InvalidQuery where the view names one that there is not."""
    found = compared(results, context)
    if found is None:
        return None
    return Split(found.dimension, found.table, _arm(found.table, found.dimension, context))


def no_split(results: Sequence[Result], context: Context) -> Drawing:
    """Why there is nothing to hold against anything."""
    if all(result.frame.is_empty() for result in results):
        return no_rows(context)
    labels = " or ".join(context.dataset.dimension(n).label.lower() for n in _splits(context))
    return empty(
        "not_defined",
        f"These plays do not differ in {labels}.",
        "Split by something else, take a filter away, or choose a longer period.",
    )


def two_sides(found: Split, context: Context) -> tuple[Scope, Scope]:
    """The arm, and all plays whose value is another known one."""
    whole = scope(context.without(found.dimension.name))
    own = Filter(found.dimension, "in", (found.arm,))
    others = Filter(found.dimension, "not in", (found.arm,))
    known = Filter(found.dimension, "not missing")
    return (
        replace(whole, where=conjunction(whole.where, own)),
        replace(whole, where=conjunction(whole.where, others, known)),
    )


def _arm(table: pl.DataFrame, dimension: Dimension, context: Context) -> Scalar:
    values = {str(v): v for v in table["value"].unique().to_list()}
    asked = context.view.option(ARM)
    if asked and asked not in values:
        named = f"“{asked}” is no {written.lowered(dimension.label)} of these plays."
        raise InvalidQuery(named, f"{_some(values)} Or leave it out.")
    if asked:
        return values[asked]
    sure = table.filter(pl.col("q") <= standing_out.LEVEL)
    slow = sure.filter((pl.col("metric") == QUALITY[0]) & (pl.col("difference") > 0))
    if slow.height:
        return slow["value"][0]
    most = table.group_by("value").agg(pl.col("rows").max()).sort("rows", "value", descending=True)
    return most["value"][0]


def _some(values: Collection[str]) -> str:
    """A few values that there are, and how many more."""
    left = len(values) - _MOST_NAMED
    named = ", ".join(sorted(values)[:_MOST_NAMED])
    return f"It may be {named}{f' and {left} more' if left > 0 else ''}."
