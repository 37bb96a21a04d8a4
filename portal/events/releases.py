"""Releases: the day on which a version of the app came into use."""

from collections.abc import Iterable, Sequence

import polars as pl

from portal.components import format as written
from portal.events.event import Event, Kind, every_day
from queries.analyses.beginning import beginnings
from queries.analyses.cluster import Scope
from queries.model import Query, Result

_QUIET_DAYS = 14
_LEAST_SHARE = 0.01
_KEYS = ("device", "app_version")


def questions(scope: Scope) -> tuple[Query, ...]:
    """Plays by day, device and version."""
    return (every_day(scope, "plays", _KEYS),)


def read(results: Sequence[Result], scope: Scope) -> Iterable[Event]:
    """A version is in use from the first day on which it has 1 % of the plays of its device."""
    known = results[0].frame.drop_nulls([scope.dataset.time.name, *_KEYS])
    device = scope.dataset.dimension("device")
    share = pl.col("plays") / pl.col("plays").sum().over("day", "device")
    used = (
        known.rename({scope.dataset.time.name: "day"})
        .filter(share >= _LEAST_SHARE)
        .with_columns(pl.struct(*_KEYS).alias("version"))
        .select("day", "version", "plays")
    )
    for row in beginnings(used, "version", "plays", _QUIET_DAYS).iter_rows(named=True):
        name, version = row["version"]["device"], row["version"]["app_version"]
        yield Event(
            day=row["day"],
            text=f"App {version} came out on {written.lowered(written.value_label(name, device))}",
            detail=f"{written.count(row['plays'])} plays since",
            size=float(row["plays"]),
            path="/quality",
            filters=(("device", str(name)),),
        )


KIND = Kind(
    name="release",
    label="App releases",
    dataset="playback",
    questions=questions,
    read=read,
    units=("product", "platform"),
    filters=("device",),
    before_days=_QUIET_DAYS,
)
