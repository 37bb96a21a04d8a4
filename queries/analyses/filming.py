"""What a script costs to film here or there: by past productions, and by the rates of the places.

Past productions: log(cost per page) on genre, kind, scale (budget per page, length of the script)
and location, by ridge regression that draws genres and locations towards their mean as one more
production at the mean would. Its 80 % prediction intervals are those of jackknife+ (Barber, Candès,
Ramdas & Tibshirani 2021, Annals of Statistics 49): each production left out in turn predicts the
script and adds its own error, so the interval needs no distribution and is as wide as the past was
wrong. P(A cheaper) compares draws of the two places in which the same production is left out, each
with an error drawn on its own.

Rates: labour, stage and days lost to weather at the places' prices, incentive on the qualifying
share up to the cap. They say what drives a difference, not how sure it is.

Small cells: money and days, of no accounts.
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.analyses.conformal import conformal_quantiles
from queries.formula import Array
from queries.model import Query

LEVEL = 0.8
FEWEST_HERE = 3
FEWEST_PRODUCTIONS = 15
_BY = (
    "production_id", "production", "genre", "kind", "city", "is_shot", "incentive_rate",
    "qualifying_share", "incentive_cap_usd", "labour_index", "stage_day_usd", "weather_loss_rate",
    "weekly_wage_usd", "wage_area", "wage_quarter",
)  # fmt: skip
_METRICS = ("cost_usd", "pages", "script_pages", "budget_usd", "shoot_days", "crew_size")
_PULL = 1.0
_DRAWS_WIDE = 400


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be filmed. `budget_usd` is of the whole production."""

    genre: str
    kind: str
    pages: float
    budget_usd: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What a place offers: the incentive of the qualifying share up to a cap, and exchange rates.

    `exchange` is what a dollar's worth of local cost will cost, 1 at today's rates.
    """

    rate: float
    qualifying: float
    cap_usd: float = inf
    exchange: float = 1.0

    def net(self, gross: Array) -> Array:
        """What is left to pay of a gross cost."""
        spent = gross * self.exchange
        return np.asarray(spent - np.minimum(spent * self.qualifying * self.rate, self.cap_usd))


def question(scope: Scope) -> Query:
    """Every production at every location it was shot at, whatever the period."""
    dataset = scope.dataset
    return Query(
        dataset=dataset,
        metrics=tuple(dataset.metric(name) for name in _METRICS),
        by=tuple(dataset.dimension(name) for name in _BY),
        where=scope.where,
        limit=EVERY_GROUP,
        interval=False,
        keeps_small=True,
    )


def finished(frame: pl.DataFrame) -> pl.DataFrame:
    """The productions to learn from: shot to the end at one location, with all that is needed."""
    shot = frame.filter(
        pl.col("is_shot") & (pl.col("pages") > 0) & (pl.col("cost_usd") > 0)
        & (pl.col("budget_usd") > 0) & (pl.col("script_pages") > 0)
    ).drop_nulls(["genre", "kind", "city"])  # fmt: skip
    return shot.filter(pl.len().over("production_id") == 1).sort("production_id")


@dataclass(frozen=True, slots=True)
class Projection:
    """A fit to past productions, with what leaving each of them out changes.

    `errors` are on the log scale, of each production when it is left out.
    """

    past: pl.DataFrame
    genres: tuple[str, ...]
    kinds: tuple[str, ...]
    cities: tuple[str, ...]
    weights: Array
    left_out: Array
    errors: Array

    def here(self, city: str) -> int:
        """How many productions were shot there."""
        return int((self.past["city"] == city).sum())

    def cost_per_page(self, script: Script, city: str) -> float:
        """The projection of the gross cost per page, in US dollars."""
        return float(np.exp(self._row(script, city) @ self.weights))

    def draws(self, script: Script, city: str) -> Array:
        """Gross cost per page: of every left-out fit, with every production's error.

        `productions x productions`: a row has the same production left out of the fit.
        """
        centre = self.left_out @ self._row(script, city)
        return np.asarray(np.exp(centre[:, None] + self.errors[None, :]))

    def interval(self, script: Script, city: str, level: float = LEVEL) -> tuple[float, float]:
        """Jackknife+: ordered ends of each left-out prediction less and plus its own error.

        With n productions the ⌊(1 - level)(n + 1)⌋-th least and the ⌈level (n + 1)⌉-th; infinite
        where so few say nothing of a level.
        """
        centre, size = self.left_out @ self._row(script, city), np.abs(self.errors)
        (below,) = conformal_quantiles(centre - size, (1 - level,))
        (above,) = conformal_quantiles(centre + size, (level,))
        return float(np.exp(below)), float(np.exp(above))

    def _row(self, script: Script, city: str) -> Array:
        frame = pl.DataFrame(
            {
                "genre": [script.genre],
                "kind": [script.kind],
                "city": [city],
                "budget_usd": [script.budget_usd],
                "script_pages": [script.pages],
            }
        )
        return _design(frame, self.genres, self.kinds, self.cities)[0]


def project(frame: pl.DataFrame) -> Projection | None:
    """Fit the past; None with fewer than fifteen finished productions."""
    past = finished(frame)
    if past.height < FEWEST_PRODUCTIONS:
        return None
    genres, kinds, cities = (
        tuple(sorted(past[c].unique().to_list())) for c in ("genre", "kind", "city")
    )
    x = _design(past, genres, kinds, cities)
    y = np.log(past["cost_usd"].to_numpy() / past["pages"].to_numpy())
    pull = np.full(x.shape[1], _PULL)
    pull[:_PLAIN] = 1e-9
    inverse = np.linalg.inv(x.T @ x + np.diag(pull))
    weights = inverse @ x.T @ y
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    errors = (y - x @ weights) / (1 - leverage)
    left_out = weights[None, :] - errors[:, None] * (x @ inverse)
    return Projection(past, genres, kinds, cities, weights, left_out, errors)


_PLAIN = 3


def _design(
    frame: pl.DataFrame, genres: tuple[str, ...], kinds: tuple[str, ...], cities: tuple[str, ...]
) -> Array:
    """Constant, log budget per page, log pages; then a column each genre, kind and city."""
    pages = frame["script_pages"].to_numpy().astype(np.float64)
    plain = [np.ones(frame.height), np.log(frame["budget_usd"].to_numpy() / pages), np.log(pages)]
    held = [
        (frame[column] == value).fill_null(value=False).to_numpy().astype(np.float64)
        for column, values in (("genre", genres), ("kind", kinds), ("city", cities))
        for value in values
    ]
    return np.column_stack([*plain, *held])


@dataclass(frozen=True, slots=True)
class Contest:
    """Net cost of one script at two places, from draws; US dollars."""

    costs: tuple[Array, Array]
    saving: Array

    @property
    def first_is_cheaper(self) -> float:
        """The share of paired draws in which the first place costs less."""
        return float((self.saving > 0).mean() + (self.saving == 0).mean() / 2)

    def saved(self) -> tuple[float, float, float]:
        """A tenth, a half and nine tenths of what the first place saves."""
        low, middle, high = np.quantile(self.saving, (0.1, 0.5, 0.9))
        return float(low), float(middle), float(high)


def contest(
    projection: Projection, script: Script, places: tuple[tuple[str, Terms], tuple[str, Terms]]
) -> Contest:
    """Draw both places with the same production left out, and an error of its own for each."""
    dice = np.random.default_rng(20_260_101)
    gross = [projection.draws(script, city) * script.pages for city, _ in places]
    costs = [terms.net(g) for g, (_, terms) in zip(gross, places, strict=True)]
    count = len(projection.errors)
    picks = dice.integers(0, count, (2, count, _DRAWS_WIDE))
    rows = np.arange(count)[:, None]
    first, second = (c[rows, pick] for c, pick in zip(costs, picks, strict=True))
    return Contest((costs[0].ravel(), costs[1].ravel()), (second - first).ravel())


@dataclass(frozen=True, slots=True)
class Rates:
    """What a shoot takes and what a place asks for it; US dollars, days, people."""

    days: float
    stage_days: float
    crew: float
    day_wage_usd: float
    labour: float
    stage_day_usd: float
    weather: float
    terms: Terms

    @property
    def shoot_days(self) -> float:
        """Days with those lost to weather: of n days a share is lost and shot again."""
        return self.days / (1 - self.weather)

    @property
    def labour_usd(self) -> float:
        return self.shoot_days * self.crew * self.day_wage_usd * self.labour * self.terms.exchange

    @property
    def stage_usd(self) -> float:
        return self.stage_days * self.stage_day_usd * self.terms.exchange

    @property
    def gross_usd(self) -> float:
        return self.labour_usd + self.stage_usd

    @property
    def net_usd(self) -> float:
        plain = replace(self.terms, exchange=1.0)
        return float(plain.net(np.array(self.gross_usd)))

    @property
    def incentive_usd(self) -> float:
        return self.gross_usd - self.net_usd


@dataclass(frozen=True, slots=True)
class Swing:
    """What one driver makes of the saving of the first place, in US dollars."""

    driver: str
    contribution: float


def drivers(first: Rates, second: Rates) -> list[Swing]:
    """How much of the difference each driver makes, largest first.

    The mean over both ways of swapping one driver alone (the first place with the second's value,
    and the second with the first's), so that neither place is the reference.
    """
    found: list[Swing] = []
    for name in ("labour", "stage", "weather", "incentive", "cap", "exchange"):
        there = _with(first, second, name).net_usd - first.net_usd
        back = second.net_usd - _with(second, first, name).net_usd
        found.append(Swing(name, (there + back) / 2))
    return sorted(found, key=lambda s: -abs(s.contribution))


def _with(one: Rates, other: Rates, name: str) -> Rates:
    terms = one.terms
    match name:
        case "labour":
            return replace(one, labour=other.labour)
        case "stage":
            return replace(one, stage_day_usd=other.stage_day_usd)
        case "weather":
            return replace(one, weather=other.weather)
        case "incentive":
            rate, share = other.terms.rate, other.terms.qualifying
            return replace(one, terms=replace(terms, rate=rate, qualifying=share))
        case "cap":
            return replace(one, terms=replace(terms, cap_usd=other.terms.cap_usd))
        case _:
            return replace(one, terms=replace(terms, exchange=other.terms.exchange))
