"""Pauses, rewinds, scenes watched twice, skips: where on the timeline, play by play."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo.arrow import coded, lists

KINDS = ("pause", "rewind", "rewatch", "ffwd", "skip_intro")
_RATES = (0.85, 0.42, 0.22)
_INTRO_ENDS_S, _SKIPS = 200, 0.55
_TWICE_S = 60
SCENE = (0.62, 0.35)
"""Where in its runtime the planted scene of a title lies, and what share of rewinds go there."""


@dataclass(frozen=True)
class Timeline:
    """Counts and seconds by play, and all single interactions as lists."""

    pause_n: np.ndarray
    pause_s: np.ndarray
    rewind_n: np.ndarray
    rewatch_s: np.ndarray
    ffwd_n: np.ndarray
    ffwd_s: np.ndarray
    lists: pa.ListArray


@dataclass(frozen=True, slots=True)
class Spans:
    """Start and end of each play in seconds, its runtime, and where it has an intro or a scene."""

    start_s: np.ndarray
    end_s: np.ndarray
    runtime_s: np.ndarray
    intro: np.ndarray
    scene: np.ndarray


def timeline(dice: np.random.Generator, of: Spans) -> Timeline:
    """Interactions at rates an hour; a rewind longer than a minute is a scene watched twice."""
    length = (of.end_s - of.start_s).astype(np.float32)
    n = len(length)
    hours = length / 3600
    pause, rewind, ffwd = (dice.poisson(rate * hours).astype(np.int32) for rate in _RATES)
    skip = of.intro & (of.start_s == 0) & (length > _INTRO_ENDS_S) & (dice.random(n) < _SKIPS)
    skip = skip.astype(np.int32)
    owner = [np.repeat(np.arange(n, dtype=np.int32), c) for c in (pause, rewind, ffwd, skip)]
    at = [
        of.start_s[o] + (dice.random(len(o), np.float32) * length[o]).astype(np.int32)
        for o in owner
    ]
    back = np.minimum(8 + dice.standard_exponential(len(owner[1])) * 28, 240).astype(np.int32)
    at[1] = _to_scene(dice, of, owner[1], at[1])
    back = np.minimum(back, at[1] - of.start_s[owner[1]])
    ahead = np.minimum(10 + dice.standard_exponential(len(owner[2])) * 30, 300).astype(np.int32)
    ahead = np.minimum(ahead, np.maximum(of.end_s[owner[2]] - at[2], 0))
    at[3] = np.full(len(owner[3]), 55, np.int32)
    twice = back >= _TWICE_S
    waited = (dice.standard_exponential(len(owner[0])) * 150 + 4).astype(np.int32)
    kind = np.concatenate([
        np.full(len(o), k, np.int8)
        for o, k in zip([*owner, owner[1][twice]], (0, 1, 3, 4, 2), strict=True)
    ])  # fmt: skip
    whose = np.concatenate([*owner, owner[1][twice]])
    first = np.concatenate([*at, at[1][twice] - back[twice]])
    last = np.concatenate([at[0], at[1] - back, at[2] + ahead, at[3] + 40, at[1][twice]])
    order = np.argsort(whose, kind="stable")
    made = pa.StructArray.from_arrays(
        [coded(kind[order], KINDS), pa.array(first[order]), pa.array(last[order])],
        ["kind", "from_s", "to_s"],
    )
    offsets = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(whose, minlength=n), out=offsets[1:])
    return Timeline(
        pause_n=pause,
        pause_s=_sum(owner[0], waited, n),
        rewind_n=rewind,
        rewatch_s=_sum(owner[1], back, n),
        ffwd_n=ffwd,
        ffwd_s=_sum(owner[2], ahead, n) + 40 * skip,
        lists=lists(offsets, made),
    )


def _to_scene(
    dice: np.random.Generator, of: Spans, owner: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Some rewinds of the video with the scene start right after it."""
    scene = (SCENE[0] * of.runtime_s[owner] + dice.normal(0, 15, len(owner))).astype(np.int32)
    inside = (scene > of.start_s[owner]) & (scene < of.end_s[owner])
    goes = of.scene[owner] & inside & (dice.random(len(owner)) < SCENE[1])
    return np.where(goes, scene, at)


def _sum(owner: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(owner, values, n).astype(np.int32)
