"""A problem as a drawing: what the viewer can do about it, in the place of the answer."""

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, Reason, empty
from queries.dataset import SMALL, Metric
from queries.errors import AccessDenied, NotLoaded, QueryError, UnsafeQuestion
from queries.estimation import Estimation
from queries.model import Result
from queries.period import whole_buckets
from queries.small_cells import FEWEST_SHOWN, WITHHELD

NO_ROWS = "no_rows"
"""The code of a refusal because nothing is left to look at: filters can be taken away."""

_REASONS: tuple[tuple[type[QueryError], Reason], ...] = (
    (NotLoaded, "not_loaded"),
    (AccessDenied, "not_permitted"),
    (UnsafeQuestion, "not_defined"),
)


def problem(error: QueryError) -> Drawing:
    """Something the viewer can act on."""
    known: list[Reason] = [r for kind, r in _REASONS if isinstance(error, kind)]
    reason: Reason = known[0] if known else "problem"
    if error.code == NO_ROWS:
        return empty("no_rows", error.message, error.hint, undo=True)
    return empty(reason, error.message, error.hint)


def bug(incident: str) -> Drawing:
    """Something only we can mend; the incident finds it in the logs."""
    return empty("bug", "This did not work, and it is not your doing.", f"Incident {incident}.")


def not_recorded(metric: Metric) -> Drawing:
    """There are rows, but none of them says what the metric needs, or too few to work it out."""
    if isinstance(metric.formula, Estimation):
        return empty(
            "not_defined",
            f"These rows do not say enough to work out “{metric.label}”.",
            "Choose a longer period, or take a filter away; its definition says when it has one.",
        )
    return empty(
        "not_defined",
        f"These rows do not say what “{metric.label}” needs.",
        "They are too recent for it, or the log that they came from does not record it.",
    )


def few_accounts() -> Drawing:
    """There are rows, of so few accounts that nothing is told of them."""
    return empty(
        "not_defined",
        f"Fewer than {FEWEST_SHOWN} accounts are behind this, so it is withheld.",
        "Take a filter away, or choose a longer period.",
    )


def no_values(result: Result, metric: Metric, context: Context) -> Drawing:
    """Why an answer has no value of a metric: no rows, too few accounts, or nothing recorded."""
    if result.frame.is_empty() or not _has_rows(result, metric):
        return no_rows(context)
    marks = [f[SMALL] for f in (result.frame, result.total) if SMALL in f.columns]
    if any((m == WITHHELD).any() for m in marks):
        return few_accounts()
    return not_recorded(metric)


def _has_rows(result: Result, metric: Metric) -> bool:
    """Whether any group has rows now, and not in the earlier period alone."""
    rows = f"{metric.name}__n"
    return rows not in result.frame.columns or result.frame[rows].fill_null(1).sum() > 0


def nothing(context: Context, unfiltered: Drawing) -> Drawing:
    """Nothing to draw: for the filters, or without any for a reason of the tile's own."""
    return unfiltered if context.condition is None else no_rows(context)


def no_rows(context: Context) -> Drawing:
    """Nothing to draw, and why: the data is not there yet, or these filters leave nothing."""
    latest, period = context.extent.latest, context.period
    if latest is not None and period is not None and period.start > latest:
        return empty(
            "late",
            "The data is not there yet.",
            f"{context.dataset.label}: complete through {written.day(latest)}.",
        )
    grain = context.dataset.smallest_grain
    if period is not None and whole_buckets(period, grain) is None:
        return empty(
            "no_rows",
            f"No whole {grain} lies in this period.",
            f"{context.dataset.label}: a number for each {grain}. Choose whole ones, as in "
            f"“last 2 {grain}s”.",
        )
    if context.condition is not None:
        return empty("no_rows", "No rows for these filters.", "Take one of them away:", undo=True)
    return empty("no_rows", "No rows in this period.", "Try a longer one.")
