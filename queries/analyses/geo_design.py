"""A campaign with regions held out, read otherwise than it was registered.

Which regions count, how many days, and of what, may be chosen by hand; then a p says less, since
one may choose until it is small. What was registered is every region, the whole campaign against as
many days before it, and sign-ups. Regions are re-drawn among those that are left, within their
country where they were before, so that a country left with one kind cannot tell anything and is
left out whole.

Small cells: what is chosen by hand, its outcome included, is refused where a side of it, before or
during, is of one to nine.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from queries.analyses.geo_experiment import GeoExperiment, crowd
from queries.errors import UnsafeQuestion
from queries.estimators.geo_difference import is_by_country
from queries.formula import Array
from queries.small_cells import FEWEST_SHOWN

FEWEST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Design:
    """Regions that are left out by hand, and how many days before and of the campaign count.

    None means all of them.
    """

    without: frozenset[str] = frozenset()
    before: int | None = None
    during: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a design leaves of a campaign, and the countries that went with a region."""

    experiment: GeoExperiment
    lost_countries: tuple[str, ...] = ()


def chosen(experiment: GeoExperiment, design: Design) -> Chosen:
    """The regions and days of a design.

    Raises UnsafeQuestion (`few_accounts`) where a side of it is of a handful.
    """
    kept = np.array([name not in design.without for name in experiment.regions])
    country = np.array(experiment.countries)
    lost: list[str] = []
    if is_by_country(experiment.seen):
        for name in sorted(set(country[~kept].tolist())):
            here = kept & (country == name)
            if len(set(experiment.treated[here].tolist())) < 2:  # noqa: PLR2004  # both kinds
                kept &= country != name
                lost.append(name)
    begins = experiment.before if design.before is None else design.before
    length = experiment.length if design.during is None else design.during
    first = experiment.before - begins
    days = slice(first, experiment.before + length)
    found = _narrowed(experiment, kept, days, begins)
    if design != Design() or found.crowds is not None:
        _check(found)
    return Chosen(found, tuple(lost))


def with_outcome(
    experiment: GeoExperiment, days: Array, crowds: NDArray[np.bool_] | None = None
) -> GeoExperiment:
    """The same campaign, of another outcome (regions x days)."""
    return replace(experiment, days=days, crowds=crowds)


def _narrowed(
    experiment: GeoExperiment, kept: NDArray[np.bool_], days: slice, begins: int
) -> GeoExperiment:
    names = np.flatnonzero(kept).tolist()
    spent, claimed, crowds = (
        None if part is None else part[kept][:, days]
        for part in (experiment.spent, experiment.claimed, experiment.crowds)
    )
    return replace(
        experiment,
        dates=experiment.dates[days],
        regions=tuple(experiment.regions[n] for n in names),
        countries=tuple(experiment.countries[n] for n in names),
        treated=experiment.treated[kept],
        days=experiment.days[kept][:, days],
        begins=begins,
        spent=spent,
        claimed=claimed,
        crowds=crowds,
        spend=experiment.spend if spent is None else float(spent[:, begins:].sum()),
        attributed=experiment.attributed if claimed is None else float(claimed[:, begins:].sum()),
    )


def _check(experiment: GeoExperiment) -> None:
    spans = (slice(0, experiment.before), slice(experiment.before, None))
    if any(0 < n < FEWEST_SHOWN for span in spans for n in crowd(experiment, span)):
        raise UnsafeQuestion(
            f"Fewer than {FEWEST_SHOWN} accounts are behind a side of this choice, so it is "
            "withheld.",
            "Leave fewer regions out, or count more days.",
            code="few_accounts",
        )
