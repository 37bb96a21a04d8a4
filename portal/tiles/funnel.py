"""Funnel: how many reach each step, of all and of the step before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.components import format as written
from portal.components.problem import no_rows, no_values
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles.figure import Layout, Trace, figure
from queries.model import Query, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Steps are counts of the same kind, such as accounts.

    `of` is what is counted, in words; `first` is what the first step is called, where that is not
    its metric's label.
    """

    metrics: tuple[str, ...]
    of: str
    first: str = ""
    note: str = ""
    place: Place = field(default_factory=lambda: Place(span=6, height=300))

    def questions(self, context: Context) -> tuple[Query, ...]:
        return (replace(context.question(self.metrics), compare=None),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        row = results[0].frame.row(0, named=True) if results[0].frame.height else {}
        every = row.get(self.metrics[0])
        if every is None and row:
            return no_values(results[0], context.metric(self.metrics[0]), context)
        if not every:
            return no_rows(context)
        metrics = [context.metric(name) for name in self.metrics]
        counts = [row[name] or 0 for name in self.metrics]
        before = [every, *counts[:-1]]
        labels = [self.first or metrics[0].label, *(m.label for m in metrics[1:])]
        said = [f"{every:,.0f} {self.of}".replace(",", "\u2009")]
        said += [
            f"<b>{n / every:.0%}</b>" + (f" · {n / b:.0%} of before" if b else "")
            for n, b in zip(counts[1:], before[1:], strict=True)
        ]
        around = [written.interval(row, m) for m in metrics]
        trace: Trace = {
            "type": "bar",
            "orientation": "h",
            "x": [n / every for n in counts],
            "y": list(range(len(labels))),
            "text": ["", *(written.count(n) for n in counts[1:])],
            "textposition": "auto",
            "insidetextanchor": "end",
            "cliponaxis": False,
            "marker": {"color": "@before" if written.is_few(row) else "@accent"},
            "customdata": [
                [
                    None,
                    label,
                    f"{written.grouped(n)} {self.of}" + (f", 95 % interval {a}" if a else ""),
                ]
                for label, n, a in zip(labels, counts, around, strict=True)
            ],
            "hovertemplate": "%{customdata[1]}: <b>%{x:.1%}</b> of all"
            "<br>%{customdata[2]}<extra></extra>",
        }
        layout: Layout = {
            "xaxis": {"tickformat": ",.0%", "range": [0, 1.02], "showgrid": True},
            "yaxis": {
                "tickvals": list(range(len(labels))),
                "ticktext": [f"{a}<br>{b}" for a, b in zip(labels, said, strict=True)],
                "autorange": "reversed",
                "showgrid": False,
            },
            "showlegend": False,
            "hovermode": "closest",
            "bargap": 0.3,
        }
        return figure([trace], layout, notes=(self.note,) if self.note else ())
