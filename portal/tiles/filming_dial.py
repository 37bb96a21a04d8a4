"""A dial of how likely one location is cheaper than another."""

from collections.abc import Sequence

import numpy as np

from portal.context import Context
from portal.drawing import Drawing
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.filming import NOT_ENOUGH, FilmingTile, few_here, read_plan
from queries.analyses import filming
from queries.model import Result

_STEPS = 60
_INNER = 0.78
_ACROSS, _UP = (-1.3, 1.3), (-0.35, 1.2)


class FilmingDial(FilmingTile):
    """P(A cheaper) of the same draws as the two costs: half way is as good as a coin."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        projection = filming.project(results[0].frame)
        plan = read_plan(filming.finished(results[0].frame), context)
        if projection is None or plan is None:
            return NOT_ENOUGH
        if few := few_here(projection, plan):
            return few
        (a, b), (first, second) = plan.cities, plan.terms
        found = filming.contest(projection, plan.script, ((a, first), (b, second)))
        likely = found.first_is_cheaper
        shapes = [
            _arc(0, 1 - likely, "@series-3/0.35"),
            _arc(1 - likely, 1, "@accent/0.35"),
        ]
        tip = _at(1 - likely, 1)
        needle: Trace = {
            "type": "scatter", "mode": "lines", "x": [0, tip[0]], "y": [0, tip[1]],
            "line": {"color": "@ink", "width": 2.5}, "hoverinfo": "skip",
        }  # fmt: skip
        layout: Layout = {
            "shapes": shapes,
            "annotations": [
                _text(0, -0.16, f"<b>{likely:.2f}</b>", 22),
                _text(-0.89, -0.1, f"B {b}", 11, "@series-3"),
                _text(0.89, -0.1, f"A {a}", 11, "@accent"),
                _text(0, 1.08, "0.5", 11, "@muted"),
            ],
            "xaxis": {"visible": False, "range": list(_ACROSS), "fixedrange": True},
            "yaxis": {"visible": False, "range": list(_UP), "scaleanchor": "x",
                      "fixedrange": True},
            "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        }  # fmt: skip
        notes = (f"The needle points to the place that is likelier cheaper: A {a} or B {b}.",)
        ratio = (_ACROSS[1] - _ACROSS[0]) / (_UP[1] - _UP[0])
        return figure([needle], layout, notes=notes, ratio=round(ratio, 3))


def _at(turned: float, radius: float) -> tuple[float, float]:
    """A point of the dial: 1 is at the left end, 0 at the right, half way at the top."""
    return (float(radius * np.cos(np.pi * turned)), float(radius * np.sin(np.pi * turned)))


def _arc(start: float, end: float, colour: str) -> Layout:
    """A piece of the ring, counted from its left end."""
    steps = [1 - share for share in np.linspace(start, end, _STEPS).tolist()]
    ring = [*(_at(s, 1.0) for s in steps), *(_at(s, _INNER) for s in reversed(steps))]
    path = "M" + "L".join(f"{x:.4f},{y:.4f}" for x, y in ring) + "Z"
    return {"type": "path", "path": path, "fillcolor": colour, "line": {"width": 0}}


def _text(x: float, y: float, text: str, size: int, colour: str = "@ink") -> Layout:
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "font": {"size": size, "color": colour},
    }
