"""List frozen forecasts, each against what came where that is known by now."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import Flask

from portal.auth.gate import signed_in
from portal.callbacks.asked import asked
from portal.components import format as written
from portal.site import Site
from portal.store import forecasts
from portal.store.frozen_forecast import FrozenForecast
from portal.store.store import Store
from queries.condition import Filter
from queries.dataset import Access, Metric
from queries.errors import QueryError
from queries.model import Query

LIST = "/-/forecasts/list"
_DATASET = "forecasts"
Facts = Mapping[int, Mapping[str, Any]]


def register(server: Flask, site: Site, store: Store) -> None:
    """Add the route to `server`."""

    @server.post(LIST)
    def list_forecasts() -> dict[str, Any]:
        person = signed_in()
        found = forecasts.frozen(store, person, asked().text("path"))
        facts = came(site, person.access, (f.production_id for f in found))
        views = site.warehouse.dataset(_DATASET).metric("views")
        return {"forecasts": [described(one, facts, views) for one in found]}


def came(site: Site, access: Access, productions: Iterable[int | None]) -> Facts:
    """What is known of productions, by id; nothing where the viewer may not know."""
    ids = tuple(sorted({p for p in productions if p is not None}))
    if not ids:
        return {}
    dataset = site.warehouse.dataset(_DATASET)
    names = ("production_id", "production", "is_known", "due_date")
    query = Query(
        dataset=dataset,
        metrics=(dataset.metric("views"),),
        by=tuple(dataset.dimension(name) for name in names),
        where=Filter(dataset.dimension("production_id"), "in", ids),
        limit=len(ids),
        interval=False,
        with_total=False,
    )
    try:
        answer = site.warehouse.ask(query, access)
    except QueryError:
        return {}
    latest = {"latest": answer.complete_through or date.min}
    rows = answer.frame.iter_rows(named=True)
    return {row["production_id"]: row | latest for row in rows}


def described(one: FrozenForecast, facts: Facts, views: Metric) -> dict[str, Any]:
    """A frozen forecast as the browser lists it."""
    figures = one.figures
    low, middle, high, wanted = (
        written.number(v, views) for v in (figures.p10, figures.p50, figures.p90, figures.wanted)
    )
    status, tone = _outcome(one, facts.get(one.production_id or 0), views)
    return {
        "name": one.name,
        "frozen": f"{written.day(one.created_at.date())}, {one.author_name}",
        "forecast": f"{middle} ({low} to {high})",
        "wanted": wanted,
        "chance": f"{figures.chance:.0%}",
        "outcome": status,
        "tone": tone,
        "version": one.data_version,
        "inputs": "; ".join(f"{name}: {_said(value)}" for name, value in figures.inputs.items()),
        "search": f"?{one.query}" if one.query else "",
    }


def _outcome(
    one: FrozenForecast, facts: Mapping[str, Any] | None, metric: Metric
) -> tuple[str, str]:
    """What came of a forecast, in words, and whether it lay in its interval."""
    if one.production_id is None:
        return "no production named: cannot be checked", "flat"
    if facts is None:
        return "the production is not in the lake", "flat"
    if not facts["is_known"]:
        due, latest = facts["due_date"], facts["latest"]
        if due is None:
            return "not due", "flat"
        said = "not due before" if due > latest else "not launched or not over; planned for"
        return f"{said} {written.day(due)}", "flat"
    views = float(facts["views"])
    inside = one.figures.p10 <= views <= one.figures.p90
    said = f"{written.number(views, metric)} came, {'inside' if inside else 'outside'}"
    return said, "good" if inside else "bad"


def _said(value: str | float) -> str:
    return value if isinstance(value, str) else written.count(value)
