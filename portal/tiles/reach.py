"""Reach of launches and what they cost: of their own first 28 days, whatever the page's period."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.ranking import Ranking
from portal.tiles.scorecard import Scorecard
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchReach(Ranking):
    """Of launches of any day: the window is that of the launch, not of the page."""

    metric: str = "reach"
    shape: Literal["bar", "dot"] = "dot"
    place: Place = field(default_factory=lambda: Place(dataset="launch_reach"))

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = Ranking.questions(self, context)
        return tuple(replace(q, period=None, compare=None) for q in asked)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if results[0].frame.is_empty() and context.view.values("title"):
            return _NOT_OVER
        return Ranking.draw(self, results, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchScorecard(Scorecard):
    """Of launches of any day, as their reach is."""

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = Scorecard.questions(self, context)
        return tuple(replace(q, period=None, compare=None) for q in asked)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        drawn = Scorecard.draw(self, results, context)
        is_one = bool(context.view.values("title"))
        return _NOT_OVER if is_one and drawn.kind == "empty" else drawn


_NOT_OVER = empty(
    "no_rows",
    "No launch whose 28 days are over.",
    "It was released less than 28 days ago, or before the data begins.",
)
