"""Accounts with their hours of each of three screens, now and before, added up as the engine does.

Hours are `2 x accounts x screens`, now first.
"""

import numpy as np
import polars as pl

from queries.dataset import BUCKETS
from queries.formula import Array
from queries.share_split import JOINED, LEFT, STAYED

SCREENS = ("tv", "web", "phone")


def added_up(hours: Array, bucket: np.ndarray) -> pl.DataFrame:
    """A row a bucket with the columns that `queries.share_split` names."""
    now, before = hours
    all_of = {"now": now.sum(axis=1), "before": before.sum(axis=1)}
    there = {side: one > 0 for side, one in all_of.items()}
    kinds = {
        STAYED: there["now"] & there["before"],
        JOINED: there["now"] & ~there["before"],
        LEFT: there["before"] & ~there["now"],
    }
    columns: dict[str, Array] = {kind: mask.astype(float) for kind, mask in kinds.items()}
    for kind, sides in ((STAYED, ("now", "before")), (JOINED, ("now",)), (LEFT, ("before",))):
        for side in sides:
            columns[f"{kind}_{side}"] = np.where(kinds[kind], all_of[side], 0)
            for n in range(hours.shape[2]):
                own = (now if side == "now" else before)[:, n]
                columns[f"{kind}_{side}_{n}"] = np.where(kinds[kind], own, 0)
    with np.errstate(all="ignore"):
        shares = {
            side: own / all_of[side][:, None] for side, own in (("now", now), ("before", before))
        }
    for one, other in (("now", "before"), ("before", "now")):
        for n in range(hours.shape[2]):
            across = np.where(kinds[STAYED], all_of[one] * np.nan_to_num(shares[other][:, n]), 0)
            columns[f"across_{one}_{n}"] = across
    return pl.DataFrame({"bucket": bucket, **columns}).group_by("bucket", maintain_order=True).sum()


def lasting(dice: np.random.Generator, accounts: int) -> Array:
    """Accounts with habits of their own that last; a tenth watches in one of the periods only."""
    taste = dice.dirichlet([3.0, 1.0, 0.7], accounts)
    often = 12 * dice.gamma(0.8, 1.0, (accounts, 1))
    found = dice.poisson(often * taste, (2, accounts, len(SCREENS))).astype(float)
    is_away = dice.random((2, accounts, 1)) < 0.05
    return np.where(is_away, 0.0, found)


def quiet(seed: int, accounts: int = 2_000) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hours by screen and what is added up, of accounts that watch on the same screens as before.

    In the first of these worlds a share moves far enough, by chance, that its split is asked for.
    """
    dice = np.random.default_rng([9, seed + 4])
    hours = lasting(dice, accounts)
    now, before = hours.sum(axis=1)
    shares = {"device": SCREENS, "hours_viewed": now, "hours_viewed__previous": before}
    return pl.DataFrame(shares), added_up(hours, dice.integers(0, BUCKETS, accounts))
