"""Images of a title held against each other: the best, and whether it only baits.

The probability of being the best is the metric `best_image_probability`. A title's images are
compared with each other only. Source: Netflix technology blog 2017, Artwork personalization.
"""

from math import log, nan
from typing import Any

import polars as pl

from queries.analyses.findings import two_sided
from queries.analyses.multiple_testing import benjamini_hochberg
from queries.interval import student

CLEAR = 0.95
LEVEL = 0.05
_FREEDOM = 255


def compared(frame: pl.DataFrame, title: str = "title") -> pl.DataFrame:
    """A row an image with `is_best` and `has_bait`.

    `has_bait` says that an image is clicked clearly more for what is watched than its title's
    images are in the middle.
    """
    known = frame.drop_nulls(["image_take_rate", title])
    typical = pl.col("click_bait_index").median().over(title)
    return known.with_columns(
        is_best=pl.col("best_image_probability")
        == pl.col("best_image_probability").max().over(title),
        has_bait=(pl.col("click_bait_index__low") > typical).fill_null(value=False),
    ).sort([title, "best_image_probability"], descending=[False, True], nulls_last=True)


def winners(frame: pl.DataFrame) -> pl.DataFrame:
    """The best image of each title and its gain over the one in use, which is the one seen most.

    First those that are clearly the best and not in use yet, by the least they would gain
    (`gain_low`): what to promote. The gain's interval has the errors of both rates, on the log
    scale. `p` is of no gain, times the images that could have come out best instead (Bonferroni),
    and `q` Benjamini & Hochberg's over the titles; null where nothing is tested: the best is in use
    already, or one of the two has no interval.
    """
    used = pl.col("seen_impressions") == pl.col("seen_impressions").max().over("title")
    take = pl.col("image_take_rate").filter(used).first().over("title")
    half = (pl.col("image_take_rate__high") - pl.col("image_take_rate__low")) / 2
    error = half / student(_FREEDOM) / pl.col("image_take_rate")
    best = compared(frame).with_columns(
        gain=pl.col("image_take_rate") / take - 1,
        __error=(error**2 + error.filter(used).first().over("title") ** 2).sqrt(),
        __others=pl.len().over("title") - 1,
        is_used=used,
    )
    width, ratio = student(_FREEDOM) * pl.col("__error"), pl.col("gain") + 1
    best = best.with_columns(gain_low=ratio * (-width).exp() - 1, gain_high=ratio * width.exp() - 1)
    best = best.filter("is_best").unique("title", keep="first", maintain_order=True)
    best = best.with_columns(pl.Series("p", _chances(best), dtype=pl.Float64)).with_columns(
        pl.Series("q", benjamini_hochberg(_chances(best)), dtype=pl.Float64).fill_nan(None),
        pl.col("p").fill_nan(None),
    )
    best = best.drop("__error", "__others")
    clear = pl.col("best_image_probability") >= CLEAR
    return best.sort(
        [clear & ~pl.col("is_used"), pl.col("gain_low").fill_null(-1.0)],
        descending=[True, True],
        nulls_last=True,
    )


def is_clear(winner: dict[str, Any]) -> bool:
    """Whether a row of `winners` should take the place of the image in use."""
    likely = (winner["best_image_probability"] or 0) >= CLEAR
    return likely and not winner["is_used"] and (winner["gain_low"] or 0) > 0


def _chances(best: pl.DataFrame) -> list[float]:
    """The p of each title's best image; NaN where there is nothing to test."""
    found: list[float] = []
    columns = best.select("gain", "__error", "__others", "is_used")
    for gain, error, others, is_used in columns.iter_rows():
        if is_used or gain is None or not gain > -1 or not error:
            found.append(nan)
            continue
        found.append(min(1.0, two_sided(log(1 + gain) / error, _FREEDOM) * others))
    return found
