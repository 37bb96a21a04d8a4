"""Episode curves: the share still watching by position, and the scene that loses viewers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import episodes
from portal.tiles.figure import Layout, Trace, band, figure, rounded
from queries.analyses import scenes
from queries.model import Query, Result

_MOST = 8
_QUARTERS = (0, 25, 50, 75, 100)
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60)
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCurves:
    """One episode with its band and its comparables, the others faint. A drag marks a scene."""

    place: Place = field(default_factory=lambda: Place(span=8, height=340))
    metrics: tuple[str, ...] = ("early_drop_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return episodes.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return episodes.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The curves of all episodes, one below the other."""
        known = episodes.episodes(results, context)
        frames = [
            scenes.curve(part.own).select(pl.lit(part.episode).alias("episode"), pl.all())
            for part in known.parts
        ]
        return (replace(results[0], frame=pl.concat(frames) if frames else pl.DataFrame()),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known = episodes.episodes(results, context)
        shown = known.shown
        if shown is None:
            return no_rows(context)
        largest = sorted(known.parts, key=lambda part: -float(part.own.events.sum()))[:_MOST]
        traces = [
            _line(part.own, f"Episode {part.episode}", {"color": "@before/0.45", "width": 1})
            | {"customdata": [[part.episode]] * len(scenes.GRID)}
            for part in largest
            if part is not shown
        ]
        own = scenes.curve(shown.own)
        traces += band(own["time"].to_list(), rounded(own["low"]), rounded(own["high"]), "@accent")
        traces += [
            _line(
                shown.comparables,
                "Comparables",
                {"color": "@ink-soft", "width": 1.5, "dash": "4px,3px"},
            ),
            _line(shown.own, f"Episode {shown.episode}", {"color": "@accent", "width": 2.5}),
        ]
        layout: Layout = {
            "xaxis": {
                "range": [0, 100],
                **_ticks(known.minutes.get(shown.episode)),
                "title": {"text": f"Position in episode {shown.episode}"},
            },
            "yaxis": {"tickformat": ",.0%", "range": [0, 1.01]},
            "shapes": _marked(known.scene),
            "showlegend": False,
            "hovermode": "closest",
        }
        return figure(traces, layout, filters="episode", notes=_said(known, shown), option="scene")


def _ticks(minutes: float | None) -> Layout:
    """Ticks at whole minutes; at quarters, in per cent, where the length is unknown."""
    if minutes is None:
        return {"tickvals": list(_QUARTERS), "ticktext": [f"{share}%" for share in _QUARTERS]}
    step = next((s for s in _STEPS if minutes <= s * _MOST_TICKS), _STEPS[-1])
    at = range(0, int(minutes) + 1, step)
    return {
        "tickvals": [100 * minute / minutes for minute in at],
        "ticktext": [f"{minute} min" for minute in at],
    }


def _line(counted: scenes.Counts, name: str, line: dict[str, object]) -> Trace:
    found = scenes.curve(counted)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": found["time"].to_list(),
        "y": rounded(found["survival"]),
        "line": line | {"shape": "hv"},
        "hovertemplate": f"{name}: <b>%{{y:.1%}}</b> still watch at %{{x}}%<extra></extra>",
    }


def _marked(scene: tuple[int, int] | None) -> list[Layout]:
    if scene is None:
        return []
    return [
        {
            "type": "rect",
            "x0": scene[0],
            "x1": scene[1],
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "fillcolor": "@bad/0.1",
            "line": {"width": 0},
            "layer": "below",
        }
    ]


def _said(known: episodes.Episodes, shown: scenes.Part) -> tuple[str, ...]:
    notes = [
        *known.said,
        "Kaplan-Meier; plays that end otherwise are censored, resumed ones enter late.",
    ]
    scene = known.scene
    if scene is not None:
        left = scenes.lost(shown.own, *scene)
        usual = scenes.lost(shown.comparables, *scene)
        ends = " to ".join(known.at(shown.episode, end) for end in scene)
        notes.insert(
            0,
            f"{ends}: {left:.1%} of those still watching leave, {usual:.1%} of comparables.",
        )
    return tuple(notes)
