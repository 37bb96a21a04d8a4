"""Greenlight: what audience a programme can expect, where, and at which cost it is worth it."""

from portal.page import Page, Place, Section
from portal.tiles import Breakdown
from portal.tiles.comparables import Comparables
from portal.tiles.forecast_calibration import ForecastCalibration
from portal.tiles.forecast_record import ForecastRecord
from portal.tiles.frozen_forecasts import FrozenForecasts
from portal.tiles.greenlight import OPTIONS, GreenlightInputs, GreenlightVerdict
from portal.tiles.greenlight_audience import GreenlightAudience
from portal.tiles.greenlight_views import (
    GreenlightCost,
    GreenlightCountries,
    GreenlightForecast,
)

PAGE = Page(
    path="/greenlight",
    title="Greenlight",
    question="What audience can we expect, where, and at which cost is it worth it?",
    unit="content",
    datasets=("launch_views", "forecasts", "playback"),
    options=OPTIONS,
    sections=(
        Section(
            tiles=(
                GreenlightVerdict(
                    place=Place(
                        title="Is it worth it?",
                        note="Views in the first 91 days against what break-even takes",
                        span=5,
                        height=300,
                    )
                ),
                GreenlightForecast(
                    place=Place(
                        title="How many views?",
                        note="All countries together, by the model and by comparables alone",
                        span=7,
                        height=300,
                    )
                ),
                GreenlightInputs(
                    place=Place(
                        title="Suppose",
                        note="Kept in the link of the page; grey is the usual of past launches",
                        span=7,
                        height=260,
                    )
                ),
                GreenlightCost(
                    place=Place(
                        title="At which cost is it worth it?",
                        note="P(success) had it cost less or more",
                        span=5,
                        height=260,
                    )
                ),
            )
        ),
        Section(
            title="What is it like?",
            tiles=(
                Comparables(
                    place=Place(
                        title="Comparables",
                        note="Our own launches, nearest first, by what is known before a launch",
                        span=12,
                        height=480,
                    )
                ),
            ),
        ),
        Section(
            title="Where?",
            tiles=(
                GreenlightCountries(
                    place=Place(
                        title="Who will watch, country by country?",
                        note="Thin P10 to P90, thick P25 to P75, dot P50",
                        span=6,
                        height=440,
                    )
                ),
                GreenlightAudience(
                    place=Place(
                        title="Who watches such launches now?",
                        note="Whom it can be offered to: starters of the comparables",
                        span=6,
                        height=440,
                        dataset="playback",
                    )
                ),
            ),
        ),
        Section(
            title="How good were such forecasts?",
            tiles=(
                FrozenForecasts(
                    place=Place(
                        title="Frozen here",
                        note="Who said what, when, on which data; checked once the launch is over",
                        span=12,
                        height=220,
                        dataset="forecasts",
                    )
                ),
                ForecastRecord(
                    place=Place(
                        title="Past forecasts and what came",
                        note="As frozen at greenlight; only productions whose 91 days are over",
                        span=8,
                        height=360,
                        dataset="forecasts",
                    )
                ),
                ForecastCalibration(
                    place=Place(
                        title="Are they as sure as they say?",
                        note="Launches under P10, P50 and P90, by the model",
                        span=4,
                        height=360,
                        dataset="forecasts",
                    )
                ),
                Breakdown(
                    metrics=("coverage", "forecast_error", "pinball_loss", "under_p10", "over_p90"),
                    by="forecast_model",
                    place=Place(
                        title="By the model that made them",
                        note="80 % in the interval is right, and 10 % on either side",
                        span=12,
                        height=160,
                        dataset="forecasts",
                    ),
                ),
            ),
        ),
    ),
    period="all",
    compare="none",
    compares=False,
    has_period=False,
    order=32,
)
