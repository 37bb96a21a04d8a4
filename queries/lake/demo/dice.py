"""Random numbers that depend on the seed and on what they are for, never on the order of calls."""

from zlib import crc32

import numpy as np


def dice(seed: int, *purpose: str | int) -> np.random.Generator:
    """An independent stream for a purpose, such as `dice(7, "visits", 3)` for block 3 of visits."""
    key = tuple(p if isinstance(p, int) else crc32(p.encode()) for p in purpose)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))
