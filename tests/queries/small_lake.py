"""A small lake of Parquet files for tests of the metric layer: real files, no Delta, no demo.

`Files` is the least that satisfies `queries.reduction.Tables`.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from queries.condition import Dimension
from queries.dataset import Activity, Dataset, Join, Metric, Rollup
from queries.errors import NotLoaded
from queries.formula import parse
from queries.period import Grain
from queries.reduction import Days

START = date(2026, 1, 1)
DAYS = 84


@dataclass
class Files:
    """Tables as lists of files."""

    data_version: str
    paths: dict[str, tuple[str, ...]]
    complete: date | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def versions(self) -> dict[str, int]:
        return dict.fromkeys(self.paths, 1)

    def files(self, table: str, days: Days | None = None) -> tuple[str, ...]:  # noqa: ARG002
        if table not in self.paths:
            raise NotLoaded(f"no {table}")
        return self.paths[table]

    def has(self, table: str) -> bool:
        return table in self.paths

    def rows(self, table: str) -> int:
        return pl.scan_parquet(list(self.files(table))).select(pl.len()).collect().item()

    def complete_through(self, table: str) -> date | None:  # noqa: ARG002
        return self.complete


def plays(rows: int = 20_000, seed: int = 7, accounts: int = 2_000) -> pl.DataFrame:
    """Play attempts with the shapes that bite: nulls, skew, several plays an account, a map."""
    rng = np.random.default_rng(seed)
    account = rng.integers(1, accounts + 1, rows)
    day = rng.integers(0, DAYS, rows)
    watched = (rng.lognormal(6, 1, rows)).astype(int)
    startup = np.exp(rng.normal(7, 0.5, rows)).astype(int)
    frame = pl.DataFrame(
        {
            "play_id": np.arange(rows),
            "account_id": account,
            "bucket": (account * 2_654_435_761 % 2**32) >> 24,
            "local_date": [START + timedelta(int(d)) for d in day],
            "local_hour": rng.integers(0, 24, rows),
            "country": rng.choice(["US", "BR", "DE", "KR"], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "device": rng.choice(["tv", "phone", "web"], rows),
            "title_id": rng.integers(1, 41, rows),
            "watched_s": watched,
            "startup_ms": startup,
            "clicked": rng.random(rows) < 0.1,
            # Phones never tell; so what they waited is unknown, and not nothing.
            "waited_s": rng.integers(0, 9, rows),
            "propensity": rng.choice([0.1, 0.25, 0.5], rows),
            "target": rng.choice([0.05, 0.2, 0.4], rows),
        }
    )
    missing = pl.Series(rng.random(rows) < 0.02)
    return frame.with_columns(
        pl.when(missing).then(None).otherwise("country").alias("country"),
        pl.when(pl.Series(rng.random(rows) < 0.01))
        .then(None)
        .otherwise("startup_ms")
        .alias("startup_ms"),
        pl.when(pl.col("device") != "phone").then("waited_s").alias("waited_s"),
    ).sort("local_date")


def titles() -> pl.DataFrame:
    genres = ["drama", "comedy", None, "documentary"]
    return pl.DataFrame(
        {
            "title_id": list(range(1, 41)),
            "name": [f"Title {i}" for i in range(1, 41)],
            "genre": [genres[i % 4] for i in range(1, 41)],
            "runtime_s": [3000 + 100 * i if i % 7 else 0 for i in range(1, 41)],
        }
    )


def write(folder: Path, frame: pl.DataFrame | None = None) -> Files:
    """The small lake on disk, the plays in two files."""
    frame = plays() if frame is None else frame
    half = frame.height // 2
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"plays_0": frame[:half], "plays_1": frame[half:], "titles": titles()}
    for name, part in parts.items():
        part.write_parquet(folder / f"{name}.parquet")
    return Files(
        "v1-test",
        {
            "plays": (str(folder / "plays_0.parquet"), str(folder / "plays_1.parquet")),
            "programmes": (str(folder / "titles.parquet"),),
        },
        complete=START + timedelta(DAYS - 2),
    )


DAY = Dimension("day", "Day", '"local_date"', "date", role="time")
COUNTRY = Dimension("country", "Country", '"country"', role="country")
DEVICE = Dimension("device", "Device", '"device"')
HOUR = Dimension("hour", "Hour", '"local_hour"', "number", role="hour")
WEEKDAY = Dimension("weekday", "Weekday", 'ISODOW("local_date")', "number", role="weekday")
GENRE = Dimension("genre", "Genre", '"titles.genre"')
TITLE = Dimension("title", "Title", '"titles.name"', role="title", is_wide=True)


def metric(name: str, formula: str, **options: Any) -> Metric:  # noqa: ANN401
    return Metric(name=name, label=name.replace("_", " "), formula=parse(formula), **options)


METRICS = (
    metric("rows", "count(*)"),
    metric("hours_viewed", "sum(watched_s) / 3600.0", better="up"),
    metric("views", "sum(watched_s / nullif(titles.runtime_s, 0))"),
    metric("accounts", "count(distinct account_id)", kind="distinct", interval="wilson"),
    metric("starters", "count(distinct account_id) filter (where watched_s >= 600)",
           kind="distinct", interval="wilson"),
    metric("account_days", "count(distinct (account_id, local_date))", kind="distinct"),
    metric("days_of_accounts", "count(distinct (account_id, local_date))"
           " filter (where watched_s >= 600 and account_id is not null)", kind="distinct"),
    metric("days_with_plays", "count(distinct local_date) filter (where watched_s >= 600)",
           kind="distinct", interval="none"),
    metric("titles_played", "count(distinct title_id)", kind="distinct", interval="none"),
    metric("click_rate", "count(*) filter (where clicked) / count(*)", kind="ratio",
           format="percent"),
    metric("tv_share", "sum(watched_s) filter (where device = 'tv') / sum(watched_s)",
           kind="ratio", format="percent"),
    metric("hours_per_account", "sum(watched_s) / 3600.0 / count(distinct account_id)",
           kind="ratio"),
    metric("waited", "sum(waited_s)"),
    metric("waited_on_the_go", "sum(waited_s) filter (where device <> 'tv')"),
    metric("value", "sum(cast(clicked as int) * target / propensity) / count(*)", kind="model"),
    metric("startup", "median(startup_ms)", kind="quantile", interval="quantile", better="down"),
    metric("startup_p95", "quantile_cont(startup_ms, 0.95) / 1000", kind="quantile",
           interval="quantile"),
)  # fmt: skip

ACCOUNTS = Rollup("accounts", ("country", "device"), by_account=True)
DATASET = Dataset(
    name="plays",
    label="Plays",
    table="plays",
    time=DAY,
    dimensions=(COUNTRY, DEVICE, HOUR, WEEKDAY, GENRE, TITLE),
    metrics=METRICS,
    entity="account_id",
    clock="local",
    owner="product",
    joins=(Join("titles", "programmes", "title_id", "title_id"),),
    leading=("country", "device", "title"),
    rollups=(
        Rollup("country_device", ("country", "device")),
        Rollup("title", ("title",)),
        ACCOUNTS,
    ),
    activities=(Activity("activity", ACCOUNTS, ("country", "device")),),
    smallest_grain=Grain.DAY,
)
