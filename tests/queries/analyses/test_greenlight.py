"""Forecasts at greenlight: coverage by country, and what changes nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from queries.analyses.comparables import Programme
from queries.analyses.greenlight import FEWEST_LAUNCHES, chance_of, lesson, logged, views

COUNTRIES = {"US": ("en", 0.5), "GB": ("en", 0.2), "KR": ("ko", 0.3)}
TAGS = ("heist", "twist", "revenge")


def launches(dice: np.random.Generator, count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Launches that cost more are watched more; thrice as much at home."""
    origin = dice.choice(list(COUNTRIES), count)
    budget = np.exp(dice.normal(16, 0.7, count))
    level = 5 + 1.2 * (np.log(budget) - 16) + dice.normal(0, 1, count)
    ids = np.arange(1, count + 1)
    known = pl.DataFrame(
        {
            "title_id": ids,
            "kind": dice.choice(["film", "season"], count),
            "genre": dice.choice(["drama", "comedy"], count),
            "tags": dice.choice(TAGS, count),
            "budget_usd": budget,
            "original_language": [COUNTRIES[c][0] for c in origin],
            "origin_country": origin,
            "episodes": 6,
        }
    )
    parts = [
        pl.DataFrame(
            {
                "title_id": ids,
                "country": country,
                "views": dice.poisson(np.exp(level) * share * np.where(origin == country, 3, 1)),
            }
        )
        for country, (_, share) in COUNTRIES.items()
    ]
    by_country = pl.concat(parts)
    total = by_country.group_by("title_id").agg(pl.col("views").sum())
    return known.join(total, on="title_id"), by_country


def programme(row: Mapping[str, Any]) -> Programme:
    return Programme(
        kind=str(row["kind"]), genre=str(row["genre"]), tags=(str(row["tags"]),),
        budget_usd=float(str(row["budget_usd"])), original_language=str(row["original_language"]),
        origin_country=str(row["origin_country"]), episodes=6,
    )  # fmt: skip


def test_four_of_five_new_launches_lie_in_the_interval_in_all_countries_and_in_each():
    dice = np.random.default_rng(11)
    inside: dict[str, list[float]] = {name: [] for name in ("all", *COUNTRIES)}
    for _ in range(25):
        known, by_country = launches(dice, 130)
        new = known.tail(10)
        old = by_country.filter(pl.col("title_id") <= 120)
        learnt = lesson(known.head(120), old)
        assert learnt is not None
        hits = dict.fromkeys(inside, 0)
        for row in new.to_dicts():
            ends = views(learnt.quantiles(programme(row)))
            hits["all"] += ends[0] <= row["views"] <= ends[-1]
            came = by_country.filter(pl.col("title_id") == row["title_id"])
            fan = {r["country"]: r for r in learnt.by_country(programme(row)).to_dicts()}
            for one in came.to_dicts():
                end = fan[one["country"]]
                hits[one["country"]] += end["p10"] - 1e-6 <= one["views"] <= end["p90"] + 1e-6
        for name, count in hits.items():
            inside[name].append(count / 10)
    for name, shares in inside.items():
        error = float(np.std(shares)) / np.sqrt(len(shares))
        assert np.mean(shares) >= 0.8 - 3 * error, name


def test_the_order_of_launches_changes_nothing_and_home_is_watched_most():
    known, by_country = launches(np.random.default_rng(12), 120)
    learnt = lesson(known, by_country)
    shuffled = lesson(known.reverse(), by_country.reverse())
    assert learnt is not None
    assert shuffled is not None
    row = known.to_dicts()[0] | {"origin_country": "KR", "original_language": "ko"}
    asked = programme(row)
    assert learnt.quantiles(asked) == pytest.approx(shuffled.quantiles(asked))
    fan = learnt.by_country(asked)
    assert fan.filter(pl.col("country") == "KR")["p50"][0] == fan["p50"].max()


def test_more_budget_is_forecast_more_views_where_it_brought_more():
    known, by_country = launches(np.random.default_rng(13), 200)
    learnt = lesson(known, by_country)
    assert learnt is not None
    row = known.to_dicts()[0]
    small, large = (learnt.quantiles(programme(row | {"budget_usd": usd})) for usd in (5e6, 2e7))
    assert (large > small).all()


def test_a_genre_that_is_watched_more_moves_the_whole_interval():
    known, by_country = launches(np.random.default_rng(16), 200)
    drama = known.filter(pl.col("genre") == "drama")["title_id"].to_list()
    more = pl.when(pl.col("title_id").is_in(drama)).then(4).otherwise(1)
    learnt = lesson(*(f.with_columns(pl.col("views") * more) for f in (known, by_country)))
    assert learnt is not None
    row = known.to_dicts()[0]
    one, other = (learnt.quantiles(programme(row | {"genre": g})) for g in ("drama", "comedy"))
    assert one - other == pytest.approx(np.full(5, np.log(4)), abs=0.5)


def test_what_was_learnt_is_remembered_for_the_same_answers_only():
    known, by_country = launches(np.random.default_rng(14), 100)
    first = lesson(known, by_country)
    assert lesson(known.clone(), by_country.clone()) is first
    doubled = known.with_columns(views=pl.col("views") * 2)
    assert lesson(doubled, by_country) is not first


def test_too_few_launches_teach_nothing():
    known, by_country = launches(np.random.default_rng(15), FEWEST_LAUNCHES - 1)
    assert lesson(known, by_country) is None


def test_views_are_those_of_their_logarithm():
    values = pl.Series([0.0, 1.0, 250.0])
    assert views(logged(values)) == pytest.approx(values.to_numpy())
    assert chance_of(logged(pl.Series([10.0, 20.0, 40.0, 80.0, 160.0])), 40) == pytest.approx(0.5)
