"""Images of a title held against each other: the best, its lift, and whether it only baits.

The probability of being the best is the metric `best_image_probability`; the lift is over images
shown by equal chance, which is the mean of the title's images. A title's images are compared with
each other only. Source: Netflix technology blog 2017, Artwork personalization.
"""

import polars as pl

CLEAR = 0.95


def compared(frame: pl.DataFrame, title: str = "title") -> pl.DataFrame:
    """A row an image with `lift`, `lift_low`, `lift_high`, `is_best` and `has_bait`.

    The lift's interval is that of the image's rate, the mean of all images taken as known.
    `has_bait` says that an image is clicked clearly more for what is watched than its title's
    images are in the middle.
    """
    known = frame.drop_nulls(["image_take_rate", title])
    mean = pl.col("image_take_rate").mean().over(title)
    typical = pl.col("click_bait_index").median().over(title)
    return known.with_columns(
        lift=pl.col("image_take_rate") / mean - 1,
        lift_low=pl.col("image_take_rate__low") / mean - 1,
        lift_high=pl.col("image_take_rate__high") / mean - 1,
        is_best=pl.col("best_image_probability")
        == pl.col("best_image_probability").max().over(title),
        has_bait=(pl.col("click_bait_index__low") > typical).fill_null(value=False),
    ).sort([title, "best_image_probability"], descending=[False, True], nulls_last=True)


def winners(frame: pl.DataFrame) -> pl.DataFrame:
    """The best image of each title and its gain over the one in use, which is the one seen most.

    First those that are clearly the best and not in use yet, by the least they would gain
    (`gain_low`): what to promote.
    """
    used = pl.col("seen_impressions") == pl.col("seen_impressions").max().over("title")
    take = pl.col("image_take_rate").filter(used).first().over("title")
    best = compared(frame).with_columns(
        gain=pl.col("image_take_rate") / take - 1,
        gain_low=pl.col("image_take_rate__low") / take - 1,
        gain_high=pl.col("image_take_rate__high") / take - 1,
        is_used=used,
    )
    best = best.filter("is_best").unique("title", keep="first", maintain_order=True)
    clear = pl.col("best_image_probability") >= CLEAR
    return best.sort(
        [clear & ~pl.col("is_used"), pl.col("gain_low").fill_null(-1.0)],
        descending=[True, True],
        nulls_last=True,
    )
