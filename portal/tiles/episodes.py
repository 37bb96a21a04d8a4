"""What the page of one title knows of its episodes: their positions, and those of comparables.

Comparables are the same episode of all other titles of the kind. Every tile of the page asks the
same questions, so that they are answered once. `episode` as a filter names the episode that is
looked at, `scene` as an option the part of it; left out, both are those that lose most viewers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from portal.context import Context
from portal.tiles.rankers import scope
from queries.analyses import scenes
from queries.analyses.cluster import Scope
from queries.condition import Filter, conjunction
from queries.model import Query, Result

SCENE = "scene"
_SECONDS = 60


def scene_of(context: Context) -> tuple[int, int] | None:
    """The scene that the URL names, in per cent of the runtime; None where it names none."""
    first, _, last = context.view.option(SCENE).partition("-")
    if first.isdecimal() and last.isdecimal() and int(first) < int(last) <= 100:  # noqa: PLR2004
        return int(first), int(last)
    return None


def questions(context: Context) -> tuple[Query, ...]:
    """Of the title by episode: where plays begin and end, and how long the episodes are."""
    own = context.without("episode")
    runtime = own.question(("runtime_minutes",), by=("kind", "episode"))
    return (
        *scenes.questions(scope(own)),
        replace(runtime, compare=None, interval=False, limit=1_000),
    )


def following(results: Sequence[Result], context: Context) -> tuple[Query, ...]:
    """The same of comparables."""
    kinds = tuple(results[2].frame["kind"].drop_nulls().unique().sort().to_list())
    return (scenes.question(others(context, kinds)),) if kinds else ()


def others(context: Context, kinds: tuple[str, ...]) -> Scope:
    """All other titles of these kinds, under the filters of the page."""
    dataset = context.dataset
    whole = scope(context.without("episode", "title"))
    same = Filter(dataset.dimension("kind"), "in", kinds)
    chosen = context.view.values("title")
    apart = Filter(dataset.dimension("title"), "not in", chosen) if chosen else None
    return replace(whole, where=conjunction(whole.where, same, apart))


@dataclass(frozen=True)
class Episodes:
    """The episodes of a title, each beside its comparables; `minutes` by episode."""

    parts: list[scenes.Part]
    minutes: dict[int, float]
    context: Context

    @cached_property
    def table(self) -> pl.DataFrame:
        return scenes.scenes(self.parts)

    @cached_property
    def losing(self) -> pl.DataFrame:
        return scenes.losing(self.table)

    @cached_property
    def shown(self) -> scenes.Part | None:
        """The episode that is looked at."""
        numbers = [part.episode for part in self.parts]
        chosen = self.context.view.values("episode")
        asked = [int(v) for v in chosen if v.isdecimal() and int(v) in numbers]
        if not asked and self.losing.height:
            asked = [int(self.losing["episode"][0])]
        wanted = (asked or numbers or [0])[0]
        return next((part for part in self.parts if part.episode == wanted), None)

    @property
    def scene(self) -> tuple[int, int] | None:
        """The part of it that is looked at, in per cent; None for all of it."""
        asked = scene_of(self.context)
        if asked is not None:
            return asked
        shown = self.shown
        lost = self.losing.filter(pl.col("episode") == (shown.episode if shown else -1))
        return (int(lost["start"][0]), int(lost["end"][0])) if lost.height else None

    @property
    def said(self) -> tuple[str, ...]:
        """What of the URL cannot be taken, and what is shown in its place."""
        asked, shown = self.context.view.option(SCENE), self.shown
        notes: list[str] = []
        if asked and scene_of(self.context) is None:
            notes.append(f"“{asked}” is no scene: write two per cents of the runtime, as 30-40.")
        chosen = self.context.view.values("episode")
        if chosen and shown is not None and str(shown.episode) not in chosen:
            named = ", ".join(chosen)
            notes.append(f"No plays of episode {named} here: episode {shown.episode} is shown.")
        return tuple(notes)

    def at(self, episode: int, percent: float) -> str:
        """A position as minutes and seconds; in per cent where the length is unknown."""
        minutes = self.minutes.get(episode)
        if minutes is None:
            return f"{percent:.0f}%"
        whole, seconds = divmod(round(minutes * percent / 100 * _SECONDS), _SECONDS)
        return f"{whole}:{seconds:02d}"


def episodes(results: Sequence[Result], context: Context) -> Episodes:
    """Read the answers to `questions` and `following`."""
    frames = [_numbered(result.frame) for result in results]
    lengths = frames[2].drop_nulls("runtime_minutes")
    minutes = dict(lengths.select("episode", "runtime_minutes").iter_rows())
    if len(frames) < 4:  # noqa: PLR2004  # nothing followed
        return Episodes([], minutes, context)
    title = ", ".join(context.view.values("title"))
    numbers = frames[1]["episode"].unique().sort().to_list()
    parts = [
        scenes.Part(
            title, number, _positions(frames[0:2], number), _positions(frames[3:4] * 2, number)
        )
        for number in numbers
    ]
    return Episodes(parts, minutes, context)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """A film is its only episode."""
    return frame.with_columns(pl.col("episode").cast(pl.Int64).fill_null(1))


def _positions(frames: Sequence[pl.DataFrame], number: int) -> scenes.Counts:
    return scenes.positions(*(frame.filter(pl.col("episode") == number) for frame in frames))
