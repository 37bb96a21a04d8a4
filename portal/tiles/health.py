"""Health of the data: how the tables stand, what must hold of them, and every metric there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.components import format as written
from portal.context import Context
from portal.drawing import Drawing, empty
from portal.lineage import Use, uses
from portal.page import Page, Place
from queries.catalog import builtin
from queries.dataset import Dataset, Metric, PageMetric
from queries.fingerprint import fingerprint
from queries.health import Health, Outcome, TableHealth
from queries.lake.habit import FEWEST_INTERVALS
from queries.model import Query, Result
from queries.period import Period

Cell = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """It asks nothing: what it says is about the lake, not of its rows."""

    place: Place = field(default_factory=lambda: Place(span=12, height=360))
    metrics: tuple[str, ...] = ()

    def questions(self, context: Context) -> tuple[Query, ...]:  # noqa: ARG002  # one protocol
        return ()

    def draw(self, results: Sequence[Result], context: Context) -> Drawing:  # noqa: ARG002
        return empty("nothing", "This is a report of the lake.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStates(_Report):
    """Freshness and completeness, a table a row; the late ones first."""

    def report(self, health: Health, context: Context) -> Drawing:  # noqa: ARG002  # one protocol
        columns: list[Cell] = [
            {"label": "Table", "is_text": True},
            {"label": "Rows"},
            {"label": "Last day"},
            {"label": "Complete through"},
            {"label": "Last delivery"},
            {"label": "Next expected by"},
            {"label": "Kept aside"},
            {"label": "Invariants"},
        ]
        late_first = sorted(health.tables, key=lambda t: t.name not in health.late)
        rows = [_state(t, health) for t in late_first]
        table = {"columns": columns, "rows": rows, "more": 0}
        when = written.moment(health.created_at)
        note = f"Data version {health.data_version}, committed {when}."
        late = health.late.values() or ("No table is late.",)
        notes = (*late, *_held_up(health.tables), *_still_to_come(health.tables), note)
        return Drawing(kind="table", content={"tables": [table]}, notes=notes)


def _held_up(tables: Sequence[TableHealth]) -> tuple[str, ...]:
    """Which tables wait for one of their feeds."""
    said = (t for t in tables if len(set(t.feeds.values())) > 1)
    return tuple(f"{t.name} is complete {_reached(t)}." for t in said)


def _still_to_come(tables: Sequence[TableHealth]) -> tuple[str, ...]:
    """Which days are not complete yet, and what that keeps them out of."""
    late = [
        (t.complete_through + timedelta(1), t.last_day, t.name)
        for t in tables
        if t.last_day and t.complete_through and t.complete_through < t.last_day
        if not t.derived_from
    ]
    if not late:
        return ()
    days = written.period(Period(min(first for first, _, _ in late), max(d for _, d, _ in late)))
    names = ", ".join(name for _, _, name in late)
    said = f"Rows of {days} are still to come in {names}"
    return (f"{said}: days that are not complete are kept out of changes, findings and forecasts.",)


def _state(table: TableHealth, health: Health) -> list[Cell]:
    last = written.day(table.last_day) if table.last_day else written.NOTHING
    through = written.day(table.complete_through) if table.complete_through else written.NOTHING
    lag = _reached(table)
    reasons = ", ".join(f"{code} {count}" for code, count in table.reasons.items())
    arrived = table.delivered_at or (None if table.derived_from else table.written_at)
    tip = f"by {table.connector}" if table.connector else "written here; no file was delivered"
    if table.derived_from:
        tip = f"derived from {', '.join(table.derived_from)}"
    return [
        {"text": table.name, "tip": tip},
        {"text": _exact(table.rows)},
        {"text": last},
        {"text": through, "tip": lag, "tone": "flat" if lag else ""},
        {"text": written.moment(arrived) if arrived else "derived", "tip": tip},
        _next(table, health.late.get(table.name, "")),
        {"text": _exact(table.quarantined), "tip": reasons, "tone": "bad" if reasons else ""},
        _held(table.name, health.outcomes),
    ]


def _next(table: TableHealth, late: str) -> Cell:
    """When news is expected, from the table's own habit; in red where it should be there."""
    if table.due is None:
        wanting = f"no habit yet: it takes {FEWEST_INTERVALS + 1} loads that each bring a new day"
        tip = f"goes by {', '.join(table.derived_from)}" if table.derived_from else wanting
        return {"text": written.NOTHING, "tip": tip}
    by = written.moment(table.due.by)
    if late:
        return {"text": f"late: {by}", "tone": "bad", "tip": late}
    hours = table.due.usual.total_seconds() / 3600
    return {"text": by, "tip": f"something new comes every {hours:.0f} hours, as a rule"}


def _reached(table: TableHealth) -> str:
    """How far each feed of a table is, the one furthest behind first, or how far it lags."""
    if len(set(table.feeds.values())) < len(("one", "another")):
        return _lag(table)
    ordered = sorted(table.feeds.items(), key=lambda one: (one[1], one[0]))
    said = ", ".join(f"{name} through {written.day(day)}" for name, day in ordered)
    return f"as the feed furthest behind: {said}"


def _lag(table: TableHealth) -> str:
    if not table.last_day or not table.complete_through:
        return ""
    days = (table.last_day - table.complete_through).days
    noun = "day has" if days == 1 else "days have"
    return f"the last {days} {noun} rows still to come" if days > 0 else ""


def _held(table: str, outcomes: Sequence[Outcome]) -> Cell:
    own = [o for o in outcomes if o.invariant.table == table]
    broken = [o for o in own if o.fails]
    untried = [o for o in own if o.broken is None]
    if broken:
        names = ", ".join(o.invariant.name for o in broken)
        return {"text": f"{len(broken)} of {len(own)} broken", "tone": "bad", "tip": names}
    if untried:
        return {"text": f"{len(untried)} not tried", "tone": "bad", "tip": untried[0].problem}
    return {"text": f"{len(own)} hold" if own else written.NOTHING}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantResults(_Report):
    """What must hold of the tables, the broken ones first."""

    def report(self, health: Health, context: Context) -> Drawing:  # noqa: ARG002  # one protocol
        columns: list[Cell] = [
            {"label": "What must hold", "is_text": True},
            {"label": "Table", "is_text": True},
            {"label": "Broken by"},
            {"label": "To see the rows", "is_text": True},
        ]
        found = sorted(health.outcomes, key=lambda o: (not o.fails, o.invariant.table))
        rows = [_outcome(o) for o in found]
        broken = sum(o.fails for o in found)
        held = sum(o.broken == 0 for o in found)
        said = f"{held} of {len(found)} hold, {broken} are broken; tried when a table was loaded."
        table = {"columns": columns, "rows": rows, "more": 0}
        return Drawing(kind="table", content={"tables": [table]}, notes=(said,))


def _outcome(outcome: Outcome) -> list[Cell]:
    invariant = outcome.invariant
    count: Cell = {"text": _exact(outcome.broken), "tone": "bad" if outcome.fails else ""}
    if outcome.problem:
        count = {"text": "not tried", "tone": "bad", "tip": outcome.problem}
    return [
        {"text": invariant.label},
        {"text": invariant.table},
        count,
        {"text": f"playhead invariants {invariant.name}"},
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCatalog(_Report):
    """Every metric of every dataset that the viewer may see, with where it is shown."""

    pages: Callable[[], Mapping[str, Page]]

    def report(self, health: Health, context: Context) -> Drawing:
        pages = self.pages()
        shown = uses(pages.values(), builtin())
        listed = [
            _metric(metric, dataset, health, shown.get((dataset.name, metric.name), ()))
            for dataset in health.datasets
            for metric in dataset.metrics
        ]
        listed += [
            _page_metric(metric, dataset, pages[metric.page])
            for dataset in health.datasets
            for metric in dataset.page_metrics
        ]
        units = sorted({m["owner"] for m in listed if m["owner"]})
        content = {
            "metrics": listed,
            "units": units,
            "find": context.view.option("find"),
            "unit": context.view.option("unit"),
        }
        return Drawing(kind="catalog", content=content)


def _metric(
    metric: Metric, dataset: Dataset, health: Health, shown: Sequence[Use]
) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "id": metric.id,
        "dataset": dataset.name,
        "dataset_label": dataset.label,
        "owner": metric.owner or dataset.owner,
        "class": metric.kind,
        "status": metric.status,
        "fingerprint": fingerprint(metric, dataset),
        "formula": metric.formula.sql,
        "unit": metric.unit,
        "better": metric.better,
        "interval": _INTERVALS[metric.interval],
        "description": metric.description,
        "convention": metric.convention,
        "source": metric.source,
        "tests": [test.replace('"', "") for test in metric.tests],
        "needs": sorted(metric.parameters),
        "uses": [{"page": u.page, "path": u.path, "tiles": list(u.tiles)} for u in shown],
        "doubts": [o.invariant.label for o in health.failing(metric, dataset)],
        "late": list(health.lateness(metric, dataset)),
    }


def _page_metric(metric: PageMetric, dataset: Dataset, page: Page) -> dict[str, Any]:
    """One that cannot be asked, and so not explored: its page is all there is of it."""
    return {
        "name": metric.name,
        "label": metric.label,
        "id": metric.id,
        "dataset": dataset.name,
        "dataset_label": dataset.label,
        "owner": metric.owner,
        "class": "page",
        "status": "agreed",
        "fingerprint": "",
        "formula": "",
        "unit": metric.unit,
        "better": metric.better,
        "interval": "as its page says",
        "description": metric.description,
        "convention": metric.convention,
        "source": metric.source,
        "tests": [],
        "needs": [],
        "uses": [{"page": page.title, "path": page.path, "tiles": []}],
        "doubts": [],
        "late": [],
        "page": page.path,
    }


_INTERVALS = {
    "bucket": "jackknife over buckets of the rows’ owners",
    "proportion": "Wilson’s over effective trials, for a proportion of rows",
    "wilson": "Wilson’s, for a share of accounts",
    "quantile": "outer interval of a quantile, clustered",
    "none": "none",
}


def _exact(value: int | None) -> str:
    return written.NOTHING if value is None else written.grouped(value)
