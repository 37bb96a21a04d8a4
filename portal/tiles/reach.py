"""Reach of launches: which part of the active accounts started one in its first 28 days."""

from dataclasses import dataclass, field, replace
from typing import Literal

from portal.context import Context
from portal.page import Place
from portal.tiles.ranking import Ranking
from queries.model import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchReach(Ranking):
    """Of launches of any day: the window is that of the launch, not of the page."""

    metric: str = "reach"
    shape: Literal["bar", "dot"] = "dot"
    place: Place = field(default_factory=lambda: Place(dataset="launch_reach"))

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = Ranking.questions(self, context)
        return tuple(replace(q, period=None, compare=None) for q in asked)
