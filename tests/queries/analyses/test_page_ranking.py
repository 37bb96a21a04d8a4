"""Ranking metrics by request, by the conventions that the module names."""

import numpy as np
import polars as pl
import pytest

from queries.analyses.page_ranking import Viewport, page_ranking

TOP = Viewport(rows=1, columns=3, k=5)


def _requests(ranks: list[list[int]], weight: float = 1.0) -> pl.DataFrame:
    """One request a list: the slots at which something was played, row 1 only."""
    return pl.DataFrame(
        {
            "request": list(range(len(ranks))),
            "cluster": [i % 32 for i in range(len(ranks))],
            "played": [float(len(r)) for r in ranks],
            "gained": [sum((1 / np.log2(s + 1) for s in r if s <= TOP.k), 0.0) for r in ranks],
            "in_view": [float(sum(s <= TOP.columns for s in r)) for r in ranks],
            "first_slot": [min(r, default=None) for r in ranks],
            "weight": [weight] * len(ranks),
        }
    )


def test_the_ideal_gain_is_over_as_many_places_as_there_were_plays():
    # trec_eval: one relevant item at rank 2 of 5 has NDCG@5 = 1 / log2(3) = .6309.
    found = page_ranking(_requests([[2]]), TOP)
    assert found is not None
    assert found.ndcg.value == pytest.approx(0.6309, abs=5e-5)


def test_a_graded_example_worked_out_by_hand():
    # Plays at 1 and 4: (1 + .4307) / (1 + .6309) = .8772; recall 1/2; reciprocal rank 1.
    found = page_ranking(_requests([[1, 4], []]), TOP)
    assert found is not None
    assert found.ndcg.value == pytest.approx(0.8772, abs=5e-5)
    assert found.recall.value == pytest.approx(0.5)
    assert found.reciprocal_rank.value == pytest.approx(0.5)
    assert found.hit_rate.value == pytest.approx(0.5)


def test_plays_below_the_top_gain_nothing_but_count():
    found = page_ranking(_requests([[9], [1]]), TOP)
    assert found is not None
    assert found.ndcg.value == pytest.approx(0.5)
    assert found.reciprocal_rank.value == pytest.approx((1 / 9 + 1) / 2)
    assert found.hit_rate.value == pytest.approx(0.5)


def test_requests_count_by_how_rarely_they_are_logged():
    rare = _requests([[1]], weight=9.0)
    common = _requests([[]]).with_columns(pl.col("first_slot").cast(pl.Int64))
    found = page_ranking(pl.concat([rare, common]), TOP)
    assert found is not None
    assert found.hit_rate.value == pytest.approx(0.9)


def test_without_a_play_there_is_no_ranking_to_judge():
    assert page_ranking(_requests([[], []]), TOP) is None


def test_the_interval_narrows_with_the_number_of_requests():
    rng = np.random.default_rng(1)
    few, many = (
        page_ranking(_requests([[int(rng.integers(1, 9))] for _ in range(n)]), TOP)
        for n in (320, 12_800)
    )
    assert few is not None
    assert many is not None
    assert (many.ndcg.high - many.ndcg.low) < (few.ndcg.high - few.ndcg.low) / 3
