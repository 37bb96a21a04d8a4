"""Country map: a metric by country, on outlines that the browser fetches once from this site."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components import format as written
from portal.components.problem import no_values
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.ranking import bar
from queries.dataset import Metric
from queries.model import Query, Result

_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryMap:
    """Five shades with equally many countries each. A click filters to a country."""

    metric: str
    by: str = "country"
    place: Place = field(default_factory=lambda: Place(span=8, height=380))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.metric,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        question = context.without(self.by).question(self.metrics, by=(self.by,))
        return (replace(question, limit=300, with_total=False),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        (result,) = results
        metric, dimension = context.metric(self.metric), context.dataset.dimension(self.by)
        frame = result.frame.drop_nulls([self.by, metric.name])
        if frame.is_empty():
            return _no_country(result, metric, context)
        rows = list(frame.iter_rows(named=True))
        values = sorted(float(row[metric.name]) for row in rows)
        steps = min(_STEPS, len(set(values)))
        edges = [values[(len(values) - 1) * i // steps] for i in range(1, steps)]
        marks = {
            str(row[self.by]): bar(row, metric)
            | {
                "label": written.value_label(row[self.by], dimension),
                "step": sum(row[metric.name] > edge for edge in edges),
            }
            for row in rows
        }
        content = {
            "marks": marks,
            "steps": steps,
            "unit": written.unit(metric),
            "low": written.number(values[0], metric),
            "high": written.number(values[-1], metric),
        }
        return Drawing(kind="map", content=content, filters=self.by)


def _no_country(result: Result, metric: Metric, context: Context) -> Drawing:
    """Rows there are, but none with both a country and a value."""
    if result.frame[metric.name].null_count() == result.frame.height:
        return no_values(result, metric, context)
    return empty("not_defined", "These rows name no country.", "The log they came from has none.")
