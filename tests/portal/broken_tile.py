"""A tile that fails, for tests of what stands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A tile with a bug."""

    place: Place = field(default_factory=lambda: Place(title="Broken"))
    metrics: tuple[str, ...] = ("hours_viewed",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (context.question(self.metrics),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        raise RuntimeError(f"a bug in {context.dataset.name}, {len(results)} results")
