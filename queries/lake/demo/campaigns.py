"""Marketing by day, campaign, creative and region, with regions held out.

The regional campaign claims more sign-ups than it brought; how many it brought is planted.
"""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from queries.lake.demo.accounts import treated_geos
from queries.lake.demo.arrow import coded
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.world import World

_BUDGETED_ACCOUNTS = 4_000_000
CHANNELS = ("paid_search", "paid_social", "video", "outdoor")
CREATIVES = ("search text", "trailer", "still", "thumbnail test")


@dataclass(frozen=True, slots=True)
class _Flight:
    """A campaign's run: which days and regions, with which creatives.

    `daily_usd` is what a company of `_BUDGETED_ACCOUNTS` spends in a region of mean size.
    """

    campaign_id: int
    name: str
    objective: str
    channels: tuple[int, ...]
    creatives: tuple[int, ...]
    days: range
    geos: np.ndarray
    daily_usd: float
    title: int = -1


def marketing_table(of: World) -> dict[str, object]:
    """Columns of `marketing_daily`."""
    dice = stream(of.seed, "marketing")
    flights = _flights(of, dice)
    parts = [_flight(of, dice, flight) for flight in flights]
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    order = np.argsort(columns["date"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    places = geography()
    geo, flight = columns.pop("geo_index"), columns.pop("flight")
    title = np.array([f.title for f in flights])[flight]
    return {
        **{n: v for n, v in columns.items() if n not in {"channel", "creative"}},
        "date": of.clock.dates(columns["date"]),
        "campaign_id": np.array([f.campaign_id for f in flights])[flight],
        "campaign": coded(flight, [f.name for f in flights]),
        "objective": coded(flight, [f.objective for f in flights]),
        "channel": coded(columns["channel"].astype(np.int8), CHANNELS),
        "creative_id": np.array([f.campaign_id for f in flights])[flight] * 10
        + columns["creative"],
        "creative_kind": coded(columns["creative"].astype(np.int8), CREATIVES),
        "title_id": pa.array(title + 1, mask=title < 0),
        "country": coded(places.geo_country[geo], places.codes),
        "geo": coded(geo.astype(np.int16), places.geos),
    }


def _flights(of: World, dice: np.random.Generator) -> list[_Flight]:
    places, plan, days = geography(), of.plan.campaign, of.clock.days
    everywhere = np.arange(len(places.geos))
    in_campaign = np.isin(np.array(places.codes)[places.geo_country], plan.countries)
    flights = [
        _Flight(1, "Always on", "acquisition", (0, 1), (0, 2), range(days), everywhere, 900.0),
        _Flight(
            plan.campaign_id, "Regions in spring", "acquisition", (1, 2), (1, 2),
            range(plan.first_day, plan.first_day + plan.days), everywhere[in_campaign], 1400.0,
        ),
    ]  # fmt: skip
    out = (of.titles.release >= 0) & of.titles.original & (of.titles.release < days - 7)
    big = np.argsort(np.where(out, -of.popular.share, 1), kind="stable")[: min(8, int(out.sum()))]
    for nth, title in enumerate(big.tolist()):
        release = int(of.titles.release[title])
        run = range(max(release - 10, 0), min(release + 18, days))
        some = dice.choice(len(places.countries), 6, replace=False)
        geos = everywhere[np.isin(places.geo_country, some)]
        name = f"Launch of {of.titles.names[title]}"
        flights.append(
            _Flight(10 + nth, name, "launch", (1, 2, 3), (1, 2, 3), run, geos, 500.0, title)
        )
    return flights


def _flight(of: World, dice: np.random.Generator, flight: _Flight) -> dict[str, np.ndarray]:
    """Days x creatives x regions; a held-out region of the planted campaign spends nothing."""
    places = geography()
    day, creative, geo = (
        a.ravel()
        for a in np.meshgrid(
            np.array(flight.days), np.array(flight.creatives), flight.geos, indexing="ij"
        )
    )
    n = len(day)
    planted = flight.campaign_id == of.plan.campaign.campaign_id
    held_out = ~treated_geos(of.plan)[geo] if planted else np.zeros(n, bool)
    share = places.geo_share[geo] * len(places.geos)
    budget = flight.daily_usd * of.people.count / _BUDGETED_ACCOUNTS
    spend = budget * share * np.exp(dice.normal(0, 0.25, n)) * ~held_out
    shown = np.round(
        spend / np.array([28, 9, 7, 6])[creative] * 1000 * np.exp(dice.normal(0, 0.1, n))
    )
    rate = np.array([0.031, 0.012, 0.007, 0.006])[creative]
    pace = of.plan.campaign.inflation * of.people.incremental if planted else 0.0025 * spend.sum()
    signups = dice.poisson(pace * spend / max(spend.sum(), 1))
    channels = np.array(flight.channels)
    return {
        "date": day,
        "flight": np.full(n, _index(flight), np.int16),
        "creative": creative,
        "geo_index": geo,
        "channel": channels[creative % len(channels)],
        "is_holdout": held_out,
        "spend_usd": np.round(spend, 2),
        "impressions": shown.astype(np.int64),
        "clicks": dice.binomial(shown.astype(np.int64), rate),
        "completes": dice.binomial(shown.astype(np.int64), np.where(creative == 1, 0.22, 0.0)),
        "attributed_signups": signups,
    }


def _index(flight: _Flight) -> int:
    """Where a flight stands among all: 1 and 2 first, then the launches from 10 on."""
    return flight.campaign_id - 1 if flight.campaign_id < 10 else flight.campaign_id - 8  # noqa: PLR2004
