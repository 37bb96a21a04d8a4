"""What the tiles of a campaign with regions held out share."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.components import format as written
from portal.context import Context
from portal.countries import names
from portal.drawing import Drawing, empty
from portal.tiles.rankers import scope
from queries.analyses import geo_design, geo_experiment, geo_outcome
from queries.analyses.geo_design import FEWEST_DAYS, Design
from queries.analyses.geo_experiment import Cost, GeoExperiment
from queries.analyses.geo_outcome import OUTCOMES, USUAL, Outcome
from queries.model import Query, Result

HOLDOUT, OUTCOME, BEFORE, DURING, WITHOUT = "holdout", "outcome", "before", "during", "without"
NAMES = (HOLDOUT, OUTCOME, BEFORE, DURING, WITHOUT)
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


@dataclass(frozen=True, slots=True)
class Reading:
    """A campaign as the view reads it, beside what was registered of it."""

    registered: GeoExperiment
    experiment: GeoExperiment
    outcome: Outcome
    design: Design
    lost_countries: tuple[str, ...] = ()

    @property
    def is_registered(self) -> bool:
        return self.design == Design() and self.outcome is OUTCOMES[USUAL]


def following(results: Sequence[Result], context: Context) -> tuple[Query, ...]:
    """The outcome by region and day, where it is not the sign-ups that were asked for already."""
    found, (outcome, _) = chosen(results, context), _outcome(context)
    if found is None or not outcome.dataset:
        return ()
    return (geo_outcome.question(outcome, found, context.condition),)


def chosen(results: Sequence[Result], context: Context) -> GeoExperiment | None:
    """The campaign that the view names, else the newest in view that held regions out."""
    known = geo_experiment.read(results[0].frame)
    asked = context.view.option(HOLDOUT)
    return next((c for c in known if c.campaign == asked), next(iter(known), None))


def reading(results: Sequence[Result], context: Context) -> Reading | None:
    """The campaign by the regions, days and outcome of the view.

    Raises UnsafeQuestion (`few_accounts`) where a side of what was chosen is of a handful.
    """
    found = chosen(results, context)
    if found is None:
        return None
    outcome, _ = _outcome(context)
    design, _ = _design(found, context)
    of = found
    if outcome.dataset and len(results) > 1:
        of = geo_design.with_outcome(found, *geo_outcome.read(outcome, found, results[1].frame))
    left = geo_design.chosen(of, design)
    return Reading(found, left.experiment, outcome, design, left.lost_countries)


def not_taken(found: GeoExperiment, context: Context) -> tuple[str, ...]:
    """What the view asks for and cannot have, in words."""
    asked = context.view.option(HOLDOUT)
    other = f"“{asked}” held no regions out; {found.campaign} did."
    unknown = (other,) if asked and asked != found.campaign else ()
    return (*unknown, *_outcome(context)[1], *_design(found, context)[1])


def _outcome(context: Context) -> tuple[Outcome, tuple[str, ...]]:
    asked = context.view.option(OUTCOME) or USUAL
    if asked in OUTCOMES:
        return OUTCOMES[asked], ()
    said = f"“{asked}” is no outcome: write {', '.join(OUTCOMES)}. Sign-ups are taken."
    return OUTCOMES[USUAL], (said,)


def _design(found: GeoExperiment, context: Context) -> tuple[Design, tuple[str, ...]]:
    said: list[str] = []
    days: dict[str, int | None] = {}
    for name, most in ((BEFORE, found.before), (DURING, found.length)):
        text, days[name] = context.view.option(name), None
        if text.isascii() and text.isdigit() and FEWEST_DAYS <= int(text) <= most:
            days[name] = int(text) if int(text) < most else None
        elif text:
            said.append(f"“{text}” is not {FEWEST_DAYS} to {most} days; all are taken.")
    names = left_out(context)
    unknown = [name for name in names if name not in found.regions]
    if unknown:
        said.append(f"The campaign had no region {', '.join(unknown)}.")
    known = frozenset(names) & frozenset(found.regions)
    return Design(known, days[BEFORE], days[DURING]), tuple(said)


def left_out(context: Context) -> tuple[str, ...]:
    """The regions that the view leaves out, as its text has them."""
    texts = context.view.option(WITHOUT).split(",")
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


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
    first, last = found.dates[found.before], found.dates[-1]
    return (
        f"{written.day(first, year=False)} – {written.day(last)}, against the "
        f"{found.before} days before"
    )


def by_hand(read: Reading) -> str:
    """What was chosen otherwise than it was registered, in words; empty where nothing was."""
    parts: list[str] = []
    if read.design.without:
        parts.append(f"without {', '.join(sorted(read.design.without))}")
    if read.lost_countries:
        rest = "and so without all regions of"
        parts.append(f"{rest} {', '.join(names().get(c, c) for c in read.lost_countries)}")
    if read.design.before is not None:
        parts.append(f"against {read.design.before} days before")
    if read.design.during is not None:
        parts.append(f"over its first {read.design.during} days")
    if read.outcome is not OUTCOMES[USUAL]:
        parts.append(f"by {read.outcome.noun}")
    return ", ".join(parts)
