"""Covering: which few values of a wide dimension make most of a change of a share, in words.

A share is a count over all rows, so a value makes its own count over all rows now less the same
before, and what all values make is the change itself. Values of a handful of accounts are in no
answer, so they are never named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from portal.context import Context
from queries.analyses.findings import Candidate
from queries.condition import Filter, conjunction
from queries.model import Query, Result

_MOST = 3
_ENOUGH, _LEAST, _ALL = 0.7, 0.5, 0.995
_NUMBERS = ("Nothing", "One", "Two", "Three")


@dataclass(frozen=True, slots=True)
class Covering:
    """Changes of `metric`, a share of all rows, are told by values of `by`; `count` is above it."""

    metric: str
    count: str
    by: str
    noun: str

    def questions(self, one: Context, claim: Candidate) -> tuple[Query, ...]:
        """The counts of a claim's rows by value, those that changed most its way first."""
        hidden = {self.count, "accounts"} & one.withheld
        if claim.metric.name != self.metric or hidden:
            return ()
        asked = one.question((self.count,), by=(self.by,))
        known = Filter(one.dataset.dimension(self.by), "not missing", ())
        rises = claim.change.value > 0
        return (
            replace(
                asked,
                where=conjunction(asked.where, known),
                compare=claim.comparison,
                interval=False,
                order_by=f"{self.count}__delta",
                descending=rises,
                limit=_MOST,
            ),
            replace(one.question((self.count,)), compare=claim.comparison, interval=False),
        )

    def said(self, one: Context, claim: Candidate, results: Sequence[Result]) -> str:
        """The fewest that make seven tenths of it, three at most; nothing where they do not."""
        asked = self.questions(one, claim)
        found = [next((r for r in results if r.query == query), None) for query in asked]
        if len(found) < 2 or found[0] is None or found[1] is None:  # noqa: PLR2004  # both
            return ""
        parts, whole = found[0].frame, found[1].frame
        if parts.is_empty() or whole.is_empty() or not claim.change.value:
            return ""
        row = whole.row(0, named=True)
        now, before = row[self.count], row[f"{self.count}__previous"]
        if not now or not before:
            return ""
        rate = claim.before + claim.change.value
        made = pl.col(self.count) / now * rate
        made -= pl.col(f"{self.count}__previous") / before * claim.before
        shares = (
            parts.drop_nulls([self.count, f"{self.count}__previous"])
            .select(pl.col(self.by).cast(pl.String), share=made / claim.change.value)
            .sort("share", descending=True)
            .with_columns(covered=pl.col("share").cum_sum())
        )
        return self._words(shares)

    def _words(self, shares: pl.DataFrame) -> str:
        reached = shares.filter(pl.col("covered") >= _ENOUGH)
        count = shares.height - reached.height + 1 if reached.height else shares.height
        told = shares.head(count)
        if told.is_empty() or told["covered"][-1] < _LEAST:
            return ""
        covered = float(told["covered"][-1])
        much = f"{covered:.0%}" if covered < _ALL else "all"
        names = ", ".join(f"“{name}”" for name in told[self.by])
        if count == 1:
            return f"{names} makes {much} of it."
        return f"{_NUMBERS[count]} {self.noun} make {much} of it: {names}."
