"""Scenes that lose viewers: in which episode, from when to when, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles import episodes
from portal.tiles.rankers import scope
from queries.analyses import scenes
from queries.analyses.cluster import CLUSTERS, Scope
from queries.condition import Filter, conjunction
from queries.interval import student
from queries.model import Query, Result

_TITLES = 30
_ROWS = 8
_COUNTED = (
    "Leave there: plays left there over plays that come to its start; elsewhere: how many would, "
    "at the rates elsewhere. The curve and the numbers of one scene are product limits "
    "(Kaplan-Meier), which count who begins or ends within it too, so they differ by a little."
)
"""Which of two estimates a table has; it is the one that its test goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenes:
    """Of the chosen title, windows that lose twice as many as the same of comparables.

    And every episode as a whole, by how many times the comparables' hazard it is left at.
    """

    place: Place = field(default_factory=lambda: Place(span=5, height=300))
    metrics: tuple[str, ...] = ("early_drop_rate",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        return episodes.questions(context)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return episodes.following(results, context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """Every window that was looked at, the surest first."""
        return (replace(results[0], frame=episodes.episodes(results, context).table),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        known = episodes.episodes(results, context)
        if known.table.is_empty():
            return ()
        whole = _whole(scenes.whole_curves(known.parts))
        if known.losing.is_empty():
            return (Statement.unsaid(float(known.table["q"][0])), *whole)
        row = known.losing.row(0, named=True)
        where = f"{known.at(row['episode'], row['start'])} and "
        where += known.at(row["episode"], row["end"])
        named = f"Episode {row['episode']} between {where}"
        return (_statement(row, named, ("episode", str(row["episode"]))), *whole)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known = episodes.episodes(results, context)
        if not known.parts:
            return no_rows(context)
        found, curves = known.losing, scenes.whole_curves(known.parts)
        rows = [
            [
                {"text": f"Episode {row['episode']}", "filter": str(row["episode"])},
                {
                    "text": f"{known.at(row['episode'], row['start'])} to "
                    f"{known.at(row['episode'], row['end'])}"
                },
                *_cells(row),
            ]
            for row in found.head(_ROWS).iter_rows(named=True)
        ]
        if curves.is_empty():
            return _nothing(known.table)
        heads = ("Episode", "Minutes", "Leave there", "Elsewhere", "q")
        tables = [_headed(heads, rows)] if rows else []
        tables.append(_curves_table(curves))
        none = () if rows else ("No scene loses twice as many viewers as comparables.",)
        times = (
            "In all: how many times as likely to leave, position by position, as in the same "
            "episode elsewhere (log-rank, clustered by account)."
        )
        counted = (_COUNTED,) if rows else ()
        notes = (*none, _tested(known.table), *counted, times)
        content = {"tables": tables}
        return Drawing(kind="table", content=content, filters="episode", notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenesOfTitles:
    """The same of the titles most played: where to look first. A click opens the title."""

    place: Place = field(default_factory=lambda: Place(span=12, height=220))
    metrics: tuple[str, ...] = ("plays",)

    def questions(self, context: Context) -> tuple[Query, ...]:
        season = Filter(context.dataset.dimension("kind"), "in", ("season",))
        question = context.question(("plays",), by=("title",))
        where = conjunction(question.where, season)
        return (replace(question, where=where, compare=None, interval=False, limit=_TITLES),)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        names = tuple(results[0].frame["title"].drop_nulls().to_list())
        if not names:
            return ()
        dataset = context.dataset
        chosen = Filter(dataset.dimension("title"), "in", names)
        season = Filter(dataset.dimension("kind"), "in", ("season",))
        whole = scope(context)
        own = Scope(dataset, whole.period, conjunction(whole.where, season, chosen))
        everyone = replace(whole, where=conjunction(whole.where, season))
        return (*scenes.questions(own, ("title", "episode")), *scenes.questions(everyone))

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """The scenes that lose viewers."""
        return (replace(results[0], frame=scenes.losing(scenes.scenes(_parts(results)))),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:  # noqa: ARG002
        parts = _parts(results)
        table = scenes.scenes(parts)
        if table.is_empty():
            return ()
        found = scenes.losing(table)
        if found.is_empty():
            return (Statement.unsaid(float(table["q"][0])),)
        row = found.row(0, named=True)
        named = f"Episode {row['episode']} of {row['title']}, {row['start']}% to {row['end']}%"
        return (_statement(row, named, ("title", row["title"])),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        parts = _parts(results)
        if not parts:
            return no_rows(context)
        table = scenes.scenes(parts)
        found = scenes.losing(table)
        if found.is_empty():
            return _nothing(table)
        rows = [
            [
                {"text": row["title"], "filter": row["title"]},
                {"text": f"{row['episode']}"},
                {"text": f"{row['start']}% to {row['end']}%"},
                *_cells(row),
            ]
            for row in found.head(_ROWS).iter_rows(named=True)
        ]
        titles = table["title"].n_unique()
        notes = (f"The {titles} seasons most played. {_tested(table)}", _COUNTED)
        return _table(("Title", "Episode", "Of the runtime"), rows, "title", notes)


def _statement(row: dict[str, Any], named: str, filters: tuple[str, str]) -> Statement:
    width = student(CLUSTERS - 1) * row["error"]
    low, high = max(row["rate"] - width, 0.0), min(row["rate"] + width, 1.0)
    return Statement(
        subject=f"{named}: of those who come there",
        verb="",
        size=f"{row['rate']:.0%} leave",
        interval=f"95 % {low:.0%} to {high:.0%}",
        against=f"{row['rate'] / row['usual']:.1f} times as many as in the same episode elsewhere"
        if row["usual"] > 0
        else "nobody does in the same episode elsewhere",
        reason=f"{_counted(row)}; q {written.probability(row['q'])}.",
        evidence="descriptive",
        probability=float(row["q"]),
        is_sure=True,
        tone="bad",
        filters=filters,
    )


def _parts(results: Sequence[Result]) -> list[scenes.Part]:
    if len(results) < 5:  # noqa: PLR2004  # nothing followed
        return []
    entries, exits, all_entries, all_exits = (result.frame for result in results[1:5])
    everyone = scenes.positions_by(all_entries, all_exits, ("episode",))
    found = scenes.positions_by(entries, exits, ("title", "episode"))
    return [
        scenes.Part(title, int(number), own, everyone[(number,)])
        for (title, number), own in found.items()
    ]


def _counted(row: dict[str, Any]) -> str:
    left, risk, expected = (written.grouped(row[n]) for n in ("left", "at_risk", "expected"))
    return f"{left} of {risk} plays; {expected} expected"


def _cells(row: dict[str, Any]) -> list[dict[str, Any]]:
    tip = _counted(row)
    return [
        {"text": f"{row['rate']:.1%}", "tone": "bad", "tip": tip},
        {"text": f"{row['usual']:.1%}"},
        {"text": written.probability(row["q"])},
    ]


def _headed(heads: Sequence[str], rows: list[list[dict[str, Any]]]) -> dict[str, Any]:
    columns = [{"label": heads[0], "is_text": True}, *({"label": head} for head in heads[1:])]
    return {"columns": columns, "rows": rows, "more": 0}


def _table(
    heads: Sequence[str], rows: list[list[dict[str, Any]]], filters: str, notes: Sequence[str]
) -> Drawing:
    table = _headed((*heads, "Leave there", "Elsewhere", "q"), rows)
    return Drawing(kind="table", content={"tables": [table]}, filters=filters, notes=tuple(notes))


def _curves_table(curves: pl.DataFrame) -> dict[str, Any]:
    """Every episode as a whole against comparables, the surest first."""
    rows: list[list[dict[str, Any]]] = []
    for row in curves.head(_ROWS).iter_rows(named=True):
        is_known = row["ratio"] is not None
        tone = "" if row["q"] > scenes.LEVEL else "bad" if row["ratio"] > 1 else "good"
        tip = _counted(row)
        rows.append(
            [
                {"text": f"Episode {row['episode']}", "filter": str(row["episode"])},
                {"text": f"{row['ratio']:.2f}" if is_known else "–", "tone": tone, "tip": tip},
                {"text": f"{row['low']:.2f} to {row['high']:.2f}" if is_known else "–"},
                {"text": written.probability(row["q"])},
            ]
        )
    return _headed(("In all", "× comparables", "95 %", "q"), rows)


def _whole(curves: pl.DataFrame) -> tuple[Statement, ...]:
    """The episode that is left most against comparables as a whole."""
    if curves.is_empty():
        return ()
    found = scenes.standing_apart(curves)
    if found.is_empty():
        return (Statement.unsaid(float(curves["q"][0])),)
    row = found.row(0, named=True)
    statement = Statement(
        subject=f"Viewers of episode {row['episode']}",
        verb="leave",
        size=f"{row['ratio']:.1f} times as readily",
        interval=f"95 % {row['low']:.1f} to {row['high']:.1f}",
        against="as those of the same episode elsewhere",
        reason=f"{written.grouped(row['left'])} of {written.grouped(row['at_risk'])} plays left; "
        f"{written.grouped(row['expected'])} expected; log-rank q {written.probability(row['q'])}.",
        evidence="descriptive",
        probability=float(row["q"]),
        is_sure=True,
        tone="bad",
        filters=("episode", str(row["episode"])),
    )
    return (statement,)


def _nothing(table: pl.DataFrame) -> Drawing:
    return empty("nothing", "No scene loses more viewers than comparables.", _tested(table))


def _tested(table: pl.DataFrame) -> str:
    return (
        f"{written.grouped(table.height)} windows of {scenes.WINDOW}% tested against the same "
        "episode of other titles (Benjamini-Hochberg, 5%; at least twice as many)."
    )
