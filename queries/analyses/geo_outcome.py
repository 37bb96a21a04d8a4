"""What a campaign may have moved besides sign-ups, by region and day.

Small cells: it comes with the clusters of accounts that it is of, so that weeks of a handful are
left out as those of few sign-ups are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.analyses.cluster import CLUSTER, CLUSTERS, Scope, every_group, named
from queries.analyses.geo_experiment import GeoExperiment, laid_out
from queries.catalog import builtin
from queries.condition import Condition, conjunction
from queries.dataset import TimeBucket
from queries.formula import Array
from queries.model import Query
from queries.period import Grain, Period

_COUNTRY, _REGION = "country", "region"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something counted by region and day, in another dataset: metrics and the sign of each.

    `noun` is many of it, `one` one of it; without a dataset it is what campaigns are read by.
    """

    label: str
    noun: str
    one: str
    dataset: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


OUTCOMES: Mapping[str, Outcome] = {
    "signups": Outcome("Sign-ups", "sign-ups", "sign-up"),
    "paid_signups": Outcome(
        "Paid sign-ups", "paid sign-ups", "paid sign-up", "billing", {"signups": 1.0}
    ),
    "net_adds": Outcome(
        "Net adds", "net adds", "net add", "billing", {"gross_adds": 1.0, "cancels": -1.0}
    ),
    "hours": Outcome(
        "Hours viewed", "hours viewed", "hour viewed", "playback", {"hours_viewed": 1.0}
    ),
}
USUAL = "signups"


def question(outcome: Outcome, experiment: GeoExperiment, where: Condition | None) -> Query:
    """The outcome by region and day, over all days of the campaign and before it.

    Of the condition only what it says of the country is kept: other filters are of campaigns.
    """
    dataset = builtin().dataset(outcome.dataset)
    kept = [
        replace(f, dimension=dataset.dimension(_COUNTRY))
        for f in (where.filters() if where else ())
        if f.dimension.name == _COUNTRY
    ]
    dataset = replace(dataset, dimensions=(*dataset.dimensions, CLUSTER))
    keys = (dataset.dimension(_REGION), TimeBucket(dataset.time, Grain.DAY), CLUSTER)
    period = Period(experiment.dates[0], experiment.dates[-1])
    return every_group(Scope(dataset, period, conjunction(*kept)), outcome.metrics, keys)


def read(
    outcome: Outcome, experiment: GeoExperiment, frame: pl.DataFrame
) -> tuple[Array, NDArray[np.bool_]]:
    """An answer to `question` as regions x days, and the clusters of accounts that it is of."""
    day = next(name for name in frame.columns if frame[name].dtype == pl.Date)
    counts = {name: pl.col(name).fill_null(0) for name in outcome.metrics}
    amount = pl.sum_horizontal(sign * counts[name] for name, sign in outcome.metrics.items())
    known = frame.rename({_REGION: "geo", day: "date"}).with_columns(amount.alias("amount"))
    days = laid_out(known, "amount", experiment.regions, experiment.dates)
    moved = named(known.filter(pl.any_horizontal(count != 0 for count in counts.values())))
    return days, _clusters(moved, experiment.regions, experiment.dates)


def _clusters(
    frame: pl.DataFrame, regions: Sequence[str], dates: Sequence[object]
) -> NDArray[np.bool_]:
    found = np.zeros((len(regions), len(dates), CLUSTERS), bool)
    row = {geo: nth for nth, geo in enumerate(regions)}
    column = {day: nth for nth, day in enumerate(dates)}
    for geo, day, cluster in frame.select("geo", "date", CLUSTER.name).iter_rows():
        if geo in row and day in column:
            found[row[geo], column[day], int(cluster)] = True
    return found
