"""Off-policy values: the catalog's formulas on logs whose truth is known, and how they are read."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.offpolicy import effective_share, reading
from queries.catalog import builtin
from queries.dataset import BUCKET, Metric, merged
from queries.engines.polars_engine import PolarsEngine
from queries.interval import margin, replicates
from queries.reduction import Column, Reduction, Source
from tests.queries.formulas import formula_of
from tests.queries.small_lake import Files

ACTIONS, BUCKETS = 6, 256
LOGGING = np.array([0.3, 0.25, 0.2, 0.15, 0.07, 0.03])
TARGET = np.array([0.05, 0.1, 0.15, 0.2, 0.25, 0.25])
REWARD = np.array([0.05, 0.08, 0.10, 0.12, 0.15, 0.20])
MODEL = np.array([0.06, 0.06, 0.10, 0.10, 0.18, 0.18])
TRUTH = float(TARGET @ REWARD)
NAMES: tuple[str, ...] = (
    "ips_value",
    "snips_value",
    "dr_value",
    "switch_dr_value",
    "snips_gain",
    "dr_gain",
)


def _log(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    action = rng.choice(ACTIONS, rows, p=LOGGING)
    played = rng.random(rows) < REWARD[action]
    targets = [{"pi": float(p)} for p in TARGET[action]]
    return pl.DataFrame(
        {
            "bucket": rng.integers(0, BUCKETS, rows).astype(np.int16),
            "account_kind": ["member"] * rows,
            "seen": [True] * rows,
            "clicked": played,
            "played": played,
            "sample_w": np.ones(rows),
            "propensity": LOGGING[action],
            "q_hat": MODEL[action],
            "targets": pl.Series(targets, dtype=pl.Struct({"pi": pl.Float64})),
            "dm": pl.Series([{"pi": float(TARGET @ MODEL)}] * rows),
        }
    )


def _metric(name: str) -> Metric:
    metric = builtin().dataset("impressions").metric(name)
    return metric.bind({"policy": "pi"}) if metric.parameters else metric


def _by_bucket(log: pl.DataFrame, metrics: list[Metric], path: str) -> dict[str, np.ndarray]:
    """Sums by bucket, of the very aggregates that the formulas name."""
    as_maps = [
        pl.concat_list(pl.struct(key=pl.lit("pi"), value=pl.col(c).struct.field("pi")))
        .cast(pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})))
        .cast(pl.Map(pl.String, pl.Float64))
        .alias(c)
        for c in ("targets", "dm")
    ]
    log.with_columns(as_maps).write_parquet(path)
    reduction = Reduction(
        source=Source("impressions"),
        keys=(Column(BUCKET, f'"{BUCKET}"'),),
        aggregates=merged(metrics),
        base=builtin().dataset("impressions").base,
    )
    frame = PolarsEngine().reduce(reduction, Files("v1", {"impressions": (path,)})).sort(BUCKET)
    return {a.key: frame[a.key].fill_null(0).to_numpy()[None, :] for a in reduction.aggregates}


@pytest.mark.parametrize("name", ["ips_value", "snips_value", "dr_value", "switch_dr_value"])
def test_estimators_find_what_the_policy_would_have_earned(
    name: str, tmp_path_factory: pytest.TempPathFactory
):
    log = _log(np.random.default_rng(1), 400_000)
    path = str(tmp_path_factory.mktemp("log") / "log.parquet")
    cells = _by_bucket(log, [_metric(name)], path)
    value = float(formula_of(_metric(name)).evaluate({k: v.sum() for k, v in cells.items()}))
    assert value == pytest.approx(TRUTH, rel=0.02)


def test_intervals_cover_the_truth_and_dr_is_narrower_than_ips(
    tmp_path_factory: pytest.TempPathFactory,
):
    rng = np.random.default_rng(2)
    path = str(tmp_path_factory.mktemp("log") / "log.parquet")
    metrics = [_metric(n) for n in NAMES]
    truth = dict.fromkeys(NAMES[:4], TRUTH) | dict.fromkeys(
        NAMES[4:], TRUTH - float(LOGGING @ REWARD)
    )
    held, width = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0.0)
    for _ in range(200):
        cells = _by_bucket(_log(rng, 6_000), metrics, path)
        population = np.ones(next(iter(cells.values())).shape[1])
        for metric in metrics:
            value = float(formula_of(metric).evaluate({k: v.sum() for k, v in cells.items()}))
            half = float(margin(replicates(formula_of(metric), cells, population))[0])
            held[metric.name] += abs(value - truth[metric.name]) <= half
            width[metric.name] += half / 200
    for name in NAMES:
        assert 0.91 <= held[name] / 200 <= 0.985, name
    assert width["dr_value"] < width["ips_value"]


# A log of ten rounds of three actions, and what obp 0.4.1 (Saito, Aihara, Matsutani & Narita 2021)
# makes of it: InverseProbabilityWeighting, SelfNormalized..., DoublyRobust, SwitchDoublyRobust with
# tau = 5, DirectMethod.
OBP_ACTIONS = [0, 1, 2, 0, 1, 2, 0, 0, 1, 0]
OBP_REWARDS = [1, 0, 1, 0, 1, 1, 0, 1, 0, 0]
OBP_LOGGING, OBP_TARGET = np.array([0.6, 0.3, 0.1]), np.array([0.02, 0.08, 0.9])
OBP_MODEL = np.array([0.4, 0.3, 0.7])
OBP = {
    "ips_value": 1.8333333333333335,
    "snips_value": 0.9666080843585234,
    "dr_value": 1.2046666666666668,
    "switch_dr_value": 0.6646666666666666,
    "direct_value": 0.662,
}


def test_estimators_are_those_of_the_open_bandit_pipeline(
    tmp_path_factory: pytest.TempPathFactory,
):
    action, rows = np.array(OBP_ACTIONS), len(OBP_ACTIONS)
    targets = [{"pi": float(p)} for p in OBP_TARGET[action]]
    made = _log(np.random.default_rng(1), rows).with_columns(
        clicked=pl.Series(OBP_REWARDS) > 0,
        played=pl.Series(OBP_REWARDS) > 0,
        propensity=OBP_LOGGING[action],
        q_hat=OBP_MODEL[action],
        targets=pl.Series(targets, dtype=pl.Struct({"pi": pl.Float64})),
        dm=pl.Series([{"pi": float(OBP_TARGET @ OBP_MODEL)}] * rows),
    )
    known = {name: builtin().dataset("impressions").metric(name) for name in OBP}
    metrics = [
        m.bind({"policy": "pi", **({"tau": "5"} if m.defaults else {})}) for m in known.values()
    ]
    path = str(tmp_path_factory.mktemp("log") / "log.parquet")
    sums = {key: v.sum() for key, v in _by_bucket(made, metrics, path).items()}
    found = {m.name: float(formula_of(m).evaluate(sums)) for m in metrics}
    assert found == pytest.approx(OBP)


def test_a_self_normalised_value_knows_no_unit_of_weights_and_moves_with_the_reward(
    tmp_path_factory: pytest.TempPathFactory,
):
    """What sets SNIPS apart from IPS (Swaminathan & Joachims 2015): equivariance."""
    log = _log(np.random.default_rng(3), 20_000)
    path = str(tmp_path_factory.mktemp("log") / "log.parquet")
    names = ("snips_value", "ips_value")

    def valued(turned: pl.DataFrame) -> dict[str, tuple[float, float]]:
        metrics = [_metric(n) for n in names]
        cells = _by_bucket(turned, metrics, path)
        population = np.ones(next(iter(cells.values())).shape[1])
        return {
            m.name: (
                float(formula_of(m).evaluate({k: v.sum() for k, v in cells.items()})),
                float(margin(replicates(formula_of(m), cells, population))[0]),
            )
            for m in metrics
        }

    plain = valued(log)
    halved = valued(log.with_columns(pl.col("propensity") / 2))
    assert halved["snips_value"] == pytest.approx(plain["snips_value"], rel=1e-9)
    assert halved["ips_value"] == pytest.approx(tuple(2 * v for v in plain["ips_value"]))
    lost = valued(log.with_columns(~pl.col("played"), ~pl.col("clicked")))
    value, half = lost["snips_value"]
    assert (1 - value, half) == pytest.approx(plain["snips_value"], rel=1e-9)
    assert 1 - lost["ips_value"][0] != pytest.approx(plain["ips_value"][0], rel=1e-3)


def test_effective_share_is_kongs():
    assert effective_share(np.ones(50)) == pytest.approx(1)
    assert effective_share(np.array([1.0, 0, 0, 0])) == pytest.approx(0.25)
    assert np.isnan(effective_share(np.array([])))


def _row(**values: tuple[float, float, float] | float) -> pl.DataFrame:
    columns: dict[str, list[float]] = {}
    for name, value in values.items():
        ends = value if isinstance(value, tuple) else (value, float("nan"), float("nan"))
        for suffix, number in zip(("", "__low", "__high"), ends, strict=True):
            columns[name + suffix] = [number]
    return pl.DataFrame(columns)


HEALTHY: dict[str, tuple[float, float, float] | float] = {
    "ips_value": (0.12, 0.11, 0.13),
    "snips_value": (0.12, 0.115, 0.125),
    "dr_value": (0.121, 0.117, 0.125),
    "switch_dr_value": (0.121, 0.117, 0.125),
    "logged_value": (0.10, 0.098, 0.102),
    "snips_gain": (0.02, 0.015, 0.025),
    "dr_gain": (0.021, 0.017, 0.025),
    "mean_weight": (1.0, 0.98, 1.02),
    "effective_sample_size": 0.54,
    "effective_rows": 54_000.0,
}


def test_a_healthy_log_gives_a_verdict():
    found = reading(_row(**HEALTHY))
    assert found.verdict == "better"
    assert found.reasons == ()
    assert found.best.value == 0.121
    assert reading(_row(**HEALTHY | {"dr_gain": (0.0, -0.01, 0.01)})).verdict == "cannot tell"
    assert reading(_row(**HEALTHY | {"dr_gain": (-0.1, -0.2, -0.05)})).verdict == "worse"


def test_below_a_tenth_of_the_log_nothing_is_concluded():
    found = reading(_row(**HEALTHY | {"effective_sample_size": 0.08}))
    assert found.verdict == "refused"
    assert "8.0%" in found.reasons[0]


def test_estimators_that_disagree_conclude_nothing():
    found = reading(_row(**HEALTHY | {"dr_value": (0.2, 0.196, 0.204)}))
    assert found.verdict == "refused"
    assert "disagree" in found.reasons[0]


def test_a_mean_weight_away_from_one_is_pointed_out():
    found = reading(_row(**HEALTHY | {"mean_weight": (0.8, 0.78, 0.82)}))
    assert found.verdict == "better"
    assert "0.800" in found.reasons[0]


def test_without_a_reward_model_snips_speaks():
    nothing = (float("nan"), float("nan"), float("nan"))
    without = HEALTHY | dict.fromkeys(("dr_value", "switch_dr_value", "dr_gain"), nothing)
    found = reading(_row(**without))
    assert found.best.value == 0.12
    assert found.gain.value == 0.02
    assert set(found.ladder) == {"ips_value", "snips_value"}
