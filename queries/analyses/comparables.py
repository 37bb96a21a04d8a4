"""Launches that are like a programme: the nearest by what is known before a launch, and why.

A distance of 0 to 1, the weighted mean of one a feature (Gower 1971, Biometrics 27): whether kind,
genre, language and country of origin are the same, the share of tags that only one of two has
(Jaccard), and how far budgets and numbers of episodes lie apart on the log scale, over two standard
deviations and at most 1. Their own forecast is the mean of the log views of the nearest, with the
errors that leaving each past launch out in turn gave (split-conformal on leave-one-out errors).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from queries.analyses.conformal import conformal_quantiles
from queries.formula import Array

NEIGHBOURS = 12
_SAME = {"kind": 3.0, "genre": 1.5, "original_language": 1.0, "origin_country": 0.5}
_NUMBERS = {"budget_usd": 2.5, "episodes": 0.5}
_TAGS = 2.5
_WEIGHT = sum(_SAME.values()) + sum(_NUMBERS.values()) + _TAGS
_APART = 2.0
_LIKE = 1.25
SEPARATOR = " · "


@dataclass(frozen=True, slots=True)
class Programme:
    """What is known of a programme before it is made. Episodes of a film are 1."""

    kind: str
    genre: str
    tags: tuple[str, ...]
    budget_usd: float
    original_language: str
    origin_country: str
    episodes: float = 1.0

    def row(self) -> pl.DataFrame:
        """The programme as a launch of its own, without views."""
        return pl.DataFrame(
            {
                "kind": [self.kind],
                "genre": [self.genre],
                "tags": [SEPARATOR.join(self.tags)],
                "budget_usd": [self.budget_usd],
                "original_language": [self.original_language],
                "origin_country": [self.origin_country],
                "episodes": [self.episodes],
            }
        )


def tags_of(text: str | None) -> frozenset[str]:
    """The tags of a launch."""
    return frozenset(filter(None, (text or "").split(SEPARATOR)))


def distances(some: pl.DataFrame, others: pl.DataFrame, scale: pl.DataFrame) -> Array:
    """How far apart, rows of `some` by rows of `others`; `scale` says how far numbers spread."""
    found = np.zeros((some.height, others.height))
    for column, weight in _SAME.items():
        one, other = (f[column].cast(pl.String).fill_null("").to_numpy() for f in (some, others))
        found += weight * (one[:, None] != other[None, :])
    for column, weight in _NUMBERS.items():
        spread = float(_log(scale, column).std()) or 1.0
        gap = np.abs(_log(some, column)[:, None] - _log(others, column)[None, :])
        found += weight * np.minimum(gap / (_APART * spread), 1.0)
    return np.round((found + _TAGS * _tags_apart(some, others)) / _WEIGHT, 9)


def nearest(
    past: pl.DataFrame, programme: Programme, without: frozenset[int] = frozenset()
) -> pl.DataFrame:
    """Past launches with `distance`, nearest first; those left out by hand are not among them."""
    far = distances(programme.row(), past, past)[0]
    kept = past.with_columns(pl.Series("distance", far)).filter(~pl.col("title_id").is_in(without))
    return kept.sort("distance", "title_id")


def reasons(programme: Programme, launch: dict[str, object]) -> tuple[str, ...]:
    """Why a launch is near, and what sets it apart, in words."""
    same = [
        label
        for column, label in (
            ("genre", "genre"), ("original_language", "language"), ("origin_country", "country"),
        )
        if launch[column] == getattr(programme, column)
    ]  # fmt: skip
    found = [f"same {', '.join(same)}"] if same else []
    shared = sorted(set(programme.tags) & tags_of(str(launch["tags"] or "")))
    found += [", ".join(shared)] if shared else []
    if launch["genre"] != programme.genre:
        found.append(f"{launch['genre']}, not {programme.genre}")
    ratio = float(str(launch["budget_usd"])) / programme.budget_usd
    like = 1 / _LIKE <= ratio <= _LIKE
    found.append("cost alike" if like else f"{ratio:.2g}× the cost")
    return tuple(found)


def quantiles(near: Array, errors: Array) -> Array:
    """Log views at `LEVELS` by those of the comparables, and by the errors of past launches.

    Whoever picks comparables by hand gives up the coverage.
    """
    return np.asarray(near.mean() + conformal_quantiles(errors))


def left_out_errors(past: pl.DataFrame, y: Array, count: int = NEIGHBOURS) -> Array:
    """Of each launch, its log views less the mean of its nearest others'."""
    far = distances(past, past, past)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, : min(count, len(y) - 1)]
    return y - y[near].mean(axis=1)


def _log(frame: pl.DataFrame, column: str) -> Array:
    values = frame[column].cast(pl.Float64).to_numpy()
    return np.log(np.maximum(np.nan_to_num(values, nan=1.0), 1e-9))


def _tags_apart(some: pl.DataFrame, others: pl.DataFrame) -> Array:
    one, other = ([tags_of(t) for t in f["tags"].to_list()] for f in (some, others))
    every = {tag: i for i, tag in enumerate(sorted(frozenset[str]().union(*one, *other)))}
    held = [np.zeros((len(rows), max(len(every), 1))) for rows in (one, other)]
    for matrix, rows in zip(held, (one, other), strict=True):
        for number, tags in enumerate(rows):
            matrix[number, [every[t] for t in tags]] = 1
    both = held[0] @ held[1].T
    either = held[0].sum(1)[:, None] + held[1].sum(1)[None, :] - both
    return np.asarray(np.where(either > 0, 1 - both / np.maximum(either, 1), 0.0))
