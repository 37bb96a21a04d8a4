"""The launches of the last four weeks: where each stands among its kind, and where it will end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import polars as pl

from portal.components import format as written
from portal.components.problem import no_rows
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.page import Place
from portal.tiles.launch import FIRST_DAYS, HOURS, VIEWS, WINDOWS, Launch, span, views
from portal.tiles.launch_standing import Forecast, forecasts, standing
from portal.tiles.rankers import scope
from queries.analyses import launch
from queries.analyses.cluster import EVERY_GROUP
from queries.condition import Filter, conjunction
from queries.dataset import Metric
from queries.model import Query, Result

_NONE = empty(
    "no_rows",
    "No title was released in the last 28 days of data.",
    "Launches before are in the fan beside.",
)
_WITHHELD = empty(
    "not_defined",
    f"Of each title of the last {FIRST_DAYS} days too few accounts watched here: it is withheld.",
    "Take a filter away.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchList:
    """Every title of the last four weeks against launches of its kind, the newest first."""

    place: Place = field(default_factory=lambda: Place(span=12, height=320))

    @property
    def metrics(self) -> tuple[str, ...]:
        return (VIEWS,)

    def questions(self, context: Context) -> tuple[Query, ...]:
        """Days of every launch, as the fan asks them, and the titles that are young."""
        days = Launch().questions(context.without("title"))[0]
        latest = context.extent.latest
        if latest is None:
            return (days,)
        every = replace(scope(context.without("title")), period=None)
        since = Filter(
            every.dataset.dimension("release_date"),
            "between",
            (latest - timedelta(FIRST_DAYS - 1), latest),
        )
        by = ("title_id", "title", "kind", "release_date")
        young = Query(
            dataset=every.dataset,
            metrics=(context.metric(HOURS),),
            by=tuple(every.dataset.dimension(name) for name in by),
            where=conjunction(every.where, since),
            period=None,
            limit=EVERY_GROUP,
            interval=False,
            with_total=False,
        )
        return (days, young)

    def joined(self, results: Sequence[Result], context: Context) -> tuple[Result, ...]:
        """A row a young title."""
        return (replace(results[-1], frame=self._standings(results, context)),)

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:
        if len(results) == 1:
            return no_rows(context)
        frame = self._standings(results, context)
        gone = results[1].frame[HOURS].null_count()
        left_out = _left_out(results, frame)
        if frame.is_empty() and left_out:
            said = "No title of the last 28 days of data can be held against others."
            return empty("not_defined", said, " ".join(left_out))
        if frame.is_empty():
            return _WITHHELD if gone else _NONE
        metric = context.metric(VIEWS)
        columns: list[dict[str, Any]] = [
            {"label": "Title", "is_text": True},
            {"label": "Released"},
            {"label": "Day"},
            {"label": metric.label, "unit": written.unit(metric)},
            {"label": "Above, of its kind"},
            {"label": "95 %"},
        ]
        for days in WINDOWS:
            columns += [
                {"label": f"{days} days, projected", "unit": metric.unit},
                {"label": "80 %"},
            ]
        rows = [_row(row, metric) for row in frame.to_dicts()]
        table = {"columns": columns, "rows": rows, "more": 0}
        notes = (
            f"Released in the last {FIRST_DAYS} days; cumulated since the release.",
            "Held against launches of the same kind whose 28 days are over, by the same day.",
            "Projected to 91 days by those whose 91 are; by fewer than ten there is no interval.",
            *left_out,
        )
        return Drawing(kind="table", content={"tables": [table]}, filters="title", notes=notes)

    def _standings(self, results: Sequence[Result], context: Context) -> pl.DataFrame:
        days, young = views(results[0].frame), results[1].frame
        kinds = days.select("title_id", "kind").unique()
        over = {
            n: launch.curves(days, VIEWS, span(context), n).join(kinds, on="title_id", how="left")
            for n in WINDOWS
        }
        own = launch.curves(days, VIEWS, span(context), FIRST_DAYS, whole=False)
        alike = {
            kind: {n: every.filter(pl.col("kind") == kind) for n, every in over.items()}
            for kind in kinds["kind"].drop_nulls().unique()
        }
        found: list[dict[str, Any]] = []
        # What is withheld of a title has no value here.
        for row in young.drop_nulls(HOURS).to_dicts():
            of_kind = alike.get(row["kind"])
            if of_kind is None:
                continue
            curve = own.filter(pl.col("title_id") == row["title_id"])
            stands = standing(curve, of_kind[FIRST_DAYS])
            if stands is not None:
                found.append(row | stands | _ends(forecasts(curve, of_kind)))
        return (
            pl.DataFrame(found, infer_schema_length=None).sort(
                "release_date", "title_id", descending=True
            )
            if found
            else pl.DataFrame()
        )


def _left_out(results: Sequence[Result], shown: pl.DataFrame) -> list[str]:
    """The young titles that are not in the list, by why they are not."""
    told = results[1].frame.drop_nulls(HOURS)
    gone = told.join(shown.select("title_id"), on="title_id", how="anti") if shown.width else told
    has_views = pl.col("title_id").is_in(views(results[0].frame)["title_id"].unique().to_list())
    has_kind = pl.col("kind").is_not_null()
    why = {
        "Without a known runtime, so without views": ~has_views,
        "Of a kind that is not known, so held against nothing": has_views & ~has_kind,
        "Without any launch of their kind to be held against": has_views & has_kind,
    }
    found = {said: gone.filter(case)["title"].fill_null("?").sort() for said, case in why.items()}
    return [f"{said}: {', '.join(names)}." for said, names in found.items() if len(names)]


def _ends(forecasts: Sequence[Forecast]) -> dict[str, Any]:
    """Columns p10, p50, p90 and launches of each window, as `p50_91`."""
    found = {f.days: f.found for f in forecasts if f.found is not None}
    return {
        f"{name}_{days}": getattr(found.get(days), of, None)
        for days in WINDOWS
        for name, of in (("p10", "low"), ("p50", "middle"), ("p90", "high"), ("by", "launches"))
    }


def _row(row: dict[str, Any], metric: Metric) -> list[dict[str, Any]]:
    ends: list[str] = []
    few = written.is_few(row)
    for days in WINDOWS:
        low, middle, high = (row[f"{name}_{days}"] for name in ("p10", "p50", "p90"))
        ends += (
            [written.NOTHING, ""]
            if middle is None
            else [
                written.number(middle, metric),
                f"{written.number(low, metric)} to {written.number(high, metric)}",
            ]
        )
    return [
        {"text": row["title"], "filter": row["title"]},
        {"text": written.day(row["release_date"], year=False)},
        {"text": str(row["day"])},
        {"text": written.number(row["value"], metric), "few": few},
        {"text": f"{row['share']:.0%} of {row['launches']}", "few": few},
        {"text": f"{row['low']:.0%} to {row['high']:.0%}", "few": few},
        *({"text": text, "few": few} for text in ends),
    ]
