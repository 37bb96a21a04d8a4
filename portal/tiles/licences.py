"""Licences that end within the page's horizon: what they carry, and what they cost.

The horizon and the threshold are options of the URL. Hours are of the last 28 complete days and of
members; what an hour is held against is never filtered by the title or the end one looks at.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import log10, nan
from typing import Any

import polars as pl

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.statement import Statement
from portal.tiles.figure import Layout, Trace, figure
from portal.tiles.options import Option, Options
from portal.tiles.rankers import scope
from queries.analyses import licences
from queries.analyses.cluster import Scope
from queries.analyses.licences import Stake
from queries.catalog import builtin
from queries.model import Query, Result

HORIZON, THRESHOLD = "horizon", "threshold"
CHOICES = Options(
    options=(
        Option(
            name=HORIZON,
            label="Ending within",
            choices=tuple((d, f"{d} days") for d in ("60", "30", "90", "180", "365")),
        ),
        Option(
            name=THRESHOLD,
            label="Dear is more than",
            choices=tuple((t, f"{t}× the substitutes") for t in ("1", "1.5", "2", "3")),
        ),
    )
)
OWN = ("title", "title_id", "window_end", "ends_week", "days_to_end", "fee", "is_played")
_LONGEST = 3_650
_LONGEST_LABEL = 26
_NAMED = 3
_FEWEST, _FEW = licences.FEWEST_VIEWERS, 200
_DASH = "–"
_TOO_FEW = f"Fewer than {_FEWEST} viewers, or kept back so that those stay hidden"
_TICKS = [n * 10.0**power for power in range(-3, 5) for n in (1, 2, 5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the tiles of this page have in common: one set of questions, read once each."""

    rows: int = 15
    place: Place = field(default_factory=lambda: Place(span=12, height=360))
    metrics: tuple[str, ...] = ("hours_28_days", "cost_per_hour", "fee_usd")

    def questions(self, context: Context) -> tuple[Query, ...]:
        mine, all_mine = whole(context), whole(context.without(*OWN))
        viewing = other(context, "licensed_viewing")
        asked = licences.questions(
            whole(viewing), mine, whole(viewing.without(*OWN)), all_mine, horizon(context)
        )
        return tuple(asked)

    def stake(self, results: Sequence[Result]) -> Stake:
        watched, everything, windows, others = (r.frame for r in results)
        return licences.stake(watched, everything, windows, others)

    def joined(self, results: Sequence[Result], _context: Context) -> tuple[Result, ...]:
        """A row a title."""
        titles = self.stake(results).titles
        return (replace(results[2], frame=titles.drop("variance", "heaviest")),)


class EndingVerdict(Ending):
    """In a sentence: how many end, what they carry, how many are dear.

    What ends is a fact and no finding; that a title costs more than its substitutes is one.
    """

    def statements(self, results: Sequence[Result], context: Context) -> Sequence[Statement]:
        found = self.stake(results)
        if found.titles.is_empty():
            return ()
        tested, dear = found.tested(threshold(context)), found.dearer(threshold(context))
        least = 1.0 if tested.is_empty() else float(tested["q"][0])
        if dear.is_empty():
            return (Statement.unsaid(least, _sentence(found, dear, context)),)
        row, usd = dear.row(0, named=True), context.metric("cost_per_hour")
        cost, other_cost = (
            written.number(row[n], usd) for n in ("cost_per_hour", "substitute_usd")
        )
        return (
            Statement(
                subject=f"An hour of {row['title']} costs",
                verb="",
                size=f"{_factor(row['times'])}",
                interval=_ends(row),
                against="the median of its substitutes",
                reason=f"{cost} against {other_cost}; it ends {written.day(row['ends_on'])}. "
                f"{_sentence(found, dear, context)}",
                evidence="descriptive",
                probability=float(row["q"]),
                is_sure=True,
                tone="bad",
                filters=("title", row["title"]),
            ),
        )

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        found = self.stake(results)
        if found.titles.is_empty():
            return nothing_ends(context)
        dear = found.dearer(threshold(context))
        count = found.titles.height
        content = {
            "word": f"{_titles(count)} {'ends' if count == 1 else 'end'}",
            "tone": "flat",
            "sentence": _sentence(found, dear, context),
            "reasons": [*_reasons(found, dear, context)],
            "kind": "descriptive",
        }
        notes = (said(results[2], context), *untaken(context))
        return Drawing(kind="verdict", content=content, notes=notes)


def _sentence(found: Stake, dear: pl.DataFrame, context: Context) -> str:
    count, limit = found.titles.height, threshold(context)
    at = f"{limit:g}× " if limit != 1 else ""
    cost = "costs" if dear.height == 1 else "cost"
    return (
        f"{_titles(count)} ending in {horizon(context)} days "
        f"{'carries' if count == 1 else 'carry'} "
        f"{found.share.value:.1%} of hours ({found.share.low:.1%} to {found.share.high:.1%}); "
        f"{dear.height or 'none'} {cost} more per hour than {at}the median substitute."
    )


def _reasons(found: Stake, dear: pl.DataFrame, context: Context) -> list[dict[str, str]]:
    usd = context.metric("cost_per_hour")
    texts: list[tuple[str, str]] = []
    for row in dear.head(_NAMED).iter_rows(named=True):
        cost, other_cost = (
            written.number(row[name], usd) for name in ("cost_per_hour", "substitute_usd")
        )
        said_so = f"{row['title']}: {cost} an hour against {other_cost}, {_times(row)}."
        texts.append((said_so, "bad"))
    if dear.height > _NAMED:
        texts.append((f"{_titles(dear.height - _NAMED)} more: see below.", "bad"))
    titles = found.titles
    idle = titles.filter(pl.col("hours") == 0).height
    few = titles.filter("is_withheld").height
    unknown = titles.filter(pl.col("unknown_fees") > 0).height
    alone = titles.filter(pl.col("substitute_usd").is_null() & (pl.col("fee_usd") > 0)).height
    if idle:
        texts.append((f"{_titles(idle)}: nobody watched in four weeks.", "flat"))
    if few:
        texts.append((f"{_titles(few)}: {_TOO_FEW.lower()}; not judged.", "flat"))
    if unknown:
        texts.append((f"{_titles(unknown)}: no known fee, not judged by cost.", "flat"))
    if alone:
        why = f"under {licences.FEWEST_SUBSTITUTES}, or half of them unwatched"
        texts.append((f"{_titles(alone)}: no fair substitutes ({why}); not judged.", "flat"))
    return [{"text": text, "tone": tone} for text, tone in texts]


class EndingTitles(Ending):
    """The titles, most watched first. A click filters to one."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        whole_stake = self.stake(results)
        found, dear = whole_stake.titles, _ids(whole_stake.dearer(threshold(context)))
        if found.is_empty():
            return nothing_ends(context)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "First end", "is_text": True},
            {"label": "Countries"},
            {"label": "Hours", "unit": "28 days"},
            {"label": "Share of hours"},
            {"label": "Fees", "unit": "whole window"},
            {"label": "Cost per hour", "unit": "28 days"},
            {"label": "Substitutes", "unit": "median"},
            {"label": "Times"},
        ]
        shown = found.head(self.rows).iter_rows(named=True)
        rows = [_row(row, dear, context) for row in shown]
        table = {"columns": columns, "rows": rows, "more": max(0, found.height - self.rows)}
        notes = (
            f"Fewer than {_FEWEST} viewers in four weeks: not shown; under {_FEW}: grey.",
            "Substitutes: other licensed titles of the genre, in the countries where it ends.",
        )
        return Drawing(kind="table", content={"tables": [table]}, notes=notes, filters="title")


def _row(row: Mapping[str, Any], dear: frozenset[int], context: Context) -> list[dict[str, Any]]:
    hours, usd = context.metric("hours_28_days"), context.metric("fee_usd")
    cost = context.metric("cost_per_hour")
    few = row["is_withheld"]
    fee = written.number(row["fee_usd"], usd) if row["fee_usd"] is not None else "unknown"
    if few:
        row = dict(row) | {c: nan for c, v in row.items() if v is None}
    tone = "flat" if few or row["viewers"] < _FEW else ""
    is_dear = row["title_id"] in dear
    cells = [
        ("title", None, row["title"], ""),
        ("", None, written.day(row["ends_on"]), ""),
        ("", None, written.count(row["countries"]), ""),
        (tone, "hours", written.number(row["hours"], hours), _between(row, "hours", hours)),
        (tone, "share", f"{row['share']:.2%}", _percent(row)),
        ("", None, fee, f"{row['unknown_fees']} windows unknown" if row["unknown_fees"] else ""),
        (tone, "cost_per_hour", written.number(row["cost_per_hour"], cost),
         _between(row, "cost_per_hour", cost)),
        ("", None, written.number(row["substitute_usd"], cost), f"of {row['substitutes']} titles"),
        ("bad" if is_dear else tone, "times", _factor(row["times"]), _times(row)),
    ]  # fmt: skip
    drawn: list[dict[str, Any]] = []
    for mark, name, text, tip in cells:
        if mark == "title":
            drawn.append({"text": text, "filter": text})
        elif name and few:
            drawn.append({"text": _DASH, "tip": _TOO_FEW})
        else:
            drawn.append({"text": text, "tone": mark, "tip": tip})
    return drawn


class EndingCosts(Ending):
    """Cost per hour of the dearest, each beside the median of its substitutes."""

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        whole_stake = self.stake(results)
        found, dear = whole_stake.titles, _ids(whole_stake.dearer(threshold(context)))
        priced = found.filter(pl.col("times").is_not_null())
        if priced.is_empty():
            return empty("no_rows", "No title that ends can be held against substitutes.",
                         "Choose a longer horizon or fewer filters.")  # fmt: skip
        shown = priced.sort("times", descending=True).head(self.rows)
        names = shown["title"].to_list()
        layout: Layout = {
            "xaxis": {"type": "log", "tickformat": "$,.2~f", "showgrid": True,
                      "range": _range(shown),
                      "tickmode": "array", "tickvals": _TICKS,
                      "title": {"text": "US dollars an hour (log)"}},
            "yaxis": {"type": "category", "dtick": 1, "categoryorder": "array",
                      "categoryarray": names[::-1], "automargin": True,
                      "tickmode": "array", "tickvals": names, "ticktext": [*map(_short, names)]},
            "hovermode": "closest",
            "showlegend": True,
        }  # fmt: skip
        more = priced.height - shown.height
        notes = [f"{more} more are nearer to their substitutes."] if more else []
        notes.append("Bars: 95 % by leaving out accounts; fees are facts.")
        return figure(
            _costs(shown, dear),
            layout,
            filters="title",
            notes=[n for n in notes if n],
        )


def _range(shown: pl.DataFrame) -> list[float]:
    """Ends of the axis, in powers of ten: all values, and intervals while they tell something."""
    values = pl.concat([shown["cost_per_hour"], shown["substitute_usd"]])
    least, most = float(str(values.min())), float(str(values.max()))
    low = float(str(shown["cost_per_hour_low"].min()))
    high = float(str(shown["cost_per_hour_high"].max() or most))
    return [
        log10(min(least, max(low, least / 3)) / 1.2),
        log10(max(most, min(high, 3 * most)) * 1.2),
    ]


def _costs(shown: pl.DataFrame, dear: frozenset[int]) -> list[Trace]:
    names = shown["title"].to_list()
    value, low, high = (shown[f"cost_per_hour{end}"].to_list() for end in ("", "_low", "_high"))
    is_dear = [title in dear for title in shown["title_id"].to_list()]
    texts = [_times(row) for row in shown.iter_rows(named=True)]
    keys = [[name] for name in names]
    return [
        {"type": "scatter", "mode": "markers", "name": "Median substitute",
         "x": [float(f"{v:.5g}") for v in shown["substitute_usd"]], "y": names, "customdata": keys,
         "marker": {"color": "@ink-soft", "size": 12, "symbol": "line-ns",
                    "line": {"width": 2, "color": "@ink-soft"}},
         "hovertemplate": "Substitutes of %{y}: <b>$%{x:,.3f}</b> an hour<extra></extra>"},
        {"type": "scatter", "mode": "markers", "name": "Cost per hour",
         "x": [float(f"{v:.5g}") for v in value], "y": names, "customdata": keys, "text": texts,
         "error_x": {"type": "data", "symmetric": False, "width": 0, "thickness": 1.5,
                     "color": "@ink-soft",
                     "array": [0 if h is None else h - v for h, v in zip(high, value, strict=True)],
                     "arrayminus": [v - (lo or v) for lo, v in zip(low, value, strict=True)]},
         "marker": {"size": 9, "color": ["@bad" if d else "@accent" for d in is_dear]},
         "hovertemplate": "%{y}: <b>$%{x:,.3f}</b> an hour, %{text}<extra></extra>"},
    ]  # fmt: skip


def _ids(dear: pl.DataFrame) -> frozenset[int]:
    return frozenset(dear["title_id"].to_list())


def whole(context: Context) -> Scope:
    """What the view keeps, whenever a window or a play began."""
    return replace(scope(context), period=None)


def other(context: Context, name: str) -> Context:
    """The same view of another dataset."""
    return replace(context, dataset=builtin().dataset(name)).without()


def horizon(context: Context) -> int:
    """Days; what is no whole number from 1 on is the first choice."""
    text = context.view.option(HORIZON)
    usual = int(CHOICES.options[0].choices[0][0])
    return int(text) if text.isdecimal() and 1 <= int(text) <= _LONGEST else usual


def threshold(context: Context) -> float:
    """Times the substitutes; what is no number above 0 is the first choice."""
    usual = float(CHOICES.options[1].choices[0][0])
    try:
        value = float(context.view.option(THRESHOLD))
    except ValueError:
        return usual
    return value if 0 < value < _LONGEST else usual


def untaken(context: Context) -> tuple[str, ...]:
    """What of the URL cannot be taken, and what is taken in its place."""
    texts = {name: context.view.option(name) for name in (HORIZON, THRESHOLD)}
    said: list[str] = []
    if texts[HORIZON] not in ("", str(horizon(context))):
        said.append(
            f"“{texts[HORIZON]}” is no number of days from 1 to {_LONGEST:,}; "
            f"{horizon(context)} are taken."
        )
    with suppress(ValueError):
        if float(texts[THRESHOLD] or threshold(context)) == threshold(context):
            return tuple(said)
    said.append(f"“{texts[THRESHOLD]}” is no factor above 0; {threshold(context):g}× is taken.")
    return tuple(said)


def nothing_ends(context: Context) -> Drawing:
    """No window ends in time, which is an answer."""
    ends = f"No window ends within {horizon(context)} days."
    return empty("nothing", ends, "Choose a longer horizon, or take a filter away.")


def said(result: Result, context: Context) -> str:
    """From which day on, in words."""
    last = result.complete_through or context.extent.latest
    day = f" after {written.day(last)}" if last else ""
    return f"The {horizon(context)} days{day}; hours of the 28 days before, members only."


def _titles(count: int) -> str:
    return "1 title" if count == 1 else f"{written.count(count)} titles"


def _short(name: str) -> str:
    """A name that leaves room for what it labels."""
    return name if len(name) <= _LONGEST_LABEL else f"{name[:_LONGEST_LABEL].rstrip()}…"


def _factor(value: float | None) -> str:
    if value is None:
        return _DASH
    places = 2 if value < 1 else 1 if value < 10 else 0  # noqa: PLR2004 - two digits
    return f"{value:.{places}f}×"


def _times(row: Mapping[str, Any]) -> str:
    if row["times"] is None:
        return "no substitutes to hold it against" if row["substitute_usd"] is None else ""
    return f"{_factor(row['times'])} ({_ends(row)})"


def _ends(row: Mapping[str, Any]) -> str:
    high = "no upper end" if row["times_high"] is None else _factor(row["times_high"])
    return f"95 % {_factor(row['times_low'])} to {high}"


def _between(row: Mapping[str, Any], name: str, metric: Any) -> str:  # noqa: ANN401
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None:
        return ""
    upper = written.number(high, metric) if high is not None else "no upper end"
    return f"95 % {written.number(low, metric)} to {upper}"


def _percent(row: Mapping[str, Any]) -> str:
    return f"95 % {row['share_low']:.2%} to {row['share_high']:.2%}"
