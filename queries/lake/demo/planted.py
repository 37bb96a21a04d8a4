"""What is planted in the world for pages to find: decided here, obeyed elsewhere, told in `truths`.

Days are counted from the first day of the world. Most lie in the last four weeks, where somebody
who opens the portal looks.
"""

from dataclasses import dataclass

import numpy as np

from queries.lake.demo.clock import Clock
from queries.lake.demo.geography import geography


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Plays over one delivery network in one country fail between two UTC hours of a day."""

    day: int
    from_hour: int = 20
    to_hour: int = 25
    country: str = "BR"
    cdn: str = "edge_b"
    failing: float = 0.65


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A plan gets dearer in a country; each account meets it at its next renewals."""

    day: int
    country: str = "US"
    plan: str = "standard"
    factor: float = 1.16
    churn_factor: float = 1.9
    felt_days: int = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A version of the app on one device that starts videos later than the one before."""

    day: int
    device: str = "tv"
    version: str = "9.4.0"
    startup_factor: float = 1.22


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCut:
    """Viewers leave one episode of one season between two positions."""

    episode: int = 2
    from_s: int = 180
    to_s: int = 360
    leaving: float = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A regional campaign: sign-ups it really brought, beside those the channel claims."""

    first_day: int
    days: int = 35
    countries: tuple[str, ...] = ("US", "BR", "GB", "DE")
    lift: float = 0.55
    inflation: float = 2.4
    campaign_id: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An experiment. Effects are on hours per account in the second cell, relative to the first."""

    exp_id: int
    name: str
    unit: str
    first_day: int
    days: int
    effect: float = 0.0
    planned: tuple[float, ...] = (0.5, 0.5)
    actual: tuple[float, ...] = (0.5, 0.5)
    cells: tuple[str, ...] = ("control", "treatment")
    metric: str = "hours_per_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A day on which the events of a country never arrived."""

    day: int
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A query that starts to be typed often in a country, and that finds nothing."""

    day: int
    country: str = "KR"
    query: str = "seoul night kitchen"
    share: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Every planted fact of one world."""

    outage: Outage
    price: PriceChange
    regression: Regression
    cut: BadCut
    campaign: Campaign
    trials: tuple[Trial, ...]
    missing: tuple[Missing, ...]
    unmet: Unmet
    slow_vendor: str = "Harrowgate Effects"
    slow_stage: str = "vfx"
    slow_factor: float = 2.6
    winning_lift: float = 1.55
    close_up_lift: float = 1.1
    dear_titles: int = 3
    dear_factor: float = 3.0


def planted(clock: Clock) -> Planted:
    """The plan for a world of these days."""
    days = clock.days
    return Planted(
        outage=Outage(day=days - 12),
        price=PriceChange(day=days - 70),
        regression=Regression(day=days - 20),
        cut=BadCut(),
        campaign=Campaign(first_day=days - 45),
        trials=_trials(days),
        missing=(
            Missing(day=days - 33, country="KR"),
            Missing(day=days - 18, country="PL"),
            Missing(day=days - 17, country="PL"),
        ),
        unmet=Unmet(day=days - 25),
    )


def missing_days(plan: Planted, clock: Clock) -> np.ndarray:
    """Per country and day, whether nothing arrived."""
    lost = np.zeros((len(geography().countries), clock.days + 1), bool)
    for gap in plan.missing:
        lost[geography().index(gap.country), gap.day] = True
    return lost


def _trials(days: int) -> tuple[Trial, ...]:
    return (
        Trial(
            exp_id=1, name="pvr_v2_homepage", unit="product", first_day=days - 49, days=42,
            effect=0.07, cells=("control", "pvr_v2"),
        ),
        Trial(exp_id=2, name="home_row_labels_aa", unit="product", first_day=days - 40, days=35),
        Trial(
            exp_id=3, name="search_typeahead", unit="product", first_day=days - 35, days=28,
            actual=(0.54, 0.46), cells=("control", "typeahead"), metric="search_success_rate",
        ),
        Trial(
            exp_id=4, name="preview_on_focus", unit="product", first_day=days - 28, days=42,
            planned=(0.34, 0.33, 0.33), actual=(0.34, 0.33, 0.33),
            cells=("control", "still", "muted_preview"),
        ),
        Trial(
            exp_id=5, name="annual_plan_offer", unit="membership", first_day=days - 60, days=30,
            planned=(0.8, 0.2), actual=(0.8, 0.2), cells=("control", "offer"), metric="gross_churn",
        ),
    )  # fmt: skip
