"""The world before anything happens in it: what all blocks of accounts share."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from queries.lake.demo.accounts import Accounts, accounts
from queries.lake.demo.appeal import priced
from queries.lake.demo.catalogue import Catalogue, catalogue
from queries.lake.demo.clock import Clock
from queries.lake.demo.dice import dice
from queries.lake.demo.experiments import Cells, cells
from queries.lake.demo.images import Images, images
from queries.lake.demo.membership import Membership, membership
from queries.lake.demo.planted import Planted, missing_days, planted
from queries.lake.demo.pools import Pools, pools
from queries.lake.demo.popularity import Popularity, popularity
from queries.lake.demo.size import Size


@dataclass(frozen=True)
class World:
    """One world; the same size, seed and last day give the same."""

    size: Size
    seed: int
    clock: Clock
    plan: Planted
    people: Accounts
    paid: Membership
    titles: Catalogue
    popular: Popularity
    pools: Pools
    images: Images
    cells: Cells
    lost: np.ndarray
    cut_title: int


@dataclass(frozen=True)
class Block:
    """A range of accounts of a world, with random numbers of its own."""

    world: World
    number: int
    accounts: range

    def dice(self, purpose: str) -> np.random.Generator:
        return dice(self.world.seed, purpose, self.number)

    @property
    def first_id(self) -> int:
        """Ids of events start here; blocks never meet."""
        return self.number * 100_000_000 + 1


def world(size: Size, seed: int, today: date) -> World:
    """Everything that is decided before the first visit. Its last day is the one before `today`."""
    clock = Clock(today - timedelta(days=size.days), size.days)
    plan = planted(clock)
    people = accounts(size, clock, plan, seed)
    titles = catalogue(size, clock, seed)
    popular = popularity(titles, clock, seed)
    paid = membership(people, clock, plan, seed)
    return World(
        size=size,
        seed=seed,
        clock=clock,
        plan=plan,
        people=people,
        paid=paid,
        titles=priced(titles, popular),
        popular=popular,
        pools=pools(titles, popular, clock, seed),
        images=images(titles, popular, plan, seed),
        cells=cells(paid, plan, seed),
        lost=missing_days(plan, clock),
        cut_title=_cut_title(titles, popular),
    )


def _cut_title(titles: Catalogue, popular: Popularity) -> int:
    """The season with the bad cut: an original, often started, out for a while."""
    fits = titles.is_season & titles.original & (titles.episodes >= 6) & (titles.release < -91)  # noqa: PLR2004
    return int(np.argmax(np.where(fits & ~titles.family, popular.daily.sum(0), 0)))
