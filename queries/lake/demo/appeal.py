"""What is known of a title before anybody sees it, and leans on how much it will be watched.

Titles that will be watched more cost more on the average and carry other tags. Both together tell
about half of the spread of views; the rest nobody knows beforehand.
"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from queries.lake.demo.catalogue import COST_SPREAD, Catalogue, usual_cost
from queries.lake.demo.dice import dice as stream
from queries.lake.demo.popularity import Popularity

TAGS = (
    "slow burn", "ensemble", "true story", "small town", "heist", "courtroom", "coming of age",
    "dystopia", "found family", "workplace", "road trip", "period", "revenge", "feel good", "twist",
)  # fmt: skip
TAGS_A_TITLE = 3
_COST_LEAN = 0.6
_TAG_LEAN = 0.55
_PULL = np.linspace(-1, 1, len(TAGS))


def standing(titles: Catalogue, popular: Popularity) -> np.ndarray:
    """Where a title stands among those of its kind and of its time, as a normal quantile."""
    found, normal = np.empty(titles.count), NormalDist()
    is_new = titles.release >= 0
    for group in np.unique(titles.is_season * 2 + is_new):
        members = np.flatnonzero(titles.is_season * 2 + is_new == group)
        rank = np.argsort(np.argsort(popular.share[members], kind="stable"), kind="stable")
        found[members] = [normal.inv_cdf((r + 0.5) / len(members)) for r in rank.tolist()]
    return found


def priced(titles: Catalogue, popular: Popularity) -> Catalogue:
    """The same titles, the costs of which lean on how much they are watched; as spread as before.

    Drawn budgets keep their rank among titles that are watched alike.
    """
    usual = usual_cost(titles.is_season, titles.episodes)
    luck = np.log(titles.cost_usd / usual) / COST_SPREAD
    lean = _COST_LEAN * standing(titles, popular) + np.sqrt(1 - _COST_LEAN**2) * luck
    return replace(titles, cost_usd=np.round(usual * np.exp(COST_SPREAD * lean), -3))


def tags(titles: Catalogue, popular: Popularity, seed: int) -> list[list[str]]:
    """Three tags a title, the likelier the more they pull its way (Gumbel's draw of the top)."""
    dice = stream(seed, "tags")
    lean = _TAG_LEAN * standing(titles, popular)[:, None] * _PULL[None, :]
    return tagged(lean + dice.gumbel(size=lean.shape))


def tagged(weights: np.ndarray) -> list[list[str]]:
    """The three tags of the largest weights, in the order of the alphabet."""
    best: list[list[int]] = np.argsort(-weights, axis=1, kind="stable")[:, :TAGS_A_TITLE].tolist()
    return [sorted(TAGS[i] for i in row) for row in best]
