"""First and second moments over accounts of a ratio of sums, now and in the time before.

`y` over `z` is the metric, `u` over `v` the same in the time before. They add up over groups.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from queries.formula import Array

LETTERS = ("y", "z", "u", "v")
PAIRS = tuple("".join(pair) for pair in combinations_with_replacement(LETTERS, 2))


@dataclass(frozen=True, slots=True)
class Moments:
    """`count` accounts, their sums of y, z, u, v, and the sums of products (4 x 4)."""

    count: float
    sums: Array
    products: Array

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.count + other.count, self.sums + other.sums, self.products + other.products
        )

    @property
    def means(self) -> Array:
        return self.sums / self.count

    @property
    def covariance(self) -> Array:
        """Sample covariance over accounts, with Bessel's correction."""
        centred = self.products - np.outer(self.sums, self.sums) / self.count
        return centred / (self.count - 1)
