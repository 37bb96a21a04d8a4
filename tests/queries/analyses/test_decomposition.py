"""The parts of a change: Berkeley's admissions, identities, and how often intervals hold."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from queries.analyses.decomposition import Decomposition, decomposed, kitagawa
from queries.dataset import Metric
from queries.errors import InvalidQuery, UnsafeQuestion
from queries.formula import Array, parse
from queries.paired import Paired
from tests.queries.analyses.paired_worlds import BUCKETS, HOURS, RATE, World, paired_of, whole_of

# Bickel, Hammel and O'Connell 1975, Science 187: the six largest departments of Berkeley, 1973,
# as in R's UCBAdmissions: admitted and applicants, men and women.
MEN = np.array([(512, 825), (353, 560), (120, 325), (138, 417), (53, 191), (22, 373)], float)
WOMEN = np.array([(89, 108), (17, 25), (202, 593), (131, 375), (94, 393), (24, 341)], float)

amounts = arrays(np.float64, (5, 16), elements=st.integers(0, 50).map(float))


def split(metric: Metric, paired: Paired) -> Decomposition:
    return decomposed(metric, paired, whole_of(paired))


def rates(rows: Array) -> dict[str, Array]:
    """A group a row; a single bucket, as of rows that are nobody's."""
    return {"clicks": rows[:, :1], "seen": rows[:, 1:]}


def test_berkeley_admitted_fewer_women_only_because_of_where_they_applied() -> None:
    found = split(RATE, paired_of(rates(WOMEN), rates(MEN), np.ones(1)))
    assert found.mix is not None
    assert found.rate is not None
    assert round(100 * found.change.value, 1) == -14.2
    assert round(100 * found.mix.value, 1) == -17.8
    assert round(100 * found.rate.value, 1) == 3.6


def test_mix_and_rate_are_kitagawas_terms_where_every_group_is_in_both_periods() -> None:
    found = kitagawa((WOMEN[:, 0], MEN[:, 0]), (WOMEN[:, 1], MEN[:, 1]))
    weights = [rows[:, 1] / rows[:, 1].sum() for rows in (WOMEN, MEN)]
    own = [rows[:, 0] / rows[:, 1] for rows in (WOMEN, MEN)]
    total = [rows[:, 0].sum() / rows[:, 1].sum() for rows in (WOMEN, MEN)]
    mix = (weights[0] - weights[1]) * (sum(own) / 2 - sum(total) / 2)
    rate = (own[0] - own[1]) * sum(weights) / 2
    assert np.allclose(found.mix, mix, atol=1e-12)
    assert np.allclose(found.rate, rate, atol=1e-12)


@settings(max_examples=60)
@given(amounts, amounts, amounts, amounts)
def test_the_parts_sum_to_the_change_exactly(
    seen: Array, clicks: Array, seen_before: Array, clicks_before: Array
) -> None:
    paired = paired_of(
        {"seen": seen, "clicks": clicks, "hours": seen},
        {"seen": seen_before, "clicks": clicks_before, "hours": clicks},
        np.full(16, 100.0),
    )
    for metric in (HOURS, RATE):
        try:
            found = split(metric, paired)
        except InvalidQuery:
            assert not seen.sum() or not seen_before.sum()
            continue
        parts = sum(p.contribution.value for p in found.parts)
        size = max(1.0, abs(found.now), abs(found.before))
        assert parts == pytest.approx(found.change.value, abs=1e-9 * size)
        assert found.now - found.before == pytest.approx(found.change.value, abs=1e-9 * size)
        if found.mix is not None and found.rate is not None:
            both = found.mix.value + found.rate.value
            assert both == pytest.approx(found.change.value, abs=1e-9 * size)


@settings(max_examples=40)
@given(amounts, amounts, amounts, amounts)
def test_a_group_with_nothing_in_either_period_changes_no_part(
    seen: Array, clicks: Array, seen_before: Array, clicks_before: Array
) -> None:
    def parts(empty: int) -> Decomposition:
        rows = [
            np.vstack([r, np.zeros((empty, r.shape[1]))])
            for r in (seen, clicks, seen_before, clicks_before)
        ]
        now = {"seen": rows[0], "clicks": rows[1], "hours": rows[0]}
        before = {"seen": rows[2], "clicks": rows[3], "hours": rows[2]}
        return split(RATE, paired_of(now, before, np.full(16, 100.0)))

    if not seen.sum() or not seen_before.sum():
        return
    plain, more = parts(0), parts(2)
    for ours, theirs in ((plain.mix, more.mix), (plain.rate, more.rate)):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert ours.value == pytest.approx(theirs.value, abs=1e-12)
            assert ours.low == pytest.approx(theirs.low, abs=1e-12, nan_ok=True)
    for ours, theirs in zip(plain.parts, more.parts, strict=False):
        assert ours.contribution.value == pytest.approx(theirs.contribution.value, abs=1e-12)
    assert [p.contribution.value for p in more.parts[len(plain.parts) :]] in ([], [0.0, 0.0])


def two_periods(seed: int, groups: int = 4, accounts: int = 8_000) -> Paired:
    world = World(np.random.default_rng(seed), accounts, groups)
    return paired_of(world.period(), world.period(), world.population)


def essence(found: Decomposition) -> list[tuple[object, ...]]:
    parts = [p for p in found.parts if p.contribution.value]
    return [(p.value, round(p.contribution.value, 9), round(p.contribution.low, 9)) for p in parts]


@pytest.mark.parametrize("metric", [HOURS, RATE], ids=lambda m: m.name)
def test_an_empty_group_and_another_order_change_nothing(metric: Metric) -> None:
    paired = two_periods(7)
    found = split(metric, paired)
    order = [2, 0, 3, 1]
    assert essence(split(metric, paired.picked(order))) == essence(found)
    nothing = np.zeros((1, BUCKETS))
    longer = Paired(
        pl.DataFrame({"group": [*paired.groups["group"], "empty"]}),
        {key: np.vstack([cells, nothing]) for key, cells in paired.now.items()},
        {key: np.vstack([cells, nothing]) for key, cells in paired.before.items()},
        paired.population,
    )
    assert essence(split(metric, longer)) == essence(found)


def test_groups_of_under_200_accounts_become_one_and_still_close():
    world = World(np.random.default_rng(3), 3_000, 20)
    found = split(HOURS, paired_of(world.period(), world.period(), world.population))
    others = found.parts[-1]
    assert others.merged > 5
    assert all(p.accounts >= 100 for p in found.parts[:-1])
    total = sum(p.contribution.value for p in found.parts)
    assert total == pytest.approx(found.change.value, abs=1e-9 * found.now)


def test_linear_counting_tells_200_accounts_from_150():
    rng = np.random.default_rng(11)
    for accounts in (100, 150, 200, 300):
        buckets = [rng.integers(0, BUCKETS, accounts) for _ in range(200)]
        rows = np.array([np.bincount(b, minlength=BUCKETS) for b in buckets], float)
        counted, _ = paired_of({"rows": rows}, {"rows": rows}).accounts()
        assert counted.mean() == pytest.approx(accounts, rel=0.02)
        assert counted.std() < 0.07 * accounts


def test_the_intervals_of_the_parts_hold_the_truth_95_times_in_100():
    rng = np.random.default_rng(1_955)
    share = 1 / np.arange(1, 5) / (1 / np.arange(1, 5)).sum()
    accounts, worlds, lift = 6_000, 250, 1.1
    hours = 0.7 * np.exp((0.7**2 + 0.64**2) / 2)
    truth = np.array([lift - 1, 0, 0, 0]) * accounts * share * hours
    held: dict[str, list[bool]] = {"contribution": [], "mix": [], "rate": []}
    for _ in range(worlds):
        world = World(rng, accounts, 4)
        lifted = np.where(world.group == 0, lift, 1.0)
        before = world.period()
        for part in split(HOURS, paired_of(world.period(lifted), before, world.population)).parts:
            at = truth[int(str(part.value).split()[-1])]
            held["contribution"].append(part.contribution.low <= at <= part.contribution.high)
        rates_apart = np.where(world.group == 0, 2.0, 1.0)
        periods = [world.period(rates=rates_apart) for _ in range(2)]
        still = split(RATE, paired_of(periods[0], periods[1], world.population))
        for part in still.parts:
            assert part.mix is not None
            assert part.rate is not None
            held["mix"].append(part.mix.low <= 0 <= part.mix.high)
            held["rate"].append(part.rate.low <= 0 <= part.rate.high)
    for name, found in held.items():
        assert 0.93 <= np.mean(found) <= 0.97, name


def test_a_change_of_one_group_is_explained_and_a_change_of_all_is_not():
    world = World(np.random.default_rng(5), 20_000, 4)
    before = world.period()
    lifted = np.where(world.group == 1, 1.5, 1.0)
    one = split(HOURS, paired_of(world.period(lifted), before, world.population))
    assert one.parts[0].value == "group 1"
    assert one.explained > 0.4 * one.change.value
    everybody = split(HOURS, paired_of(world.period(1.5), before, world.population))
    assert not everybody.is_noisy
    assert everybody.explained < 0.05 * everybody.change.value


def test_nothing_but_chance_is_too_noisy_to_say():
    assert split(HOURS, two_periods(1)).is_noisy


def test_groups_that_all_rise_below_a_total_that_falls_are_simpsons_paradox():
    shape = np.ones((1, BUCKETS))
    noise = np.random.default_rng(2).uniform(0.9, 1.1, (2, BUCKETS))
    before = {"seen": np.vstack([9 * shape, shape]) * noise, "clicks": 0.0 * noise}
    before["clicks"] = before["seen"] * np.array([[0.5], [0.1]])
    now = {"seen": np.vstack([shape, 9 * shape]) * noise, "clicks": 0.0 * noise}
    now["clicks"] = now["seen"] * np.array([[0.55], [0.12]])
    found = split(RATE, paired_of(now, before))
    assert found.change.value < 0
    assert found.against == pytest.approx(1)
    assert found.is_reversed
    plain = split(RATE, two_periods(1))
    assert not plain.is_reversed


def test_what_a_cut_left_out_is_one_more_part():
    paired = two_periods(9)
    found = decomposed(HOURS, paired.picked([0, 1]), whole_of(paired))
    assert [p.merged for p in found.parts] == [0, 0, 1]
    total = sum(p.contribution.value for p in found.parts)
    assert total == pytest.approx(found.change.value, abs=1e-9 * found.now)
    assert found.change.value == pytest.approx(split(HOURS, paired).change.value)


def test_accounts_in_several_groups_are_refused_with_the_reason():
    formula = parse("count(distinct account_id)")
    metric = Metric(name="accounts", label="Accounts", formula=formula, kind="distinct")
    (key,) = (a.key for a in formula.aggregates())
    two = np.ones((2, BUCKETS))
    groups = Paired(pl.DataFrame({"group": ["a", "b"]}), {key: two}, {key: two}, two[0] * 9)
    with pytest.raises(UnsafeQuestion, match="may be in several") as refused:
        decomposed(
            metric, groups, Paired(groups.groups[:1], {key: two[:1]}, {key: two[:1]}, two[0])
        )
    assert refused.value.code == "adds_distinct"
    assert "every account has one value" in refused.value.hint
    apart = decomposed(metric, groups, whole_of(groups))
    assert sum(p.contribution.value for p in apart.parts) == apart.change.value


def test_a_quantile_has_no_parts():
    formula = parse("median(startup_ms)")
    metric = Metric(name="startup", label="Startup", formula=formula, kind="quantile")
    with pytest.raises(UnsafeQuestion, match="a quantile"):
        split(metric, two_periods(1))
