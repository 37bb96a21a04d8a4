"""Whom such a programme can be offered to: accounts that watch its comparables, by country."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.countries import names
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.greenlight import NOT_ENOUGH, read_plan
from queries import small_cells
from queries.analyses import greenlight
from queries.analyses.cluster import Scope
from queries.analyses.proportion import wilson
from queries.catalog import builtin
from queries.condition import Filter, conjunction
from queries.dataset import SMALL
from queries.model import Query, Result
from queries.period import Period

_DAYS = 91
_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenlightAudience:
    """Starters of any comparable in the last 91 days, of all accounts that were active."""

    place: Place = field(default_factory=lambda: Place(span=5, height=440, dataset="playback"))
    metrics: tuple[str, ...] = ("starters", "accounts")

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        """Past launches, among which the comparables are."""
        return greenlight.questions(Scope(builtin().dataset("launch_views")))

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        plan, latest = read_plan(results, context), context.extent.latest
        if plan is None or latest is None:
            return ()
        titles = tuple(plan.comparables()["title_id"].to_list())
        of_them = Filter(context.dataset.dimension("title_id"), "in", titles)
        period = Period(latest - timedelta(_DAYS - 1), latest)

        def asked(metric: str) -> Query:
            found = context.question((metric,), by=("country",))
            return replace(found, period=period, compare=None, interval=False, with_total=False)

        started, active = (asked(metric) for metric in self.metrics)
        return replace(started, where=conjunction(started.where, of_them)), active

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:  # noqa: ARG002  # one protocol
        """A row a country."""
        return (replace(results[-1], frame=_shares(results)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        plan = read_plan(results, context)
        if plan is None:
            return NOT_ENOUGH
        frame = _shares(results)
        if frame.is_empty():
            return no_rows(context)
        columns = [
            {"label": "Country", "is_text": True},
            {"label": "Audience", "unit": "accounts"},
            {"label": "Of the active"},
            {"label": "95 %"},
        ]
        rows = [
            [
                {"text": names().get(row["country"], row["country"])},
                {"text": written.count(row["starters"]), "few": written.is_few(row)},
                {"text": f"{row['share']:.0%}", "few": written.is_few(row)},
                {"text": f"{row['low']:.0%} to {row['high']:.0%}", "few": written.is_few(row)},
            ]
            for row in frame.to_dicts()
        ]
        latest = context.extent.latest
        until = f" to {written.day(latest)}" if latest else ""
        notes = (
            f"Accounts with two minutes or more of any comparable in the {_DAYS} days{until}.",
            f"Countries with under {_FEWEST} such accounts are left out.",
            *small_cells.said(frame),
        )
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, notes=notes, shows=0)


def _shares(results: Sequence[Result]) -> pl.DataFrame:
    """Columns country, starters, accounts, share, low, high; the largest audience first."""
    if len(results) < 4:  # noqa: PLR2004 - two that teach, two that count
        return pl.DataFrame(schema={"country": pl.String, "share": pl.Float64})
    started, active = (r.frame for r in results[2:4])
    frame = (
        started.select("country", "starters", pl.col(f"^{SMALL}$"))
        .join(active.select("country", "accounts"), on="country")
        .drop_nulls(["country", "starters", "accounts"])
        .filter(pl.col("starters") >= _FEWEST)
        .sort("starters", "country", descending=[True, False])
    )
    ends = wilson(
        frame["starters"].to_numpy().astype(np.float64),
        frame["accounts"].to_numpy().astype(np.float64),
    )
    share = pl.col("starters") / pl.col("accounts")
    return frame.with_columns(
        share.alias("share"), low=pl.Series(ends.low), high=pl.Series(ends.high)
    )
