"""Worlds in which nothing happens, as answers to what each tile that states something asks.

A world draws the frames of a tile's answers, in the order of its questions: accounts differ, come
back and are few in places, but no image, place, version, cell, vendor or month is unlike another.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from pages.health import WATCHED
from portal.tiles import experiment_list, experiment_verdict, scenes
from portal.tiles.anomalies import AnomalyLog
from portal.tiles.arms import QUALITY
from portal.tiles.artwork import Gallery, ImageWinners
from portal.tiles.churn import PriceChurn
from portal.tiles.deliveries import Deliveries
from portal.tiles.filming import FilmingContest
from portal.tiles.geo_effect import GeoEffect
from portal.tiles.image_looks import EFFECTS, LooksByTaste
from portal.tiles.image_tastes import TasteGallery, TasteWinners
from portal.tiles.launch_standing import LaunchStanding
from portal.tiles.licences import EndingVerdict
from portal.tiles.off_target import OffTarget
from portal.tiles.outages import Outages
from portal.tiles.policy_verdict import PolicyVerdict
from portal.tiles.standing_out import StandingOut
from portal.tiles.switching import SwitchingVerdict
from portal.tiles.value_apart import ValueApart
from portal.tiles.waits import QueueWaits
from queries.analyses import offpolicy, outage
from queries.analyses.account_moments import moment_name
from queries.analyses.cluster import CLUSTERS, Scope
from queries.catalog import builtin
from queries.dataset import BUCKET, BUCKETS, merged
from queries.engines.polars_engine import PolarsEngine
from queries.estimators.moments import LETTERS, PAIRS
from queries.estimators.shifted_beta_geometric import Fit
from queries.formula import Array
from queries.interval import margin, replicates, student
from queries.reduction import Column, Reduction, Source
from tests.pages.quiet_studio import deliveries, queue_waits
from tests.pages.quiet_titles import (
    LAST,
    Dice,
    Frames,
    all_titles,
    ending,
    launches,
    one_title,
)
from tests.queries.analyses import (
    test_anomaly,
    test_filming,
    test_geo_experiment,
    test_image_tastes,
    test_lifetime,
    test_outage,
    test_price_change,
)
from tests.queries.analyses.image_worlds import images
from tests.queries.analyses.switching_worlds import quiet
from tests.queries.formulas import formula_of
from tests.queries.small_lake import Files

World = Callable[[int], Frames]

SEEDS = 200
AIM = 0.8


def image_winners(seed: int) -> Frames:
    found = images(np.random.default_rng(seed), titles=8, each=4)
    named = found.with_columns(title_id=pl.col("title"))
    return named.group_by("title", "title_id").agg(pl.col("seen_impressions").sum()), found


def gallery(seed: int) -> Frames:
    found = images(np.random.default_rng(seed), titles=1)
    return found, found.select("artwork", "seen_impressions")


def taste_winners(seed: int) -> Frames:
    found = taste_gallery(seed)[0].with_columns(title_id=pl.col("title"))
    most = found.group_by("title", "title_id").agg(seen_impressions=pl.col("image_shown").sum())
    return most, found.drop("title")


def taste_gallery(seed: int) -> Frames:
    dice = np.random.default_rng([7, seed])
    return (test_image_tastes.world(dice, differs=False, accounts=260, titles=3),)


def looks(seed: int) -> Frames:
    """Images of all looks that accounts of five tastes take alike; images are drawn by chance."""
    dice = np.random.default_rng([8, seed])
    titles, each, tastes = 8, 4, 5
    image, taste, cluster = (
        part.ravel() for part in np.indices((titles * each, tastes, CLUSTERS), dtype=np.int64)
    )
    shown = dice.poisson(6, len(image))
    eager = 0.08 * dice.gamma(8, 1 / 8, (tastes, CLUSTERS))[taste, cluster]
    counted = pl.DataFrame(
        {
            "taste": [f"taste {n}" for n in taste], "title_id": image // each, "artwork": image,
            "cluster": cluster, "exploration_regret_shown": shown,
            "exploration_regret_taken": dice.binomial(shown, np.clip(eager, 0, 1)),
        }
    )  # fmt: skip
    on = {name: dice.random(titles * each) < 0.5 for name in EFFECTS}  # half
    sides = pl.DataFrame(
        {"artwork": np.arange(titles * each)}
        | {f"{name}_shown": is_on.astype(float) for name, is_on in on.items()}
        | {f"{name}_shown_other": 1.0 - is_on for name, is_on in on.items()}
    )
    accounts = {"taste": [f"taste {n}" for n in range(tastes)], "accounts": [900.0] * tastes}
    return counted, sides, pl.DataFrame(accounts)


def outages(seed: int) -> Frames:
    found = test_outage.world(np.random.default_rng(seed), places=15)
    told = found.with_columns(pl.lit(0.01).alias(outage.METRIC))
    return found, told, found.with_columns(utc_hour=pl.lit(20))


def standing_out(seed: int) -> Frames:
    """Five versions on two devices, by each metric of quality."""
    dice, accounts = np.random.default_rng(seed), 1_500
    plays = 1 + dice.poisson(8, accounts)
    columns: dict[str, object] = {
        "app_version": dice.choice(list("abcde"), accounts, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
        "device": dice.choice(["tv", "web"], accounts),
        "cluster": dice.integers(0, CLUSTERS, accounts),
        "rows": plays,
        "accounts": np.ones(accounts),
    }
    for name in QUALITY:
        own = np.clip(0.05 * dice.gamma(4, 0.25, accounts), 0, 1)
        columns |= {f"{name}__numerator": dice.binomial(plays, own), f"{name}__denominator": plays}
    found = pl.DataFrame(columns).group_by("app_version", "device", "cluster").sum()
    return found, found.rename({"app_version": "abr"})


def price_churn(seed: int) -> Frames:
    """A price changes and nobody minds."""
    dice = np.random.default_rng(seed)
    change = test_price_change.CHANGE
    price = pl.DataFrame(
        {
            "from_date": [change.day],
            "country": [change.country],
            "plan": [change.plan],
            "price_usd": [change.after_usd],
            "price_before_usd": [change.before_usd],
        }
    )
    named = {"rate": "voluntary_churn", "n": "months_at_risk"}
    months = len(test_price_change.MONTHS)
    sides = [
        test_price_change.side((dice.binomial(n, 0.05, months) / n).tolist(), float(n))
        for n in (1_000, 4_000)
    ]
    return price, *(side.rename(named) for side in sides)


def experiments(seed: int, number: int = 6) -> Frames:
    """A/A tests of two and three cells; the last is still running.

    Of 1,000 loads of six of them 85 claim something: as often as six independent tests may.
    """
    dice = np.random.default_rng([2, seed])
    rows = [row for nth in range(number) for row in _cells(dice, nth, is_running=nth == number - 1)]
    return (pl.DataFrame(rows),)


def _cells(dice: Dice, nth: int, *, is_running: bool) -> list[dict[str, object]]:
    names = ("control", "one", "two")[: 3 if nth % 3 == 2 else 2]
    about = {
        "experiment_id": nth, "experiment": f"trial {nth}", "unit": "product",
        "primary_metric": "hours_per_account", "guardrails": "startup_seconds, rebuffer_ratio",
        "planned_accounts": 4_000, "started": LAST - timedelta(60),
        "ends": LAST + timedelta(9 if is_running else -9), "planned_share": 1 / len(names),
    }  # fmt: skip
    allocated = dice.multinomial(4_000, [1 / len(names)] * len(names))
    found: list[dict[str, object]] = []
    for position, (name, n) in enumerate(zip(names, allocated.tolist(), strict=True)):
        exposed = int(dice.binomial(n, 0.8))
        cell = {"cell": name, "cell_position": position, "rows": n, "exposed": exposed}
        for metric in ("hours_per_account", "startup_seconds", "rebuffer_ratio"):
            cell |= _moments(dice, exposed, metric)
        found.append(about | cell)
    return found


def _moments(dice: Dice, accounts: int, metric: str) -> dict[str, object]:
    """Skewed habits that last, over what each account did; many did nothing."""
    taste = dice.normal(0, 0.7, accounts)
    now, before = (
        np.exp(taste + dice.normal(0, 0.5, accounts)) * (dice.random(accounts) > 0.2)
        for _ in range(2)
    )
    ones = np.ones(accounts)
    values: dict[str, Array] = dict(zip(LETTERS, (now, ones, before, ones), strict=True))
    found: dict[str, object] = {
        moment_name(one, metric): float(column.sum()) for one, column in values.items()
    }
    for pair in PAIRS:
        found[moment_name(pair, metric)] = float(values[pair[0]] @ values[pair[1]])
    return found


def filming(seed: int) -> Frames:
    """Places that cost the same and offer nothing."""
    dice = np.random.default_rng(seed)
    past = test_filming.past(dice, cities=dict.fromkeys(("Here", "There", "Else"), 0.0))
    return (
        past.with_columns(
            shoot_days=pl.lit(40.0), crew_size=pl.lit(80.0), labour_index=pl.lit(1.0),
            weekly_wage_usd=pl.lit(None, pl.Float64), wage_area=pl.lit(None, pl.String),
            wage_quarter=pl.lit(None, pl.String), incentive_rate=pl.lit(0.0),
            qualifying_share=pl.lit(0.0), incentive_cap_usd=pl.lit(None, pl.Float64),
            stage_day_usd=pl.lit(2e4), weather_loss_rate=pl.lit(0.05),
        ),
    )  # fmt: skip


def geo_effect(seed: int) -> Frames:
    """A campaign that brings nobody."""
    found, _ = test_geo_experiment.drawn(np.random.default_rng(seed), 0.0)
    regions, days = found.days.shape
    return (
        pl.DataFrame(
            {
                "campaign_id": 1,
                "campaign": found.campaign,
                "geo": np.repeat(found.regions, days),
                "country": np.repeat(found.countries, days),
                "is_holdout": np.repeat(~found.treated, days),
                "is_during": np.tile(np.arange(days) >= found.length, regions),
                "date": pl.Series([*found.dates] * regions),
                "signups": found.days.ravel(),
                "spend": 10.0,
                "attributed_signups": 1.0,
            }
        ),
    )


def value_apart(seed: int) -> Frames:
    """Members of five channels of unlike size who stay and pay alike."""
    dice, frames = np.random.default_rng([9, seed]), list[pl.DataFrame]()
    for nth, accounts in enumerate((1_200, 800, 500, 400, 300)):
        counted = test_lifetime.worlds(100 * seed + nth, Fit(1.4, 15.0), 1, accounts)[0]
        found = test_lifetime.frame_of(counted)
        price = 12 * np.exp(dice.normal(0, 0.1, CLUSTERS))[found["cluster"].to_numpy()]
        frames.append(
            found.with_columns(
                pl.lit(f"channel {nth}").alias("signup_channel"), paid_usd=price * found["at_risk"]
            )
        )
    return (pl.concat(frames),)


def _logs() -> pl.DataFrame:
    """Logs of a policy in which all titles earn the same, some for each seed."""
    dice, rows, actions = np.random.default_rng(5), 1_500 * SEEDS, 6
    logging, target = np.array([0.3, 0.25, 0.2, 0.15, 0.07, 0.03]), np.full(actions, 1 / actions)
    action = dice.choice(actions, rows, p=logging)
    account = dice.integers(0, 400, rows)
    eager = 0.1 * dice.gamma(4, 0.25, 400)
    played = dice.random(rows) < eager[account]
    entries = [{"pi": float(p)} for p in target]
    frame = pl.DataFrame(
        {
            "seed": np.repeat(np.arange(SEEDS), rows // SEEDS),
            "bucket": (account % BUCKETS).astype(np.int16),
            "account_kind": "member",
            "seen": True,
            "clicked": played,
            "played": played,
            "sample_w": 1.0,
            "propensity": logging[action],
            "q_hat": 0.1,
            "targets": pl.Series(entries)[action],
            "dm": pl.Series([{"pi": 0.1}]).new_from_index(0, rows),
        }
    )
    as_maps = [
        pl.concat_list(pl.struct(key=pl.lit("pi"), value=pl.col(c).struct.field("pi")))
        .cast(pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})))
        .cast(pl.Map(pl.String, pl.Float64))
        .alias(c)
        for c in ("targets", "dm")
    ]
    return frame.with_columns(as_maps)


@cache
def _policies() -> pl.DataFrame:
    """Every estimator on such logs, a row a seed."""
    metrics = offpolicy.question(Scope(builtin().dataset("impressions")), "pi").metrics
    with TemporaryDirectory() as folder:
        path = Path(folder) / "logs.parquet"
        _logs().write_parquet(path)
        reduction = Reduction(
            source=Source("impressions"),
            keys=(Column("seed", '"seed"'), Column(BUCKET, f'"{BUCKET}"')),
            aggregates=merged([*metrics]),
            base=builtin().dataset("impressions").base,
        )
        counted = PolarsEngine().reduce(reduction, Files("v1", {"impressions": (str(path),)}))
    cells: dict[str, Array] = {}
    at = (counted["seed"].to_numpy(), counted[BUCKET].to_numpy())
    for aggregate in reduction.aggregates:
        cells[aggregate.key] = np.zeros((SEEDS, BUCKETS))
        cells[aggregate.key][at] = counted[aggregate.key].fill_null(0).to_numpy()
    columns: dict[str, Array] = {}
    for metric in metrics:
        formula = formula_of(metric)
        value = np.asarray(formula.evaluate({key: c.sum(axis=1) for key, c in cells.items()}))
        half = margin(replicates(formula, cells, np.ones(BUCKETS)))
        columns |= {
            metric.name: value,
            f"{metric.name}__low": value - half,
            f"{metric.name}__high": value + half,
        }
    return pl.DataFrame(columns)


def policy(seed: int) -> Frames:
    return pl.DataFrame({"policies": [["pi"]], "rows": [1_500]}), _policies()[seed]


def anomalies(seed: int, days: int = 150) -> Frames:
    """Days of four countries as they go: a drifting level, a week, errors that last a little."""
    dataset, countries = builtin().dataset("playback"), ("BR", "DE", "IN", "US")
    series = test_anomaly.normal_days(seed, len(countries) * len(WATCHED))
    keys = {
        dataset.time.name: [LAST - timedelta(days - 1 - n) for n in range(days)] * len(countries),
        "country": np.repeat(countries, days),
    }
    values = {
        name: values / (values + np.exp(8)) if dataset.metric(name).format == "percent" else values
        for nth, name in enumerate(WATCHED)
        for values in [series[nth * len(countries) : (nth + 1) * len(countries), -days:].ravel()]
    }
    asked = pl.DataFrame(keys | values)
    return asked, asked.select(*keys, accounts=pl.lit(1_000.0))


def on_target(seed: int) -> Frames:
    """A share that truly is what is aimed at, with the interval of its noise."""
    value = AIM + 0.002 * np.random.default_rng(seed).standard_normal()
    half = 0.002 * student(255)
    ends = {"good_play_rate__low": [value - half], "good_play_rate__high": [value + half]}
    return (pl.DataFrame({"good_play_rate": [value], **ends}),)


WORLDS: Mapping[type, World] = {
    AnomalyLog: anomalies,
    ImageWinners: image_winners,
    Gallery: gallery,
    TasteWinners: taste_winners,
    TasteGallery: taste_gallery,
    LooksByTaste: looks,
    Outages: outages,
    StandingOut: standing_out,
    SwitchingVerdict: quiet,
    QueueWaits: queue_waits,
    Deliveries: deliveries,
    PriceChurn: price_churn,
    experiment_list.ExperimentList: experiments,
    experiment_verdict.ExperimentVerdict: lambda seed: experiments(seed, 1),
    FilmingContest: filming,
    GeoEffect: geo_effect,
    PolicyVerdict: policy,
    ValueApart: value_apart,
    EndingVerdict: ending,
    LaunchStanding: launches,
    OffTarget: on_target,
    scenes.Scenes: one_title,
    scenes.ScenesOfTitles: all_titles,
}
