"""A frozen forecast: what was supposed of a programme, what was forecast of it, and by whom.

It never changes: what it is worth is that it was said before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import isfinite

from sqlalchemy import RowMapping

from portal.store.errors import Invalid
from portal.store.plain_text import plain
from queries.dataset import Access

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Figures:
    """Views at three levels, those that are wanted, and the probability of at least as many."""

    inputs: Mapping[str, str | float]
    p10: float
    p50: float
    p90: float
    wanted: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastDraft:
    """What is to be frozen. `path` and `query` are the view that says it."""

    name: str
    production_id: int | None
    path: str
    query: str
    figures: Figures
    data_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenForecast:
    """A forecast as it is kept."""

    id: str
    author_name: str
    name: str
    production_id: int | None
    path: str
    query: str
    figures: Figures
    data_version: str
    created_at: datetime


def access_hash(access: Access) -> str:
    """Tells those apart who see other rows or numbers: a forecast is made of what one sees."""
    rows = sorted((name, sorted(map(str, values))) for name, values in access.rows)
    hidden = sorted(aggregate.key for aggregate in access.hidden)
    return sha256(repr((rows, hidden)).encode()).hexdigest()


def checked_name(text: str) -> str:
    """The name of a programme as it is kept. Raises Invalid."""
    name = " ".join(plain(text).split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"A forecast needs a name of 1 to {LONGEST_NAME} characters.")
    return name


def checked_figures(figures: Figures) -> Figures:
    """Raises Invalid where the ends are not known: nothing could be checked against them."""
    ends = (figures.p10, figures.p50, figures.p90, figures.wanted, figures.chance)
    if not all(map(isfinite, ends)):
        raise Invalid("The forecast has no ends: too few launches say anything.")
    return figures


def frozen_forecast(row: RowMapping) -> FrozenForecast:
    """A row of the store as a value."""
    figures = Figures(
        row["inputs"], row["p10"], row["p50"], row["p90"], row["wanted"], row["chance"]
    )
    return FrozenForecast(
        id=row["id"],
        author_name=row["author_name"],
        name=row["name"],
        production_id=row["production_id"],
        path=row["path"],
        query=row["query"],
        figures=figures,
        data_version=row["data_version"],
        created_at=row["created_at"],
    )
