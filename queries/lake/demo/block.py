"""All events of one block of accounts: from visits to tables."""

# pyright: standard
# Strict checking needs types that pyarrow does not ship.

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from queries.lake.demo.experiments import first_met
from queries.lake.demo.home import requests
from queries.lake.demo.impressions import impressions_table
from queries.lake.demo.journal import Journal
from queries.lake.demo.playback import Played, playback
from queries.lake.demo.popularity import LAUNCH_DAYS
from queries.lake.demo.searching import searches_table
from queries.lake.demo.slots import slots
from queries.lake.demo.viewing import events, intents
from queries.lake.demo.visit_rows import visits_table
from queries.lake.demo.visits import Visits, visits
from queries.lake.demo.watching import plays
from queries.lake.demo.world import Block, World


@dataclass(frozen=True)
class Made:
    """Tables by name, and what later tables need to know of the block."""

    journals: Mapping[str, Journal]
    met: np.ndarray
    views: np.ndarray
    values: np.ndarray
    slots: int
    outage_plays: int


def make(block: Block) -> Made:
    """One block, from its first visit to its tables."""
    of = visits(block)
    wants = intents(block, of)
    pages = requests(block, of, wants.browsing, of.profile_starts)
    shown = slots(block, of, pages)
    happened = events(block, of, wants, pages, shown)
    watched = plays(block, of, happened)
    played = playback(block, of, happened, watched)
    searches = searches_table(block, of, wants, played)
    screen = impressions_table(block, of, pages, shown, (happened, played))
    return Made(
        journals={
            "playback": played.journal,
            "visits": visits_table(block, of, pages, played, searches.by_visit),
            "impressions": screen.journal,
            "searches": searches.journal,
        },
        met=first_met(block.world.cells, block.world.plan, of.account, of.start_s),
        views=_views(block.world, of, played),
        values=screen.values,
        slots=screen.slots,
        outage_plays=int((watched.start.outage & ~played.ok).sum()),
    )


def _views(world: World, of: Visits, played: Played) -> np.ndarray:
    """Views by title in the first 91 days after its release: hours over runtime."""
    age = of.day[played.visit] - world.titles.release[played.title]
    launch = (age >= 0) & (age < LAUNCH_DAYS)
    watched = np.bincount(
        played.title[launch], played.watched_s[launch], minlength=world.titles.count
    )
    return watched / world.titles.runtime_s
