"""Alerts to look at: the page that lists them, empty, their count, and one in plain form."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from portal.components import format as written
from portal.components.attributes import attributes
from portal.store.alerts import Kept
from portal.store.subscription import Subscription
from queries.catalog import Catalog
from queries.errors import QueryError

PATH = "/alerts"
TITLE = "Alerts"
INTRODUCTION = (
    "What is more than chance in the metrics you watch, looked at once for each load of data."
)


def alerts_layout() -> Component:
    """The page; assets/alerts fills it."""
    return html.Article(
        [
            html.Header(
                html.Div([html.H1(TITLE), html.P(INTRODUCTION)], className="page-title"),
                className="page-head",
            ),
            html.Div(id="alert-list", **attributes(aria_live="polite")),
        ],
        className="page page-alerts",
    )


def count(unseen: int) -> Component:
    """How many are not seen yet, in the frame of every page; nothing where none is."""
    return html.Span(
        str(unseen) if unseen else "",
        className="alert-count",
        **attributes(aria_label=f"{unseen} alerts not seen"),
    )


def described(kept: Kept) -> dict[str, Any]:
    """An alert as the browser and programs are sent it."""
    told = kept.alert
    return {
        "number": kept.number,
        "subscription": kept.subscription_id,
        "dataset": kept.dataset,
        "metric": kept.metric,
        "kind": told.kind,
        "day": str(told.day),
        "sentence": told.sentence,
        "detail": told.detail,
        "tone": told.tone,
        "data_version": kept.data_version,
        "told": written.day(kept.created_at.date()),
        "is_seen": kept.is_seen,
        "seen": written.day(kept.seen_at.date()) if kept.seen_at else "",
        "is_ended": kept.is_ended,
        "link": f"/explore?{told.query}" if told.query else "",
    }


def watched(one: Subscription, catalog: Catalog) -> dict[str, Any]:
    """A subscription likewise; of a metric that is gone, its name."""
    try:
        label = catalog.dataset(one.dataset).metric(one.metric).label
    except QueryError:
        label = one.metric
    until = one.snoozed_until
    return {
        "id": one.id,
        "dataset": one.dataset,
        "metric": one.metric,
        "label": label,
        "filters": one.filters,
        "since": written.day(one.created_at.date()),
        "snoozed_until": str(until) if until else "",
        "snoozed": written.day(until) if until else "",
        "judged_version": one.judged_version,
    }
