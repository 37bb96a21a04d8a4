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
    """Of launches of any day, as their reach is.

    Intervals are over launches, so of one launch there is none: what it brought was counted.
    """

    def questions(self, context: Context) -> tuple[Query, ...]:
        asked = Scorecard.questions(self, context)
        plain = {"period": None, "compare": None, "interval": not _is_one(context)}
        return tuple(replace(q, **plain) for q in asked)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        drawn = Scorecard.draw(self, results, context)
        if drawn.kind == "empty":
            return _NOT_OVER if context.view.values("title") else drawn
        if not _is_one(context):
            return drawn
        scores = [s | {"no_interval": _COUNTED} for s in drawn.content["scores"]]
        return replace(drawn, content={"scores": scores})


def _is_one(context: Context) -> bool:
    return len(context.view.values("title")) == 1


_COUNTED = "one launch, counted: no interval"


_NOT_OVER = empty(
    "no_rows",
    "No launch whose 28 days are over.",
    "It was released less than 28 days ago, or before the data begins.",
)
