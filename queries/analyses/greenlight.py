"""What a programme will be watched in its first 91 days, by past launches of ours, and how surely.

Learnt on log views from what is known before a launch (kind, genre, tags, budget, language, origin,
episodes): all quantiles move with them. A country's are those of all countries, moved by the mean
share of views that launches from there, in its language, or from elsewhere have had in it, with the
errors of that country: so each country's interval covers by itself.

Small cells: what is shown are quantiles learnt of sixty launches or more; of a single comparable
launch, views of under ten are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import numpy as np
import polars as pl

from queries.analyses.cluster import EVERY_GROUP, Scope
from queries.analyses.comparables import (
    SEPARATOR,
    Programme,
    left_out_errors,
    quantiles,
    tags_of,
)
from queries.analyses.conformal import LEVELS, Conformal, Rows, chance_over, learn
from queries.condition import Filter, conjunction
from queries.formula import Array
from queries.model import Query

FEWEST_LAUNCHES = 60
_KNOWN = (
    "title_id", "title", "release_date", "genre", "kind", "tags", "original_language",
    "origin_country", "episodes", "budget_usd",
)  # fmt: skip
_HALF_A_VIEW = 0.5
_REMEMBERED = 8
_NEARNESSES = 3
_TURN = Lock()


def questions(scope: Scope) -> tuple[Query, Query]:
    """Our own launches with what was known of them; and their views by country."""
    dataset = scope.dataset
    ours = Filter(dataset.dimension("is_original"), "in", (True,))

    def asked(*by: str) -> Query:
        return Query(
            dataset=dataset,
            metrics=(dataset.metric("views"),),
            by=tuple(dataset.dimension(name) for name in by),
            where=conjunction(scope.where, ours),
            limit=EVERY_GROUP,
            interval=False,
            keeps_small=True,
            with_total=False,
        )

    return asked(*_KNOWN), asked("title_id", "country")


@dataclass(frozen=True)
class Lesson:
    """What past launches teach: their features, views and quantiles. Rows of all are alike.

    `countries` has a column of views a country.
    """

    past: pl.DataFrame
    countries: pl.DataFrame
    conformal: Conformal
    values: tuple[tuple[str, tuple[str, ...]], ...]

    @cached_property
    def y(self) -> Array:
        """Log views of all countries."""
        return logged(self.past["views"])

    def quantiles(self, programme: Programme) -> Array:
        """Log views of all countries at `LEVELS`."""
        x = _features(programme.row(), self.values)
        return self.conformal.quantiles(x, self.y)[0]

    def by_country(self, programme: Programme) -> pl.DataFrame:
        """Columns country, p10, p25, p50, p75, p90: views, largest P50 first."""
        row, x = programme.row(), _features(programme.row(), self.values)
        rows: list[dict[str, object]] = []
        for country in self.countries.columns:
            here = logged(self.countries[country])
            shift = self._shift(row, country, here)
            at = views(self.conformal.quantiles(x, here, shift)[0])
            named = {f"p{round(100 * t)}": float(v) for t, v in zip(LEVELS, at, strict=True)}
            rows.append({"country": country, **named})
        return pl.DataFrame(rows).sort("p50", "country", descending=[True, False])

    @cached_property
    def errors(self) -> Array:
        """Of every launch: its log views less what is forecast without it."""
        missed = self.y - self.conformal.middles
        return missed - np.median(missed)

    @cached_property
    def comparables_errors(self) -> Array:
        """Of every launch: its log views less the mean of its nearest others'."""
        return left_out_errors(self.past, self.y)

    def by_comparables(self, near: pl.DataFrame) -> Array:
        """Log views at `LEVELS` by the launches of `near` alone."""
        return quantiles(logged(near["views"]), self.comparables_errors)

    def _shift(self, row: pl.DataFrame, country: str, here: Array) -> tuple[Array, Array]:
        """How far a country lies off all: of the programme by folds, and of every launch."""
        own = self.past.filter(pl.col("origin_country") == country)["original_language"]
        spoken = own.drop_nulls().mode().sort().to_list()[:1]
        asked, known = (_nearness(frame, country, spoken) for frame in (row, self.past))
        off, fold = here - self.y, self.conformal.fold
        means = np.empty((len(self.conformal.lines), _NEARNESSES))
        for left_out in range(len(means)):
            seen = fold != left_out
            for group in range(_NEARNESSES):
                members = off[seen & (known == group)]
                means[left_out, group] = (members if len(members) else off[seen]).mean()
        return means[:, asked].T, means[fold, known]


def _nearness(frame: pl.DataFrame, country: str, spoken: list[str]) -> Rows:
    """2 for launches from a country, 1 for those in the language most of its own are in, else 0."""
    same = (frame["origin_country"] == country).fill_null(value=False).to_numpy()
    like = frame["original_language"].is_in(spoken).fill_null(value=False).to_numpy()
    return np.where(same, 2, np.where(like, 1, 0)).astype(np.intp)


def chance_of(quantiles: Array, wanted: float) -> float:
    """P(at least so many views), by log quantiles at `LEVELS`; .1 and .9 are its ends."""
    return chance_over(LEVELS, quantiles, float(np.log(wanted + _HALF_A_VIEW)))


def width(quantiles: Array) -> float:
    """P90 over P10 of log views at `LEVELS`."""
    return float(np.exp(quantiles[-1] - quantiles[0]))


def typical_factor(errors: Array) -> float:
    """The factor that half of all forecasts are within, either way, of log errors."""
    return float(np.exp(np.median(np.abs(errors))))


def logged(values: pl.Series) -> Array:
    """Log views; half a view more, for those that nobody watched."""
    return np.log(values.fill_null(0).to_numpy().astype(np.float64) + _HALF_A_VIEW)


def views(log_views: Array) -> Array:
    """Views of log views; none is less than nothing."""
    return np.maximum(np.exp(log_views) - _HALF_A_VIEW, 0.0)


def lesson(launches: pl.DataFrame, by_country: pl.DataFrame) -> Lesson | None:
    """Learn from answers to `questions`; None with fewer than sixty launches.

    What was learnt from the same answers is remembered; whoever asks meanwhile waits for it.
    """
    with _TURN:
        return _learnt(_Answers(launches, by_country))


@dataclass(frozen=True, eq=False)
class _Answers:
    launches: pl.DataFrame
    by_country: pl.DataFrame

    def __hash__(self) -> int:
        rows = (self.launches.hash_rows().sum(), self.by_country.hash_rows().sum())
        return hash((self.launches.height, *rows))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Answers)
            and self.launches.equals(other.launches)
            and self.by_country.equals(other.by_country)
        )


@lru_cache(maxsize=_REMEMBERED)
def _learnt(answers: _Answers) -> Lesson | None:
    past = answers.launches.drop_nulls(["kind", "genre", "budget_usd"])
    past = past.filter(pl.col("budget_usd") > 0).sort("title_id")
    if past.height < FEWEST_LAUNCHES:
        return None
    wide = answers.by_country.pivot("country", index="title_id", values="views")
    wide = past.select("title_id").join(wide, on="title_id", how="left", maintain_order="left")
    countries = wide.drop("title_id").fill_null(0)
    values = tuple(
        (column, tuple(sorted(past[column].drop_nulls().unique().to_list())))
        for column in ("genre", "original_language")
    )
    tags = sorted(frozenset[str]().union(*map(tags_of, past["tags"].to_list())))
    known = (*values, ("tags", tuple(tags)))
    return Lesson(past, countries, learn(_features(past, known), logged(past["views"])), known)


def _features(frame: pl.DataFrame, values: Iterable[tuple[str, tuple[str, ...]]]) -> Array:
    """Kind, log budget, log episodes; then a column each genre, language and tag."""
    budget, episodes = (
        np.log(frame[c].cast(pl.Float64).fill_null(1).to_numpy())
        for c in ("budget_usd", "episodes")
    )
    columns = [(frame["kind"] == "season").to_numpy().astype(np.float64), budget, episodes]
    padded = SEPARATOR + frame["tags"].fill_null("") + SEPARATOR
    for column, known in values:
        for value in known:
            held = (
                padded.str.contains(f"{SEPARATOR}{value}{SEPARATOR}", literal=True)
                if column == "tags"
                else (frame[column] == value).fill_null(value=False)
            )
            columns.append(held.to_numpy().astype(np.float64))
    return np.column_stack(columns)
