"""In a scene: of those who come to it, how many leave, pause, go back and skip, as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Any, NamedTuple

import polars as pl

from portal.components import format as written
from portal.components.problem import few_accounts, no_rows
from portal.context import Context
from portal.drawing import Drawing
from portal.page import Place, Tile
from portal.tiles import episodes
from portal.tiles.rankers import scope
from queries.analyses import one_scene
from queries.analyses.cluster import Estimate
from queries.analyses.scenes import LAST, Part, accounts_of
from queries.model import Query, Result
from queries.small_cells import FEWEST_SHOWN

_KINDS = {
    "pause": "Pauses",
    "rewind": "Rewinds",
    "rewatch": "Watched twice",
    "ffwd": "Fast-forwards",
}
_INTERACTIONS = "interactions"
_WHOLE = (0, LAST)
_OWN = 3
_FEW = f"withheld: fewer than {FEWEST_SHOWN} accounts"


class _Number(NamedTuple):
    """One number of the scene, and what is said beside it; a share has no unit."""

    label: str
    found: Estimate
    said: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InScene:
    """The scene of the view, or the one that loses most, of the episode that is looked at.

    Who leaves is held against comparables, what they do against the rest of the episode.
    """

    place: Place = field(default_factory=lambda: Place(span=12, height=96))
    metrics: tuple[str, ...] = ("early_drop_rate",)
    interactions: Context | None = None

    def within(
        self,
        tiles: Sequence[Tile],  # noqa: ARG002  # one protocol
        filters: Sequence[str],  # noqa: ARG002
        contexts: Mapping[str, Context],
    ) -> "InScene":
        """The same tile, knowing how the interactions of its page are asked."""
        return replace(self, interactions=contexts.get(_INTERACTIONS))

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Those of the page's episodes, and where they interact, if that may be seen."""
        beside = self.interactions
        if beside is None or _INTERACTIONS in beside.withheld:
            return episodes.questions(context)
        asked = one_scene.question(scope(beside.without("episode")))
        return (*episodes.questions(context), asked)

    def following(self, results: Sequence[Result], context: Context) -> tuple[Query, ...]:
        return episodes.following(results[:_OWN], context)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a number: of all who come there, so many."""
        known = _known(results, context)
        found = _numbers(results, known, known.shown) if known.shown is not None else []
        schema = {"what": pl.String, **dict.fromkeys(("value", "low", "high"), pl.Float64)}
        rows = [(n.label, n.found.value, n.found.low, n.found.high) for n in found]
        frame = pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)
        return (replace(results[0], frame=frame),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        known = _known(results, context)
        shown = known.shown
        if shown is None:
            return no_rows(context)
        start, end = known.scene or _WHOLE
        if accounts_of(shown.own)[start] < FEWEST_SHOWN:
            return few_accounts()
        plays = float(one_scene.came(shown.own, start, end).sum())
        ends = " to ".join(known.at(shown.episode, at) for at in (start, end))
        said = (
            f"Episode {shown.episode}, {ends} ({start}% to {end}% of the runtime): "
            f"{written.count(plays)} plays come there. Times as many (×): against comparables, or "
            "against the rest of the episode, by plays and runtime."
        )
        scores = [_score(number) for number in _numbers(results, known, shown)]
        return Drawing(kind="scores", content={"scores": scores}, notes=(*known.said, said))


def _has_interactions(results: Sequence[Result]) -> bool:
    return len(results) > _OWN and results[_OWN].query.dataset.name == _INTERACTIONS


def _known(results: Sequence[Result], context: Context) -> episodes.Episodes:
    rest = results[_OWN + _has_interactions(results) :]
    return episodes.episodes([*results[:_OWN], *rest], context)


def _numbers(results: Sequence[Result], known: episodes.Episodes, shown: Part) -> list[_Number]:
    start, end = known.scene or _WHOLE
    usual = one_scene.leaving(shown.comparables, start, end)
    times = one_scene.times(shown.own, shown.comparables, start, end)
    against = "" if isnan(usual.value) else f"comparables {usual.value:.1%}"
    left = one_scene.leaving(shown.own, start, end)
    rows = [_Number("Leave", left, " · ".join(filter(None, (against, _times(times)))), "")]
    if not _has_interactions(results):
        return rows
    frame = results[_OWN].frame.with_columns(pl.col("episode").cast(pl.Int64).fill_null(1))
    own = frame.filter(pl.col("episode") == shown.episode)
    for kind, label in _KINDS.items():
        found = one_scene.done(own, shown.own, (start, end), kind)
        rest = _times(found.times) if end - start < LAST else ""
        said = _FEW if found.is_withheld else rest
        rows.append(_Number(label, found.per_hundred, said, "per 100 plays"))
    return rows


def _score(number: _Number) -> dict[str, Any]:
    found, is_share = number.found, not number.unit
    value, low, high = (_text(n, is_share=is_share) for n in (found.value, found.low, found.high))
    around = f"95 % {low} to {high}" if not isnan(found.low) else ""
    return {
        "label": number.label,
        "description": "Of those who come there, the share that leaves before its end."
        if is_share
        else "How often it is done in the scene, per hundred plays that come there.",
        "value": written.NOTHING if isnan(found.value) else value,
        "unit": "" if isnan(found.value) else number.unit,
        "basis": " · ".join(filter(None, (around, number.said))),
    }


def _text(value: float, *, is_share: bool) -> str:
    if is_share:
        return f"{value:.1%}"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def _times(found: Estimate) -> str:
    if isnan(found.low):
        return ""
    return f"{found.value:.2f}× ({found.low:.2f} to {found.high:.2f})"
