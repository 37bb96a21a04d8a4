"""What the tiles of a campaign with regions held out share."""

from collections.abc import Sequence

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.tiles.rankers import scope
from queries.analyses import geo_experiment
from queries.analyses.geo_experiment import Cost, GeoExperiment
from queries.model import Query, Result

NO_HOLDOUT = empty(
    "not_defined",
    "No region was held out, so nobody can say what the spend caused.",
    "Choose a campaign that left regions out, or plan one.",
)
TOO_FEW = empty(
    "not_defined",
    "Too few regions were treated or held out to tell.",
    "Three of each are the least that re-drawing them can tell anything by.",
)


def question(context: Context) -> Query:
    """Every tile of a campaign asks it, so they share one answer."""
    return geo_experiment.question(scope(context))


def chosen(results: Sequence[Result]) -> GeoExperiment | None:
    """The newest campaign in view that held regions out."""
    return next(iter(geo_experiment.read(results[0].frame)), None)


def withheld(found: GeoExperiment | None) -> Drawing | None:
    if found is None:
        return NO_HOLDOUT
    return None if found.has_enough else TOO_FEW


def count(value: float) -> str:
    """A number of sign-ups with its sign where it is negative."""
    return f"{value:,.0f}".replace(",", "\u2009").replace("-", "−")


def price(value: float, context: Context) -> str:
    return written.number(value, context.metric("spend"))


def costs(found: Cost, context: Context) -> str:
    """The interval of a cost: without an upper end where nothing brought cannot be excluded."""
    if found.low != found.low:  # not a number
        return "it has no value: the spend is not shown to have brought anything"
    if found.high == float("inf"):
        return f"at least {price(found.low, context)}, no upper bound"
    return f"{price(found.low, context)} to {price(found.high, context)}"


def days(found: GeoExperiment) -> str:
    """The days of the campaign, and those before it."""
    first, last = found.dates[found.length], found.dates[-1]
    return (
        f"{written.day(first, year=False)} – {written.day(last)}, against the "
        f"{found.length} days before"
    )
