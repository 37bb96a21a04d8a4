"""Several groupings of the same rows in one scan, and the answer to each out of what it gave."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from queries.reduction import Column, Reduction

SET = "__set"


def all_keys(reductions: Sequence[Reduction]) -> tuple[Column, ...]:
    """Every key of them, once."""
    return tuple(dict.fromkeys(key for r in reductions for key in r.keys))


def key_name(place: int) -> str:
    """What a key comes as: two datasets may mean different things by a name."""
    return f"__key_{place}"


def merged(reductions: Sequence[Reduction]) -> Reduction:
    """The scan of them all, by every key, with the look-ups of each."""
    first = reductions[0]
    joins = tuple(dict.fromkeys(join for r in reductions for join in r.source.joins))
    return replace(first, source=replace(first.source, joins=joins), keys=all_keys(reductions))


def told_apart(frame: pl.DataFrame, reductions: Sequence[Reduction]) -> list[pl.DataFrame]:
    """The answer to each of them, of the rows that `SET` says are its own."""
    keys = all_keys(reductions)
    found: list[pl.DataFrame] = []
    for reduction in reductions:
        left_out = (str(int(key not in reduction.keys)) for key in keys)
        mine = frame.filter(pl.col(SET) == int("".join(left_out), 2))
        named = [pl.col(key_name(keys.index(key))).alias(key.name) for key in reduction.keys]
        found.append(mine.select(*named, *(a.key for a in reduction.aggregates)))
    return found
