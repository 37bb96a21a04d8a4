"""Accounts and profiles: who they are, where, on which devices and how much they watch.

Arrays are by account (row i is account_id i + 1). Activity is lognormal as in public watch logs.
"""

# pyright: standard
# Strict checking needs types that duckdb does not ship.

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from queries.lake.demo.catalogue import TASTES
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import DEVICES, geography
from queries.lake.demo.planted import Planted
from queries.lake.demo.size import Size

PLANS = ("ads", "basic", "standard", "premium")
PRICE_USD = (7.99, 10.99, 15.49, 22.99)
KINDS = ("member", "staff", "qa", "bot")
CHANNELS = ("organic", "paid_search", "paid_social", "partner", "referral")
PROFILES_MAX = 5
HISTORY_DAYS = 1080
_PLAN_SHARE = np.array([0.33, 0.08, 0.39, 0.2])
_CHANNEL_SHARE = np.array([0.45, 0.17, 0.16, 0.16, 0.06])
_KIND_SHARE = np.array([0.9895, 0.006, 0.003, 0.0015])
_SIGNUP_DEVICE = np.array([0.21, 0.4, 0.3, 0.09])
_PROFILE_SHARE = np.array([0.34, 0.28, 0.18, 0.13, 0.07])
_ACTIVITY_SPREAD = 0.8
_ACTIVITY_MAX = 5.0
_EARLY_SHARE, _EARLY_DAYS = 0.5, 330


@dataclass(frozen=True)
class Accounts:
    """All accounts that ever signed up. `signup` is a day of the world, mostly negative."""

    country: np.ndarray
    geo: np.ndarray
    zone: np.ndarray
    plan: np.ndarray
    channel: np.ndarray
    campaign: np.ndarray
    signup: np.ndarray
    signup_device: np.ndarray
    kind: np.ndarray
    activity: np.ndarray
    taste: np.ndarray
    cluster: np.ndarray
    devices: np.ndarray
    profiles: np.ndarray
    profile_share: np.ndarray
    has_kids: np.ndarray
    bucket: np.ndarray
    incremental: int

    @property
    def count(self) -> int:
        return len(self.country)


def accounts(size: Size, clock: Clock, plan: Planted, seed: int) -> Accounts:
    """Draw every account, and let the campaign bring some of them."""
    dice = stream(seed, "accounts")
    n = size.accounts
    places = geography()
    geo = dice.choice(len(places.geos), n, p=places.geo_share)
    channel = dice.choice(len(CHANNELS), n, p=_CHANNEL_SHARE)
    signup = _signup_days(dice, clock, n)
    campaign = np.where(np.isin(channel, (1, 2)), 1, 0)
    brought = _campaign(dice, plan, (geo, channel, signup, campaign))
    country = places.geo_country[geo]
    taste = dice.normal(0, 1, (n, TASTES)).astype(np.float32)
    taste /= np.linalg.norm(taste, axis=1, keepdims=True)
    share = _profile_share(dice, n)
    return Accounts(
        country=country,
        geo=geo.astype(np.int16),
        zone=places.geo_zone[geo],
        plan=dice.choice(len(PLANS), n, p=_PLAN_SHARE).astype(np.int8),
        channel=channel.astype(np.int8),
        campaign=campaign.astype(np.int32),
        signup=signup.astype(np.int32),
        signup_device=dice.choice(len(DEVICES), n, p=_SIGNUP_DEVICE).astype(np.int8),
        kind=dice.choice(len(KINDS), n, p=_KIND_SHARE).astype(np.int8),
        activity=_activity(dice, n),
        taste=taste,
        cluster=np.abs(taste).argmax(1).astype(np.int8),
        devices=_devices(dice, country),
        profiles=(share > 0).sum(1).astype(np.int8),
        profile_share=share,
        has_kids=(share[:, 1] > 0) & (dice.random(n) < 0.45),  # noqa: PLR2004 - family households
        bucket=_buckets(n),
        incremental=brought,
    )


def profile_table(people: Accounts, clock: Clock, seed: int) -> dict[str, object]:
    """Columns of `profiles`. The second profile is the kids' where there are kids."""
    dice = stream(seed, "profiles")
    account = np.repeat(np.arange(people.count), people.profiles)
    nth = np.arange(len(account)) - np.repeat(
        np.cumsum(people.profiles) - people.profiles, people.profiles
    )
    kids = (nth == 1) & people.has_kids[account]
    ages = ("under 13", "13-17", "18-24", "25-34", "35-49", "50-64", "65 and over")
    age = dice.choice(np.arange(1, 7), len(account), p=[0.05, 0.16, 0.27, 0.28, 0.16, 0.08])
    places = geography()
    created = (
        people.signup[account] + np.where(nth > 0, dice.integers(0, 60, len(account)), 0)
    ) * 86_400.0
    return {
        "profile_id": profile_id(account, nth),
        "account_id": account + 1,
        "kind": _text(np.where(kids, 1, 0), ("adult", "kids")),
        "age_band": _text(np.where(kids, 0, age), ages),
        "lang": _text(places.language[people.country[account]], places.languages),
        "created_ts": clock.timestamps(np.minimum(created + 43_200, clock.end_s - 1)),
    }


def profile_id(account: np.ndarray, nth: np.ndarray) -> np.ndarray:
    return (account.astype(np.int64) + 1) * 10 + nth + 1


def account_table(
    people: Accounts, clock: Clock, status: np.ndarray, seed: int
) -> dict[str, object]:
    """Columns of `accounts`; `status` indexes active and lapsed."""
    dice = stream(seed, "account times")
    places = geography()
    second = dice.integers(0, 86_400, people.count) - 0.0
    started = np.minimum(people.signup * 86_400.0 + second, clock.end_s - 1)
    return {
        "account_id": np.arange(1, people.count + 1),
        "country": _text(people.country, places.codes),
        "geo": _text(people.geo, places.geos),
        "home_tz": _text(people.zone, places.zones),
        "signup_ts": clock.timestamps(started),
        "signup_date": clock.dates(people.signup),
        "signup_channel": _text(people.channel, CHANNELS),
        "campaign_id": pa.array(people.campaign, mask=people.campaign == 0),
        "signup_device": _text(people.signup_device, DEVICES),
        "account_kind": _text(people.kind, KINDS),
        "plan": _text(people.plan, PLANS),
        "status": _text(status, ("active", "lapsed")),
    }


def _text(codes: np.ndarray, values: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values))


def _signup_days(dice: np.random.Generator, clock: Clock, n: int) -> np.ndarray:
    """Many long ago, then an even flow: so that cohorts of every age exist at the start."""
    early = dice.random(n) < _EARLY_SHARE
    old = dice.integers(-HISTORY_DAYS, _EARLY_DAYS - HISTORY_DAYS, n)
    return np.where(early, old, dice.integers(_EARLY_DAYS - HISTORY_DAYS, clock.days, n))


def _campaign(
    dice: np.random.Generator,
    plan: Planted,
    of: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> int:
    """Move sign-ups of other times into the campaign's regions and days; how many it brought."""
    geo, channel, signup, campaign = of
    ad, places = plan.campaign, geography()
    treated = treated_geos(plan)
    during = (signup >= ad.first_day) & (signup < ad.first_day + ad.days)
    baseline = int((during & treated[geo]).sum())
    brought = round(ad.lift * baseline)
    chosen = dice.choice(np.flatnonzero(signup < ad.first_day), brought, replace=False)
    weight = places.geo_share * treated
    geo[chosen] = dice.choice(len(weight), brought, p=weight / weight.sum())
    signup[chosen] = ad.first_day + dice.integers(0, ad.days, brought)
    channel[chosen] = np.where(dice.random(brought) < 0.7, 2, 1)  # noqa: PLR2004 - social first
    campaign[chosen] = ad.campaign_id
    return brought


def treated_geos(plan: Planted) -> np.ndarray:
    """Per region, whether the campaign ran there; every second region is held out."""
    places = geography()
    codes = np.array(places.codes)[places.geo_country]
    nth = np.arange(len(codes)) - np.searchsorted(places.geo_country, places.geo_country)
    return np.isin(codes, plan.campaign.countries) & (nth % 2 == 0)


def _activity(dice: np.random.Generator, n: int) -> np.ndarray:
    drawn = np.exp(dice.normal(-(_ACTIVITY_SPREAD**2) / 2, _ACTIVITY_SPREAD, n))
    return np.minimum(drawn, _ACTIVITY_MAX).astype(np.float32)


def _profile_share(dice: np.random.Generator, n: int) -> np.ndarray:
    """Per account, how much of its viewing each profile does; zero where there is none."""
    count = dice.choice(np.arange(1, PROFILES_MAX + 1), n, p=_PROFILE_SHARE)
    weight = dice.standard_gamma(1.2, (n, PROFILES_MAX)) + 0.05
    weight *= 1.0 / np.arange(1, PROFILES_MAX + 1) ** 0.7
    weight[np.arange(PROFILES_MAX)[None, :] >= count[:, None]] = 0
    return (weight / weight.sum(1, keepdims=True)).astype(np.float32)


def _devices(dice: np.random.Generator, country: np.ndarray) -> np.ndarray:
    """Per account, cumulative shares of its visits by device: most accounts favour one."""
    means = np.array([c.devices for c in geography().countries])[country]
    weight = dice.standard_gamma(means * 1.6) + 1e-6
    return np.cumsum(weight / weight.sum(1, keepdims=True), axis=1)[:, :-1].astype(np.float32)


def _buckets(n: int) -> np.ndarray:
    """The hash that the whole lake clusters accounts by."""
    with duckdb.connect() as connection:
        found = connection.sql(
            "SELECT md5_number_lower(cast(i AS varchar)) % 256 AS bucket"
            f" FROM range(1, {n + 1}) AS r(i) ORDER BY i"
        ).fetchnumpy()
    return np.asarray(found["bucket"]).astype(np.int16)
