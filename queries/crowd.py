"""Refuse what is of a handful of accounts, before an analysis or a distribution sees it."""

from collections.abc import Sequence

import polars as pl

from queries.bins import SIDE, finite
from queries.dataset import BUCKET, BUCKETS
from queries.distribution import sides
from queries.errors import UnsafeQuestion
from queries.reader import Reader
from queries.reduction import Reduction


def refuse_few(counts: tuple[Reduction, ...], reader: Reader, fewest: int) -> None:
    """An analysis sees small cells, but not where all of its rows together are of few accounts.

    Neither those of the period it is held against.
    """
    for counted in counts:
        if reader.proves(counted, fewest):
            continue
        found = reader.reduce(counted).row(0)
        check_enough(max((n for n in found if n is not None), default=0), reader, fewest)


def told(frames: Sequence[pl.DataFrame], reader: Reader, fewest: int) -> pl.DataFrame:
    """A distribution in bins that tell nobody's own value. Raises UnsafeQuestion without any."""
    if not (fewest and reader.knows_accounts):
        return sides(frames)
    known = [finite(f) for f in frames]
    for side in (part for f in known for part in (f.partition_by(SIDE) if SIDE in f else [f])):
        check_enough(side.filter(pl.col(BUCKET) < BUCKETS)[BUCKET].n_unique(), reader, fewest)
    return sides(frames, fewest)


def check_enough(count: float, reader: Reader, fewest: int) -> None:
    """Raises UnsafeQuestion where rows are of so few accounts, or lie in so few buckets."""
    if reader.knows_people and 0 < count < fewest:
        raise UnsafeQuestion(
            f"Fewer than {fewest} accounts are behind this, so it is withheld.",
            "Take a filter away, or choose a longer period.",
            code="few_accounts",
        )
