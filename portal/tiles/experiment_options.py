"""Controls of an experiment: adjusted or not, which metrics, of what and when the rest is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import experiment as shared
from portal.tiles.options import Option, controls
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentOptions:
    """None of them changes the verdict: its rules were there before the result."""

    place: Place = field(default_factory=lambda: Place(span=12, height=44, is_bare=True))
    metrics: tuple[str, ...] = ("hours_per_account",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (shared.question(context),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = shared.chosen(results)
        options = [shared.ADJUSTMENT, shared.SHOWN]
        if found is not None and found.primary in shared.metrics(context):
            labels = {n: m.label for n, m in shared.measured(found, context).items()}
            options.append(
                Option(
                    name=shared.ABOUT,
                    label="power and segments of",
                    choices=tuple(labels.items()),
                )
            )
        return controls([*options, shared.HORIZON], context, "The verdict stays as it is.")
