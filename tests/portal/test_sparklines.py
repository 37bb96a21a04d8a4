"""Small lines with the band of the day before: what stands beside them, and what is left out."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from portal.context import Context, Extent, resolve
from portal.routing import discover
from portal.tiles import Sparklines
from portal.view import View
from queries.catalog import builtin
from queries.model import Result

LAST = date(2026, 6, 30)
DAYS = [LAST - timedelta(n) for n in reversed(range(180))]
TILE = Sparklines(metrics=("hours_viewed", "rebuffering_ratio"), leads=("/when-where", "/quality"))


def context() -> Context:
    extent = Extent(date(2025, 1, 1), LAST, "v1")
    return resolve(View(), discover("pages")["/"], builtin().dataset("playback"), extent)


def quiet(seed: int = 7) -> np.ndarray:
    """Hours with a week in them and noise of three in a hundred, none in the last seven days."""
    week = 1000 + 200 * (np.arange(len(DAYS)) % 7 > 4)
    noise = np.random.default_rng(seed).normal(0, 0.03, len(DAYS))
    noise[-7:] = 0
    return week * np.exp(noise)


def answered(here: Context, hours: np.ndarray, *, is_last_whole: bool = True) -> Result:
    (query,) = TILE.questions(here)
    frame = pl.DataFrame(
        {
            "date": DAYS,
            "hours_viewed": hours,
            "rebuffering_ratio": 0.002 + hours / 1e6,
            "incomplete": [False] * (len(DAYS) - 1) + [not is_last_whole],
        }
    ).select("date", *(m.name for m in query.metrics), "incomplete")
    return Result(
        query=query, frame=frame, total=frame.clear(), data_version="v1", source="raw",
        table="t", sql="", took_ms=1.0,
    )  # fmt: skip


def lines(hours: np.ndarray, *, is_last_whole: bool = True) -> list[dict[str, Any]]:
    here = context()
    answer = answered(here, hours, is_last_whole=is_last_whole)
    return list(TILE.draw([answer], here).content["lines"])


@pytest.mark.parametrize(
    ("days", "factor", "word", "tones"),
    [
        (1, 1.5, "Above its band on 30 Jun", ["moved", "moved"]),
        (3, 1.5, "Above: 3 days since 28 Jun", ["good", "bad"]),
        (2, 0.5, "Below: 2 days since 29 Jun", ["bad", "good"]),
    ],
)
def test_days_outside_are_counted_and_a_run_of_them_is_good_or_bad_news(
    days: int, factor: float, word: str, tones: list[str]
) -> None:
    hours = quiet()
    hours[-days:] *= factor
    drawn = lines(hours)
    assert [line["word"] for line in drawn] == [word, word]
    assert [line["tone"] for line in drawn] == tones
    assert drawn[0]["outside"][-days:] == [True] * days
    assert [line["lead"] for line in drawn] == ["/when-where", "/quality"]


def test_an_incomplete_last_day_is_neither_the_value_nor_judged() -> None:
    hours = quiet()
    hours[-1] = 1.0
    (line, _) = lines(hours, is_last_whole=False)
    assert line["day"] == "Mon 29 Jun 2026"
    assert line["values"][-1] is None
    assert not line["outside"][-1]


def test_a_missing_day_stays_a_gap_and_all_lines_share_their_days() -> None:
    here = context()
    result = answered(here, quiet())
    short = replace(result, frame=result.frame.filter(pl.col("date") != LAST - timedelta(10)))
    first, second = TILE.draw([short], here).content["lines"]
    assert first["values"][-11] is None
    assert first["days"] == second["days"]
    assert len(first["days"]) == len(first["values"]) == 56


def test_what_may_not_be_seen_is_left_out_and_said() -> None:
    here = replace(context(), withheld=frozenset({"hours_viewed"}))
    drawn = TILE.draw([answered(here, quiet())], here)
    assert [line["label"] for line in drawn.content["lines"]] == ["Rebuffering"]
    assert drawn.notes == ("Not shown, as you may not see it: Hours viewed.",)


def test_a_short_history_has_a_line_and_no_band() -> None:
    here = context()
    result = answered(here, quiet())
    (line, _) = TILE.draw([replace(result, frame=result.frame.tail(40))], here).content["lines"]
    assert line["word"] == "Under 77 days: no band yet"
    assert not any(line["outside"])
    assert line["low"] == [None] * 56


def test_the_table_holds_a_row_a_metric_and_a_day_with_what_was_foretold() -> None:
    here = context()
    (shown,) = TILE.joined([answered(here, quiet())], here)
    assert shown.frame.group_by("metric").len()["len"].to_list() == [56, 56]
    assert shown.frame.filter(pl.col("low") > pl.col("high")).is_empty()


def test_so_many_days_outside_before_the_last_are_said_and_hardly_chance() -> None:
    assert binom.sf(7, 28, 0.1) < 0.01
    hours = quiet()
    hours[-29:-1] *= np.where(np.arange(28) % 2, 1.4, 0.7)
    (line, _) = lines(hours)
    assert line["word"].startswith("Inside, but not on ")
    assert sum(line["outside"][-28:]) == int(line["word"].split()[4])
