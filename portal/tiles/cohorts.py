"""Cohorts: one episode's survival by device or another dimension, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place
from portal.tiles import episodes
from portal.tiles.figure import Layout, Trace, figure, rounded, runtime_axis
from portal.tiles.rankers import scope
from queries.analyses import scenes, survival
from queries.condition import Dimension, Scalar
from queries.model import Query, Result

COHORT = "cohort"
COHORTS = ("device", "country", "plan", "tenure", "signup_channel", "source", "title_age")
_MOST = 4
_FEWEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """A panel each for the largest cohorts, with its band and the curve of all of them."""

    place: Place = field(default_factory=lambda: Place(span=12, height=260))
    metrics: tuple[str, ...] = ("early_drop_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return episodes.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        name = _cohort(context).name
        whole = scope(context.without(name, "episode"))
        return (
            *episodes.following(results, context),
            *scenes.questions(whole, ("episode", name)),
        )

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """The curves of the cohorts, one below the other."""
        _, found = _read(results, context)
        frames = [
            scenes.curve(counted).select(pl.lit(str(value)).alias("cohort"), pl.all())
            for value, counted in found
        ]
        return (replace(results[0], frame=pl.concat(frames) if frames else pl.DataFrame()),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known, found = _read(results, context)
        shown = known.shown
        if shown is None or not found:
            return no_rows(context)
        dimension = _cohort(context)
        everyone = scenes.curve(shown.own)
        layout: Layout = {
            "showlegend": False,
            "grid": _grid(len(found)),
            "margin": {"t": 28},
            "annotations": [],
        }
        traces: list[Trace] = []
        for number, (value, counted) in enumerate(found, start=1):
            label = written.value_label(value, dimension)
            axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
            traces += [trace | axes for trace in _panel(counted, everyone, label)]
            suffix = "" if number == 1 else str(number)
            layout[f"xaxis{suffix}"] = runtime_axis()
            layout[f"yaxis{suffix}"] = {
                "tickformat": ",.0%", "range": [0, 1.01], "nticks": 4, "fixedrange": True,
            }  # fmt: skip
            layout["annotations"].append(_title(label, number, counted, known.scene))
        return figure(traces, layout, notes=_tested(found, shown))


def _cohort(context: Context) -> Dimension:
    asked = context.view.option(COHORT)
    return context.dataset.dimension(asked if asked in COHORTS else COHORTS[0])


def _read(
    results: Sequence[Result], context: Context
) -> tuple[episodes.Episodes, list[tuple[Scalar, survival.Counts]]]:
    """The episodes, and the largest cohorts of the one that is shown."""
    known = episodes.episodes(results[:4], context)
    if known.shown is None or len(results) < 6:  # noqa: PLR2004  # nothing followed
        return known, []
    name = _cohort(context).name
    here = pl.col("episode").cast(pl.Int64).fill_null(1) == known.shown.episode
    entries, exits = (result.frame.filter(here).drop_nulls(name) for result in results[4:6])
    sizes = exits.group_by(name).agg(pl.col("rows").sum()).filter(pl.col("rows") >= _FEWEST)
    largest = sizes.sort("rows", name, descending=[True, False])[name].head(_MOST).to_list()
    found = [
        (value, scenes.positions(*(f.filter(pl.col(name) == value) for f in (entries, exits))))
        for value in largest
    ]
    return known, found


def _panel(counted: survival.Counts, everyone: pl.DataFrame, label: str) -> list[Trace]:
    found = scenes.curve(counted)
    at = found["time"].to_list()
    plain: Trace = {"type": "scatter", "mode": "lines", "x": at, "hoverinfo": "skip"}
    return [
        plain | {"y": rounded(found["low"]), "line": {"width": 0, "shape": "hv"}},
        plain
        | {
            "y": rounded(found["high"]),
            "line": {"width": 0, "shape": "hv"},
            "fill": "tonexty",
            "fillcolor": "@accent/0.16",
        },
        plain
        | {
            "x": everyone["time"].to_list(),
            "y": rounded(everyone["survival"]),
            "line": {"color": "@before", "width": 1.25, "dash": "4px,3px", "shape": "hv"},
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": at,
            "y": rounded(found["survival"]),
            "line": {"color": "@accent", "width": 2, "shape": "hv"},
            "hovertemplate": f"{label}: <b>%{{y:.1%}}</b> at %{{x}}%<extra></extra>",
        },
    ]


def _grid(panels: int) -> Layout:
    """Two beside each other: what a phone has room for."""
    rows = -(-panels // 2)
    return {
        "rows": rows, "columns": min(2, panels), "pattern": "independent",
        "xgap": 0.12, "ygap": 0.32,
    }  # fmt: skip


def _title(
    label: str, number: int, counted: survival.Counts, scene: tuple[int, int] | None
) -> Layout:
    plays = float((counted.events + counted.censored).sum())
    text = f"{label}, n {written.count(plays)}"
    if scene is not None:
        text = f"{label}: {scenes.lost(counted, *scene):.1%} leave"
    return {
        "text": text,
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": "@ink-soft"},
    }


def _tested(found: Sequence[tuple[Scalar, survival.Counts]], shown: scenes.Part) -> tuple[str, ...]:
    notes = [
        f"Episode {shown.episode}, those who leave in the scene; dashed: all cohorts together."
    ]
    if len(found) > 1:
        test = survival.clustered_log_rank([counted for _, counted in found])
        p = written.probability(test.p)
        notes.append(
            "Too few accounts to test whether they differ."
            if isnan(test.p)
            else f"Log-rank between the {len(found)}, clustered by account: p {p}."
        )
    return tuple(notes)
