"""Dimension tables of the world: accounts, billing, catalogue, images, licences."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

import numpy as np
import pyarrow as pa

from queries.lake.demo.accounts import account_table, profile_table
from queries.lake.demo.appeal import tags
from queries.lake.demo.arrow import FEED, coded, constant, known, lists, table
from queries.lake.demo.catalogue import GENRES, TASTES, Catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.geography import geography
from queries.lake.demo.images import artwork_table
from queries.lake.demo.licences import availability
from queries.lake.demo.membership import billing_table
from queries.lake.demo.world import World

_MATURITY = ("G", "PG", "PG-13", "TV-14", "TV-MA", "R")
_PATTERNS = ("all at once", "weekly")


def dimension_tables(of: World) -> dict[str, pa.Table]:
    """Tables that do not come block by block."""
    feed = {"feed": constant(FEED, of.people.count)}
    lapsed = np.where(of.paid.active, 0, 1).astype(np.int8)
    billing = billing_table(of.paid, of.people, of.clock, of.plan, of.seed)
    profiles = profile_table(of.people, of.clock, of.seed)
    artworks = artwork_table(of.images, of.titles, of.clock, of.seed)
    return {
        "accounts": table("accounts", account_table(of.people, of.clock, lapsed, of.seed) | feed),
        "profiles": table(
            "profiles", profiles | {"feed": constant(FEED, int(of.people.profiles.sum()))}
        ),
        "billing_events": table("billing_events", billing),
        "titles": table("titles", _titles(of)),
        "videos": table("videos", _videos(of.titles, of.clock)),
        "availability": table("availability", availability(of)),
        "artworks": table("artworks", artworks),
    }


def _titles(of: World) -> dict[str, object]:
    titles, clock = of.titles, of.clock
    dice = stream(of.seed, "title table")
    n = titles.count
    places = geography()
    maturity = np.where(titles.family, dice.integers(0, 2, n), dice.integers(2, 6, n))
    dates = pa.array(clock.dates(titles.release), mask=~titles.release_known)
    vectors = pa.array(titles.embedding.ravel(), pa.float32())
    return {
        "title_id": np.arange(1, n + 1),
        "show_id": titles.show + 1,
        "name": titles.names,
        "kind": coded(titles.is_season.astype(np.int8), ("film", "season")),
        "season_no": known(titles.season, titles.is_season),
        "genre": coded(titles.genre, GENRES),
        "tags": tags(titles, of.popular, of.seed),
        "origin_country": coded(titles.origin, places.codes),
        "orig_lang": coded(places.language[titles.origin], places.languages),
        "maturity": coded(maturity.astype(np.int8), _MATURITY),
        "is_original": titles.original,
        "release_date": dates,
        "release_pattern": coded(titles.weekly.astype(np.int8), _PATTERNS),
        "runtime_s": titles.runtime_s,
        "episodes_n": titles.episodes,
        "cost_usd": titles.cost_usd,
        "embedding": lists(np.arange(0, (n + 1) * TASTES, TASTES), vectors),
        "feed": constant(FEED, n),
    }


def _videos(titles: Catalogue, clock: Clock) -> dict[str, object]:
    title = np.repeat(np.arange(titles.count), titles.episodes)
    episode = np.arange(len(title)) - titles.first_video[title] + 1
    out = titles.release[title] + 7 * (episode - 1) * titles.weekly[title]
    return {
        "video_id": (title + 1) * 100 + episode,
        "title_id": title + 1,
        "episode_no": episode,
        "runtime_s": titles.video_runtime_s,
        "credits_start_s": (titles.video_runtime_s * 0.955).astype(np.int32),
        "available_from": clock.dates(out),
        "feed": constant(FEED, len(title)),
    }
