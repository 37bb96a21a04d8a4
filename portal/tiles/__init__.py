"""The kinds of tile a page may show, one a module."""

from portal.tiles.headline import Headline
from portal.tiles.ranking import Ranking
from portal.tiles.trend import Trend

__all__ = ["Headline", "Ranking", "Trend"]
