"""Images of titles that are all taken alike, as the metric layer answers about them."""

import numpy as np
import polars as pl

BUCKETS = 256
_T = 1.969  # Student's t of 255 degrees of freedom, 97.5 %


def images(
    dice: np.random.Generator, titles: int = 40, each: int = 6, best: float = 1.0
) -> pl.DataFrame:
    """Rates with jackknife intervals over buckets; image 2 of the first title may be better.

    Image 1 is shown most, as one in use is. Titles are of all sizes down to 150 sightings an image,
    and one account sees and takes several.
    """
    rows: list[dict[str, object]] = []
    for title in range(titles):
        rate = 0.06 * float(np.exp(dice.normal(0, 0.3)))
        for image in range(each):
            seen = int(max(150, np.exp(dice.normal(6.2, 0.8)) * (2 if image == 0 else 1)))
            own = rate * (best if (title, image) == (0, 1) else 1.0)
            accounts = dice.integers(0, max(seen // 2, 1), seen)
            eager = dice.gamma(4, 0.25, accounts.max() + 1)
            taken = dice.random(seen) < own * eager[accounts]
            bucket = dice.integers(0, BUCKETS, accounts.max() + 1)[accounts]
            n = np.bincount(bucket, minlength=BUCKETS).astype(float)
            k = np.bincount(bucket, weights=taken, minlength=BUCKETS)
            without = (k.sum() - k) / np.maximum(n.sum() - n, 1)
            width = _T * np.sqrt((BUCKETS - 1) / BUCKETS * ((without - without.mean()) ** 2).sum())
            value = float(k.sum() / n.sum())
            rows.append(
                {
                    "title": f"T{title:02d}",
                    "artwork": image,
                    "image_take_rate": value,
                    "image_take_rate__low": max(value - width, 0.0),
                    "image_take_rate__high": value + width,
                    "error": width / _T,
                    "click_bait_index": 1.0,
                    "click_bait_index__low": 0.9,
                    "seen_impressions": seen,
                }
            )
    found = pl.DataFrame(rows)
    rates, errors = (
        found[c].to_numpy().reshape(titles, each) for c in ("image_take_rate", "error")
    )
    drawn = rates + errors * dice.standard_normal((400, titles, each))
    likely = (drawn.argmax(axis=2)[..., None] == np.arange(each)).mean(axis=0)
    return found.drop("error").with_columns(best_image_probability=likely.ravel())
