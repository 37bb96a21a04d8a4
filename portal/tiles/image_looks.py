"""What of an image works for whom: the effects of its look by taste cluster, and which differ.

Effects are of images shown at random, within titles. One that is told apart from none has a colour;
whether it is another in another cluster is the test at the end of its row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import nothing
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.rankers import scope
from queries.analyses import image_looks
from queries.dataset import Metric
from queries.model import Query, Result

EFFECTS = (
    "close_up_effect",
    "face_effect",
    "large_face_effect",
    "main_cast_effect",
    "people_effect",
    "joy_effect",
    "sensitive_effect",
    "bright_effect",
    "contrast_effect",
    "saturated_effect",
    "sharp_effect",
    "blur_effect",
    "depth_effect",
    "thirds_effect",
    "symmetry_effect",
    "text_effect",
    "frame_effect",
)
_TASTE = "taste"
_METHOD = (
    "Change of the take rate in points, within titles, of images shown at random; coloured where "
    "its own 95 % interval leaves out none, which one in twenty do by chance; grey: under 200 "
    "accounts. Intervals, and what a look is held against, show at a touch. Looks that come "
    "together, such as close-ups and large faces, share their effects."
)
_TEST = (
    "Differs: Welch’s F over the clusters of 200 accounts and more, Benjamini-Hochberg over the "
    "effects, 5 %."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksByTaste:
    """An effect a row, a taste cluster a column, and the test that it is the same in all."""

    place: Place = field(default_factory=lambda: Place(span=12, height=560, dataset="image_tastes"))
    metrics: tuple[str, ...] = EFFECTS

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Of rows that effects look at, whichever cluster the view keeps."""
        every = context.without(_TASTE)
        asked = image_looks.questions(scope(every), self._known(context))
        accounts = every.question(("accounts",), by=(_TASTE,))
        plain = replace(accounts, where=asked[0].where, compare=None, interval=False)
        return (*asked, replace(plain, with_total=False))

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row an effect: everybody's, each cluster's, and the test."""
        frame = self._read(results, context)
        told = image_looks.differences(frame, self._known(context), _TASTE)
        columns = [
            pl.Series(
                str(row[_TASTE] or "everybody"), [row[n] for n in told["effect"]], dtype=pl.Float64
            )
            for row in frame.iter_rows(named=True)
        ]
        labels = [context.metric(name).label for name in told["effect"]]
        said = told.with_columns(*columns, effect=pl.Series(labels, dtype=pl.String))
        return (replace(results[0], frame=said),)

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        """The look whose effect differs most surely between clusters, where one does."""
        frame = self._read(results, context)
        told = image_looks.differences(frame, self._known(context), _TASTE)
        told = told.drop_nulls("q").sort("q", "p")
        if told.is_empty():
            return ()
        first = told.row(0, named=True)
        if first["q"] > image_looks.SURE:
            return (Statement.unsaid(first["q"]),)
        name = first["effect"]
        rows = frame.drop_nulls([_TASTE, name]).sort(name).iter_rows(named=True)
        large = [row for row in rows if not written.is_few(row)]
        ends = [f"{_signed(row[name])} for {row[_TASTE]}" for row in (large[-1], large[0])]
        return (
            Statement(
                subject=f"{context.metric(name).label}: what it does to the take rate",
                verb="differs between",
                size=f"{first['clusters']} taste clusters",
                interval=f"Welch’s F {first['statistic']:.1f}, q {first['q']:.2g}",
                reason=f"From {' to '.join(ends)}, in points.",
                evidence="randomised",
                probability=first["q"],
                is_sure=True,
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        frame, names = self._read(results, context), self._known(context)
        clusters = list(frame.drop_nulls(_TASTE).iter_rows(named=True))
        told = image_looks.differences(frame, names, _TASTE)
        shown = [n for n in names if any(row[n] is not None for row in clusters)]
        if not shown:
            return nothing(context, _NOTHING)
        whole = frame.filter(pl.col(_TASTE).is_null()).row(0, named=True)
        dimension = context.dataset.dimension(_TASTE)
        columns: list[dict[str, Any]] = [
            {"label": "Look", "is_text": True},
            {"label": "Differs? q"},
            {"label": "Everybody"},
            *({"label": written.value_label(row[_TASTE], dimension)} for row in clusters),
        ]
        tests = {row["effect"]: row for row in told.iter_rows(named=True)}
        rows = [
            [
                _head(context.metric(name)),
                _test(tests[name]),
                _cell(whole, name),
                *(_cell(row, name) for row in clusters),
            ]
            for name in shown
        ]
        table = {"columns": columns, "rows": rows, "more": 0}
        said = _said([tests[name] for name in shown])
        notes = (f"{said} {_TEST}", _METHOD)
        return Drawing(kind="table", content={"tables": [table]}, notes=notes)

    def _read(self, results: Sequence[Result], context: Context) -> pl.DataFrame:
        """A row a cluster that may be shown, the largest first, and one of everybody."""
        counted, sides, accounts = (result.frame for result in results)
        found = image_looks.effects_by_taste(counted, sides, self._known(context))
        sizes = accounts.drop_nulls("accounts")
        return (
            found.join(sizes, on=_TASTE, how="left")
            .filter(pl.col(_TASTE).is_null() | pl.col("accounts").is_not_null())
            .sort("accounts", _TASTE, descending=[True, False], nulls_last=True)
        )

    def _known(self, context: Context) -> tuple[str, ...]:
        return tuple(name for name in self.metrics if name not in context.withheld)


def _head(metric: Metric) -> dict[str, Any]:
    """The look, without what it is held against: that is told beside the pointer."""
    return {"text": metric.label.split(" against ")[0], "tip": metric.description}


def _cell(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    value, low, high = (row.get(f"{name}{end}") for end in ("", "__low", "__high"))
    if value is None:
        return {"text": written.NOTHING}
    if low is None or high is None:
        return {"text": _signed(value), "few": written.is_few(row), "tip": "no interval"}
    is_few = written.is_few(row)
    tone = "flat" if low <= 0 <= high or is_few else "good" if low > 0 else "bad"
    tip = f"{_signed(low)} to {_signed(high)} points, 95 %"
    return {"text": _signed(value), "tone": tone, "few": is_few, "tip": tip}


def _test(told: Mapping[str, Any]) -> dict[str, Any]:
    if told["q"] is None:
        return {"text": "too few"}
    tip = f"Welch’s F {told['statistic']:.2f} over {told['clusters']} clusters, p {told['p']:.2g}"
    verdict = "yes" if told["q"] <= image_looks.SURE else "no"
    return {"text": f"{verdict} {told['q']:.2g}", "tip": tip}


def _said(tests: Sequence[Mapping[str, Any]]) -> str:
    tried = [t for t in tests if t["q"] is not None]
    if not tried:
        return "No effect has two taste clusters with enough accounts to test."
    sure = sum(t["q"] <= image_looks.SURE for t in tried)
    return f"{sure} of {len(tried)} effects tested differ between taste clusters."


_NOTHING = empty(
    "not_defined",
    "No title has images of both kinds shown at random to accounts of a known taste.",
    "Looks are compared within titles, where images were randomised.",
)


def _signed(value: float) -> str:
    text = f"{100 * value:+.2f}".replace("-", "−")
    return text if float(text[1:]) else f"±{text[1:]}"
