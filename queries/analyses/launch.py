"""How launches go, day by day since release, and how one compares with others before it.

Only titles whose whole window has elapsed, and lies inside the data, are comparables: keeping those
that happen to be old enough for a day, day by day, would let the survivors draw the curve.
Of one title, days are told from one to the next so that ten accounts at least watched between them.
"""

from dataclasses import dataclass, replace

import polars as pl

from queries.analyses.cluster import CLUSTER, CLUSTERS, EVERY_GROUP, Scope, counted_by
from queries.condition import Filter, conjunction
from queries.model import Query
from queries.period import Period
from queries.small_cells import FEWEST_SHOWN

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Fan:
    """Quantiles of cumulated launches: columns day, p10, p25, p50, p75, p90; and of how many."""

    frame: pl.DataFrame
    launches: int


def question(
    scope: Scope,
    metric: str = "hours_viewed",
    horizon: int = 28,
    about: tuple[str, ...] = (),
) -> Query:
    """A metric by title and day since release, from the day of release on.

    `about` are further dimensions of the title, to choose comparables by.
    """
    dataset, window = scope.dataset, _window(scope, horizon)
    day = dataset.dimension("days_since_release")
    return Query(
        dataset=dataset,
        metrics=(dataset.metric(metric),),
        by=(
            dataset.dimension("title_id"),
            dataset.dimension("release_date"),
            day,
            *(dataset.dimension(name) for name in about),
        ),
        where=window.where,
        period=scope.period,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def own_question(scope: Scope, metric: str = "hours_viewed", horizon: int = 28) -> Query:
    """The same of the titles that a scope keeps, by cluster of accounts: what `told` reads."""
    return counted_by(
        _window(scope, horizon), [metric], ["title_id", "title", "days_since_release"]
    )


def told(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns title_id, title, day: the days up to which a title's curve may be told.

    Between one and the next, ten clusters of accounts watched, which are ten accounts or more; the
    last takes in what is left over. A title that fewer watched in all has none.
    """
    rows: list[tuple[int, str, int]] = []
    ordered = frame.drop_nulls("days_since_release").sort("title_id", "days_since_release")
    for (title_id, title), days in ordered.group_by("title_id", "title", maintain_order=True):
        seen: set[int] = set()
        ends: list[int] = []
        for (day,), cells in days.group_by("days_since_release", maintain_order=True):
            seen |= {number for number in cells[CLUSTER.name] if number in range(CLUSTERS)}
            if len(seen) >= FEWEST_SHOWN:
                ends, seen = [*ends, int(str(day))], set()
        if ends and seen:
            ends[-1] = int(days["days_since_release"].max())  # type: ignore[arg-type]
        rows += [(int(str(title_id)), str(title), end) for end in ends]
    schema = {"title_id": pl.Int64, "title": pl.String, "day": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _window(scope: Scope, horizon: int) -> Scope:
    days = Filter(scope.dataset.dimension("days_since_release"), "between", (0, horizon - 1))
    return replace(scope, where=conjunction(scope.where, days))


def curves(
    frame: pl.DataFrame, metric: str, span: Period, horizon: int = 28, *, whole: bool = True
) -> pl.DataFrame:
    """Columns title_id, release_date, day, value, cumulative; a day without viewing is 0.

    `span` is the first to the last complete day of the data. With `whole`, only titles released
    inside it whose window of `horizon` days has elapsed; else every title, up to its last day.
    """
    titles = frame.select("title_id", "release_date").unique().drop_nulls()
    titles = titles.filter(pl.col("release_date") >= span.start)
    last = pl.min_horizontal(
        pl.lit(horizon - 1), (pl.lit(span.end) - pl.col("release_date")).dt.total_days()
    )
    titles = titles.with_columns(last.alias("last")).filter(
        pl.col("last") == horizon - 1 if whole else pl.col("last") >= 0
    )
    days = titles.with_columns(pl.int_ranges(0, pl.col("last") + 1).alias("day")).drop("last")
    watched = frame.select(
        "title_id", pl.col("days_since_release").cast(pl.Int64).alias("day"), value=metric
    )
    return (
        days.explode("day", empty_as_null=False)
        .join(watched, on=["title_id", "day"], how="left")
        .with_columns(pl.col("value").fill_null(0).fill_nan(0))
        .sort("release_date", "title_id", "day")
        .with_columns(pl.col("value").cum_sum().over("title_id").alias("cumulative"))
    )


def fan(comparables: pl.DataFrame) -> Fan:
    """How far apart the comparables' cumulated launches lie, day by day."""
    quantiles = [
        pl.col("cumulative").quantile(level, "linear").alias(f"p{round(100 * level)}")
        for level in LEVELS
    ]
    frame = comparables.group_by("day").agg(quantiles).sort("day")
    return Fan(frame, comparables["title_id"].n_unique())


def percentile(curve: pl.DataFrame, comparables: pl.DataFrame) -> pl.DataFrame:
    """Of one launch, by day: the share of comparables that had less by then, ties halved.

    Columns day, cumulative, percentile.
    """
    others = comparables.select("day", other="cumulative")
    below = (pl.col("other") < pl.col("cumulative")).mean()
    equal = (pl.col("other") == pl.col("cumulative")).mean()
    return (
        curve.select("day", "cumulative")
        .join(others, on="day", how="inner")
        .group_by("day", "cumulative")
        .agg((below + equal / 2).alias("percentile"))
        .sort("day")
    )
